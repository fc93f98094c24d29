// uml-parity: every output of golden files against a backend, within the limits of its precision.
#include "parity.hpp"

#include <charconv>
#include <cstdio>

namespace {

constexpr const char* usage =
    "usage: uml-parity [--network release|paper] [--backend reference|cpu|eigen|onednn|cuda|cuda-host]\n"
    "                  [--precision f64|f32|f32-direct|tf32|bf16] [--passes all|none|NAME,...] [--isa NAME]\n"
    "                  [--threads N] [--weights-seed N] FILE...\n"
    "Runs golden files and prints, for every tensor, its largest absolute and relative error, the normalised error\n"
    "||out - ref|| / ||ref - mean(ref)|| and its limit (for class outputs: ||out - ref|| / ||ref||).\n"
    "Exit: 0 all within, 1 some outside, 2 usage or unreadable file, 3 not available on this machine.\n";

int refuse(const std::string& what) {
    std::fprintf(stderr, "uml-parity: %s\n%s", what.c_str(), usage);
    return 2;
}

template <class T> bool to_number(const std::string& text, T& n) {
    const char* end = text.data() + text.size();
    const auto r = std::from_chars(text.data(), end, n);
    return r.ec == std::errc{} && r.ptr == end;
}

bool one_of(const std::string& text, std::initializer_list<const char*> all) {
    for (const char* a : all)
        if (text == a) return true;
    return false;
}

/// Reads the options; a sentence if they cannot be used.
std::string read(int argc, char** argv, parity::options& o) {
    for (int i = 1; i < argc; ++i) {
        const std::string key = argv[i];
        if (!key.starts_with("--")) {
            o.files.push_back(key);
            continue;
        }
        if (i + 1 == argc) return key + " needs a value";
        const std::string value = argv[++i];
        if (key == "--network" && one_of(value, {"release", "paper"}))
            o.network = value;
        else if (key == "--backend" && one_of(value, {"reference", "cpu", "eigen", "onednn", "cuda", "cuda-host"}))
            o.backend = value;
        else if (key == "--precision" && one_of(value, {"f64", "f32", "f32-direct", "tf32", "bf16"}))
            o.precision = value;
        else if (key == "--isa")
            o.isa = value;
        else if (key == "--threads" && to_number(value, o.threads) && o.threads >= 1 && o.threads <= 256)
            continue;
        else if (key == "--weights-seed") {
            std::uint64_t seed = 0;
            if (!to_number(value, seed)) return "--weights-seed " + value + " is not a number";
            o.seed = seed;
        } else if (key == "--passes") {
            const auto passes = uml::rewrites_from(value);
            if (!passes) return "--passes " + value + ": unknown pass";
            o.passes = *passes;
        } else
            return key + " " + value + " is not an option";
    }
    return o.files.empty() ? "no files" : "";
}

/// The output `cls_pooled` from the published code's features: means over the pixels.
void add_pooled(uml_test::golden_file& g) {
    const auto* features = g.find("tap.cls_features.3");
    if (features == nullptr) return;
    const std::size_t channels = features->shape[1], pixels = features->values.size() / channels;
    uml_test::golden_tensor pooled{{1, channels}, {}};
    for (std::size_t c = 0; c < channels; ++c) {
        double sum = 0;
        for (std::size_t p = 0; p < pixels; ++p) sum += static_cast<double>(features->values[c * pixels + p]);
        pooled.values.push_back(static_cast<float>(sum / static_cast<double>(pixels)));
    }
    g.tensors.emplace("cls_pooled", std::move(pooled));
}

/// On one of the backends that this program was built with: those whose files are here (parity.cmake).
parity::status run([[maybe_unused]] const parity::options& o, [[maybe_unused]] const uml_test::golden_file& g,
                   [[maybe_unused]] const char* path) {
#ifdef UML_PARITY_REFERENCE
    if (o.backend == "reference") return parity::run_reference(o, g, path);
#endif
#ifdef UML_PARITY_CPU
    if (o.backend == "cpu") return parity::run_cpu(o, g, path);
#endif
#ifdef UML_PARITY_EMULATED
    if (o.backend == "cuda-host") return parity::run_cuda_host(o, g, path);
#endif
#ifdef UML_PARITY_EIGEN
    if (o.backend == "eigen") return parity::run_eigen(o, g, path);
#endif
#ifdef UML_PARITY_ONEDNN
    if (o.backend == "onednn") return parity::run_onednn(o, g, path);
#endif
#ifdef UML_PARITY_CUDA
    if (o.backend == "cuda") return parity::run_cuda(o, g, path);
#endif
    return parity::status::not_available;
}

} // namespace

int main(int argc, char** argv) {
    if (argc == 2 && std::string(argv[1]) == "--help") {
        std::fputs(usage, stdout);
        return 0;
    }
    parity::options o;
    if (const std::string wrong = read(argc, argv, o); !wrong.empty()) return refuse(wrong);
    auto worst = parity::status::within;
    for (const std::string& path : o.files) {
        auto g = uml_test::read_golden(path.c_str());
        if (g) add_pooled(*g);
        auto s = parity::status::unusable;
        if (!g)
            std::fprintf(stderr, "uml-parity: %s\n", g.error().what.c_str());
        else
            s = run(o, *g, path.c_str());
        if (s == parity::status::not_available) {
            std::fprintf(stderr, "uml-parity: backend %s, precision %s, instruction set %s: not available here\n",
                         o.backend.c_str(), o.precision.c_str(), o.isa.empty() ? "(best)" : o.isa.c_str());
            return static_cast<int>(s);
        }
        if (static_cast<int>(s) > static_cast<int>(worst)) worst = s;
    }
    return static_cast<int>(worst);
}
