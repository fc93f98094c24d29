// The device's memory under the CUDA backend's launches: how much there is, that operations which may run at the same
// time leave each other's alone, and that everything is inside of it and aligned as the kernels read it.
#include "uml/backend/cuda/group.hpp"
#include "uml/backend/cuda/host.hpp"
#include "uml/backend/cuda/tile.hpp"
#include "uml/graph/diagnose.hpp"
#include "uml/graph/dynamic_program.hpp"
#include "uml/networks/network.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <utility>
#include <vector>

namespace {

using uml::cuda_on_host, uml::precision;
using namespace uml::gpu;

template <class Network> uml::dynamic_program program_of(const cuda_on_host& where, const uml::config& c) {
    auto p = uml::dynamic_program::make(where, [&](uml::graph& g) {
        uml::describe<Network>(g, c, cuda_on_host::engine::passes, uml::output_set::answer);
    });
    REQUIRE(p);
    return *std::move(p);
}
constexpr uml::config of_256{.height = 256, .width = 256, .regions = 3, .classes = 2};

/// Rows of bytes, so far apart.
struct rows {
    const std::byte* first = nullptr;
    std::int64_t count = 0, apart = 0, bytes = 0;
    bool by_element = false; ///< each is read by who writes the same of the result, and before

    [[nodiscard]] const std::byte* last() const { return first + (count - 1) * apart + bytes; }
    [[nodiscard]] bool meets(const rows& b) const {
        if (last() <= b.first || b.last() <= first) return false;
        if (apart != b.apart) return true;
        const std::int64_t from = ((b.first - first) % apart + apart) % apart;
        return from < bytes || from + b.bytes > apart;
    }
    [[nodiscard]] bool same(const rows& b) const {
        return first == b.first && count == b.count && apart == b.apart && bytes == b.bytes;
    }
};

/// What an operation reads and writes.
struct accesses {
    std::vector<rows> reads, writes;
};
struct block {
    std::unique_ptr<std::byte[]> memory;
    std::int64_t bytes;

    explicit block(std::int64_t n) : memory(new std::byte[static_cast<std::size_t>(n) + 256]), bytes(n) {}
    /// As cudaMalloc gives it; nothing is ever written there.
    [[nodiscard]] std::byte* first() const {
        return memory.get() + (256 - reinterpret_cast<std::uintptr_t>(memory.get()) % 256) % 256;
    }
    [[nodiscard]] bool holds(const rows& r) const { return r.first >= first() && r.last() <= first() + bytes; }
};

/// Follows the launches of a program.
struct follower {
    static follower* now;
    const block &arena, &pictures, &results, &weights;
    std::vector<accesses> stage{}; ///< of all operations that may run at the same time

    [[nodiscard]] rows of(const tensor& t, int images) const {
        const std::int64_t size = bytes_of(t.type);
        CHECK((t.pixels() == 1 || t.image == t.pixels() * t.step));
        CHECK(t.c <= t.step);
        if (t.pixels() == 1) return {static_cast<const std::byte*>(t.data), images, t.image * size, t.c * size};
        return {static_cast<const std::byte*>(t.data), images * t.pixels(), t.step * size, t.c * size};
    }
    static rows plain(const void* first, std::int64_t bytes) {
        return {static_cast<const std::byte*>(first), 1, bytes, bytes};
    }
    void parameters(const float* from, std::int64_t count) const {
        if (from == nullptr) return;
        CHECK(reinterpret_cast<std::uintptr_t>(from) % alignof(float) == 0);
        CHECK(weights.holds(plain(from, count * 4)));
    }
    void add(int images, std::initializer_list<tensor> reads, std::initializer_list<tensor> writes,
             std::initializer_list<rows> more_reads = {}, std::initializer_list<rows> more_writes = {}) {
        accesses a{more_reads, more_writes};
        for (const tensor& t : reads)
            if (t.data != nullptr) a.reads.push_back(of(t, images));
        for (const tensor& t : writes)
            if (t.data != nullptr) a.writes.push_back(of(t, images));
        for (const rows& r : a.reads) CHECK((arena.holds(r) || weights.holds(r)));
        for (const rows& w : a.writes) CHECK((arena.holds(w) || results.holds(w)));
        stage.push_back(std::move(a));
    }

