// What the CUDA backend's kernels compute number by number, against plain loops.
#include "uml/backend/cuda/sums.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

using namespace uml::gpu;

namespace {

constexpr element both_types[] = {element::f32, element::bf16};

/// A tensor of several images with its memory: pixels `step` numbers apart, the first one `shift` behind 64 bytes.
struct made {
    std::vector<float> room; // whose alignment is 4 bytes at least
    tensor t;

    made(element type, int images, int h, int w, int c, int step, int shift) {
        const std::int64_t size = std::int64_t{h} * w * step;
        room.resize(static_cast<std::size_t>(images * size + shift + 32), -7.0F);
        auto* const from = reinterpret_cast<unsigned char*>(room.data());
        auto* const first = from + (64 - reinterpret_cast<std::uintptr_t>(from) % 64) % 64;
        t = {first + shift * (type == element::f32 ? 4 : 2), size, h, w, c, step, type};
    }
    void fill(unsigned seed) {
        std::mt19937 random(seed);
        std::uniform_real_distribution<float> any(-1, 1);
        for (int image = 0; std::int64_t{image} * t.image + t.image <= static_cast<std::int64_t>(room.size()) - 32;
             ++image)
            for (std::int64_t p = 0; p < t.pixels(); ++p)
                for (int k = 0; k < t.c; ++k) put(t, image, p, k, any(random));
    }
};

/// Totals of one group of lanes, as both kinds of kernels form them.
template <class F> void run_sums(const typename F::arguments& a, int images) {
    for (std::int64_t i = 0; i < F::count(a, images); ++i) {
        float totals[most_totals][F::width] = {}, part[F::width];
        for (int phase = 0; phase < F::totals(a); ++phase)
            for (int lane = 0; lane < F::lanes(a); ++lane) {
                F::part(a, phase, i, lane, totals, part);
                for (int j = 0; j < F::width; ++j) {
                    float& t = totals[phase][j];
                    t = lane == 0 ? part[j] : !F::largest(a, phase) ? t + part[j] : std::max(t, part[j]);
                }
            }
        for (int lane = 0; lane < F::lanes(a); ++lane) F::finish(a, i, lane, totals);
    }
}

} // namespace

TEST_CASE("quotients of indices are right in 32 bits, at their edge and beyond") {
    constexpr std::int64_t edge = std::int64_t{1} << 32;
    for (const std::int64_t i : {std::int64_t{0}, std::int64_t{1}, edge - 1, edge, edge + 1, 250 * edge + 12345,
                                 std::numeric_limits<std::int64_t>::max()})
        for (const std::int64_t by :
             {std::int64_t{1}, std::int64_t{3}, std::int64_t{777}, edge - 1, edge, 2 * edge + 5}) {
            CAPTURE(i);
            CAPTURE(by);
            CHECK(quotient(i, by) == i / by);
        }
}

TEST_CASE("rounded to TF32: ties away from zero, and NaN stays NaN, whichever bits it has") {
    CHECK(to_tf32(1.0F + 0x1p-11F) == 1.0F + 0x1p-10F);
    CHECK(to_tf32(-1.0F - 0x1p-11F) == -1.0F - 0x1p-10F);
    CHECK(to_tf32(1.0F + 0x1p-12F) == 1.0F);
    CHECK(std::isinf(to_tf32(std::numeric_limits<float>::infinity())));
    for (const std::uint32_t nan : {0x7fffffffU, 0xffffffffU, 0x7f800001U, 0x7fc00000U})
        CHECK(std::isnan(to_tf32(float_of(nan))));
}

TEST_CASE("runs of channels are the channels, in chunks or one by one; what lies behind them is not touched") {
    for (const element type : both_types)
        for (const int shift : {0, 8, 1, 2})
            for (const int c : {8, 16, 3, 13}) {
                made x(type, 2, 3, 2, c, c + 8 + c % 2, shift), y(type, 2, 3, 2, c, c + 8 + c % 2, shift);
                x.fill(5);
                for (std::int64_t i = 0; i < all_runs(x.t, 2); ++i) {
                    const place p = run_of(x.t, i);
                    float v[run];
                    get_run(x.t, p.image, p.pixel, p.k, v);
                    for (int j = 0; j < run; ++j)
                        CHECK(v[j] == (p.k + j < c ? get(x.t, p.image, p.pixel, p.k + j) : 0.0F));
                    put_run(y.t, p.image, p.pixel, p.k, v);
                }
                const std::size_t bytes = static_cast<std::size_t>(2 * x.t.image) * (type == element::f32 ? 4 : 2);
                CHECK(std::memcmp(y.t.data, x.t.data, bytes) == 0);
            }
}

TEST_CASE("sums over pixels, a run of channels at a time") {
    for (const element type : both_types)
        for (const int c : {16, 11}) {
            made x(type, 2, 5, 7, c, c + 5, 0), factor(type, 2, 5, 7, c, c, 0), weight(element::f32, 2, 5, 7, 1, 1, 0),
                y(element::f32, 2, 1, 1, c, c, 0), soft(type, 2, 5, 7, c, c, 0);
            x.fill(1), factor.fill(2), weight.fill(3);
            for (const column kind : {column::mean, column::weighted, column::instructed}) {
                run_sums<compute_column>({kind, x.t, y.t, kind == column::instructed ? factor.t : weight.t}, 2);
                for (int image = 0; image < 2; ++image)
                    for (int k = 0; k < c; ++k) {
                        double sum = 0;
                        for (int p = 0; p < 35; ++p) {
                            const double v = get(x.t, image, p, k);
                            sum += kind == column::mean       ? v
                                   : kind == column::weighted ? v * double{get(weight.t, image, p, 0)}
                                                              : v + v * double{get(factor.t, image, p, k)};
                        }
                        const double all = kind == column::weighted ? 1 : 35;
                        CHECK(get(y.t, image, 0, k) == doctest::Approx(sum / all).epsilon(1e-5));
                    }
            }
            run_sums<compute_column>({column::softmax, x.t, soft.t, {}}, 2);
            for (int k = 0; k < c; ++k) {
                double all = 0;
                for (int p = 0; p < 35; ++p) all += std::exp(double{get(x.t, 1, p, k)});
                CHECK(get(soft.t, 1, 9, k) == doctest::Approx(std::exp(double{get(x.t, 1, 9, k)}) / all).epsilon(5e-3));
            }
        }
}

