// The convolution kernels on one thread, on shapes of the release network: multiply-adds per second (of the plain form:
// Winograd and the low-resolution form do fewer), and their ratio to what the processor does in registers alone,
// measured beside each. All in processor time, so that other programs disturb little.
#include "uml/kernels/table.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <ctime>
#include <string>
#include <vector>

namespace {

using namespace uml::kernels;
using state = benchmark::State;

/// Of this process: other programs take none of it.
double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

isa tier_of(const state& s) { return static_cast<isa>(s.range(0)); }

#if defined(__GNUC__) && defined(__x86_64__)

    #define UML_FMA_CHAIN(suffix, registers) "1:\n" registers(suffix) "dec %0\njnz 1b\n"
    #define UML_FMA(i, r) "vfmadd231ps %%" r "14, %%" r "15, %%" r #i "\n"
    #define UML_FMAS(r)                                                                                                \
        UML_FMA(0, r)                                                                                                  \
        UML_FMA(1, r)                                                                                                  \
        UML_FMA(2, r) UML_FMA(3, r) UML_FMA(4, r) UML_FMA(5, r) UML_FMA(6, r) UML_FMA(7, r) UML_FMA(8, r) UML_FMA(9, r)

/// Multiply-adds per second of ten independent chains in registers.
double peak(isa tier) {
    constexpr long rounds = 400000;
    long n = rounds;
    const double start = cpu_seconds();
    if (tier == isa::avx512) {
        __asm__ volatile(UML_FMA_CHAIN("zmm", UML_FMAS) "vzeroupper"
                         : "+r"(n)
                         :
                         : "cc", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
                           "xmm9");
    } else if (tier == isa::avx2) {
        __asm__ volatile(UML_FMA_CHAIN("ymm", UML_FMAS) "vzeroupper"
                         : "+r"(n)
                         :
                         : "cc", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
                           "xmm9");
    } else {
        return 0; // without the instruction there is no such limit
    }
    const double seconds = cpu_seconds() - start;
    return 10.0 * (tier == isa::avx512 ? 16 : 8) * static_cast<double>(rounds) / seconds;
}

#else

double peak(isa) { return 0; }

#endif

/// Runs all jobs of all phases; `work`: multiply-adds.
template <class F> void measure(state& s, double work, F once) {
    double top = peak(tier_of(s)), best = 1e30;
    for (auto _ : s) {
        const double start = cpu_seconds();
        once();
        const double seconds = cpu_seconds() - start;
        best = std::min(best, seconds);
        s.SetIterationTime(seconds);
        top = std::max(top, peak(tier_of(s)));
    }
    s.counters["GMAC/s"] = work / best / 1e9;
    if (top > 0) s.counters["of_peak"] = work / best / top;
    s.SetLabel(std::string(name(tier_of(s))));
}

struct setting {
    conv_shape shape;
    std::vector<float> in, out, weights, scratch, shared;
    conv_args args;

    setting(const conv_shape& s, std::size_t weights_size, std::size_t scratch_bytes, std::size_t shared_bytes)
        : shape(s), in(tensor(s.h_in, s.w_in, s.c_in)), out(tensor(s.h_out, s.w_out, s.c_out)),
          weights(weights_size, 0.01F), scratch(scratch_bytes / sizeof(float) + panel),
          shared(shared_bytes / sizeof(float) + panel) {
        args.shape = s;
        args.in = in.data();
        args.in_step = round_up(s.c_in, panel);
        args.weights = weights.data();
        args.out = out.data();
        args.out_step = round_up(s.c_out, panel);
        args.end.act = activation::relu;
    }
    static std::vector<float> tensor(int h, int w, int c) {
        return std::vector<float>(static_cast<std::size_t>(h * w * round_up(c, panel)) + panel, 0.5F);
    }
    static void* aligned(std::vector<float>& v) {
        const auto at = reinterpret_cast<std::uintptr_t>(v.data());
        return reinterpret_cast<void*>((at + alignment - 1) / alignment * alignment);
    }
    double work() const { return static_cast<double>(shape.pixels()) * shape.taps() * shape.c_in * shape.c_out; }
};

conv_shape shape_of(const state& s, int kernel) {
    const int extent = static_cast<int>(s.range(3));
    return {extent,     extent, static_cast<int>(s.range(1)),
            extent,     extent, static_cast<int>(s.range(2)),
            kernel,     kernel, 1,
            kernel / 2, 1};
}

void direct(state& s, int kernel) {
    const conv_shape shape = shape_of(s, kernel);
    setting x(shape, conv_weights_size(shape), conv_scratch_bytes(shape), 0);
    const kernel_table& table = kernels_for(tier_of(s));
    measure(s, x.work(), [&] {
        for (int j = 0; j < conv_jobs(shape); ++j) table.conv(x.args, j, setting::aligned(x.scratch));
    });
}

void winograd(state& s) {
    const conv_shape shape = shape_of(s, 3);
    setting x(shape, conv_weights_size(shape), winograd_scratch(shape).bytes, winograd_scratch(shape).shared_bytes);
    const winograd_args a{x.args, static_cast<float*>(setting::aligned(x.shared))};
    const kernel_table& table = kernels_for(tier_of(s));
    measure(s, x.work(), [&] {
        for (int phase = 0; phase < winograd_phases; ++phase)
            for (int j = 0; j < winograd_jobs(shape, phase); ++j)
                table.winograd(a, phase, j, setting::aligned(x.scratch));
    });
}

void upsampled(state& s) {
    const int extent = static_cast<int>(s.range(3));
    const conv_shape shape =
        upsample_conv_shape(extent, extent, static_cast<int>(s.range(1)), static_cast<int>(s.range(2)));
    setting x(shape, conv_weights_size(shape), upsample_conv_scratch_bytes(shape), 0);
    const upsample_conv_args a{x.args, upsample_conv_strips(shape, 1)};
    const kernel_table& table = kernels_for(tier_of(s));
    measure(s, x.work(), [&] {
        for (int j = 0; j < upsample_conv_jobs(a); ++j) table.upsample_conv(a, j, setting::aligned(x.scratch));
    });
}

/// Every shape {c_in, c_out, extent} on every instruction set of the machine.
void shapes(benchmark::internal::Benchmark* b, std::initializer_list<std::array<std::int64_t, 3>> list) {
    for (int tier = static_cast<int>(best_isa()); tier >= 0; --tier)
        for (const auto& [c_in, c_out, extent] : list) b->Args({tier, c_in, c_out, extent});
    b->ArgNames({"isa", "in", "out", "extent"})->UseManualTime()->Unit(benchmark::kMillisecond);
}

BENCHMARK_CAPTURE(direct, 1x1, 1)->Apply([](auto* b) {
    shapes(b, {{64, 64, 256}, {104, 256, 128}, {256, 208, 128}, {512, 256, 64}, {1024, 1024, 32}});
});
BENCHMARK_CAPTURE(direct, 3x3, 3)->Apply([](auto* b) {
    shapes(b, {{3, 64, 256}, {26, 26, 128}, {64, 64, 256}, {512, 256, 64}});
});
BENCHMARK(winograd)->Apply([](auto* b) {
    shapes(b, {{26, 26, 128}, {64, 64, 256}, {128, 128, 128}, {512, 256, 64}, {1024, 1024, 32}});
});
BENCHMARK(upsampled)->Apply([](auto* b) { shapes(b, {{128, 64, 128}, {512, 256, 32}}); });

} // namespace

BENCHMARK_MAIN();
