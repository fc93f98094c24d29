// The backend concept holds for a device: memory that the host cannot read, known by handles, and a queue that runs
// later.
#include "support/shapes.hpp"

#include "uml/backend/reference.hpp"
#include "uml/model/load.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

namespace {

/// The device: allocations by number, and a list of what was asked for and has not been done.
class device {
public:
    using handle = std::size_t;

    handle allocate(std::int64_t bytes) {
        memories_.emplace_back(static_cast<std::size_t>(bytes) + 64);
        return memories_.size() - 1;
    }
    /// Only kernels and copies, which run on the device, get the address.
    std::span<std::byte> on_device(handle h) { return memories_[h]; }
    void read(handle h, std::int64_t at, std::span<std::byte> to) {
        std::memcpy(to.data(), aligned(h) + at, to.size());
    }
    std::byte* aligned(handle h) {
        const auto address = reinterpret_cast<std::uintptr_t>(memories_[h].data());
        return memories_[h].data() + (64 - address % 64) % 64;
    }

private:
    std::vector<std::vector<std::byte>> memories_;
};

/// Runs the reference kernels on the device, but only when somebody waits.
struct deferred {
    using inner = uml::reference<float>;
    using scalar = float;
    struct weights {
        std::shared_ptr<device> own = std::make_shared<device>();
        device::handle memory = 0;
    };
    struct workspace {
        std::shared_ptr<device> own = std::make_shared<device>();
        device::handle arena = 0;
        std::vector<float> picture; ///< in flight to the device
        uml::image_view shown;
        std::vector<int> queue;
        const weights* bound = nullptr;
        std::vector<float> staging; ///< where the host reads results
    };

    static constexpr uml::layout tensor_layout = inner::tensor_layout;
    static constexpr uml::rewrites preferred = inner::preferred;
    static constexpr double relative_limit = inner::relative_limit;
    static constexpr bool supports(const uml::node& n) { return inner::supports(n); }
    static constexpr std::int64_t scratch_bytes(const uml::node* nodes, const uml::node& n) {
        return inner::scratch_bytes(nodes, n);
    }
    static constexpr std::int64_t packed_bytes(const uml::node* nodes, const uml::parameter* parameters,
                                               const uml::node& n) {
        return inner::packed_bytes(nodes, parameters, n);
    }

    static uml::result<weights> make_weights(const uml::program_view& p, std::span<std::byte>) {
        weights w;
        w.memory = w.own->allocate(p.packed_bytes);
        return w;
    }
    static uml::result<void> pack(const uml::program_view& p, int i, const uml::dense_parameter& a,
                                  const uml::dense_parameter& b, weights& w) {
        auto on_device = inner::make_weights(p, w.own->on_device(w.memory));
        if (!on_device) return on_device.error();
        return inner::pack(p, i, a, b, *on_device);
    }
    static uml::result<workspace> make_workspace(const uml::program_view& p, uml::executor, std::span<std::byte>) {
        workspace s;
        s.arena = s.own->allocate(p.arena_bytes);
        s.staging.resize(static_cast<std::size_t>(p.arena_bytes) / sizeof(float));
        return s;
    }
    static void upload(const uml::program_view&, const uml::image_view& picture, workspace& s) {
        const auto* first = static_cast<const float*>(picture.data);
        s.picture.assign(first, first + picture.height * picture.width * picture.channels);
        s.shown = uml::image_view(s.picture.data(), picture.height, picture.width, picture.channels);
        s.queue.clear();
    }
    static void enqueue(const uml::program_view&, const weights& w, workspace& s, int i) {
        s.bound = &w;
        s.queue.push_back(i);
    }
    static uml::tensor_view<const float> fetch(const uml::program_view& p, const workspace& done, int i) {
        workspace& s = const_cast<workspace&>(done); // a device's queue has state of its own
        if (!s.queue.empty()) drain(p, s);
        const uml::node& n = p.nodes[static_cast<std::size_t>(i)];
        const std::span<float> to(s.staging.data() + n.at,
                                  static_cast<std::size_t>((n.out.pixels() - 1) * n.step + n.out.c));
        s.own->read(s.arena, n.at * 4, std::as_writable_bytes(to));
        return {to.data(), n.out.h, n.out.w, n.out.c, n.step};
    }

private:
    static void drain(const uml::program_view& p, workspace& s) {
        auto w = inner::make_weights(p, s.bound->own->on_device(s.bound->memory));
        auto arena = inner::make_workspace(p, {}, s.own->on_device(s.arena));
        REQUIRE(w);
        REQUIRE(arena);
        inner::upload(p, s.shown, *arena);
        for (const int i : s.queue) inner::enqueue(p, *w, *arena, i);
        s.queue.clear();
    }
};
static_assert(uml::backend<deferred>);

using net = uml::networks::edge<uml::config{
    .height = 64, .width = 64, .regions = 2, .classes = 3, .channel_divisor = 8, .stem_stride = 2}>;

template <class B> std::vector<float> outputs(std::vector<float>& pixels) {
    const auto file = uml_test::ruled_source::open(
        uml_test::tensors_of(uml::static_program<net::description, net::configuration, B>::view()), 3);
    REQUIRE(file);
    const auto m = uml::load<net, B>(*file);
    REQUIRE(m);
    auto w = m->make_workspace();
    REQUIRE(w);
    const auto f = m->run(uml::image_view(pixels.data(), 64, 64, 3), *w);
    REQUIRE(f);
    std::ranges::fill(pixels, -1.0F); // a queue must have taken its own copy by now
    std::vector<float> all;
    for (int k = 0; k < 3; ++k) all.push_back(f->diagnosis.alpha(k));
    for (int y = 0; y < 64; ++y)
        for (int x = 0; x < 64; ++x) {
            all.push_back(f->region_logit(y, x, 0));
            all.push_back(f->pixel_vacuity(y, x));
        }
    return all;
}

} // namespace

TEST_CASE("a backend with handles and a queue that runs later gives what the host gives") {
    std::vector<float> picture(64 * 64 * 3);
    for (std::size_t i = 0; i < picture.size(); ++i) picture[i] = static_cast<float>(i % 251) / 251.0F;
    std::vector<float> again = picture;
    const auto on_host = outputs<uml::reference<float>>(picture);
    CHECK(outputs<deferred>(again) == on_host);
    CHECK(on_host[0] > 1.0F);
}
