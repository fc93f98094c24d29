// Elementwise operations, copies and pictures against plain double loops; exp, sigmoid and softplus over their range.
#include "kernels_small.hpp"

#include <cstring>

using namespace naive;

namespace {

constexpr activation activations[] = {activation::none, activation::relu, activation::sigmoid, activation::softplus,
                                      activation::exp_negative};

/// An element of a picture whose extents of 1 are repeated.
double beside(const picture& p, int y, int x, int k) {
    return number(p.at(p.h == 1 ? 0 : y, p.w == 1 ? 0 : x, p.c == 1 ? 0 : k));
}

void run(isa tier, const elementwise_args& a) {
    run_jobs(elementwise_jobs(a), 0, [&](int job, void* scratch) { kernels_for(tier).elementwise(a, job, scratch); });
}

struct extents {
    int h, w, c;
};

void check_combine(isa tier, extents ex, extents ey, int variant, activation act, unsigned seed) {
    noise random{std::mt19937(seed)};
    const picture x = noisy(random, ex.h, ex.w, ex.c, variant), y = noisy(random, ey.h, ey.w, ey.c, (variant + 1) % 3);
    for (const elementwise_op op : {elementwise_op::add, elementwise_op::multiply}) {
        picture out = blank(std::max(ex.h, ey.h), std::max(ex.w, ey.w), std::max(ex.c, ey.c), (variant + 2) % 3);
        run(tier, combine(op, view(x), view(y), view(out), act));
        const double error = worst_error(out, [&](int r, int i, int k) {
            const double p = beside(x, r, i, k), q = beside(y, r, i, k);
            return activate(op == elementwise_op::add ? p + q : p * q, act);
        });
        CAPTURE(name(tier));
        CAPTURE(ex.h);
        CAPTURE(ex.w);
        CAPTURE(ex.c);
        CAPTURE(ey.h);
        CAPTURE(ey.w);
        CAPTURE(ey.c);
        CAPTURE(variant);
        CHECK(error < 5e-7);
        CHECK(out.neighbours_untouched());
    }
}

/// `f` of many numbers by the vector code.
std::vector<float> all_of(isa tier, activation act, const std::vector<float>& x) {
    std::vector<float> out(x.size());
    const std::vector<float> in = with_garbage(x);
    const int n = static_cast<int>(x.size());
    run(tier, activate({in.data(), 1, n, 1, 1}, {out.data(), 1, n, 1, 1}, act));
    return out;
}

std::vector<float> range(double from, double to, int n) {
    std::vector<float> v;
    for (int i = 0; i < n; ++i) v.push_back(static_cast<float>(from + (to - from) * i / (n - 1)));
    return v;
}

double worst_relative(isa tier, activation act, const std::vector<float>& x) {
    const std::vector<float> out = all_of(tier, act, x);
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double want = naive::activate(number(x[i]), act);
        worst = std::max(worst, std::fabs(number(out[i]) - want) / want);
    }
    return worst;
}

} // namespace

TEST_CASE("add and multiply: every way of repeating an extent") {
    unsigned seed = 1;
    for (const isa tier : tiers())
        for (const int c : {1, 2, 3, 8, 16, 26, 70})
            for (const int variant : {0, 1, 2}) {
                const extents full{5, 7, c};
                for (const extents other :
                     {full, extents{5, 7, 1}, extents{1, 1, c}, extents{1, 1, 1}, extents{1, 7, c}, extents{5, 1, 1}}) {
                    check_combine(tier, full, other, variant, activation::none, ++seed);
                    check_combine(tier, other, full, variant, activation::relu, ++seed);
                }
                check_combine(tier, {1, 1, c}, {5, 7, 1}, variant, activation::none, ++seed);
                check_combine(tier, {1, 1, c}, {1, 1, c}, variant, activation::none, ++seed);
            }
}

