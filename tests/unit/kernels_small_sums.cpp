// Sums over channels and pixels, softmax, layer normalisation and the scaled product against plain double loops.
#include "kernels_small.hpp"

using namespace naive;

namespace {

constexpr int channel_counts[] = {1, 2, 3, 8, 15, 16, 26, 64, 70};

struct pool_case {
    int h, w, c, variant;
    float spread = 1; ///< of the attention's weights: large ones make the softmax steep
    unsigned seed = 1;
};

auto kernel_of(isa tier, pixel_sum kind) {
    const kernel_table& t = kernels_for(tier);
    return kind == pixel_sum::mean ? t.pixel_means : kind == pixel_sum::weighted ? t.weighted_sums : t.attention_sums;
}

/// Both phases, jobs backwards.
std::vector<float> run_pixel_sums(isa tier, pixel_sum kind, pixel_sums_args a) {
    const uml::shape shape{a.x.c, a.x.h, a.x.w};
    const std::size_t n = static_cast<std::size_t>(a.x.c) * (kind == pixel_sum::attention ? 2 : 1);
    std::vector<float> out(n + 16, untouched);
    scratch_memory shared(pixel_sums_shared_bytes(shape));
    a.out = out.data();
    a.shared = static_cast<float*>(shared.begin());
    for (int phase = 0; phase < pixel_sums_phases; ++phase)
        run_jobs(pixel_sums_jobs(a, phase), pixel_sums_scratch_bytes(shape),
                 [&](int job, void* scratch) { kernel_of(tier, kind)(a, phase, job, scratch); });
    CHECK(shared.guard_untouched());
    for (std::size_t i = n; i < out.size(); ++i) CHECK(out[i] == untouched);
    out.resize(n);
    return out;
}

/// Softmax over the pixels of `score`.
template <class F> std::vector<double> softmax(int pixels, F score) {
    std::vector<double> q;
    double largest = -1e300, total = 0;
    for (int p = 0; p < pixels; ++p) largest = std::max(largest, score(p));
    for (int p = 0; p < pixels; ++p) total += q.emplace_back(std::exp(score(p) - largest));
    for (double& v : q) v /= total;
    return q;
}

void check_pixel_sums(isa tier, const pool_case& test) {
    noise random{std::mt19937(test.seed)};
    const picture x = noisy(random, test.h, test.w, test.c, test.variant);
    const int pixels = test.h * test.w;
    const auto at = [&](int p, int k) { return number(x.at(p / test.w, p % test.w, k)); };
    CAPTURE(name(tier));
    CAPTURE(test.h);
    CAPTURE(test.w);
    CAPTURE(test.c);
    CAPTURE(test.variant);
    CAPTURE(test.spread);
    const auto hold = [&](const std::vector<float>& got, int first, auto weight, double tolerance) {
        double worst = 0;
        for (int k = 0; k < test.c; ++k) {
            double want = 0, size = 0;
            for (int p = 0; p < pixels; ++p) want += weight(p) * at(p, k), size += std::fabs(weight(p) * at(p, k));
            const double error = std::fabs(number(got[static_cast<std::size_t>(first + k)]) - want) / size;
            if (!(error <= worst)) worst = error;
        }
        CHECK(worst < tolerance);
    };
    pixel_sums_args a;
    a.x = view(x);
    hold(
        run_pixel_sums(tier, pixel_sum::mean, a), 0, [&](int) { return 1. / pixels; }, 2e-7);

    const picture weights = noisy(random, test.h, test.w, 1, test.variant);
    a.weights = weights.data.data() + weights.offset;
    a.weights_step = weights.step;
    hold(
        run_pixel_sums(tier, pixel_sum::weighted, a), 0,
        [&](int p) { return number(weights.at(p / test.w, p % test.w, 0)); }, 3e-7);

    std::vector<float> query = random.numbers(padded(test.c), test.spread);
    std::fill(query.begin() + test.c, query.end(), 0.f);
    a.weights = query.data();
    const std::vector<float> pooled = run_pixel_sums(tier, pixel_sum::attention, a);
    const std::vector<double> q = softmax(pixels, [&](int p) {
        double sum = 0;
        for (int k = 0; k < test.c; ++k) sum += number(query[static_cast<std::size_t>(k)]) * at(p, k);
        return sum;
    });
    // Scores are about spread * sqrt(channels) large; one that is off by 1e-7 of that moves its exponential by as much.
    hold(
        pooled, 0, [&](int p) { return q[static_cast<std::size_t>(p)]; },
        1e-6 + 2e-7 * number(test.spread) * std::sqrt(test.c));
    hold(
        pooled, test.c, [&](int) { return 1. / pixels; }, 2e-7);
}

void check_softmax(isa tier, int h, int w, int variant, float spread, unsigned seed) {
    noise random{std::mt19937(seed)};
    picture x = noisy(random, h, w, 1, variant);
    for (int p = 0; p < h * w; ++p) x.at(p / w, p % w, 0) *= spread;
    picture out = blank(h, w, 1, (variant + 1) % 3);
    scratch_memory shared(softmax_shared_bytes({1, h, w}));
    const softmax_args a{view(std::as_const(x)), view(out), static_cast<float*>(shared.begin())};
    for (int phase = 0; phase < softmax_phases; ++phase)
        run_jobs(softmax_jobs(a), 0,
                 [&](int job, void* scratch) { kernels_for(tier).softmax(a, phase, job, scratch); });
    const auto q = softmax(h * w, [&](int p) { return number(x.at(p / w, p % w, 0)); });
    CAPTURE(name(tier));
    CAPTURE(h);
    CAPTURE(w);
    CAPTURE(variant);
    const auto want = [&](int y, int i, int) { return q[static_cast<std::size_t>(y * w + i)]; };
    CHECK(worst_error(out, want, 1e-30) < 3e-7 * (1 + number(spread)));
    CHECK(out.neighbours_untouched());
    CHECK(shared.guard_untouched());
}

void check_channel_sums(isa tier, int h, int w, int c, int variant, unsigned seed) {
    noise random{std::mt19937(seed)};
    const picture x = noisy(random, h, w, c, variant);
    const std::vector<float> weights = with_garbage(random.numbers(static_cast<std::size_t>(c)));
    for (const bool weighted : {false, true}) {
        picture out = blank(h, w, 1, (variant + 1) % 3);
        const channel_sums_args a{view(x), weighted ? weights.data() : nullptr, view(out)};
        run_jobs(channel_sums_jobs(a), 0,
                 [&](int job, void* scratch) { kernels_for(tier).channel_sums(a, job, scratch); });
        const double error = worst_error(out, [&](int y, int i, int) {
            double sum = 0;
            for (int k = 0; k < c; ++k)
                sum += number(x.at(y, i, k)) * (weighted ? number(weights[static_cast<std::size_t>(k)]) : 1);
            return sum;
        });
        CAPTURE(name(tier));
        CAPTURE(c);
        CAPTURE(variant);
        CHECK(error < 3e-7 * std::sqrt(c));
        CHECK(out.neighbours_untouched());
    }
}

void check_layer_norm(isa tier, int h, int w, int c, int variant, float offset, unsigned seed) {
    noise random{std::mt19937(seed)};
    picture x = noisy(random, h, w, c, variant);
    for (int p = 0; p < h * w; ++p)
        for (int k = 0; k < c; ++k) x.at(p / w, p % w, k) += offset;
    const std::vector<float> scale = random.numbers(padded(c)), shift = random.numbers(padded(c));
    picture out = blank(h, w, c, (variant + 1) % 3);
    const layer_norm_args a{view(std::as_const(x)), scale.data(), shift.data(), view(out)};
    run_jobs(layer_norm_jobs(a), 0, [&](int job, void* scratch) { kernels_for(tier).layer_norm(a, job, scratch); });
    const double error = worst_error(out, [&](int y, int i, int k) {
        double mean = 0, variance = 0;
        for (int j = 0; j < c; ++j) mean += number(x.at(y, i, j)) / c;
        for (int j = 0; j < c; ++j) variance += std::pow(number(x.at(y, i, j)) - mean, 2) / c;
        const std::size_t n = static_cast<std::size_t>(k);
        return number(scale[n]) * (number(x.at(y, i, k)) - mean) / std::sqrt(variance + 1e-5) + number(shift[n]);
    });
    CAPTURE(name(tier));
    CAPTURE(c);
    CAPTURE(variant);
    CHECK(error < 2e-6 * (1 + std::fabs(number(offset))));
    CHECK(out.neighbours_untouched());
}

/// What is in neither of B's blocks is zero.
void check_scaled_product(isa tier, const scaled_product_shape& s, unsigned seed) {
    noise random{std::mt19937(seed)};
    const auto count = [](int a, int b) { return static_cast<std::size_t>(a) * static_cast<std::size_t>(b); };
    const std::vector<float> a = random.numbers(count(s.out, s.inner));
    std::vector<float> b = random.numbers(count(s.inner, s.c));
    for (int i = 0; i < s.inner; ++i)
        for (int k = 0; k < s.c; ++k)
            if (s.first_columns() < s.c && s.blocks.second(i, s.inner) == (k < s.first_columns()))
                b[count(i, s.c) + static_cast<std::size_t>(k)] = 0;
    const std::vector<float> g = with_garbage(random.numbers(static_cast<std::size_t>(s.inner)));
    scratch_memory packed(scaled_product_size(s) * sizeof(float));
    pack_scaled_product(s, s.has_a ? a.data() : nullptr, b.data(), static_cast<float*>(packed.begin()));
    CHECK(packed.guard_untouched());
    const conv_shape result = scaled_product_result(s);
    scratch_memory out(conv_weights_size(result) * sizeof(float));
    const scaled_product_args args{s, static_cast<float*>(packed.begin()), g.data(), static_cast<float*>(out.begin())};
    run_jobs(scaled_product_jobs(args), scaled_product_scratch_bytes(s),
             [&](int job, void* scratch) { kernels_for(tier).scaled_product(args, job, scratch); });
    CHECK(out.guard_untouched());

    std::vector<double> product(count(s.out, s.c));
    for (int o = 0; o < s.out; ++o)
        for (int i = 0; i < s.inner; ++i) {
            const std::size_t oi = count(o, s.inner) + static_cast<std::size_t>(i);
            const double factor =
                (s.has_a ? number(a[oi]) : (o == i ? 1. : 0.)) * number(g[static_cast<std::size_t>(i)]);
            for (int k = 0; k < s.c; ++k)
                product[count(o, s.c) + static_cast<std::size_t>(k)] +=
                    factor * number(b[count(i, s.c) + static_cast<std::size_t>(k)]);
        }
    std::vector<float> want(conv_weights_size(result));
    pack_conv(result, product.data(), static_cast<const double*>(nullptr), want.data());
    double worst = 0;
    const float* got = static_cast<const float*>(out.begin());
    for (std::size_t i = 0; i < want.size(); ++i) {
        const double error = std::fabs(number(got[i]) - number(want[i])) / (1 + std::fabs(number(want[i])));
        if (!(error <= worst)) worst = error;
    }
    CAPTURE(name(tier));
    CAPTURE(s.out);
    CAPTURE(s.inner);
    CAPTURE(s.c);
    CHECK(worst < 1e-6 + 3e-7 * std::sqrt(s.inner));
}

} // namespace

