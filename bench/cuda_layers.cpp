// uml-bench-cuda-layers [bf16|tf32|f32 [IMAGES [SIZE]]]: what each launch of the release network costs on the GPU, in
// microseconds, from graphs that repeat it; in the order of a run, a number for each stage, whose launches run side by
// side. Weights are made up: times alone are meant.
#include "uml/backend/cuda.hpp"
#include "uml/graph/diagnose.hpp"
#include "uml/graph/dynamic_program.hpp"
#include "uml/networks/network.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace {

namespace gpu = uml::gpu;

constexpr const char* names[gpu::kernel_count] = {"picture",   "conv",   "vector",    "conv_tile",     "conv_pieces",
                                                  "pointwise", "move",   "pool",      "resize",        "dot",
                                                  "row",       "column", "attention", "attention_end", "matrix"};
constexpr const char* product_names[] = {"plain", "lanes", "bf16", "tf32", "three"};

cudaStream_t stream = nullptr;
int stage = 0, launched = 0;
double all_us = 0, stage_us = 0, path_us = 0;

void must(cudaError_t e) {
    if (e == cudaSuccess) return;
    std::fprintf(stderr, "uml-bench-cuda-layers: %s\n", cudaGetErrorString(e));
    std::exit(1);
}

/// Microseconds of one of what `put` puts on the stream.
template <class F> double microseconds(F put, int repeats = 20) {
    constexpr int replays = 3;
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t ready = nullptr;
    must(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    for (int i = 0; i < repeats; ++i) must(static_cast<cudaError_t>(put()));
    must(cudaStreamEndCapture(stream, &graph));
    must(cudaGraphInstantiate(&ready, graph, 0));
    cudaEvent_t from = nullptr, to = nullptr;
    must(cudaEventCreate(&from));
    must(cudaEventCreate(&to));
    float best = 1e9F;
    for (int i = 0; i <= replays; ++i) {
        must(cudaEventRecord(from, stream));
        must(cudaGraphLaunch(ready, stream));
        must(cudaEventRecord(to, stream));
        must(cudaEventSynchronize(to));
        float ms = 0;
        must(cudaEventElapsedTime(&ms, from, to));
        if (i > 0) best = std::min(best, ms);
    }
    must(cudaEventDestroy(from));
    must(cudaEventDestroy(to));
    must(cudaGraphExecDestroy(ready));
    must(cudaGraphDestroy(graph));
    return 1e3 * static_cast<double>(best) / repeats;
}

void show(const gpu::conv_args& a) {
    std::printf("  %s %dx%d %d->%d k%d s%d in %d piece %d%s%s%s", product_names[static_cast<int>(a.how)], a.y.h, a.y.w,
                a.x.c, a.y.c, a.kernel, a.stride, a.inner, a.piece, a.residual.data != nullptr ? " +res" : "",
                a.to.data != nullptr ? " +to" : "", a.weight_image != 0 ? " dyn" : "");
}
void show(const gpu::matrix_args& a) { std::printf("  %dx%dx%d", a.out, a.inner, a.in); }
template <class Args> void show(const Args& a) {
    if constexpr (requires { a.kind; }) std::printf("  kind %d", static_cast<int>(a.kind));
    if constexpr (requires { a.x; }) std::printf("  %dx%dx%d", a.x.h, a.x.w, a.x.c);
    std::printf(" -> %dx%dx%d", a.y.h, a.y.w, a.y.c);
}

template <int k, class Args> int time_one(const void* all, int count, int images, void*) {
    const double us = microseconds([&] { return gpu::device_kernels().launch[k](all, count, images, stream); });
    all_us += us;
    stage_us = std::max(stage_us, us);
    std::printf("%4d %3d %-11s %8.2f us", ++launched, stage, names[k], us);
    const auto* const each = static_cast<const Args*>(all);
    if constexpr (std::is_same_v<Args, gpu::conv_args>) {
        double operations = 0;
        for (int i = 0; i < count; ++i)
            operations += 2e-6 * static_cast<double>(each[i].y.pixels()) * each[i].y.c * each[i].inner * images;
        std::printf(" %7.1f TFLOP/s", operations / us);
    }
    for (int i = 0; i < count; ++i) show(each[i]);
    std::printf("\n");
    return 0;
}
template <class... Args, int... k> constexpr gpu::kernel_table table_of(std::integer_sequence<int, k...>) {
    static_assert(sizeof...(Args) == gpu::kernel_count, "the arguments of every kernel, in the order of their numbers");
    return {{time_one<k, Args>...}};
}
constexpr gpu::kernel_table timing =
    table_of<gpu::picture_args, gpu::conv_args, gpu::conv_args, gpu::conv_args, gpu::conv_args, gpu::pointwise_args,
             gpu::move_args, gpu::pool_args, gpu::resize_args, gpu::row_args, gpu::row_args, gpu::column_args,
             gpu::attention_args, gpu::attention_args, gpu::matrix_args>(
        std::make_integer_sequence<int, gpu::kernel_count>{});

/// Numbers that are small, of either sign, in bf16 and, two at a time, in f32.
std::byte* made_up(std::int64_t bytes) {
    std::vector<std::uint16_t> numbers(static_cast<std::size_t>(bytes) / 2 + 1);
    std::uint32_t x = 12345;
    for (auto& n : numbers) {
        x = x * 1664525U + 1013904223U;
        n = static_cast<std::uint16_t>((x >> 16 & 0x8000U) | (0x3c00U + (x >> 20 & 0x1ffU)));
    }
    void* p = nullptr;
    must(cudaMalloc(&p, static_cast<std::size_t>(bytes) + 2));
    must(cudaMemcpy(p, numbers.data(), static_cast<std::size_t>(bytes), cudaMemcpyDefault));
    return static_cast<std::byte*>(p);
}

} // namespace

