// The smaller kernels one thread at a time, on the shapes of the release network at 256 × 256, beside memcpy of as many
// bytes. Bytes per second count what is read and written once.
#include "uml/kernels/table.hpp"

#include <benchmark/benchmark.h>

#include <cstring>
#include <vector>

namespace {

using namespace uml::kernels;

const kernel_table& table() {
    static const kernel_table& best = kernels_for(best_isa());
    return best;
}

struct tensor {
    int h, w, c, step;
    std::vector<float> data;

    tensor(int height, int width, int channels)
        : h(height), w(width), c(channels), step(c <= 8 ? c : round_up(c, panel)),
          data(static_cast<std::size_t>(h) * static_cast<std::size_t>(w * step) + panel) {
        unsigned n = 1;
        for (float& x : data) x = static_cast<float>((n = n * 1664525u + 1013904223u) >> 8) / (1 << 24);
    }
    source in() const { return {data.data(), h, w, c, step}; }
    target out() { return {data.data(), h, w, c, step}; }
    std::int64_t bytes() const { return static_cast<std::int64_t>(h) * w * c * 4; }
};

using state = benchmark::State;

/// All jobs of one phase after the other.
template <class F> void measure(state& s, int jobs, std::size_t scratch_bytes, std::int64_t bytes, F job) {
    std::vector<float> scratch(scratch_bytes / sizeof(float) + panel);
    for (auto _ : s) {
        for (int j = 0; j < jobs; ++j) job(j, scratch.data());
        benchmark::ClobberMemory();
    }
    s.SetBytesProcessed(s.iterations() * bytes);
}

void copy_memory(state& s) {
    const tensor in(256, 256, 64);
    tensor out(256, 256, 64);
    measure(s, 1, 0, 2 * in.bytes(),
            [&](int, void*) { std::memcpy(out.data.data(), in.data.data(), static_cast<std::size_t>(in.bytes())); });
}

void resize(state& s, int c, int from, int to) {
    const tensor in(from, from, c);
    tensor out(to, to, c);
    const resize_args a{in.in(), out.out()};
    measure(s, resize_jobs(a), resize_scratch_bytes({c, from, from}, {c, to, to}), in.bytes() + out.bytes(),
            [&](int j, void* scratch) { table().resize(a, j, scratch); });
}

void pool(state& s, bool largest, int c, int extent, int window, int stride, int pad) {
    const tensor in(extent, extent, c);
    const int n = (extent + 2 * pad - window) / stride + 1;
    tensor out(n, n, c);
    const conv_shape shape{extent, extent, c, n, n, c, window, window, stride, pad, 1};
    const pool_args a{shape, in.data.data(), in.step, out.data.data(), out.step};
    const auto kernel = largest ? table().max_pool : table().average_pool;
    measure(s, pool_jobs(a), 0, in.bytes() + out.bytes(), [&](int j, void* scratch) { kernel(a, j, scratch); });
}

void depthwise(state& s, int c) {
    const tensor in(32, 32, c);
    tensor out(32, 32, c);
    const conv_shape shape{32, 32, c, 32, 32, c, 3, 3, 1, 2, 2};
    const tensor weights(1, 1, static_cast<int>(depthwise_weights_size(shape)));
    const conv_args a{shape, in.data.data(), in.step, weights.data.data(), out.data.data(), out.step, {}};
    measure(s, depthwise_jobs(shape), depthwise_scratch_bytes(shape), in.bytes() + out.bytes(),
            [&](int j, void* scratch) { table().depthwise(a, j, scratch); });
}

void combine_two(state& s, int c, int extent, int other_channels) {
    const tensor x(extent, extent, c), y(extent, extent, other_channels);
    tensor out(extent, extent, c);
    const elementwise_args a = combine(elementwise_op::multiply, x.in(), y.in(), out.out());
    measure(s, elementwise_jobs(a), 0, x.bytes() + y.bytes() + out.bytes(),
            [&](int j, void* scratch) { table().elementwise(a, j, scratch); });
}

void activate_one(state& s, activation act) {
    const tensor x(256, 256, 1);
    tensor out(256, 256, 1);
    const elementwise_args a = activate(x.in(), out.out(), act);
    measure(s, elementwise_jobs(a), 0, x.bytes() + out.bytes(),
            [&](int j, void* scratch) { table().elementwise(a, j, scratch); });
}

void dot(state& s, int c, int extent) {
    const tensor x(extent, extent, c), weights(1, 1, c);
    tensor out(extent, extent, 1);
    const channel_sums_args a{x.in(), weights.data.data(), out.out()};
    measure(s, channel_sums_jobs(a), 0, x.bytes() + out.bytes(),
            [&](int j, void* scratch) { table().channel_sums(a, j, scratch); });
}

void pixels(state& s, pixel_sum kind, int c, int extent) {
    const tensor x(extent, extent, c), weights(1, 1, std::max(c, extent * extent));
    const uml::shape shape{c, extent, extent};
    std::vector<float> shared(pixel_sums_shared_bytes(shape) / 4), out(2 * padded(c));
    const pixel_sums_args a{x.in(), weights.data.data(), 1, out.data(), shared.data()};
    const auto kernel = kind == pixel_sum::mean       ? table().pixel_means
                        : kind == pixel_sum::weighted ? table().weighted_sums
                                                      : table().attention_sums;
    const int first = pixel_sums_jobs(a, 0);
    measure(s, first + pixel_sums_jobs(a, 1), pixel_sums_scratch_bytes(shape), x.bytes(),
            [&](int j, void* scratch) { kernel(a, j < first ? 0 : 1, j < first ? j : j - first, scratch); });
}

void product(state& s, int out_channels, int c) {
    const scaled_product_shape shape{out_channels, 512, c, true};
    const tensor packed(1, 1, static_cast<int>(scaled_product_size(shape))), g(1, 1, 512);
    std::vector<float> out(conv_weights_size(scaled_product_result(shape)));
    const scaled_product_args a{shape, packed.data.data(), g.data.data(), out.data()};
    measure(s, scaled_product_jobs(a), scaled_product_scratch_bytes(shape), 0,
            [&](int j, void* scratch) { table().scaled_product(a, j, scratch); });
    s.counters["MAC/s"] =
        benchmark::Counter(static_cast<double>(s.iterations()) * out_channels * 512. * c, benchmark::Counter::kIsRate);
}

} // namespace