TEST_CASE("sums over pixels: mean, weighted sum and attention, every channel count") {
    unsigned seed = 1;
    for (const isa tier : tiers())
        for (const int c : channel_counts)
            for (const int variant : {0, 1, 2})
                for (const int h : {1, 3, 13}) check_pixel_sums(tier, {h, 11, c, variant, 1, ++seed});
}

TEST_CASE("sums over pixels: many blocks, steep and flat softmax") {
    for (const isa tier : tiers()) {
        unsigned seed = 1; // the same numbers for every tier
        for (const float spread : {0.f, 1.f, 20.f}) {
            check_pixel_sums(tier, {128, 130, 20, 0, spread, ++seed});
            check_pixel_sums(tier, {33, 35, 300, 1, spread, ++seed});
        }
    }
}

TEST_CASE("sums over pixels: scores that keep growing") {
    for (const isa tier : tiers()) {
        // One channel whose value is the pixel's number: every group has a new largest score.
        constexpr int n = 1000;
        std::vector<float> x = with_garbage({});
        x.resize(n + 16, 0.f);
        for (int i = 0; i < n; ++i) x[static_cast<std::size_t>(i)] = static_cast<float>(i);
        const std::vector<float> query(16, 1.f);
        pixel_sums_args a;
        a.x = {x.data(), 1, n, 1, 1};
        a.weights = query.data();
        const std::vector<float> out = run_pixel_sums(tier, pixel_sum::attention, a);
        CHECK(out[0] == doctest::Approx(999 - 1 / (std::exp(1.) - 1)).epsilon(1e-6));
        CHECK(out[1] == doctest::Approx(499.5).epsilon(1e-6));
    }
}

