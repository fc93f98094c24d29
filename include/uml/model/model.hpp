// A network with its weights, ready to run: immutable, so one model serves any number of threads, each with a workspace
// of its own.
#pragma once

#include "uml/backend/concept.hpp"
#include "uml/core/arithmetic.hpp"
#include "uml/graph/dynamic_program.hpp"
#include "uml/graph/static_program.hpp"
#include "uml/model/card.hpp"
#include "uml/model/check_answer.hpp"
#include "uml/model/check_picture.hpp"
#include "uml/model/findings.hpp"
#include "uml/model/prepare_input.hpp"
#include "uml/networks/network.hpp"
#include "uml/networks/published.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Bytes that one workspace takes on the backend `target`, for example cpu{.threads = 2}: tensors, scratch memory and
/// steps. Exactly what is used.
template <class net, auto target>
requires net::is_static inline constexpr std::int64_t arena_bytes =
    static_program<typename net::description, net::configuration, target>::view().sizes.arena;

/// Bytes that the prepared weights take.
template <class net, auto target>
requires net::is_static inline constexpr std::int64_t prepared_bytes =
    static_program<typename net::description, net::configuration, target>::view().sizes.packed;

namespace model_detail {

template <std::int64_t is, std::int64_t should_be> struct bytes_needed {
    static_assert(
        is >= should_be,
        "uml: the memory for the arena is too small: it needs arena_bytes<net, backend> bytes (and 64-byte alignment)");
};

} // namespace model_detail

/// What a loader has checked and prepared.
template <backend B> struct model_parts {
    using engine = typename B::engine;
    using features_view = tensor_view<const typename engine::scalar>;

    engine where{};
    dynamic_program program{};
    typename engine::code code{};
    typename engine::weights weights{};
    model_card card{};
    answer_nodes answer{};
    /// The distance of a picture's features over the threshold; null where the network has no features, so that no such
    /// code is linked.
    double (*familiarity)(const model_card&, const features_view&) = nullptr;
};

namespace model_detail {

template <class T> [[nodiscard]] double familiarity(const model_card& card, const tensor_view<const T>& features) {
    const auto d =
        card.familiarity.model.distance(std::span<const T>(features.data, static_cast<std::size_t>(features.c)));
    return d ? *d / static_cast<double>(card.screening.image_distance) : familiarity_model::no_features;
}

} // namespace model_detail

