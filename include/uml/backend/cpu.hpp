// The portable backend: own vector kernels, chosen for the processor at run time; no dependency.
#pragma once

#include "uml/backend/cpu/basic.hpp"
#include "uml/backend/cpu/run.hpp"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Single precision on the CPU. A workspace serves executors of at most `max_threads` threads; its size is the largest
/// that any instruction set needs. The same picture gives the same bits for any number of threads.
template <int max_threads = 1, cpu_options options = cpu_options{}>
struct cpu : basic_cpu<cpu_detail::own_code, max_threads, options> {};

static_assert(backend<cpu<>>);
template <int max_threads, cpu_options options>
inline constexpr std::string_view prepared_form<cpu<max_threads, options>> = "cpu";

} // namespace uml::inline UML_VERSION_NAMESPACE