TEST_CASE("add and multiply: activations, images larger than a job") {
    unsigned seed = 1;
    for (const isa tier : tiers())
        for (const activation act : activations) {
            check_combine(tier, {20, 21, 26}, {20, 21, 1}, 0, act, ++seed);
            check_combine(tier, {100, 300, 1}, {1, 1, 1}, 0, act, ++seed);
            check_combine(tier, {40, 50, 64}, {40, 50, 64}, 0, act, ++seed);
            check_combine(tier, {90, 100, 2}, {90, 100, 2}, 2, act, ++seed);
        }
}

TEST_CASE("constants, quotients, normalisation and activations alone") {
    unsigned seed = 1;
    for (const isa tier : tiers())
        for (const activation act : activations)
            for (const int c : {1, 2, 3, 8, 17, 26, 64})
                for (const int variant : {0, 1, 2}) {
                    noise random{std::mt19937(++seed)};
                    const picture x = noisy(random, 6, 9, c, variant);
                    std::vector<float> scale = random.numbers(padded(c)), shift = random.numbers(padded(c));
                    const auto hold = [&](const elementwise_args& a, picture& out, auto want) {
                        run(tier, a);
                        const double error = worst_error(out, [&](int y, int i, int k) {
                            return naive::activate(want(number(x.at(y, i, k)), static_cast<std::size_t>(k)), act);
                        });
                        CAPTURE(name(tier));
                        CAPTURE(c);
                        CAPTURE(variant);
                        CHECK(error < 1e-6);
                        CHECK(out.neighbours_untouched());
                    };
                    picture out = blank(6, 9, c, (variant + 1) % 3);
                    hold(with_constant(elementwise_op::add, view(x), 1.5f, view(out), act), out,
                         [](double v, std::size_t) { return v + 1.5; });
                    if (act != activation::exp_negative) { // exp of a large quotient leaves float's range
                        hold(with_constant(elementwise_op::divide_into, view(x), 2.f, view(out), act), out,
                             [](double v, std::size_t) { return 2 / v; });
                    }
                    hold(normalise(view(x), scale.data(), shift.data(), view(out), act), out,
                         [&](double v, std::size_t k) { return v * number(scale[k]) + number(shift[k]); });
                    hold(uml::kernels::activate(view(x), view(out), act), out, [](double v, std::size_t) { return v; });
                }
}

TEST_CASE("elementwise operations in place") {
    for (const isa tier : tiers()) {
        noise random{std::mt19937(7)};
        picture x = noisy(random, 6, 9, 26, 0);
        const picture before = x;
        const picture y = noisy(random, 6, 9, 26, 1);
        run(tier, combine(elementwise_op::add, view(std::as_const(x)), view(y), view(x)));
        CHECK(worst_error(x, [&](int r, int i, int k) { return number(before.at(r, i, k)) + number(y.at(r, i, k)); }) <
              1e-6);
    }
}

TEST_CASE("exp, sigmoid and softplus: relative error over the range, every tier") {
    for (const isa tier : tiers()) {
        CAPTURE(name(tier));
        CHECK(worst_relative(tier, activation::exp_negative, range(-88.7, 86.9, 200001)) < 1.3e-7);
        CHECK(worst_relative(tier, activation::sigmoid, range(-86.9, 100, 200001)) < 2.5e-7);
        CHECK(worst_relative(tier, activation::softplus, range(-86.9, 100, 200001)) < 2.5e-7);
        CHECK(worst_relative(tier, activation::exp_negative, range(-1e-3, 1e-3, 2001)) < 1e-7);
    }
}

TEST_CASE("activations far outside are finite where their values are, NaN stays NaN") {
    const float infinity = std::numeric_limits<float>::infinity();
    const std::vector<float> x = {-1e30f, -1000, -100, -88, 88, 100, 1000, 1e30f, -infinity, infinity};
    for (const isa tier : tiers()) {
        CAPTURE(name(tier));
        for (const float v : all_of(tier, activation::sigmoid, x)) CHECK((v >= 0 && v <= 1));
        const std::vector<float> softplus = all_of(tier, activation::softplus, x);
        CHECK((softplus[0] >= 0 && softplus[0] < 1e-37f));
        CHECK((softplus[2] >= 0 && softplus[2] < 1e-37f));
        CHECK(softplus[5] == 100);
        CHECK(softplus[7] == 1e30f);
        const std::vector<float> exponential = all_of(tier, activation::exp_negative, x);
        CHECK(exponential[0] > 1e38f);
        CHECK((exponential[7] >= 0 && exponential[7] < 1e-37f));
        for (const activation act : activations)
            CHECK(std::isnan(all_of(tier, act, {1, 2, std::numeric_limits<float>::quiet_NaN(), 4})[2]));
    }
}