    void note(kernel, const picture_args& a, int images) {
        CHECK(pictures.holds(plain(a.from, images * a.image_bytes)));
        CHECK(a.image_bytes % 4 == 0);
        add(images, {}, {a.y});
    }
    void note(kernel k, const conv_args& a, int images) {
        const std::int64_t size = bytes_of(a.weight_type);
        const bool tiles = k == kernel::conv_tile || k == kernel::conv_pieces;
        // Of tiles whole rows, as far as there are channels.
        const std::int64_t inner = tiles ? a.weight_out : a.inner;
        const std::int64_t last = (a.y.c - 1) * std::int64_t{a.weight_out} + (inner - 1) * std::int64_t{a.weight_in};
        const rows w = plain(a.weights, ((images - 1) * a.weight_image + last + 1) * size);
        parameters(a.bias, a.y.c);
        if (tiles) {
            CHECK(reinterpret_cast<std::uintptr_t>(a.weights) % chunk_bytes == 0);
            CHECK(a.weight_out * size % chunk_bytes == 0);
            CHECK(a.weight_image * size % chunk_bytes == 0);
            CHECK(a.weight_out >= a.inner);
            CHECK(a.weight_type == (a.how == products::bf16 ? element::bf16 : element::f32));
        }
        if (a.piece > 0) {
            CHECK(reinterpret_cast<std::uintptr_t>(a.x.data) % static_cast<unsigned>(a.piece) == 0);
            for (const std::int64_t n : {std::int64_t{a.x.c}, std::int64_t{a.x.step}, a.x.image})
                CHECK(n * bytes_of(a.x.type) % a.piece == 0);
        }
        if (k == kernel::conv_tile) CHECK(a.x.type == a.weight_type);
        add(images, {a.x, a.scale, a.factor}, {a.y, a.to}, {w});
        for (const tensor& t : {a.residual, a.from}) {
            if (t.data == nullptr) continue;
            stage.back().reads.push_back(of(t, images));
            stage.back().reads.back().by_element = true;
            CHECK(arena.holds(stage.back().reads.back()));
        }
    }
    void note(kernel, const pointwise_args& a, int images) {
        parameters(a.scale, a.y.c), parameters(a.shift, a.y.c);
        add(images, {a.a, a.b}, {a.y});
    }
    void note(kernel, const row_args& a, int images) {
        parameters(a.weights, a.kind == row::gate ? a.from_x.c + 1 : a.x.c), parameters(a.shift, a.x.c);
        add(images, {a.x, a.factors, a.offset, a.from_x, a.from_mutual, a.vacuity}, {a.y});
    }
    void note(kernel, const column_args& a, int images) { add(images, {a.x, a.weight}, {a.y}); }
    void note(kernel k, const attention_args& a, int images) {
        const rows sums = plain(a.sums, std::int64_t{images} * runs(a.x.c) * a.parts * attention_sums * 4);
        if (k == kernel::attention_end)
            add(images, {}, {a.y}, {sums});
        else if (a.parts > 1)
            add(images, {a.x, a.scores}, {}, {}, {sums});
        else
            add(images, {a.x, a.scores}, {a.y});
    }
    void note(kernel, const matrix_args& a, int images) {
        parameters(a.a, std::int64_t{a.out} * a.inner);
        parameters(a.b, std::int64_t{a.inner} * a.in);
        add(images, {a.g}, {a.y});
    }
    template <class Args> void note(kernel, const Args& a, int images) { add(images, {a.x}, {a.y}); }

    /// What one writes no other reads or writes, nor itself, but where it replaces element by element.
    void check() {
        int wrong = 0;
        for (const accesses& a : stage)
            for (const accesses& b : stage)
                for (const rows& w : a.writes) {
                    for (const rows& r : b.reads)
                        wrong += w.meets(r) && !(&a == &b && r.by_element && w.same(r)) ? 1 : 0;
                    for (const rows& o : b.writes) wrong += &w != &o && w.meets(o) ? 1 : 0;
                }
        CHECK(wrong == 0);
        stage.clear();
    }
};
follower* follower::now = nullptr;

template <int k, class Args> int note(const void* all, int count, int images, void*) {
    for (int i = 0; i < count; ++i)
        follower::now->note(static_cast<kernel>(k), static_cast<const Args*>(all)[i], images);
    return 0;
}
template <class... Args, int... k> constexpr kernel_table table_of(std::integer_sequence<int, k...>) {
    static_assert(sizeof...(Args) == kernel_count, "the arguments of every kernel, in the order of their numbers");
    return {{note<k, Args>...}};
}
constexpr kernel_table noting =
    table_of<picture_args, conv_args, conv_args, conv_args, conv_args, pointwise_args, move_args, pool_args,
             resize_args, row_args, row_args, column_args, attention_args, attention_args, matrix_args>(
        std::make_integer_sequence<int, kernel_count>{});

void follow(const uml::program_view& p, precision asked, int images) {
    CAPTURE(uml::to_text(asked));
    CAPTURE(images);
    const block arena(p.sizes.arena), weights(p.sizes.packed), pictures(images * picture_bytes(p)),
        results(results_bytes(p, images));
    follower f{arena, pictures, results, weights};
    follower::now = &f;
    launches l(p, asked, images, {arena.first(), pictures.first(), results.first(), weights.first()});
    std::size_t together = 0;
    REQUIRE(l.each_stage([&](const batches& b) {
        const int error = b.launch(noting, images, [](int) { return nullptr; });
        together = std::max(together, f.stage.size());
        f.check();
        return error;
    }) == 0);
    CHECK(together > 4);
}
template <class Network> void follow(const uml::config& c) {
    for (const auto asked : {precision::bf16, precision::tf32, precision::f32})
        for (const int images : {1, 3})
            follow(program_of<Network>({.precision = asked, .images = images}, c).view(), asked, images);
}

} // namespace

