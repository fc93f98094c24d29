// The onednn backend against cpu on one network with weights of noise: every product's time on both, then whole runs.
// The backends alternate and run in the same OpenMP team. Options: --network release|paper|edge --size N --threads N
// --repeats N.
#include "uml/backend/onednn.hpp"
#include "uml/threads/openmp.hpp"
#include "uml/uml.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct options {
    std::string_view network = "release";
    int size = 256, threads = 2, repeats = 5;
};

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// Numbers of a size that keeps activations near 1.
struct noise {
    unsigned state = 1;
    double operator()(double size) {
        state = state * 1664525u + 1013904223u;
        return (static_cast<double>(state >> 8) * (2.0 / (1 << 24)) - 1.0) * size;
    }
};

/// A parameter's numbers, drawn.
struct drawn {
    std::vector<double> values, bias;
    uml::dense_parameter view;

    drawn(const uml::program_view& p, uml::id which, noise& random) {
        if (which == uml::no_id) return;
        const uml::parameter& q = p.parameters[static_cast<std::size_t>(which)];
        const int inner = std::max(1, q.in) * q.kernel * q.kernel;
        values.resize(static_cast<std::size_t>(q.out) * static_cast<std::size_t>(inner));
        bias.resize(static_cast<std::size_t>(q.out));
        for (double& v : values) v = random(std::sqrt(6.0 / inner));
        view = {values.data(), bias.data(), q.out, std::max(1, q.in), q.kernel};
    }
};

/// One backend, ready to run.
template <class B> class side {
    using engine = typename B::engine;

public:
    side(const char* name, const B& where) : name_(name), where_{where} {}

    /// A sentence if it cannot.
    std::string prepare(const options& o) {
        const uml::config c{.height = o.size,
                            .width = o.size,
                            .regions = 3,
                            .classes = 2,
                            .channel_divisor = o.network == "edge" ? 4 : 1};
        bool known = true;
        auto made = uml::dynamic_program::make(where_.value, [&](uml::graph& g) {
            known = uml::describe_known(o.network, g, c, uml::all_rewrites(), uml::output_set::answer);
        });
        if (!known) return "unknown network";
        if (!made) return std::string(made.error().what.view());
        program_.emplace(*std::move(made));
        const uml::program_view p = program_->view();
        auto weights = where_.make_weights(p, {});
        if (!weights) return std::string(weights.error().what.view());
        weights_.emplace(*std::move(weights));
        noise random;
        for (std::size_t i = 0; i < p.nodes.size(); ++i) {
            const uml::node& n = p.nodes[i];
            if (n.weight == uml::no_id && n.weight2 == uml::no_id) continue;
            const drawn first(p, n.weight, random), second(p, n.weight2, random);
            if (auto r = where_.pack(p, i, first.view, second.view, *weights_); !r)
                return std::string(r.error().what.view());
        }
        auto workspace =
            where_.make_workspace(p, *weights_, engine::template code_of<void>(), uml::openmp(o.threads), {});
        if (!workspace) return std::string(workspace.error().what.view());
        workspace_.emplace(*std::move(workspace));
        best_.assign(p.nodes.size(), 1e9);
        return "";
    }

    void run(const options& o, const std::vector<float>& pixels) {
        const uml::program_view p = program_->view();
        const double start = seconds();
        workspace_->picture->picture = uml::image_view(pixels.data(), o.size, o.size, 3);
        std::vector<double> times(p.nodes.size(), 0);
        double before = seconds();
        for (const uml::step& s : workspace_->steps) {
            failed_ |= !uml::run_step(s, workspace_->threads);
            const double now = seconds();
            times[static_cast<std::size_t>(s.node)] += now - before;
            before = now;
        }
        for (std::size_t i = 0; i < times.size(); ++i) best_[i] = std::min(best_[i], times[i]);
        whole_ = std::min(whole_, before - start);
    }

    [[nodiscard]] bool failed() const { return failed_; }
    [[nodiscard]] const char* name() const { return name_; }
    [[nodiscard]] uml::program_view program() const { return program_->view(); }
    [[nodiscard]] double best(std::size_t i) const { return best_[i] * 1e3; }
    [[nodiscard]] double whole() const { return whole_ * 1e3; }

private:
    const char* name_;
    engine where_;
    bool failed_ = false;
    std::optional<uml::dynamic_program> program_;
    std::optional<typename engine::weights> weights_;
    std::optional<typename engine::workspace> workspace_;
    std::vector<double> best_;
    double whole_ = 1e9;
};

