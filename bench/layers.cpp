// Every operation of a network on the cpu backend: time, multiply-adds per second, share of the whole. Times are the
// calling thread's CPU time with one thread, so that other programs on the machine disturb little. Where oneDNN is
// there, its best time for the plain convolution of the same shape stands beside.
#include "uml/threads/pool.hpp"
#include "uml/uml.hpp"
#ifdef UML_WITH_ONEDNN
    #include "onednn_convolution.hpp"

    #include <map>
#endif

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <string_view>
#include <vector>

namespace {

using engine = uml::cpu::engine;

struct options {
    std::string_view network = "release";
    int size = 256, threads = 1, repeats = 5;
    int onednn = 1; // 0: without oneDNN's column
};

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double cpu_seconds() {
    std::timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// Multiply-adds of the plain form.
double multiply_adds(const uml::program_view& p, const uml::node& n) {
    const double outputs = static_cast<double>(n.out.size());
    const double taps = static_cast<double>(n.win.kernel) * n.win.kernel;
    switch (n.kind) {
    case uml::op::conv:
    case uml::op::upsample_conv: return outputs * taps * (n.groups > 1 ? 1 : p.input(n, 0).out.c);
    case uml::op::dynamic_conv: return outputs * p.input(n, 0).out.c;
    case uml::op::gate: return static_cast<double>(n.out.pixels()) * n.arg * (n.out.c + n.groups);
    case uml::op::scaled_product: return n.weight == uml::no_id ? outputs : outputs * p.input(n, 0).out.c;
    default: return 0;
    }
}

/// Numbers of a size that keeps activations near 1.
struct noise {
    unsigned state = 1;
    float operator()(float size) {
        state = state * 1664525u + 1013904223u;
        return (static_cast<float>(state >> 8) * (2.F / (1 << 24)) - 1.F) * size;
    }
};

/// A mixer's matrices: what is in neither of B's blocks is zero.
void fill_product(const uml::kernels::scaled_product_shape& s, noise& random, float* to) {
    const auto number = [](int n) { return static_cast<std::size_t>(n); };
    std::vector<float> a(number(s.out) * number(s.inner)), b(number(s.inner) * number(s.c));
    for (float& x : a) x = random(0.1F);
    for (std::size_t i = 0; i < b.size(); ++i) {
        const bool second_row = s.blocks.second(static_cast<int>(i / number(s.c)), s.inner),
                   second_column = static_cast<int>(i % number(s.c)) >= s.first_columns();
        b[i] = second_row == second_column ? random(0.1F) : 0.F;
    }
    uml::kernels::pack_scaled_product(s, s.has_a ? a.data() : nullptr, b.data(), to);
}

void fill_weights(const engine& where, const uml::program_view& p, engine::weights& w) {
    noise random;
    for (std::size_t k = 0; k < p.nodes.size(); ++k) {
        const uml::node& n = p.nodes[k];
        if (n.inputs == 0) continue;
        const uml::host::planned_site at = uml::host::planned(p.at(k), where.value.how());
        const uml::shape in = p.input(n, 0).out;
        float* to = w.memory.as<float>(n.packed);
        if (n.kind == uml::op::scaled_product) {
            fill_product(uml::host::product_shape_of(at), random, to);
            continue;
        }
        const std::size_t count = static_cast<std::size_t>(where.packed_bytes(p.at(k))) / sizeof(float);
        const float size = std::sqrt(6.F / static_cast<float>(in.c * n.win.kernel * n.win.kernel));
        for (std::size_t i = 0; i < count; ++i) to[i] = random(size);
    }
}

/// oneDNN's time for what a node computes, as a plain convolution at full resolution; 0 for other operations, where it
/// refuses, or where it was left out.
class onednn_times {
public:
    onednn_times(const options& o, double (*clock)()) : o_(o), clock_(clock) {}

    double of([[maybe_unused]] const uml::program_view& p, [[maybe_unused]] const uml::node& n) {
#ifdef UML_WITH_ONEDNN
        if (multiply_adds(p, n) == 0 || n.kind == uml::op::scaled_product || n.kind == uml::op::gate || !o_.onednn)
            return 0;
        const uml::shape in = p.input(n, 0).out;
        const bool upsampled = n.kind == uml::op::upsample_conv, dynamic = n.kind == uml::op::dynamic_conv;
        bench::convolution c{in.h,         in.w,         in.c,      n.out.h,        n.out.w, n.out.c,
                             n.win.kernel, n.win.stride, n.win.pad, n.win.dilation, n.groups};
        if (upsampled) c.in_h = n.out.h, c.in_w = n.out.w;
        if (dynamic) c.kernel = c.stride = c.dilation = c.groups = 1, c.pad = 0;
        const auto [at, fresh] = known_.try_emplace(c, 0.0);
        if (fresh) at->second = bench::onednn_time(c, o_.threads, o_.repeats, clock_);
        return at->second;
#else
        return 0;
#endif
    }

private:
    [[maybe_unused]] options o_;
    [[maybe_unused]] double (*clock_)();
#ifdef UML_WITH_ONEDNN
    std::map<bench::convolution, double> known_; // many layers have the same shape
#endif
};

bool read(int argc, char** argv, options& o) {
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view key = argv[i], value = argv[i + 1];
        const auto number = [&](int& to) {
            return std::from_chars(value.data(), value.data() + value.size(), to).ec == std::errc{};
        };
        if (key == "--network")
            o.network = value;
        else if (!(key == "--size"      ? number(o.size)
                   : key == "--threads" ? number(o.threads)
                   : key == "--repeats" ? number(o.repeats)
                                        : key == "--onednn" && number(o.onednn)))
            return false;
    }
    return argc % 2 == 1 && o.threads >= 1 && o.repeats >= 1;
}

int complain(std::string_view what) {
    std::fprintf(stderr, "uml-bench-layers: %.*s\n", static_cast<int>(what.size()), what.data());
    return 2;
}

} // namespace

