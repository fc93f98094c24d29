// The tiles of the CUDA backend's convolutions, for Hopper's groups of warps and for single warps, a block of threads
// played one after the other: what the device's kernels compute, but for their instructions.
#include "uml/backend/cuda/group.hpp"
#include "uml/backend/cuda/tile.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <random>
#include <set>
#include <vector>

namespace {

using namespace uml::gpu;

/// Where a block may read: the input and the weights.
struct readable_bytes {
    const unsigned char *first, *last;
};
readable_bytes readable[2];

/// What cp.async does: pieces, and chunks by their place behind `shared`.
struct copy_now {
    template <int bytes> void operator()(void* to, const void* from) const {
        CHECK(reinterpret_cast<std::uintptr_t>(from) % bytes == 0);
        const auto* const first = static_cast<const unsigned char*>(from);
        bool inside = from == nullptr;
        for (const readable_bytes& r : readable) inside = inside || (first >= r.first && first + bytes <= r.last);
        CHECK(inside);
        if (!inside) return;
        if (from != nullptr)
            std::memcpy(to, from, bytes);
        else
            std::memset(to, 0, bytes);
    }
};
struct copy_chunk_now {
    unsigned char* shared;
    template <bool near> void put(int to, std::uintptr_t from, bool there) const {
        copy_now{}.operator()<chunk_bytes>(shared + to, there ? reinterpret_cast<const void*>(from) : nullptr);
    }
};

/// A block as src/cuda/group.cu runs it: every thread's copies, step by step, then the product of both tiles, read as
/// the unit reads them, then every thread's sums.
template <class Block> void play(const conv_args& a, int image, std::int64_t first_pixel, int first_out) {
    std::vector<unsigned char> shared(Block::stage_bytes, 0xff); // NaN where nothing is copied
    const unsigned char* const weights = shared.data() + Block::weights_at;
    std::vector<double> sums(Block::rows * Block::columns);
    std::vector<typename Block::filler> threads;
    for (int thread = 0; thread < Block::threads; ++thread)
        threads.emplace_back(a, image, first_pixel, first_out, thread / group::chunks, thread % group::chunks);
    for (int step = 0; step < group::steps(a); ++step) {
        for (int thread = 0; thread < Block::threads; ++thread) {
            const int first = group::place(thread / group::chunks, thread % group::chunks);
            threads[static_cast<std::size_t>(thread)].template fill<Block::gap * group::row_bytes>(
                first, first + Block::weights_at, copy_chunk_now{shared.data()});
        }
        const auto number = [](const unsigned char* tile, int row, int k) {
            const int plain = row * 128 + k * 2; // address bits 4..6 are permuted by bits 7..9
            std::uint16_t bits;
            std::memcpy(&bits, tile + (plain ^ ((plain >> 7 & 7) << 4)), sizeof bits);
            return double{from_bf16_bits(bits)};
        };
        for (int row = 0; row < Block::rows; ++row)
            for (int column = 0; column < Block::columns; ++column)
                for (int k = 0; k < 16 * group::products; ++k)
                    sums[static_cast<std::size_t>(row * Block::columns + column)] +=
                        number(shared.data(), row, k) * number(weights, column, k);
    }
    std::vector<chunk> kept(Block::sums::bytes / sizeof(chunk));
    const typename Block::sums done{reinterpret_cast<float*>(kept.data())};
    for (int thread = 0; thread < Block::threads; ++thread)
        for (int i = 0; i < Block::columns / 2; ++i) {
            const int row = group::sum_row(thread, i), column = group::sum_column(thread, i);
            done.keep(row, column, static_cast<float>(sums[static_cast<std::size_t>(row * Block::columns + column)]));
        }
    for (int thread = 0; thread < Block::threads; ++thread) done.finish(a, image, first_pixel, first_out, thread);
}

/// A block as src/cuda/tile.cu runs it, with products in `how`: every warp reads its operands' words and finds its
/// sums.
template <products how> void play_tile(const conv_args& a, int image, std::int64_t first_pixel, int first_out) {
    using form = tile::stored<how>;
    const block_operands<form::type> from(a, image, first_pixel, first_out);
    std::vector<tile::whole_filler<how>> threads;
    for (int thread = 0; a.in_chunks() && thread < tile::threads; ++thread)
        threads.emplace_back(a, image, first_pixel, first_out, thread / form::chunks, thread % form::chunks);
    std::vector<std::uint32_t> x(form::stage_words, 0xffffffffU); // NaN where nothing is copied
    const std::uint32_t* const w = x.data() + tile_rows * form::pitch;
    std::vector<double> sums(tile_rows * tile_columns);
    const auto numbers = [](std::uint32_t word, double(&to)[2]) { // of a word: two of bf16, one of f32
        to[0] = form::halves ? double{from_bf16_bits(static_cast<std::uint16_t>(word))}
                             : double{how == products::tf32 ? to_tf32(float_of(word)) : float_of(word)};
        to[1] = form::halves ? double{from_bf16_bits(static_cast<std::uint16_t>(word >> 16))} : 0.0;
    };
    for (int step = 0; step < (a.inner + tile_inner - 1) / tile_inner; ++step) {
        for (int thread = 0; thread < tile::threads; ++thread) {
            if (!a.in_chunks()) {
                tile::filler<how>(from, thread)
                    .fill(from, step, x.data(), x.data() + tile_rows * form::pitch, copy_now{});
                continue;
            }
            const int first = (thread / form::chunks * form::pitch + thread % form::chunks * 4) * 4;
            threads[static_cast<std::size_t>(thread)].template fill<form::row_gap * form::pitch * 4>(
                first, first + tile_rows * form::pitch * 4, copy_chunk_now{reinterpret_cast<unsigned char*>(x.data())});
        }
        for (int warp = 0; warp < 4; ++warp)
            for (int i = 0; i < tile::fragments_down; ++i)
                for (int j = 0; j < tile::fragments_across; ++j)
                    for (int word = 0; word < form::row_words; word += mma_words) {
                        // The unit's matrices, put together from all lanes' registers.
                        double first[mma_rows][mma_words][2] = {}, second[mma_columns][mma_words][2] = {};
                        for (int lane = 0; lane < 32; ++lane) {
                            for (int r = 0; r < 4; ++r) {
                                const position p = first_operand(lane, r);
                                numbers(x[static_cast<std::size_t>(tile::first_word<how>(warp, lane, i, r, word))],
                                        first[p.row][p.word]);
                            }
                            for (int r = 0; r < 2; ++r) {
                                const position p = second_operand(lane, r);
                                numbers(w[static_cast<std::size_t>(tile::second_word<how>(warp, lane, j, r, word))],
                                        second[p.row][p.word]);
                            }
                        }
                        for (int lane = 0; lane < 32; ++lane)
                            for (int r = 0; r < 4; ++r) {
                                const position p = sum_position(lane, r), at = tile::sum_place(warp, lane, i, j, r);
                                double& sum = sums[static_cast<std::size_t>(at.row * tile_columns + at.word)];
                                for (int k = 0; k < mma_words; ++k)
                                    for (int half = 0; half < 2; ++half)
                                        sum += first[p.row][k][half] * second[p.word][k][half];
                            }
                    }
    }
    std::vector<chunk> kept(block_sums<tile_rows, tile_columns, tile::threads>::bytes / sizeof(chunk));
    const block_sums<tile_rows, tile_columns, tile::threads> done{reinterpret_cast<float*>(kept.data())};
    for (int row = 0; row < tile_rows; ++row)
        for (int column = 0; column < tile_columns; ++column)
            done.keep(row, column, static_cast<float>(sums[static_cast<std::size_t>(row * tile_columns + column)]));
    for (int thread = 0; thread < tile::threads; ++thread) done.finish(a, image, first_pixel, first_out, thread);
}

struct shape_of_conv {
    int h, w, in, step, out, kernel, stride, pad, dilation, images;
    bool own_weights; ///< of each image
    int piece;        ///< that bf16 numbers of such an input can be copied in
    int parts = 1;    ///< of the weights
};

/// Memory whose first element is at a multiple of 64.
struct numbers {
    element type;
    std::vector<unsigned char> room;
    unsigned char* first;
    std::int64_t count;

