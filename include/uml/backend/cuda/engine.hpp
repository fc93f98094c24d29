// The engine of the CUDA backend: everything on the device, a run one graph. The value B says which device and where
// its functions are.
#pragma once

#include "uml/backend/concept.hpp"
#include "uml/backend/cuda/launches.hpp"
#include "uml/backend/cuda/runtime.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

inline constexpr int most_images = 256;
inline constexpr int most_branches = 4; ///< streams; more operations of one order share them

/// B has `device`, `precision`, `images`, `stream`, and functions(): the runtime.
template <class B> struct engine_of final {
    B value{};

    using scalar = float;
    struct code {};
    struct weights {
        owned memory;
    };
    struct workspace {
        owned arena, pictures, results;             ///< of the device
        owned staged, answers;                      ///< the same two on the host
        owned own_stream, sides[most_branches - 1]; ///< before what is recorded on them
        owned fork, joins[most_branches - 1], graph;
        void* stream = nullptr;
        bool running = false;

        workspace() = default;
        workspace(workspace&& other) noexcept { swap(other); }
        workspace& operator=(workspace&& other) noexcept {
            swap(other);
            return *this;
        }
        /// A run that nobody has waited for still writes to the memory.
        ~workspace() {
            if (running) (void)B::functions().wait(stream);
        }

    private:
        /// Whether it runs goes with the memory: what is moved from waits for nothing.
        void swap(workspace& other) noexcept {
            std::swap(arena, other.arena);
            std::swap(pictures, other.pictures);
            std::swap(results, other.results);
            std::swap(staged, other.staged);
            std::swap(answers, other.answers);
            std::swap(own_stream, other.own_stream);
            std::swap(sides, other.sides);
            std::swap(fork, other.fork);
            std::swap(joins, other.joins);
            std::swap(graph, other.graph);
            std::swap(stream, other.stream);
            std::swap(running, other.running);
        }
    };

    // A resize and a convolution after it stay two: the product at the low resolution wants to be one kernel.
    static constexpr rewrites passes = all_rewrites().without(rewrite::upsample);

    /// Errors: errc::invalid_argument for a number that is out of its range or a device that is not there, unsupported
    /// for a precision that the backend lacks, no device, an old driver, or a device older than compute capability 8.0.
    [[nodiscard]] constexpr result<void> check() const {
        if (value.precision != precision::f32 && value.precision != precision::tf32 &&
            value.precision != precision::bf16)
            return fail(errc::unsupported,
                        {"the cuda backend computes in f32, tf32 or bf16, not in ", to_text(value.precision)});
        if (value.images < 1 || value.images > most_images)
            return fail(errc::invalid_argument, {"a run takes 1 to ", most_images, " images, not ", value.images});
        if (value.device < 0) return fail(errc::invalid_argument, {"there is no CUDA device ", value.device});
        if (std::is_constant_evaluated()) return {};
        return check_device(B::functions(), value.device);
    }
    [[nodiscard]] constexpr double relative_limit() const {
        return value.precision == precision::bf16 ? 3e-2 : value.precision == precision::tf32 ? 3e-3 : 5e-6;
    }
    constexpr void lower(graph& g) const { lower_graph(g); }
    [[nodiscard]] constexpr bool supports(const node& n) const { return gpu::has(n); }
    [[nodiscard]] constexpr schedule order() const { return schedule::branches; }
    [[nodiscard]] constexpr int images() const { return value.images; }
    [[nodiscard]] constexpr tensor_form tensor(const site& at) const {
        return operations[at.n.kind].form(at, type_of(at, value.precision));
    }
    [[nodiscard]] constexpr std::int64_t scratch_bytes(const site& at) const {
        return operations[at.n.kind].scratch_bytes(at) * value.images;
    }
    [[nodiscard]] constexpr std::int64_t packed_bytes(const site& at) const {
        return operations[at.n.kind].packed_bytes(at, value.precision);
    }
    [[nodiscard]] constexpr std::int64_t step_bytes(const site&) const { return 0; }
    template <class program> [[nodiscard]] static constexpr code code_of() { return {}; }

    /// Errors: errc::out_of_memory, device; invalid_argument where the caller gives memory, which would be the host's.
    [[nodiscard]] result<weights> make_weights(const program_view& p, std::span<std::byte> given) const {
        if (auto r = begin(given); !r) return r.error();
        auto memory = make_memory(on(), p.sizes.packed, false, "weights");
        if (!memory) return memory.error();
        return result<weights>(weights{*std::move(memory)});
    }
    [[nodiscard]] const void* identity(const weights& w) const { return w.memory.get(); }
    [[nodiscard]] int pack_row_multiple(const program_view&, std::size_t) const { return 0; }
    [[nodiscard]] result<void> pack(const program_view& p, std::size_t i, const dense_parameter& first,
                                    const dense_parameter& second, weights& w) const {
        const site at = p.at(i);
        const std::int64_t bytes = packed_bytes(at);
        if (bytes == 0) return {};
        const auto made = memory_block::allocate(bytes, "weights on their way to the device");
        if (!made) return made.error();
        std::memset(made->data(), 0, static_cast<std::size_t>(bytes));
        packer to{made->data()};
        operations[at.n.kind].pack(to, at, value.precision, first, second);
        if (auto r = checked(on(), on().use(value.device), "the device"); !r) return r;
        return checked(on(), on().copy(w.memory.bytes() + at.n.packed, made->data(), static_cast<std::size_t>(bytes)),
                       "weights to the device");
    }

    /// Makes the graph of a run. Errors: as make_weights.
    [[nodiscard]] result<workspace> make_workspace(const program_view& p, const weights& w, const code&, executor,
                                                   std::span<std::byte> given) const {
        if (auto r = begin(given); !r) return r.error();
        workspace s;
        result<void> made{};
        const auto keep = [&](owned& to, result<owned> from) {
            if (!from)
                made = from.error();
            else
                to = *std::move(from);
            return made.has_value();
        };
        const std::int64_t in = value.images * picture_bytes(p), out = results_bytes(p, value.images);
        bool all = keep(s.arena, make_memory(on(), p.sizes.arena, false, "an arena")) &&
                   keep(s.pictures, make_memory(on(), in, false, "pictures")) &&
                   keep(s.results, make_memory(on(), out, false, "results")) &&
                   keep(s.staged, make_memory(on(), in, true, "pictures")) &&
                   keep(s.answers, make_memory(on(), out, true, "results")) && keep(s.own_stream, make_stream(on())) &&
                   keep(s.fork, make_event(on()));
        for (int i = 0; all && i < most_branches - 1; ++i)
            all = keep(s.sides[i], make_stream(on())) && keep(s.joins[i], make_event(on()));
        if (!all) return made.error();
        s.stream = value.stream != nullptr ? static_cast<void*>(value.stream) : s.own_stream.get();
        if (auto r = record(p, w, s); !r) return r.error();
        return result<workspace>(std::move(s));
    }

    /// Puts the pictures and the graph on the stream. All operations are handed over at once: a watch is asked before
    /// the first, and told of no other. Errors: errc::device, cancelled.
    [[nodiscard]] result<void> run(const program_view& p, const weights&, workspace& s,
                                   std::span<const image_view> pictures, const run_watch* watch) const {
        if (auto r = ready(p, s, watch); !r) return r;
        // A picture is on its way while the next one is staged.
        int error = 0;
        for (std::size_t i = 0; error == 0 && i < pictures.size(); ++i) {
            std::byte* const from = staged_at(p, s, i);
            stage(from, pictures[i]);
            const std::size_t bytes =
                sizeof(picture_header) + row_bytes(pictures[i]) * static_cast<std::size_t>(pictures[i].height);
            error = on().copy_later(s.pictures.bytes() + (from - s.staged.bytes()), from, bytes, s.stream);
        }
        return launched(s, error);
    }
    /// The same for pictures that are on the device, which copies their samples.
    [[nodiscard]] result<void> run_on_device(const program_view& p, const weights&, workspace& s,
                                             std::span<const device_picture> pictures, const run_watch* watch) const {
        if (auto r = ready(p, s, watch); !r) return r;
        int error = 0;
        for (std::size_t i = 0; error == 0 && i < pictures.size(); ++i) {
            const image_view& v = pictures[i].at;
            std::byte* const to = s.pictures.bytes() + static_cast<std::int64_t>(i) * picture_bytes(p);
            stage_header(staged_at(p, s, i), v);
            error = on().copy_later(to, staged_at(p, s, i), sizeof(picture_header), s.stream);
            if (error == 0)
                error = on().copy_rows_later(to + sizeof(picture_header), v.data, static_cast<std::size_t>(v.row_bytes),
                                             row_bytes(v), static_cast<std::size_t>(v.height), s.stream);
        }
        return launched(s, error);
    }
    /// Errors: errc::invalid_argument where the address is not what it is said to be; device.
    [[nodiscard]] result<void> check_memory(const void* address, bool device) const {
        memory_kind kind{};
        int whose = 0;
        if (auto r = checked(on(), on().look(address, kind, whose), "looking at a picture's address"); !r) return r;
        if (!device && kind == memory_kind::device)
            return fail(errc::invalid_argument, "picture: its samples are in a device's memory: give a device_picture");
        if (device && kind == memory_kind::host)
            return fail(errc::invalid_argument, "device_picture: its samples are not in a device's memory");
        if (device && whose != value.device)
            return fail(errc::invalid_argument, {"device_picture: its samples are on device ", whose,
                                                 ", the network is on device ", value.device});
        return {};
    }
    [[nodiscard]] std::span<std::byte> idle_memory(const program_view&, workspace&) const { return {}; } // the device's
    /// Waits once; results have come with the graph. Errors: errc::device; invalid_argument for no result.
    [[nodiscard]] result<void> fetch(const program_view& p, workspace& s, int image, std::span<const id> nodes,
                                     std::span<tensor_view<const float>> views) const {
        return fetch_from(s.answers, p, s, image, nodes, views);
    }
    [[nodiscard]] result<void> fetch_on_device(const program_view& p, workspace& s, int image,
                                               std::span<const id> nodes,
                                               std::span<tensor_view<const float>> views) const {
        return fetch_from(s.results, p, s, image, nodes, views);
    }

private:
    [[nodiscard]] static const runtime& on() { return B::functions(); }

    [[nodiscard]] result<void> begin(std::span<std::byte> given) const {
        if (!given.empty())
            return fail(errc::invalid_argument, "the cuda backend's memory is the device's: it takes none of the host");
        return checked(on(), on().use(value.device), "the device");
    }
    /// Before a run's pictures are copied. All operations are handed over at once: a watch is asked before the first.
    [[nodiscard]] result<void> ready(const program_view& p, workspace& s, const run_watch* watch) const {
        if (watch != nullptr)
            if (auto r = watch->before(p, 0); !r) return r;
        if (auto r = checked(on(), on().use(value.device), "the device"); !r) return r;
        if (auto r = wait(s); !r) return r; // the staging memory may still be read
        s.running = true;
        return {};
    }
    [[nodiscard]] result<void> launched(workspace& s, int copied) const {
        if (auto r = checked(on(), copied, "pictures to the device"); !r) return r;
        return checked(on(), on().launch_graph(s.graph.get(), s.stream), "launching the network");
    }
    [[nodiscard]] result<void> fetch_from(const owned& memory, const program_view& p, workspace& s, int image,
                                          std::span<const id> nodes, std::span<tensor_view<const float>> views) const {
        if (auto r = wait(s); !r) return r;
        for (std::size_t k = 0; k < nodes.size(); ++k) {
            const std::int64_t at = result_at(p, value.images, nodes[k]);
            const shape& out = p.nodes[static_cast<std::size_t>(nodes[k])].out;
            if (at < 0) return fail(errc::invalid_argument, {"tensor ", static_cast<int>(nodes[k]), " is no result"});
            views[k] = {reinterpret_cast<const float*>(memory.bytes() + at) + image * out.size(), out.h, out.w, out.c,
                        out.c};
        }
        return {};
    }
    [[nodiscard]] result<void> wait(workspace& s) const {
        if (!s.running) return {};
        s.running = false;
        return checked(on(), on().wait(s.stream), "running the network");
    }
    [[nodiscard]] static std::byte* staged_at(const program_view& p, workspace& s, std::size_t i) {
        return s.staged.bytes() + static_cast<std::int64_t>(i) * picture_bytes(p);
    }
    /// Of the samples alone.
    [[nodiscard]] static std::size_t row_bytes(const image_view& v) {
        return static_cast<std::size_t>(v.width) * static_cast<std::size_t>(v.channels) *
               (v.type == image_view::sample::f32 ? 4 : 1);
    }
    static void stage_header(std::byte* to, const image_view& v) {
        const picture_header h{v.type == image_view::sample::f32 ? 1 : 0, v.channels};
        std::memcpy(to, &h, sizeof h);
    }
    /// One picture into the host's staging memory.
    static void stage(std::byte* to, const image_view& v) {
        stage_header(to, v);
        to += sizeof(picture_header);
        const std::size_t row = row_bytes(v);
        for (int y = 0; y < v.height; ++y, to += row)
            std::memcpy(to, static_cast<const std::byte*>(v.data) + y * v.row_bytes, row);
    }

    /// A run as a graph, recorded on the workspace's own stream. Operations of one order are branches.
    [[nodiscard]] result<void> record(const program_view& p, const weights& w, workspace& s) const {
        void* const main = s.own_stream.get();
        on().forget();
        if (auto r = checked(on(), on().begin_graph(main), "beginning a graph"); !r) return r;
        int error = put_all(p, w, s, main);
        void* graph = nullptr;
        const int ended = on().end_graph(graph, main);
        if (error == 0) error = ended;
        if (graph != nullptr) s.graph = owned(graph, on().release_graph);
        return checked(on(), error, "making the network's graph");
    }
    [[nodiscard]] int put_all(const program_view& p, const weights& w, workspace& s, void* main) const {
        launches all(p, value.precision, value.images,
                     {s.arena.bytes(), s.pictures.bytes(), s.results.bytes(), w.memory.bytes()});
        const int error = all.each_stage([&](const batches& b) { return put(b, s, main); });
        if (error != 0) return error;
        const auto bytes = static_cast<std::size_t>(results_bytes(p, value.images));
        return on().copy_later(s.answers.get(), s.results.get(), bytes, main);
    }
    /// A stage's launches as branches, which end before the next stage begins.
    [[nodiscard]] int put(const batches& b, workspace& s, void* main) const {
        if (!b.complete()) return on().no_memory;
        const int branches = b.launches() < most_branches ? b.launches() : most_branches;
        int error = branches > 1 ? on().record(s.fork.get(), main) : 0;
        for (int i = 0; error == 0 && i < branches - 1; ++i) error = on().follow(s.sides[i].get(), s.fork.get());
        if (error == 0)
            error = b.launch(on().kernels(), value.images,
                             [&](int i) { return i % branches == 0 ? main : s.sides[i % branches - 1].get(); });
        for (int i = 0; error == 0 && i < branches - 1; ++i) {
            error = on().record(s.joins[i].get(), s.sides[i].get());
            if (error == 0) error = on().follow(main, s.joins[i].get());
        }
        return error;
    }
};

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
