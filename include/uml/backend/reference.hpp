// The oracle: every operation as plain loops, in float or double. Slow, short, and what the other backends are held
// against.
#pragma once

#include "uml/backend/concept.hpp"
#include "uml/backend/picture.hpp"
#include "uml/backend/reference/table.hpp"

#include <type_traits>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

template <class T> struct reference_engine;

/// Every operation as plain loops in T, float or double, on one thread.
template <class T> struct basic_reference final {
    static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                  "uml: the reference backend computes in float or double");
    using engine = reference_engine<T>;

    friend constexpr bool operator==(const basic_reference&, const basic_reference&) = default;
};
using reference = basic_reference<float>;
using reference64 = basic_reference<double>;

template <class T> struct reference_engine final {
    basic_reference<T> value{};

    using scalar = T;
    struct code {};
    struct weights {
        memory_block memory;
    };
    struct workspace {
        memory_block memory;
    };

    static constexpr dtype element = std::is_same_v<T, double> ? dtype::f64 : dtype::f32;
    static constexpr rewrites passes = all_rewrites();

    [[nodiscard]] constexpr result<void> check() const { return {}; }
    [[nodiscard]] constexpr double relative_limit() const { return element == dtype::f64 ? 1e-7 : 5e-6; }
    constexpr void lower(graph&) const {}
    [[nodiscard]] constexpr bool supports(const node& n) const { return !of_backend(n.kind); }
    [[nodiscard]] constexpr schedule order() const { return schedule::sequential; }
    [[nodiscard]] constexpr int images() const { return 1; }
    [[nodiscard]] constexpr tensor_form tensor(const site& at) const { return padded_form(at.n, element); }
    [[nodiscard]] constexpr std::int64_t step_bytes(const site&) const { return 0; }
    [[nodiscard]] constexpr std::int64_t scratch_bytes(const site& at) const {
        if (!supports(at.n)) return 0;
        return operations(at.n).scratch(at) * static_cast<std::int64_t>(sizeof(T));
    }
    [[nodiscard]] constexpr std::int64_t packed_bytes(const site& at) const {
        const auto elements = [&](id which) -> std::int64_t {
            if (which == no_id) return 0;
            const parameter& p = at.parameters[which];
            const std::int64_t in = p.in > 0 ? p.in : 1; // normalisations have no inputs
            return p.out * (in * p.kernel * p.kernel + 1);
        };
        return (elements(at.n.weight) + elements(at.n.weight2)) * static_cast<std::int64_t>(sizeof(T));
    }
    template <class program> [[nodiscard]] static constexpr code code_of() { return {}; }

    [[nodiscard]] result<weights> make_weights(const program_view& p, std::span<std::byte> given) const {
        auto block = memory_block::make(given, p.sizes.packed, "weights");
        if (!block) return block.error();
        return weights{*std::move(block)};
    }
    [[nodiscard]] const void* identity(const weights& w) const { return w.memory.data(); }
    [[nodiscard]] result<workspace> make_workspace(const program_view& p, const weights&, const code&, executor,
                                                   std::span<std::byte> given) const {
        auto block = memory_block::make(given, p.sizes.arena, "an arena");
        if (!block) return block.error();
        return workspace{*std::move(block)};
    }

    [[nodiscard]] int pack_row_multiple(const program_view&, std::size_t) const { return 0; }
    /// [kernel][kernel][in][out], then the bias; first the one parameter, then the other.
    [[nodiscard]] result<void> pack(const program_view& p, std::size_t i, const dense_parameter& first,
                                    const dense_parameter& second, weights& w) const {
        T* to = w.memory.template as<T>(p.nodes[i].packed);
        for (const dense_parameter* d : {&first, &second}) {
            const int taps = d->kernel * d->kernel, in = d->in > 0 ? d->in : 1;
            for (int t = 0; t < taps; ++t)
                for (int k = 0; k < in; ++k)
                    for (int o = 0; o < d->out; ++o)
                        *to++ = static_cast<T>(d->values[(static_cast<std::int64_t>(o) * in + k) * taps + t]);
            for (int o = 0; o < d->out; ++o) *to++ = d->bias ? static_cast<T>(d->bias[o]) : T(0);
        }
        return {};
    }

    [[nodiscard]] result<void> run(const program_view& p, const weights& w, workspace& s,
                                   std::span<const image_view> pictures, const run_watch* watch) const {
        for (const node& n : p.nodes) {
            const auto number = static_cast<id>(&n - p.nodes.data());
            if (watch != nullptr)
                if (auto r = watch->before(p, number); !r) return r;
            if (n.kind == op::input)
                read_picture(pictures.front(), view<T>(n, s));
            else
                run_operation(p, w, s, n);
            if (watch != nullptr) watch->after(p, number);
        }
        return {};
    }
    [[nodiscard]] std::span<std::byte> idle_memory(const program_view& p, workspace& s) const {
        return {s.memory.data(), static_cast<std::size_t>(p.sizes.arena)};
    }
    [[nodiscard]] result<void> fetch(const program_view& p, workspace& s, int, std::span<const id> nodes,
                                     std::span<tensor_view<const T>> views) const {
        for (std::size_t k = 0; k < nodes.size(); ++k)
            views[k] = view<const T>(p.nodes[static_cast<std::size_t>(nodes[k])], s);
        return {};
    }

    /// One operation, on tensors that lie as the plan says.
    static void run_operation(const program_view& p, const weights& w, workspace& s, const node& n) {
        operations(n).run({n, p.nodes.data(), s.memory.data(), w.memory.template as<const T>(n.packed)});
    }

    /// Where an operation's tensor lies.
    template <class U> [[nodiscard]] static tensor_view<U> view(const node& n, const workspace& s) {
        return {s.memory.template as<U>(n.offset), n.out.h, n.out.w, n.out.c, n.step};
    }

private:
    [[nodiscard]] static constexpr const reference_detail::operation<T>& operations(const node& n) {
        return reference_detail::operations<T>[static_cast<int>(n.kind)];
    }
};

static_assert(backend<reference> && backend<reference64>);
template <> inline constexpr std::string_view prepared_form<reference> = "reference f32";
template <> inline constexpr std::string_view prepared_form<reference64> = "reference f64";

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