    numbers(element t, std::int64_t n)
        : type(t), room(static_cast<std::size_t>(n * 4 + 64)),
          first(room.data() + (64 - reinterpret_cast<std::uintptr_t>(room.data()) % 64) % 64), count(n) {}
    [[nodiscard]] readable_bytes all() const { return {first, first + count * (type == element::bf16 ? 2 : 4)}; }
    void fill(std::mt19937& random) {
        std::uniform_real_distribution<float> any(-1, 1);
        for (std::int64_t i = 0; i < count; ++i) write(first, type, i, any(random));
    }
};

/// `play_block(arguments, image, first pixel, first channel)` over all blocks against the plain loops. `type`: of the
/// weights, `x_type` of the input.
template <class F>
void check(const shape_of_conv& s, element type, double limit, F play_block, element x_type,
           int rows_of_block = tile_rows, int columns_of_block = tile_columns) {
    CAPTURE(s.in);
    CAPTURE(s.out);
    CAPTURE(s.kernel);
    std::mt19937 random(7);
    const int oh = (s.h + 2 * s.pad - s.dilation * (s.kernel - 1) - 1) / s.stride + 1,
              ow = (s.w + 2 * s.pad - s.dilation * (s.kernel - 1) - 1) / s.stride + 1;
    const int inner = s.parts * s.kernel * s.kernel * s.in, row = (inner + 31) / 32 * 32, rows = s.out;
    numbers x(x_type, std::int64_t{s.images} * s.h * s.w * s.step), w(type, std::int64_t{s.images} * rows * row),
        bias(element::f32, rows), scale(element::f32, std::int64_t{s.images} * oh * ow),
        residual(type, std::int64_t{s.images} * oh * ow * s.out), y(element::f32, residual.count),
        z(element::f32, residual.count), factor(element::f32, std::int64_t{s.images} * s.out),
        added(type, residual.count), sum(element::f32, residual.count), plain_sum(element::f32, residual.count);
    x.fill(random), bias.fill(random), scale.fill(random), residual.fill(random), factor.fill(random),
        added.fill(random);
    std::uniform_real_distribution<float> any(-1, 1);
    for (int image = 0; image < s.images; ++image)
        for (int o = 0; o < s.out; ++o)
            for (int k = 0; k < inner; ++k)
                write(w.first, type, (std::int64_t{image} * rows + o) * row + k, any(random));

    readable[0] = x.all();
    readable[1] = w.all();
    conv_args a;
    a.x = {x.first, std::int64_t{s.h} * s.w * s.step, s.h, s.w, s.in, s.step, x_type};
    a.y = {y.first, std::int64_t{oh} * ow * s.out, oh, ow, s.out, s.out, element::f32};
    a.residual = {residual.first, a.y.image, oh, ow, s.out, s.out, type};
    a.scale = {scale.first, std::int64_t{oh} * ow, oh, ow, 1, 1, element::f32};
    a.factor = {factor.first, s.out, 1, 1, s.out, s.out, element::f32};
    a.from = a.residual;
    a.from.data = added.first;
    a.to = a.y;
    a.to.data = sum.first;
    a.adds = s.images == 2;
    a.weights = w.first;
    a.bias = reinterpret_cast<const float*>(bias.first);
    a.weight_type = type;
    a.weight_image = s.own_weights ? std::int64_t{rows} * row : 0;
    a.weight_out = row;
    a.weight_in = 1;
    a.kernel = s.kernel, a.stride = s.stride, a.pad = s.pad, a.dilation = s.dilation, a.inner = inner;
    const int bytes = type == element::bf16 ? 2 : 4;
    a.piece = type == element::bf16                                ? s.piece
              : x_type == element::bf16                            ? (s.piece >= 8 ? 8 : 0)
              : s.in * bytes % 16 == 0 && s.step * bytes % 16 == 0 ? 16
                                                                   : 4;
    a.act = uml::activation::relu;
    for (int image = 0; image < s.images; ++image)
        for (std::int64_t pixel = 0; pixel < a.y.pixels(); pixel += rows_of_block)
            for (int out = 0; out < s.out; out += columns_of_block) play_block(a, image, pixel, out);

    conv_args plain = a;
    numbers whole(element::f32, s.parts == 1 ? 0 : w.count); // the plain loops know of no parts
    if (s.parts == 2) {
        for (std::int64_t o = 0; o < rows; ++o)
            for (int k = 0; k < inner / 2; ++k)
                write(whole.first, element::f32, o * row + k,
                      read(w.first, type, o * row + k) + read(w.first, type, o * row + k + inner / 2));
        plain.weights = whole.first;
        plain.weight_type = element::f32;
    }
    plain.y.data = z.first;
    plain.to.data = plain_sum.first;
    for (std::int64_t i = 0; i < compute_conv::count(plain, s.images); ++i) compute_conv::at(plain, i);
    double worst = 0;
    for (std::int64_t i = 0; i < y.count; ++i)
        worst = std::max(worst, std::abs(double{read(y.first, element::f32, i)} - read(z.first, element::f32, i)));
    for (std::int64_t i = 0; i < sum.count; ++i)
        worst = std::max(worst,
                         std::abs(double{read(sum.first, element::f32, i)} - read(plain_sum.first, element::f32, i)));
    CHECK(worst < limit);
}
template <class F> void check(const shape_of_conv& s, element type, double limit, F play_block) {
    check(s, type, limit, play_block, type);
}

} // namespace