bool read(int argc, char** argv, options& o) {
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view key = argv[i], value = argv[i + 1];
        const auto number = [&](int& to) {
            return std::from_chars(value.data(), value.data() + value.size(), to).ec == std::errc{} && to > 0;
        };
        if (key == "--network")
            o.network = value;
        else if (!(key == "--size"      ? number(o.size)
                   : key == "--threads" ? number(o.threads)
                                        : key == "--repeats" && number(o.repeats)))
            return false;
    }
    return argc % 2 == 1;
}

int complain(std::string_view what) {
    std::fprintf(stderr, "uml-bench-onednn: %.*s\n", static_cast<int>(what.size()), what.data());
    return 2;
}

/// The shape of a 1×1 convolution of a picture, or nothing.
std::string product_of(const uml::program_view& p, const uml::node& n) {
    if (n.kind != uml::op::conv || n.win != uml::window{} || n.groups > 1 || n.out.pixels() == 1) return "";
    const uml::node& in = p.input(n, 0);
    uml::text<64> t;
    t << n.out.h << 'x' << n.out.w << "  " << in.out.c << " > " << n.out.c << "  step " << in.step << " > " << n.step;
    if (n.inputs > 1) t << " + " << p.input(n, 1).step;
    return t.c_str();
}

} // namespace

int main(int argc, char** argv) {
    options o;
    if (!read(argc, argv, o)) return complain("options: --network release|paper|edge --size N --threads N --repeats N");
    const uml::onednn exact{.threads = o.threads}, rounded{.threads = o.threads, .precision = uml::precision::bf16};
    side cpu("cpu f32", uml::cpu{.threads = o.threads});
    side f32("onednn f32", exact);
    side bf16("onednn bf16", rounded);
    for (const std::string& wrong : {cpu.prepare(o), f32.prepare(o)})
        if (!wrong.empty()) return complain(wrong);
    const bool has_bf16 = rounded.available() && bf16.prepare(o).empty();
    const std::vector<float> pixels(static_cast<std::size_t>(3 * o.size * o.size), 0.5F);
    for (int r = 0; r < o.repeats; ++r) {
        cpu.run(o, pixels);
        f32.run(o, pixels);
        if (has_bf16) bf16.run(o, pixels);
    }
    if (f32.failed() || bf16.failed()) return complain("oneDNN failed");

    struct row {
        int count = 0;
        double cpu = 0, f32 = 0, bf16 = 0;
    };
    std::map<std::string, row> rows;
    const uml::program_view p = cpu.program();
    for (std::size_t i = 0; i < p.nodes.size(); ++i) {
        const std::string shape = product_of(p, p.nodes[i]);
        for (row* to : {shape.empty() ? nullptr : &rows[shape], &rows[shape.empty() ? "all others" : "all products"]}) {
            if (to == nullptr) continue;
            ++to->count;
            to->cpu += cpu.best(i), to->f32 += f32.best(i), to->bf16 += has_bf16 ? bf16.best(i) : 0;
        }
    }
    std::printf("%-44s %5s %9s %9s %6s %9s %6s\n", "ms, least of each operation", "count", cpu.name(), f32.name(),
                "ratio", bf16.name(), "ratio");
    const auto print = [&](const std::string& what, int count, double ours, double theirs, double in_bf16) {
        std::printf("%-44s %5d %9.2f %9.2f %6.2f %9.2f %6.2f\n", what.c_str(), count, ours, theirs, ours / theirs,
                    in_bf16, has_bf16 ? ours / in_bf16 : 0);
    };
    for (const auto& [what, r] : rows) print(what, r.count, r.cpu, r.f32, r.bf16);
    print("fastest whole run", 1, cpu.whole(), f32.whole(), has_bf16 ? bf16.whole() : 0);
    return 0;
}