TEST_CASE("operations that may run at the same time leave each other's memory alone; all of it is there, and aligned") {
    follow<uml::release_network>(of_256);
    follow<uml::release_network>({.height = 96, .width = 160, .regions = 2, .classes = 3});
    follow<uml::paper_network>({.height = 64, .width = 96, .regions = 3, .classes = 2});
    follow<uml::edge_network>(
        {.height = 64, .width = 48, .regions = 2, .classes = 3, .channel_divisor = 8, .stem_stride = 2});
}

TEST_CASE("the checks of memory see rows that meet") {
    std::byte room[256];
    const rows left{room, 4, 16, 8}, right{room + 8, 4, 16, 8}, wide{room, 4, 16, 12}, other{room + 8, 2, 32, 8};
    CHECK_FALSE(left.meets(right));
    CHECK_FALSE(right.meets(left));
    CHECK(wide.meets(right));
    CHECK(right.meets(wide));
    CHECK(right.meets(other));
    CHECK_FALSE(left.meets({room + 64, 4, 16, 8}));
}

/// Bytes of weights by what they are for.
struct kinds_of_weights {
    std::int64_t halves = 0, in_two_parts = 0, f32 = 0, vectors = 0, matrices = 0, other = 0;

    kinds_of_weights(const uml::program_view& p, precision asked) {
        for (std::size_t i = 0; i < p.nodes.size(); ++i) {
            const uml::site at = p.at(i);
            const products how = is_conv(at.n.kind) ? products_of(at, asked) : products::plain;
            std::int64_t& kind = at.n.kind == uml::op::scaled_product ? matrices
                                 : !is_conv(at.n.kind)                ? other
                                 : how == products::lanes             ? vectors
                                 : parts_of(at, asked) == 2           ? in_two_parts
                                 : how == products::bf16              ? halves
                                                                      : f32;
            kind += operations[at.n.kind].packed_bytes(at, asked);
        }
    }
    [[nodiscard]] std::int64_t all() const { return halves + in_two_parts + f32 + vectors + matrices + other; }
};

// The figures of docs/cuda.md, "Memory", with what they come from.
TEST_CASE("a picture of 256x256 through the release network takes no more of the device's memory than it did") {
    const auto bytes_for = [](precision asked) {
        const auto made = program_of<uml::release_network>({.precision = asked}, of_256);
        const auto& p = made.view();
        const kinds_of_weights w(p, asked);
        const std::int64_t all = p.sizes.packed + p.sizes.arena + picture_bytes(p) + results_bytes(p, 1);
        MESSAGE(uml::to_text(asked), ": ", all, " bytes: weights ", p.sizes.packed, ", arena ", p.sizes.arena,
                " (alive at one time: ", p.sizes.live, "), picture ", picture_bytes(p), ", results ",
                results_bytes(p, 1));
        MESSAGE("weights: convolutions in bf16 ", w.halves, ", in two parts ", w.in_two_parts, ", in f32 ", w.f32,
                ", of vectors ", w.vectors, ", mixers' matrices ", w.matrices, ", other ", w.other);
        CHECK(w.all() == p.sizes.packed);
        return all;
    };
    CHECK(bytes_for(precision::bf16) <= 196'200'000);
    CHECK(bytes_for(precision::f32) <= 321'000'000);
}

TEST_CASE("blocks fit into the shared memory of every device that they are for") {
    constexpr int of_8_6 = 99 * 1024, of_hopper = 227 * 1024, pattern = 1024; ///< of a block, bytes; see group.cu
    CHECK(tile::stored<products::bf16>::shared_bytes <= of_8_6);
    CHECK(tile::stored<products::tf32>::shared_bytes <= of_8_6);
    CHECK(tile::stored<products::three>::shared_bytes <= of_8_6);
    CHECK(group::block<128, 128, 4>::shared_bytes + pattern <= of_hopper);
    CHECK(group::block<128, 64, 4>::shared_bytes + pattern <= of_hopper);
    CHECK(group::block<128, 32, 4>::shared_bytes + pattern <= of_hopper);
    CHECK(group::block<64, 64, 6>::shared_bytes + pattern <= of_hopper);
    CHECK(group::block<64, 32, 8>::shared_bytes + pattern <= of_hopper);
}
