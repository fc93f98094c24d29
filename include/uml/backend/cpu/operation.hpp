// What a CPU backend knows of one kind of operation, and the table of all kinds.
#pragma once

#include "uml/backend/concept.hpp"
#include "uml/backend/step.hpp"
#include "uml/kernels/list.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace host {

/// What planning an operation depends on beside the operation.
struct planning {
    int threads = 1;                  ///< most threads of a workspace
    bool winograd = true;             ///< 3x3 convolutions may be transformed
    bool bf16 = false;                ///< tensors are bf16 where nothing keeps them f32
    std::int64_t library_scratch = 0; ///< bytes that a library's call may ask for, per thread
};

/// An operation to be planned.
struct planned_site : site {
    planning how{};
    kernels::halves half{}; ///< which of its tensors are bf16

    /// Shape of an input.
    [[nodiscard]] constexpr const shape& shape_in(int i = 0) const { return in(i).out; }
};

[[nodiscard]] constexpr planned_site planned(const site& at, const planning& how) {
    planned_site s{at, how};
    for (int i = 0; how.bf16 && i < at.n.inputs && i < 3; ++i) s.half.in[i] = at.in(i).type == dtype::bf16;
    s.half.out = at.n.type == dtype::bf16;
    return s;
}

/// The element type of an operation's tensor. bf16 takes half the memory, so f32 stays what is small, what the
/// network's description marks as precise, what is not yet normalised, what comes in and goes out, and factors: the
/// results of sigmoid, softplus and exp, and matrices made in the run.
[[nodiscard]] constexpr dtype element_type(const node& n, const planning& how) {
    constexpr int few_channels = 8;
    const bool small = n.out.c <= few_channels || n.out.pixels() == 1;
    const bool factor = (n.act != activation::none && n.act != activation::relu) || n.kind == op::scaled_product;
    const bool exact = n.precise || n.raw || n.result || n.kind == op::input;
    return !how.bf16 || small || factor || exact ? dtype::f32 : dtype::bf16;
}

/// Memory beside an operation's tensors, in bytes.
struct scratch_need {
    std::size_t shared = 0; ///< used by all threads together
    std::size_t thread = 0; ///< each thread's own

    [[nodiscard]] constexpr std::size_t total(int threads) const {
        return kernels::aligned_bytes(shared) + static_cast<std::size_t>(threads) * kernels::aligned_bytes(thread);
    }
};

/// How its tensor lies. bf16 has no gaps between pixels: a library's products want none.
[[nodiscard]] constexpr tensor_form form_of(const node& n, const planning& how) {
    const dtype type = element_type(n, how);
    tensor_form f = padded_form(n, type);
    if (type == dtype::bf16) f.step = n.out.c;
    return f;
}

/// An operation to be prepared for a workspace: everything that its steps point at.
struct placed_site : planned_site {
    const kernels::kernel_table& table;
    std::byte* arena = nullptr;
    const std::byte* packed = nullptr; ///< the operation's weights
    int width = 1;                     ///< threads that will run
    void* session = nullptr;           ///< the workspace's objects of a library, if the backend has any

    /// Views for kernels: their pointers are to float, and `half` says where to bf16.
    [[nodiscard]] kernels::target out() const { return {data(n), n.out.h, n.out.w, n.out.c, n.step}; }
    [[nodiscard]] kernels::source input(int i = 0) const {
        const node& x = in(i);
        return {data(x), x.out.h, x.out.w, x.out.c, x.step};
    }
    /// A tensor's first element, from channel `c` on, as kernels take it: to float, whatever it is.
    [[nodiscard]] float* data(const node& x, int c = 0) const {
        return reinterpret_cast<float*>(arena + x.offset + c * static_cast<std::int64_t>(size_of(x.type)));
    }
    /// The kernel for the operation's tensors.
    template <class F> [[nodiscard]] F* pick(F* f32, F* mixed) const { return half.any() ? mixed : f32; }
    [[nodiscard]] const float* weights() const { return reinterpret_cast<const float*>(packed); }
    [[nodiscard]] activation act() const { return n.act; }
    [[nodiscard]] std::byte* scratch() const { return arena + n.scratch; }
    [[nodiscard]] float* shared() const { return reinterpret_cast<float*>(scratch()); }
};

/// One kind of operation. What is left out: no memory, no weights, no steps.
struct operation {
    bool takes_bf16 = false; ///< its steps go by `half`; without it all tensors must be f32
    scratch_need (*scratch)(const planned_site&) = [](const planned_site&) { return scratch_need{}; };
    std::int64_t (*packed_bytes)(const planned_site&) = [](const planned_site&) { return std::int64_t{0}; };
    step_need (*steps)(const planned_site&) = [](const planned_site&) { return step_need{}; };
    /// The kernels that its steps call, or would without Winograd: a program whose operations are known has no others.
    kernels::kernel_set (*kernels)(const planned_site&) = [](const planned_site&) { return kernels::kernel_set{}; };
    /// Its parameter may be packed in parts, each of a multiple of so many rows; 0: all at once.
    int (*pack_row_multiple)(const planned_site&) = [](const planned_site&) { return 0; };
    result<void> (*pack)(const planned_site&, const dense_parameter& first, const dense_parameter& second,
                         std::byte* to) = nullptr;
    /// Writes the steps.
    result<void> (*prepare)(const placed_site&, step_writer& to) = nullptr;
    bool known = false; ///< set by the table: the backend has it (comparing a function with null is no constant
                        ///< expression for GCC under -fsanitize=undefined)
};

/// For an operation that always calls the kernel `k`, or `mixed` where a tensor is bf16.
template <kernels::kernel k, kernels::kernel mixed = k>
[[nodiscard]] constexpr kernels::kernel_set calls(const planned_site& s) {
    kernels::kernel called = k;
    if (s.half.any()) called = mixed;
    return kernels::kernel_set{} | called;
}

/// All operations, by their kind.
struct operation_table {
    operation of[op_count];
    kernels::kernel_set kernels = kernels::f32_kernels; ///< all that its operations may call
    pass lower = [](graph&) {};                         ///< the backend's own, after all others

    constexpr void set(op kind, const operation& own) {
        of[static_cast<int>(kind)] = own;
        of[static_cast<int>(kind)].known = true;
    }
    /// The same with another operation in the place of `kind`.
    [[nodiscard]] constexpr operation_table with(op kind, const operation& other) const {
        operation_table t = *this;
        t.set(kind, other);
        return t;
    }
    /// The same with a pass of the backend's own.
    [[nodiscard]] constexpr operation_table with(pass own) const {
        operation_table t = *this;
        t.lower = own;
        return t;
    }
    /// The same for values whose tensors may be bf16.
    [[nodiscard]] constexpr operation_table with_bf16() const {
        operation_table t = *this;
        t.kernels = kernels::all_kernels;
        return t;
    }
    [[nodiscard]] constexpr const operation& operator[](op kind) const { return of[static_cast<int>(kind)]; }
};

/// The table of backend B: specialised beside each backend.
template <class B> struct operations_of;

/// [round_up(n, 16)] floats with zeros behind the n values; null means all zeros.
inline float* pack_vector(const double* values, int n, float* to) {
    for (int k = 0; k < kernels::round_up(n, kernels::panel); ++k)
        *to++ = k < n && values != nullptr ? static_cast<float>(values[k]) : 0.f;
    return to;
}
[[nodiscard]] constexpr std::int64_t float_bytes(std::size_t floats) {
    return static_cast<std::int64_t>(floats * sizeof(float));
}

} // namespace host
} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