TEST_CASE("sums over pixels have the same bits in any order of jobs") {
    for (const isa tier : tiers()) {
        noise random{std::mt19937(3)};
        const picture x = noisy(random, 100, 90, 26, 0);
        std::vector<float> query = random.numbers(32);
        std::fill(query.begin() + 26, query.end(), 0.f);
        pixel_sums_args a;
        a.x = view(x);
        a.weights = query.data();
        const std::vector<float> backwards = run_pixel_sums(tier, pixel_sum::attention, a);
        std::vector<float> forwards(52);
        scratch_memory shared(pixel_sums_shared_bytes({26, 100, 90})), scratch(pixel_sums_scratch_bytes({26, 100, 90}));
        a.out = forwards.data();
        a.shared = static_cast<float*>(shared.begin());
        for (int phase = 0; phase < pixel_sums_phases; ++phase)
            for (int job = 0; job < pixel_sums_jobs(a, phase); ++job)
                kernels_for(tier).attention_sums(a, phase, job, scratch.begin());
        CHECK(forwards == backwards);
    }
}

TEST_CASE("softmax over pixels") {
    unsigned seed = 1;
    for (const isa tier : tiers())
        for (const int variant : {0, 1, 2})
            for (const float spread : {1.f, 30.f}) {
                for (int n = 1; n <= 40; ++n) check_softmax(tier, 1, n, variant, spread, ++seed);
                check_softmax(tier, 90, 91, variant, spread, ++seed);
            }
}