/// What a model of any network on a backend can do: compiled once for all of them.
template <backend B> class model_of {
public:
    using engine = typename B::engine;
    using scalar = typename engine::scalar;
    using findings = basic_findings<scalar>;

    /// One thread's arena, and its threads: no two threads may use it at the same time. Move only; what it was moved
    /// from is refused. It serves the model that made it, wherever that is moved to, and no other one, though it be of
    /// the same type.
    class workspace {
    public:
        workspace(workspace&& other) noexcept
            : own(std::move(other.own)), program(std::exchange(other.program, nullptr)), weights(other.weights) {}
        workspace& operator=(workspace&& other) noexcept {
            own = std::move(other.own);
            program = std::exchange(other.program, nullptr);
            weights = other.weights;
            return *this;
        }
        ~workspace() = default;

    private:
        friend class model_of;
        workspace(typename engine::workspace w, const model_of& maker)
            : own(std::move(w)), program(maker.program().nodes.data()), weights(maker.identity()) {}
        typename engine::workspace own;
        const void* program; ///< of the model that made it; null: moved away
        const void* weights;
    };

    /// An arena from the heap, or in the caller's memory, of arena_bytes() from a multiple of 64 on.
    /// Errors: errc::out_of_memory, too_small, invalid_argument for more threads than the backend has.
    [[nodiscard]] result<workspace> make_workspace(executor threads = {}, std::span<std::byte> memory = {}) const {
        if (identity() == nullptr) return fail(errc::invalid_argument, "the model has been moved away");
        auto w = parts_.where.make_workspace(program(), parts_.weights, parts_.code, threads, memory);
        if (!w) return w.error();
        return workspace(*std::move(w), *this);
    }
    /// The same, in the caller's memory.
    [[nodiscard]] result<workspace> make_workspace(std::span<std::byte> memory, executor threads = {}) const {
        return make_workspace(threads, memory);
    }

    /// Makes the picture that `run` takes of a frame of any size and layout, 8 bits (0..255) or float (0..1), as the
    /// weights' metadata `uml.input` says: grey or colour, resized with its filter, its levels as 0 and 1; without such
    /// metadata as uml-train prepares pictures. It lies in the workspace's memory until its next run or frame, and what
    /// the last run found is gone. No allocation. Errors: errc::invalid_argument, for a frame, layout or region that
    /// cannot be; unsupported for a rule that this version cannot follow; too_small where the arena cannot hold it.
    [[nodiscard]] result<prepared_input> prepare_input(const image_view& frame, workspace& w,
                                                       const framing& how = {}) const {
        if (auto r = check_workspace(w); !r) return r.error();
        return prepare_input(frame, beside_input(w), how);
    }
    /// The same in memory of the caller's, of input_bytes().
    [[nodiscard]] result<prepared_input> prepare_input(const image_view& frame, std::span<std::byte> memory,
                                                       const framing& how = {}) const {
        const arithmetic_mode own(denormals::kept);
        return model_detail::prepare_input(parts_.card.input, frame, input().out, memory, how);
    }
    /// Errors: errc::invalid_argument.
    [[nodiscard]] result<std::int64_t> input_bytes(const image_view& frame, const framing& how = {}) const {
        return model_detail::input_bytes(parts_.card.input, frame, input().out, how);
    }

    /// Runs the network on one picture of exactly the network's size: no allocation, no locks. Errors:
    /// errc::wrong_shape for another size, invalid_argument without pixels, for float samples outside 0..1 (by more
    /// than 1/1024, or NaN) or for a workspace that another model made; nothing has run then. errc::device where a
    /// device or a library that computes failed, not_finite where the answer is no number (see check_answer), cancelled
    /// where `watch` ended the run; the workspace can be used again.
    [[nodiscard]] result<findings> run(const image_view& picture, workspace& w, const run_watch& watch = {}) const {
        findings f;
        if (auto r = run({&picture, 1}, w, {&f, 1}, watch); !r) return r.error();
        return f;
    }
    /// The same for several pictures in one run, as many as the backend's `images` at most; found[i] is of the i-th.
    /// Errors: those above, and errc::invalid_argument for another number of pictures.
    [[nodiscard]] result<void> run(std::span<const image_view> pictures, workspace& w, std::span<findings> found,
                                   const run_watch& watch = {}) const {
        if (auto r = check_count(pictures.size(), found.size()); !r) return r;
        for (const image_view& picture : pictures) {
            if constexpr (device_engine<engine>)
                if (auto r = parts_.where.check_memory(picture.data, false); !r) return r;
            if (auto r = model_detail::check_picture(picture, input().out); !r) return r;
        }
        if (auto r = check_workspace(w); !r) return r;
        const arithmetic_mode own(denormals::kept);
        const run_watch* const watched = watch.empty() ? nullptr : &watch;
        if (auto r = parts_.where.run(program(), parts_.weights, w.own, pictures, watched); !r) return r;
        return find(w, found.first(pictures.size()));
    }

    /// Runs on a picture that is in the device's memory already, for example of a decoder on the GPU. It may be made by
    /// work that is still on the backend's `stream`; without a stream of the caller's it must be there. It can be
    /// written again when this returns. Float samples are not looked at: they must be from 0 to 1. Errors: as above,
    /// and errc::invalid_argument for an address that is not in this device's memory.
    [[nodiscard]] result<findings> run(const device_picture& picture, workspace& w,
                                       const run_watch& watch = {}) const requires device_engine<engine> {
        findings f;
        if (auto r = run({&picture, 1}, w, {&f, 1}, watch); !r) return r.error();
        return f;
    }
    /// The same for several pictures in one run.
    [[nodiscard]] result<void> run(std::span<const device_picture> pictures, workspace& w, std::span<findings> found,
                                   const run_watch& watch = {}) const requires device_engine<engine> {
        if (auto r = check_count(pictures.size(), found.size()); !r) return r;
        for (const device_picture& picture : pictures) {
            if (auto r = model_detail::check_picture_form(picture.at, input().out); !r) return r;
            if (auto r = parts_.where.check_memory(picture.at.data, true); !r) return r;
        }
        if (auto r = check_workspace(w); !r) return r;
        const arithmetic_mode own(denormals::kept);
        const run_watch* const watched = watch.empty() ? nullptr : &watch;
        if (auto r = parts_.where.run_on_device(program(), parts_.weights, w.own, pictures, watched); !r) return r;
        return find(w, found.first(pictures.size()));
    }

    /// A tensor by the name that the description gave it, of the workspace's last run; empty if there is none of that
    /// name, if the workspace is another model's, or if its device failed.
    [[nodiscard]] tensor_view<const scalar> output(workspace& w, std::string_view wanted_name) const {
        const id node = program().find_output(wanted_name);
        view v;
        if (!check_workspace(w)) return v;
        return fetch(w, 0, {&node, 1}, {&v, 1}) ? v : view{};
    }
    /// The same in the device's memory, for further work there, of the run's picture number `image`: float numbers
    /// without gaps, until the workspace's next run. Empty also for a picture that a run cannot have.
    [[nodiscard]] tensor_view<const scalar> device_output(workspace& w, std::string_view wanted_name,
                                                          int image = 0) const requires device_engine<engine> {
        const id node = program().find_output(wanted_name);
        view v;
        if (!check_workspace(w) || node == no_id || image < 0 || image >= parts_.where.images()) return v;
        return parts_.where.fetch_on_device(program(), w.own, image, {&node, 1}, {&v, 1}) ? v : view{};
    }

    /// The backend that it runs on.
    [[nodiscard]] const B& where() const { return parts_.where.value; }
    /// ||out - exact|| / ||exact|| that its precision allows.
    [[nodiscard]] double relative_limit() const { return parts_.where.relative_limit(); }
    [[nodiscard]] const program_view& program() const { return parts_.program.view(); }
    [[nodiscard]] std::int64_t arena_bytes() const { return program().sizes.arena; }
    [[nodiscard]] std::int64_t prepared_bytes() const { return program().sizes.packed; }
    [[nodiscard]] const model_card& card() const { return parts_.card; }
    /// A sentence on what of the weights' metadata is not used, and why; empty where all is.
    [[nodiscard]] std::string_view notice() const { return parts_.card.notice; }
    [[nodiscard]] const uml::screening& screening() const { return parts_.card.screening; }
    /// Whether the image is certain enough to be used without a human, by the model's calibration.
    [[nodiscard]] bool accepts(const findings& f) const { return f.accepted(); }

    [[nodiscard]] int height() const { return input().out.h; }
    [[nodiscard]] int width() const { return input().out.w; }
    [[nodiscard]] int channels() const { return input().out.c; }
    [[nodiscard]] int classes() const { return extent(parts_.answer.class_alpha); }
    [[nodiscard]] int regions() const { return extent(parts_.answer.logits); }
    /// Name from the weights' metadata, or empty.
    [[nodiscard]] std::string_view class_name(int k) const { return parts_.card.classes[k]; }
    [[nodiscard]] std::string_view region_name(int k) const { return parts_.card.regions[k]; }

    /// For the loaders: takes what they have checked and prepared.
    explicit model_of(model_parts<B>&& parts) : parts_(std::move(parts)) {}

private:
    using view = tensor_view<const scalar>;

    [[nodiscard]] const void* identity() const { return parts_.where.identity(parts_.weights); }
    [[nodiscard]] const node& input() const { return program().nodes.front(); }
    [[nodiscard]] int extent(id n) const { return n == no_id ? 0 : program().nodes[static_cast<std::size_t>(n)].out.c; }
    [[nodiscard]] result<void> check_count(std::size_t pictures, std::size_t findings_there) const {
        const auto most = static_cast<std::size_t>(parts_.where.images());
        if (pictures == 0 || pictures > most || findings_there < pictures)
            return fail(errc::invalid_argument,
                        {std::uint64_t{pictures}, " pictures with room for ", std::uint64_t{findings_there},
                         " findings: a run takes 1 to ", std::uint64_t{most}});
        return {};
    }
    [[nodiscard]] result<void> check_workspace(const workspace& w) const {
        if (w.program == nullptr) return fail(errc::invalid_argument, "the workspace has been moved away");
        if (w.program == program().nodes.data() && w.weights == identity()) return {};
        return fail(errc::invalid_argument, "the workspace was made by another model");
    }
    /// What the workspace's last run found, of as many pictures as there is room for.
    [[nodiscard]] result<void> find(workspace& w, std::span<findings> found) const {
        const bool checks_familiarity =
            screening().image_distance > 0; // loaders see to it that there are features then
        const id nodes[] = {parts_.answer.class_alpha, parts_.answer.logits, parts_.answer.alpha, parts_.answer.vacuity,
                            checks_familiarity ? parts_.answer.features : no_id};
        for (std::size_t i = 0; i < found.size(); ++i) {
            view views[sizeof(nodes) / sizeof(id)];
            if (auto r = fetch(w, static_cast<int>(i), nodes, views); !r) return r;
            findings& f = found[i];
            f = {};
            if (views[0].data != nullptr) f.diagnosis = {views[0].data, views[0].c};
            f.logits = views[1];
            f.alpha = views[2];
            f.vacuity = views[3];
            f.thresholds = parts_.card.screening;
            f.temperature = parts_.card.temperature;
            f.class_sets = parts_.card.class_set;
            if (auto r = check_answer(f); !r) return r;
            if (checks_familiarity) f.familiarity = parts_.familiarity(parts_.card, views[4]);
        }
        return {};
    }
    /// The larger part of the workspace's idle memory before or behind the input tensor, which a run begins to write
    /// while it still reads the picture.
    [[nodiscard]] std::span<std::byte> beside_input(workspace& w) const {
        const std::span<std::byte> all = parts_.where.idle_memory(program(), w.own);
        const auto bytes = parts_.where.tensor(program().at(0)).bytes * parts_.where.images();
        const auto begin = static_cast<std::size_t>(input().offset), end = begin + static_cast<std::size_t>(bytes);
        if (end >= all.size()) return all.first(begin < all.size() ? begin : all.size());
        return begin > all.size() - end ? all.first(begin) : all.subspan(end);
    }
    /// Tensors of the last run; those that do not exist stay empty.
    [[nodiscard]] result<void> fetch(workspace& w, int image, std::span<const id> nodes, std::span<view> views) const {
        constexpr std::size_t most = 5;
        id there[most]{};
        view found[most];
        std::size_t count = 0;
        for (const id n : nodes)
            if (n != no_id) there[count++] = n;
        if (auto r = parts_.where.fetch(program(), w.own, image, {there, count}, {found, count}); !r) return r;
        count = 0;
        for (std::size_t k = 0; k < nodes.size(); ++k)
            if (nodes[k] != no_id) views[k] = found[count++];
        return {};
    }

    model_parts<B> parts_;
};

template <class net, backend B> class model : public model_of<B> {
public:
    using typename model_of<B>::workspace;
    using model_of<B>::make_workspace;

    /// In a caller's array, whose size the compiler checks for the backend `target`, which is the model's.
    template <auto target, std::size_t bytes>
    requires net::is_static [[nodiscard]] result<workspace> make_workspace(std::byte (&memory)[bytes],
                                                                           executor threads = {}) const {
        constexpr std::int64_t needed = uml::arena_bytes<net, target>;
        (void)sizeof(model_detail::bytes_needed<static_cast<std::int64_t>(bytes), needed>);
        return make_workspace(threads, memory);
    }

    /// For the loaders.
    explicit model(model_parts<B>&& parts) : model_of<B>(std::move(parts)) {}
    explicit model(model_of<B>&& made) : model_of<B>(std::move(made)) {}
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