int main(int argc, char** argv) {
    const std::string_view asked = argc > 1 ? argv[1] : "bf16";
    uml::cuda where;
    where.precision = asked == "bf16"   ? uml::precision::bf16
                      : asked == "tf32" ? uml::precision::tf32
                                        : uml::precision::f32;
    where.images = argc > 2 ? std::atoi(argv[2]) : 1;
    const int size = argc > 3 ? std::atoi(argv[3]) : 256;
    if (asked != uml::to_text(where.precision) || size < 32) {
        std::fprintf(stderr, "usage: uml-bench-cuda-layers [bf16|tf32|f32 [IMAGES [SIZE]]]\n");
        return 2;
    }
    if (const auto r = uml::cuda::engine{where}.check(); !r) {
        std::fprintf(stderr, "%s\n", std::string(std::string_view(r.error().what)).c_str());
        return 77;
    }
    const uml::config c{.height = size, .width = size, .regions = 3, .classes = 2};
    const auto program = uml::dynamic_program::make(where, [&](uml::graph& g) {
        uml::describe<uml::release_network>(g, c, uml::cuda::engine::passes, uml::output_set::answer);
    });
    if (!program) return 1;
    const uml::program_view& p = program->view();
    must(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    // Pictures of three channels of 8 bits.
    std::byte* const pictures = made_up(where.images * gpu::picture_bytes(p));
    const gpu::picture_header header{0, 3};
    for (int i = 0; i < where.images; ++i)
        must(cudaMemcpy(pictures + i * gpu::picture_bytes(p), &header, sizeof header, cudaMemcpyDefault));
    gpu::launches all(
        p, where.precision, where.images,
        {made_up(p.sizes.arena), pictures, made_up(gpu::results_bytes(p, where.images)), made_up(p.sizes.packed)});
    const int error = all.each_stage([&](const gpu::batches& b) {
        stage_us = 0;
        const int wrong = b.launch(timing, where.images, [](int) { return nullptr; });
        path_us += stage_us;
        ++stage;
        return wrong;
    });
    const double whole = microseconds(
        [&] {
            return all.each_stage([&](const gpu::batches& b) {
                return b.launch(gpu::device_kernels(), where.images, [](int) { return stream; });
            });
        },
        1);
    // Between the host's memory and the device's, as a run copies: the pictures in f32, all results.
    const auto copying = [&](std::int64_t bytes, bool back) {
        void *host = nullptr, *there = made_up(bytes);
        must(cudaMallocHost(&host, static_cast<std::size_t>(bytes)));
        const double us = microseconds([&] {
            return cudaMemcpyAsync(back ? host : there, back ? there : host, static_cast<std::size_t>(bytes),
                                   cudaMemcpyDefault, stream);
        });
        must(cudaFreeHost(host));
        return us;
    };
    std::printf("copies: %.1f us to the device, %.1f us back\n", copying(where.images * gpu::picture_bytes(p), false),
                copying(gpu::results_bytes(p, where.images), true));
    std::printf("%s, %d images: %d launches, %.1f us one by one, %.1f us if a stage cost what its longest launch does, "
                "%.1f us all of them in one graph; "
                "weights %.1f MB, arena %.1f MB\n",
                asked.data(), where.images, launched, all_us, path_us, whole, static_cast<double>(p.sizes.packed) / 1e6,
                static_cast<double>(p.sizes.arena) / 1e6);
    return error;
}