TEST_CASE("sums over channels, with weights and without") {
    unsigned seed = 1;
    for (const isa tier : tiers())
        for (const int variant : {0, 1, 2}) {
            for (int c = 1; c <= 70; ++c) check_channel_sums(tier, 3, 5, c, variant, ++seed);
            check_channel_sums(tier, 60, 50, 128, variant, ++seed);
            check_channel_sums(tier, 2, 2, 2048, variant, ++seed);
            check_channel_sums(tier, 100, 110, 2, variant, ++seed);
        }
}

TEST_CASE("layer normalisation, also far from zero") {
    unsigned seed = 1;
    for (const isa tier : tiers())
        for (const int variant : {0, 1, 2})
            for (const int c : {1, 2, 15, 16, 26, 64, 70, 512})
                for (const float offset : {0.f, 30.f}) check_layer_norm(tier, 3, 2, c, variant, offset, ++seed);
}

TEST_CASE("layer normalisation: the 1e-5 beside the variance") {
    for (const isa tier : tiers()) {
        std::vector<float> x(16), out(16), one(16, 1.f), zero(16, 0.f);
        for (std::size_t i = 0; i < 16; ++i) x[i] = i % 2 ? 1e-3f : -1e-3f;
        kernels_for(tier).layer_norm({{x.data(), 1, 1, 16, 16}, one.data(), zero.data(), {out.data(), 1, 1, 16, 16}}, 0,
                                     nullptr);
        CHECK(out[1] == doctest::Approx(1e-3 / std::sqrt(1.1e-5)).epsilon(1e-6));
    }
}

TEST_CASE("scaled product: written as packed weights, bias zero") {
    unsigned seed = 1;
    for (const isa tier : tiers())
        for (const int out : {1, 2, 16, 20, 64})
            for (const int inner : {1, 7, 16, 50, 300})
                for (const int c : {1, 5, 96, 130}) check_scaled_product(tier, {out, inner, c, true}, ++seed);
}

TEST_CASE("scaled product without A") {
    unsigned seed = 1;
    for (const isa tier : tiers())
        for (const int inner : {1, 7, 16, 50, 512})
            for (const int c : {1, 5, 100}) check_scaled_product(tier, {inner, inner, c, false}, ++seed);
}

TEST_CASE("scaled product of a mixer's matrix, half zeros") {
    unsigned seed = 1;
    for (const isa tier : tiers())
        for (const int inner : {4, 32, 300, 900})
            for (const int c : {2, 40, 130})
                for (const int border : {1, c / 2, c - 1})
                    for (const int shuffled : {1, 4})
                        check_scaled_product(tier, {20, inner, c, true, {inner / 4 + 1, border, shuffled}}, ++seed);
}

TEST_CASE("scaled product: blocks are the description's and no matter of numbers") {
    // Eight rows, shuffled in four groups: rows 0, 4, 1, 5, 2, 6, 3, 7 of the concatenation stand at 0 to 7 of B.
    const scaled_product_blocks blocks{3, 5, 4};
    const bool second[] = {false, true, false, true, false, true, true, true};
    for (int i = 0; i < 8; ++i) CHECK(blocks.second(i, 8) == second[i]);
    CHECK_FALSE(scaled_product_blocks{}.second(7, 8));
    // A block of zeros stays where it is.
    const float a[3] = {1, 1, 1}, b[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0};
    const scaled_product_shape s{1, 3, 4, true, {2, 1, 1}};
    std::vector<float> packed(scaled_product_size(s));
    pack_scaled_product(s, a, b, packed.data());
    for (std::size_t i = 0; i < 3; ++i) CHECK(packed[i] == static_cast<float>(i));
    const scaled_product_places place(s);
    CHECK(packed[place.b + static_cast<std::size_t>(place.step) + 2] == 7);
    CHECK(split_scaled_product(s).block[0].c_in == 2);
    CHECK(split_scaled_product(s).block[1].w_in == 3);
}
