// For programs of many translation units: what is needed to hold and run a network, without the code that does it,
// which is compiled once in the library uml::compiled (src/compiled.cpp). Everything has the same name and meaning as
// with uml.hpp, but for the backend.
#pragma once

#include "uml/backend/cpu/basic.hpp"
#include "uml/evidence.hpp"
#include "uml/model/batch.hpp"
#include "uml/model/load_options.hpp"

#include <bit>

namespace uml::inline UML_VERSION_NAMESPACE {

namespace compiled_detail {

/// As cpu_detail::own_code, in the library.
struct library_code {
    [[nodiscard]] static const kernels::kernel_table& table(kernels::isa most);
    static void upload(const program_view& p, const image_view& picture, const kernels::kernel_table& table,
                       executor threads, float* arena);
    static void run(const program_view& p, const node& n, cpu_options o, const kernels::kernel_table& table,
                    executor threads, const float* weights, float* arena);
};

} // namespace compiled_detail

/// `cpu`, from the library, which has the loaders of network<dynamic>; a network of fixed configuration is loaded with
/// uml/model/load.hpp. `max_threads` is an upper bound: take the next power of two.
template <int max_threads = 1>
struct compiled_cpu : basic_cpu<compiled_detail::library_code, max_threads, cpu_options{}> {
    static_assert(std::has_single_bit(static_cast<unsigned>(max_threads)) && max_threads <= 64,
                  "uml: the compiled backend is made for at most 1, 2, 4, 8, 16, 32 or 64 threads");
};

static_assert(backend<compiled_cpu<>>);

} // namespace uml::inline UML_VERSION_NAMESPACE