TEST_CASE("copies, shuffles and repetitions") {
    unsigned seed = 1;
    for (const isa tier : tiers())
        for (const int c : {1, 2, 4, 8, 12, 16, 28, 52, 64})
            for (const int variant : {0, 1, 2})
                for (const int n : {3, 80}) {
                    noise random{std::mt19937(++seed)};
                    const picture in = noisy(random, n, 7, c, variant);
                    const auto hold = [&](copying kind, int count, int c_out, auto from) {
                        picture out = blank(n, 7, c_out, (variant + 1) % 3);
                        const copy_args a{kind, view(in), view(out), count};
                        run_jobs(copy_jobs(a), 0,
                                 [&](int job, void* scratch) { kernels_for(tier).copy(a, job, scratch); });
                        CHECK(worst_error(out, [&](int y, int x, int k) { return number(in.at(y, x, from(k))); }) == 0);
                        CHECK(out.neighbours_untouched());
                    };
                    hold(copying::plain, 1, c, [](int k) { return k; });
                    hold(copying::tile, 3, 3 * c, [&](int k) { return k % c; });
                    for (const int groups : {1, 2, 4})
                        if (c % groups == 0)
                            hold(copying::shuffle, groups, c,
                                 [&](int k) { return groups * (k % (c / groups)) + k / (c / groups); });
                }
}

TEST_CASE("pictures: 8 bits and float, one channel for three, rows with gaps") {
    for (const isa tier : tiers())
        for (const int channels : {1, 3})
            for (const int c : {1, 3}) {
                if (channels == 3 && c == 1) continue;
                constexpr int h = 90, w = 71, gap = 13;
                std::mt19937 engine(1);
                std::vector<std::uint8_t> bytes(h * static_cast<std::size_t>(w * channels + gap));
                for (auto& b : bytes) b = static_cast<std::uint8_t>(engine());
                // Float rows start at any byte.
                std::vector<unsigned char> floats(h * static_cast<std::size_t>(w * channels * 4 + gap));
                for (int y = 0; y < h; ++y)
                    for (int i = 0; i < w * channels; ++i) {
                        const float v = static_cast<float>(engine() % 1000) / 1000.f;
                        std::memcpy(&floats[static_cast<std::size_t>(y * (w * channels * 4 + gap) + i * 4)], &v, 4);
                    }
                uml::image_view u8(bytes.data(), h, w, channels, w * channels + gap);
                uml::image_view f32;
                f32.data = floats.data();
                f32.type = uml::image_view::sample::f32;
                f32.height = h, f32.width = w, f32.channels = channels, f32.row_bytes = w * channels * 4 + gap;
                for (const int variant : {0, 1}) {
                    picture out = blank(h, w, c, variant);
                    const auto fill = [&](const uml::image_view& v) {
                        const picture_args a{v, view(out)};
                        run_jobs(picture_jobs(a), 0,
                                 [&](int job, void* scratch) { kernels_for(tier).picture(a, job, scratch); });
                    };
                    const auto sample = [&](int x, int k) { return channels == 1 ? x : x * channels + k; };
                    fill(u8);
                    CHECK(worst_error(out, [&](int y, int x, int k) {
                              return bytes[static_cast<std::size_t>(y * (w * channels + gap) + sample(x, k))] / 255.;
                          }) < 1e-7);
                    fill(f32);
                    CHECK(worst_error(out, [&](int y, int x, int k) {
                              float v;
                              std::memcpy(&v, &floats[static_cast<std::size_t>(y * f32.row_bytes + sample(x, k) * 4)],
                                          4);
                              return number(v);
                          }) == 0);
                    CHECK(out.neighbours_untouched());
                }
            }
}
