// A network with its weights, ready to run: immutable, so one model serves any number of threads, each with a workspace
// of its own.
#pragma once

#include "uml/backend/concept.hpp"
#include "uml/graph/dynamic_program.hpp"
#include "uml/graph/static_program.hpp"
#include "uml/model/card.hpp"
#include "uml/model/findings.hpp"
#include "uml/networks/network.hpp"
#include "uml/networks/published.hpp"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Bytes that one workspace takes: tensors and scratch memory. Exactly what is used.
template <class net, backend B>
requires net::is_static inline constexpr std::int64_t arena_bytes =
    static_program<typename net::description, net::configuration, B>::arena_bytes;

/// Bytes that the prepared weights take.
template <class net, backend B>
requires net::is_static inline constexpr std::int64_t prepared_bytes =
    static_program<typename net::description, net::configuration, B>::packed_bytes;

namespace model_detail {

/// The program of a static network takes no memory; that of a dynamic one is owned.
template <class net, class B, bool is_static = net::is_static> struct program_of {
    [[nodiscard]] static constexpr program_view view() {
        return static_program<typename net::description, net::configuration, B>::view();
    }
};
template <class net, class B> struct program_of<net, B, false> {
    dynamic_program tables;
    [[nodiscard]] program_view view() const { return tables.view(); }
};

/// `s`: the shape of the network's input.
[[nodiscard]] inline result<void> check_picture(const image_view& v, const shape& s) {
    if (v.data == nullptr) return fail(errc::invalid_argument, "picture: no pixels");
    if (v.height != s.h || v.width != s.w)
        return fail(errc::wrong_shape, "picture: ", v.height, " x ", v.width,
                    " pixels (height x width), the network takes ", s.h, " x ", s.w);
    if (v.channels != s.c && v.channels != 1)
        return fail(errc::wrong_shape, "picture: ", v.channels, " channels, the network takes ", s.c,
                    s.c > 1 ? " or 1" : "");
    const std::int64_t sample = v.type == image_view::sample::f32 ? 4 : 1;
    if (v.row_bytes < v.width * v.channels * sample)
        return fail(errc::invalid_argument, "picture: a row of ", v.row_bytes, " bytes is shorter than its pixels");
    if (v.row_bytes % sample != 0)
        return fail(errc::invalid_argument, "picture: a row of ", v.row_bytes,
                    " bytes is not a whole number of floats");
    return {};
}

template <std::int64_t is, std::int64_t should_be> struct bytes_needed {
    static_assert(
        is >= should_be,
        "uml: the memory for the arena is too small: it needs arena_bytes<net, backend> bytes (and 64-byte alignment)");
};

} // namespace model_detail

template <class net, backend B> class model {
public:
    using scalar = typename B::scalar;
    using findings = basic_findings<scalar>;
    static constexpr double self_check_limit = B::relative_limit;

    /// One thread's arena, and its threads. Move only.
    class workspace {
        friend class model;
        explicit workspace(typename B::workspace w) : own(std::move(w)) {}
        typename B::workspace own;
    };

    /// An arena from the heap, or in the caller's memory, of arena_bytes() from a multiple of 64 on.
    /// Errors: errc::out_of_memory, too_small.
    [[nodiscard]] result<workspace> make_workspace(executor threads = {}, std::span<std::byte> memory = {}) const {
        auto w = B::make_workspace(program(), threads, memory);
        if (!w) return w.error();
        if constexpr (requires { B::attach(program(), weights_, *w); })
            if (auto r = B::attach(program(), weights_, *w); !r) return r.error();
        return workspace(*std::move(w));
    }
    /// In a caller's array, whose size the compiler checks.
    template <std::size_t bytes>
    requires net::is_static [[nodiscard]] result<workspace> make_workspace(std::byte (&memory)[bytes],
                                                                           executor threads = {}) const {
        using tables = static_program<typename net::description, net::configuration, B>;
        (void)sizeof(model_detail::bytes_needed<static_cast<std::int64_t>(bytes), tables::arena_bytes>);
        return make_workspace(threads, std::span<std::byte>(memory));
    }

    /// Runs the network on one picture of exactly the network's size: no allocation, no locks. Errors:
    /// errc::wrong_shape for another size, invalid_argument without pixels; nothing has run then.
    [[nodiscard]] result<findings> run(const image_view& picture, workspace& w) const {
        const program_view p = program();
        if (auto r = model_detail::check_picture(picture, input().out); !r) return r.error();
        B::upload(p, picture, w.own);
        for (std::size_t i = 0; i < p.nodes.size(); ++i) B::enqueue(p, weights_, w.own, static_cast<int>(i));
        findings f;
        if (const auto a = fetch(w, answer_.class_alpha); a.data) f.diagnosis = {a.data, a.c};
        f.logits = fetch(w, answer_.logits);
        f.alpha = fetch(w, answer_.alpha);
        f.vacuity = fetch(w, answer_.vacuity);
        f.thresholds = card_.screening;
        return f;
    }

    /// A tensor by the name that the description gave it, of the workspace's last run; empty if there is none of that
    /// name.
    [[nodiscard]] tensor_view<const scalar> output(const workspace& w, std::string_view wanted_name) const {
        return fetch(w, program().find_output(wanted_name));
    }

    [[nodiscard]] program_view program() const { return program_.view(); }
    [[nodiscard]] std::int64_t arena_bytes() const { return program().arena_bytes; }
    [[nodiscard]] std::int64_t prepared_bytes() const { return program().packed_bytes; }
    [[nodiscard]] const model_card& card() const { return card_; }
    [[nodiscard]] const uml::screening& screening() const { return card_.screening; }
    /// Whether the image is certain enough to be used without a human, by the model's calibration.
    [[nodiscard]] bool accepts(const findings& f) const { return f.accepted(); }

    [[nodiscard]] int height() const { return input().out.h; }
    [[nodiscard]] int width() const { return input().out.w; }
    [[nodiscard]] int channels() const { return input().out.c; }
    [[nodiscard]] int classes() const { return extent(answer_.class_alpha); }
    [[nodiscard]] int regions() const { return extent(answer_.logits); }
    /// Name from the weights' metadata, or empty.
    [[nodiscard]] std::string_view class_name(int k) const { return card_.classes[k]; }
    [[nodiscard]] std::string_view region_name(int k) const { return card_.regions[k]; }

    /// For the loaders: takes what they have checked and prepared.
    model(model_detail::program_of<net, B> p, typename B::weights w, model_card card)
        : program_(std::move(p)), weights_(std::move(w)), card_(std::move(card)), answer_(answer_nodes::of(program())) {
    }

private:
    [[nodiscard]] const node& input() const { return program().nodes.front(); }
    [[nodiscard]] int extent(id n) const { return n == no_id ? 0 : program().nodes[static_cast<std::size_t>(n)].out.c; }
    [[nodiscard]] tensor_view<const scalar> fetch(const workspace& w, id n) const {
        return n == no_id ? tensor_view<const scalar>{} : B::fetch(program(), w.own, n);
    }
    model_detail::program_of<net, B> program_;
    typename B::weights weights_;
    model_card card_;
    answer_nodes answer_;
};

} // namespace uml::inline UML_VERSION_NAMESPACE