int main(int argc, char** argv) {
    options o;
    if (!read(argc, argv, o))
        return complain("options: --network release|paper|edge --size N --threads N --repeats N --onednn 0|1");
    const uml::config c{
        .height = o.size, .width = o.size, .regions = 3, .classes = 2, .channel_divisor = o.network == "edge" ? 4 : 1};
    bool known = true;
    const engine where{{.threads = o.threads}};
    const auto tables = uml::dynamic_program::make(where.value, [&](uml::graph& g) {
        known = uml::describe_known(o.network, g, c, uml::all_rewrites(), uml::output_set::answer);
    });
    if (!known) return complain("unknown network");
    if (!tables) return complain(tables.error().what);
    const uml::program_view p = tables->view();
    uml::thread_pool pool(o.threads);
    auto weights = where.make_weights(p, {});
    if (!weights) return complain(weights.error().what);
    fill_weights(where, p, *weights);
    auto workspace = where.make_workspace(p, *weights, engine::code_of<void>(), pool, {});
    if (!workspace) return complain(workspace.error().what);
    const std::vector<float> pixels(static_cast<std::size_t>(3 * o.size * o.size), 0.5F);

    const auto clock = o.threads == 1 ? cpu_seconds : seconds;
    std::vector<double> best(p.nodes.size(), 1e9);
    double whole = 1e9;
    for (int r = 0; r < o.repeats; ++r) {
        workspace->picture->picture = uml::image_view(pixels.data(), o.size, o.size, 3);
        std::vector<double> now(p.nodes.size(), 0);
        const double start = clock();
        for (const uml::step& s : workspace->steps) {
            const double from = clock();
            if (!uml::run_step(s, workspace->threads)) return complain("a step failed");
            now[static_cast<std::size_t>(s.node)] += clock() - from;
        }
        for (std::size_t i = 0; i < now.size(); ++i) best[i] = std::min(best[i], now[i]);
        whole = std::min(whole, clock() - start);
    }
    std::printf("%-14s %-18s %-18s %3s %9s %8s %7s %6s %9s %7s  %s\n", "operation", "in", "out", "k", "method", "ms",
                "GMAC/s", "share", "oneDNN ms", "ratio", "weight");
    onednn_times onednn(o, clock);
    double ours = 0, theirs = 0;
    double sum = 0;
    for (const double t : best) sum += t;
    constexpr const char* methods[] = {"direct", "winograd", "depthwise"};
    for (std::size_t i = 0; i < p.nodes.size(); ++i) {
        const uml::node& n = p.nodes[i];
        if (n.inputs == 0 || n.kind == uml::op::slice) continue;
        const uml::shape in = p.input(n, 0).out;
        const uml::host::planned_site at = uml::host::planned(p.at(i), where.value.how());
        const auto shape_text = [](const uml::shape& s) {
            uml::text<32> t;
            return t << s.c << 'x' << s.h << 'x' << s.w;
        };
        const double work = multiply_adds(p, n);
        uml::id w = n.weight;
        while (w != uml::no_id && !uml::is_leaf(p.parameters[static_cast<std::size_t>(w)].kind))
            w = p.parameters[static_cast<std::size_t>(w)].a;
        const auto name =
            w == uml::no_id ? uml::path_text{} : p.name_of(p.parameters[static_cast<std::size_t>(w)].name);
        const double best_onednn = onednn.of(p, n);
        if (best_onednn > 0) ours += best[i], theirs += best_onednn;
        char beside[24] = "";
        if (best_onednn > 0)
            std::snprintf(beside, sizeof beside, "%9.3f %7.2f", best_onednn * 1e3, best[i] / best_onednn);
        std::printf("%-14.*s %-18s %-18s %3d %9s %8.3f %7.1f %5.1f%% %17s  %s\n",
                    static_cast<int>(uml::to_text(n.kind).size()), uml::to_text(n.kind).data(), shape_text(in).c_str(),
                    shape_text(n.out).c_str(), n.win.kernel,
                    n.kind == uml::op::conv ? methods[static_cast<int>(uml::host::method_of(at))] : "", best[i] * 1e3,
                    work / best[i] / 1e9, 100 * best[i] / sum, beside, name.c_str());
    }
    if (theirs > 0) std::printf("convolutions: %.1f ms, oneDNN's best for each %.1f ms\n", ours * 1e3, theirs * 1e3);
    std::printf("best of %d: %.1f ms; sum of the best times %.1f ms; arena %.1f MB, weights %.1f MB\n", o.repeats,
                whole * 1e3, sum * 1e3, static_cast<double>(p.sizes.arena) / 1e6,
                static_cast<double>(p.sizes.packed) / 1e6);
    return 0;
}