BENCHMARK(copy_memory);
BENCHMARK_CAPTURE(resize, "64 channels, 128 to 256", 64, 128, 256);
BENCHMARK_CAPTURE(resize, "64 channels, 256 to 128", 64, 256, 128);
BENCHMARK_CAPTURE(resize, "2 channels, 32 to 256", 2, 32, 256);
BENCHMARK_CAPTURE(resize, "1 channel, 128 to 256", 1, 128, 256);
BENCHMARK_CAPTURE(resize, "1 channel, 256 to 64", 1, 256, 64);
BENCHMARK_CAPTURE(pool, "largest 3x3, 64 channels, 256 to 128", true, 64, 256, 3, 2, 1);
BENCHMARK_CAPTURE(pool, "average 2x2, 256 channels, 128 to 64", false, 256, 128, 2, 2, 0);
BENCHMARK_CAPTURE(pool, "average 3x3, 26 channels, 128", false, 26, 128, 3, 1, 1);
BENCHMARK_CAPTURE(depthwise, "1024 channels", 1024);
BENCHMARK_CAPTURE(depthwise, "512 channels", 512);
BENCHMARK_CAPTURE(combine_two, "64 channels, one for all", 64, 256, 1);
BENCHMARK_CAPTURE(combine_two, "1024 channels", 1024, 32, 1024);
BENCHMARK_CAPTURE(combine_two, "26 channels", 26, 128, 26);
BENCHMARK_CAPTURE(combine_two, "2 channels, one for all", 2, 256, 1);
BENCHMARK_CAPTURE(activate_one, "none", activation::none);
BENCHMARK_CAPTURE(activate_one, "sigmoid", activation::sigmoid);
BENCHMARK_CAPTURE(activate_one, "softplus", activation::softplus);
BENCHMARK_CAPTURE(activate_one, "exp_negative", activation::exp_negative);
BENCHMARK_CAPTURE(dot, "128 channels", 128, 256);
BENCHMARK_CAPTURE(dot, "2048 channels", 2048, 32);
BENCHMARK_CAPTURE(dot, "2 channels", 2, 256);
BENCHMARK_CAPTURE(pixels, "mean, 1024 channels", pixel_sum::mean, 1024, 32);
BENCHMARK_CAPTURE(pixels, "weighted, 256 channels", pixel_sum::weighted, 256, 128);
BENCHMARK_CAPTURE(pixels, "attention, 128 channels", pixel_sum::attention, 128, 256);
BENCHMARK_CAPTURE(pixels, "attention, 512 channels", pixel_sum::attention, 512, 128);
BENCHMARK_CAPTURE(pixels, "attention, 2048 channels", pixel_sum::attention, 2048, 32);
BENCHMARK_CAPTURE(product, "256 by 1024", 256, 1024);
BENCHMARK_CAPTURE(product, "128 by 512", 128, 512);
BENCHMARK_CAPTURE(product, "64 by 128", 64, 128);
BENCHMARK_CAPTURE(product, "2 by 2048", 2, 2048);

BENCHMARK_MAIN();