constexpr shape_of_conv shapes[] = {
    {9, 7, 16, 16, 70, 3, 1, 1, 1, 1, false, 16},
    {12, 12, 24, 32, 64, 3, 2, 1, 1, 2, false, 16}, // a slice of wider pixels
    {11, 5, 5, 5, 9, 3, 1, 2, 2, 2, false, 0},      // number by number
    {6, 7, 26, 112, 26, 3, 1, 1, 1, 1, false, 4},   // Res2Net's groups
    {6, 7, 52, 208, 52, 3, 1, 1, 1, 2, false, 8},
    {8, 8, 200, 200, 130, 1, 1, 0, 1, 2, true, 16}, // weights of each image
    {17, 3, 8, 8, 8, 1, 1, 0, 1, 1, false, 16},
    {6, 7, 32, 96, 32, 3, 1, 1, 1, 1, false, 16, 2},
    {20, 20, 72, 72, 200, 3, 1, 1, 1, 1, false, 16}, // several blocks each way
};

template <class Block> void check_group() {
    CAPTURE(Block::rows);
    CAPTURE(Block::columns);
    for (const shape_of_conv& s : shapes)
        if (s.piece == 16) check(s, element::bf16, 1e-4, play<Block>, element::bf16, Block::rows, Block::columns);
}