TEST_CASE("an attention's means, of all pixels at once or in parts that are put together") {
    for (const element type : both_types)
        for (const int c : {16, 11})
            for (const int parts : {1, 2, 5, 40}) { // of 35 pixels: the last parts can be short or empty
                CAPTURE(parts);
                made x(type, 2, 5, 7, c, c + 5, 0), scores(element::f32, 2, 5, 7, 1, 1, 0),
                    y(element::f32, 2, 1, 1, 2 * c, 2 * c, 0);
                x.fill(1), scores.fill(3);
                put(scores.t, 1, 20, 0, 30.0F); // far above the others
                std::vector<float> sums(static_cast<std::size_t>(2 * runs(c) * parts * attention_sums), -7.0F);
                const attention_args a{x.t, y.t, scores.t, parts, sums.data()};
                run_sums<compute_attention>(a, 2);
                if (parts > 1) run_sums<compute_attention_end>(a, 2);
                for (int image = 0; image < 2; ++image)
                    for (int k = 0; k < c; ++k) {
                        double by_scores = 0, all = 0, plain = 0;
                        for (int p = 0; p < 35; ++p) {
                            const double v = get(x.t, image, p, k), w = std::exp(double{get(scores.t, image, p, 0)});
                            by_scores += w * v;
                            all += w;
                            plain += v / 35;
                        }
                        CHECK(get(y.t, image, 0, k) == doctest::Approx(by_scores / all).epsilon(1e-5));
                        CHECK(get(y.t, image, 0, c + k) == doctest::Approx(plain).epsilon(1e-5).scale(0.1));
                    }
            }
}

TEST_CASE("dot products over channels, four pixels at a time: the last ones alone, by parameters, tensors or none") {
    for (const element type : both_types)
        for (const int c : {16, 11, 300}) {
            made x(type, 2, 3, 7, c, c + 5, 0), factors(element::f32, 2, 1, 1, c, c, 0),
                offset(element::f32, 2, 1, 1, 1, 1, 0), y(element::f32, 2, 3, 7, 1, 1, 0);
            x.fill(1), factors.fill(2), offset.fill(3);
            for (const int form : {0, 1, 2}) {
                CAPTURE(form);
                row_args a;
                a.kind = form == 2 ? row::sum : row::dot;
                a.x = x.t, a.y = y.t;
                if (form == 0) a.weights = static_cast<const float*>(factors.t.data); // the first image's
                if (form == 1) a.factors = factors.t, a.offset = offset.t;
                a.value = 0.5F;
                run_sums<compute_dot>(a, 2);
                for (int image = 0; image < 2; ++image)
                    for (int p = 0; p < 21; ++p) {
                        double sum = form == 1 ? double{get(offset.t, image, 0, 0)} : 0;
                        for (int k = 0; k < c; ++k)
                            sum += get(x.t, image, p, k) *
                                   (form == 2 ? 1.0 : double{get(factors.t, form == 0 ? 0 : image, 0, k)});
                        CHECK(get(y.t, image, p, 0) == doctest::Approx(sum + 0.5).epsilon(1e-4));
                    }
                CHECK(lanes_of_row(c) == (c == 300 ? 32 : 2));
            }
        }
}

TEST_CASE("a vector's convolution by lanes is the plain one, with all that ends it") {
    made x(element::f32, 2, 1, 1, 70, 80, 0), y(element::f32, 2, 1, 1, 33, 33, 0),
        want(element::f32, 2, 1, 1, 33, 33, 0), factor(element::f32, 2, 1, 1, 33, 33, 0),
        w(element::f32, 1, 33, 1, 70, 70, 0), bias(element::f32, 1, 1, 1, 33, 33, 0);
    x.fill(1), factor.fill(2), w.fill(3), bias.fill(4);
    conv_args a;
    a.x = x.t, a.y = y.t, a.factor = factor.t;
    a.weights = w.t.data;
    a.bias = static_cast<const float*>(bias.t.data);
    a.weight_out = 70, a.weight_in = 1, a.inner = 70;
    a.act = uml::activation::sigmoid;
    run_sums<compute_vector>(a, 2);
    a.y = want.t;
    for (std::int64_t i = 0; i < compute_conv::count(a, 2); ++i) compute_conv::at(a, i);
    for (int image = 0; image < 2; ++image)
        for (int o = 0; o < 33; ++o)
            CHECK(get(y.t, image, 0, o) == doctest::Approx(get(want.t, image, 0, o)).epsilon(1e-5));
}

TEST_CASE("weights in two parts multiply the same pixels twice") {
    made x(element::bf16, 1, 4, 4, 4, 4, 0);
    x.fill(1);
    conv_args a;
    a.x = x.t;
    a.y.h = a.y.w = 4;
    a.kernel = 3, a.pad = 1, a.inner = 2 * 9 * 4;
    const conv_window from(a, 5);
    for (int k = 0; k < 36; ++k) CHECK(conv_operand(a, 0, from, k) == conv_operand(a, 0, from, k + 36));
    CHECK(conv_operand(a, 0, from, 72) == 0);
}