TEST_CASE(
    "tiles for a group of warps give the convolution in blocks of each shape: edges, strides, images, two parts") {
    check_group<group::block<128, 32, 4>>();
    check_group<group::block<64, 32, 8>>();
    check_group<group::block<64, 64, 6>>();
    check_group<group::block<128, 64, 4>>();
    check_group<group::block<128, 128, 3>>();
}

TEST_CASE("so do tiles for single warps, in bf16, tf32 and f32") {
    for (const shape_of_conv& s : shapes) {
        check(s, element::bf16, 1e-4, play_tile<products::bf16>);
        check(s, element::f32, 1e-4, play_tile<products::three>);
        check(s, element::f32, 0.1, play_tile<products::tf32>);
        check(s, element::f32, 1e-4, play_tile<products::three>, element::bf16); // widened on the way
    }
}

TEST_CASE("groups of warps find each of their sums once") {
    std::set<std::pair<int, int>> seen;
    constexpr int threads = 256, columns = 64; // two groups
    for (int thread = 0; thread < threads; ++thread)
        for (int i = 0; i < columns / 2; ++i) seen.insert({group::sum_row(thread, i), group::sum_column(thread, i)});
    CHECK(seen.size() == 2 * group::unit_rows * columns);
    // Row 16 w + lane / 4 (+ 8), column 8 j + 2 (lane % 4) (+ 1): thread 37 is lane 5 of warp 1; its sum 6 has j = 1.
    CHECK(group::sum_row(37, 6) == 16 + 1 + 8);
    CHECK(group::sum_column(37, 6) == 8 + 2);
}
