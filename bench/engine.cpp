// The library as one side of bench/compare: loads weights, runs once, then obeys lines on standard input:
//   run         runs the whole batch, prints the seconds that went by and the processor seconds of all threads
//   write FILE  writes the last outputs: per picture class alpha, region logits, pixel alpha, vacuity; f32, by pixels
// The first line that it prints is "first MEGABYTES DEVICE", after the first run: its peak memory up to there, and what
// it has taken of a device's.
#include "uml/backend/cuda/host.hpp"
#include "uml/threads/pool.hpp"
#include "uml/uml.hpp"
#ifdef UML_WITH_CUDA
    #include "uml/backend/cuda.hpp"
#endif
#ifdef UML_WITH_EIGEN
    #include "uml/backend/eigen.hpp"
#endif
#ifdef UML_WITH_ONEDNN
    #include "uml/backend/onednn.hpp"
    #include "uml/threads/openmp.hpp"
#endif

#include <algorithm>
#include <charconv>
#include <chrono>
#include <ctime>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct options {
    std::string engine = "uml-cpu", precision = "f32", weights, image;
    int size = 256, batch = 1, threads = 1;
};

/// Peak resident memory of this process in units of 10^6 bytes; 0 where the system does not say.
double peak_megabytes() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) * 1024 / 1e6;
    return 0;
}

double processor_seconds() {
    std::timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

int complain(std::string_view what) {
    std::cerr << "uml-bench-engine: " << what << '\n';
    return 1;
}

std::vector<float> read_pictures(const options& o) {
    const auto n = static_cast<std::size_t>(o.size);
    std::vector<float> pixels(static_cast<std::size_t>(o.batch) * n * n * 3);
    std::ifstream in(o.image, std::ios::binary);
    in.read(reinterpret_cast<char*>(pixels.data()), static_cast<std::streamsize>(pixels.size() * sizeof(float)));
    if (!in) pixels.clear();
    return pixels;
}

void append(std::vector<float>& to, const uml::tensor_view<const float>& t) {
    for (std::int64_t p = 0; p < t.pixels(); ++p) to.insert(to.end(), t.pixel(p), t.pixel(p) + t.c);
}

using net = uml::network<uml::dynamic>;

template <class B> uml::result<uml::model<net, B>> load(const B& where, const options& o, uml::executor threads) {
    const auto file = uml::open_weights(o.weights.c_str());
    if (!file) return file.error();
    const auto card = uml::read_card(*file);
    if (!card) return card.error();
    uml::load_options load;
    load.threads = threads;
    load.configuration = card->configuration;
    load.configuration->height = load.configuration->width = o.size;
    return uml::load<net>(*file, where, load);
}
std::vector<uml::image_view> views_of(const std::vector<float>& pixels, const options& o) {
    std::vector<uml::image_view> pictures;
    for (int i = 0; i < o.batch; ++i)
        pictures.emplace_back(pixels.data() + static_cast<std::ptrdiff_t>(i) * o.size * o.size * 3, o.size, o.size, 3);
    return pictures;
}
template <class F> void keep(const F& f, std::vector<float>& numbers) {
    numbers.clear();
    for (int k = 0; k < f.diagnosis.classes(); ++k) numbers.push_back(f.diagnosis.alpha(k));
    append(numbers, f.logits);
    append(numbers, f.alpha);
    append(numbers, f.vacuity);
}

/// Obeys the lines; `run(keeps)` computes all pictures, and keeps their numbers in `outputs` if it is to.
template <class F> int obey(F run, const std::vector<std::vector<float>>& outputs, double device_megabytes) {
    if (!run(false)) return complain("the pictures do not fit the network");
    std::cout << "first " << peak_megabytes() << ' ' << device_megabytes << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
        if (line == "run") {
            const auto start = std::chrono::steady_clock::now();
            const double processor = processor_seconds();
            if (!run(false)) return complain("a run failed");
            std::cout << std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() << ' '
                      << processor_seconds() - processor << std::endl;
        } else if (line.starts_with("write ")) {
            if (!run(true)) return complain("a run failed");
            std::ofstream out(line.substr(6), std::ios::binary);
            for (const auto& numbers : outputs)
                out.write(reinterpret_cast<const char*>(numbers.data()),
                          static_cast<std::streamsize>(numbers.size() * sizeof(float)));
            std::cout << "ok" << std::endl;
        } else {
            return complain("unknown request");
        }
    }
    return 0;
}

/// On a device: all pictures in one run, from the host's memory and back.
template <class B> int serve_device(B where, const options& o) {
    if (o.precision != "f32") where.precision = o.precision == "bf16" ? uml::precision::bf16 : uml::precision::tf32;
    where.images = o.batch;
    const auto model = load(where, o, {});
    if (!model) return complain(model.error().what);
    auto workspace = model->make_workspace();
    if (!workspace) return complain(workspace.error().what);
    const std::vector<float> pixels = read_pictures(o);
    if (pixels.empty()) return complain("the pictures cannot be read");
    const auto pictures = views_of(pixels, o);
    std::vector<typename uml::model<net, B>::findings> found(pictures.size());
    std::vector<std::vector<float>> outputs(pictures.size());
    const auto run = [&](bool keeps) {
        if (!model->run(pictures, *workspace, found)) return false;
        for (std::size_t i = 0; keeps && i < found.size(); ++i) keep(found[i], outputs[i]);
        return true;
    };
    const auto& p = model->program();
    const std::int64_t bytes =
        p.sizes.packed + p.sizes.arena + o.batch * uml::gpu::picture_bytes(p) + uml::gpu::results_bytes(p, o.batch);
    return obey(run, outputs, static_cast<double>(bytes) / 1e6);
}

template <class B> int serve(const B& where, const options& o, uml::executor threads) {
    const auto model = load(where, o, threads);
    if (!model) return complain(model.error().what);
    // Of several pictures each thread takes whole ones, so that none waits for another within a network.
    const int takers = o.batch > 1 ? threads.width : 1;
    std::vector<typename uml::model<net, B>::workspace> workspaces;
    for (int i = 0; i < takers; ++i) {
        auto workspace = model->make_workspace(takers > 1 ? uml::executor{} : threads);
        if (!workspace) return complain(workspace.error().what);
        workspaces.push_back(*std::move(workspace));
    }
    const std::vector<float> pixels = read_pictures(o);
    if (pixels.empty()) return complain("the pictures cannot be read");

    const auto pictures = views_of(pixels, o);
    std::vector<std::vector<float>> outputs(pictures.size());
    const auto run = [&](bool keeps) {
        const auto done = [&](int i, const auto& f) {
            if (keeps) keep(f, outputs[static_cast<std::size_t>(i)]);
        };
        return uml::run_batch(*model, pictures, workspaces, takers > 1 ? threads : uml::executor{}, done).has_value();
    };
    return obey(run, outputs, 0);
}

/// All engines of this build with their precisions, a line each. uml-cuda-host is for trying what measures a device.
constexpr const char* engines = "uml-cpu f32\numl-cpu-direct f32\n"
#ifdef UML_WITH_EIGEN
                                "uml-eigen f32\n"
#endif
#ifdef UML_WITH_ONEDNN
                                "uml-onednn f32\numl-onednn bf16\n"
#endif
#ifdef UML_WITH_CUDA
                                "uml-cuda bf16\numl-cuda f32\numl-cuda tf32\n"
#endif
                                "uml-cuda-host bf16\numl-cuda-host f32\numl-cuda-host tf32\n";

bool read(int argc, char** argv, options& o) {
    if (argc % 2 == 0) return false;
    for (int i = 1; i < argc; i += 2) {
        const std::string_view key = argv[i], value = argv[i + 1];
        const auto number = [&](int& to) {
            return std::from_chars(value.data(), value.data() + value.size(), to).ec == std::errc{} && to > 0;
        };
        if (key == "--engine")
            o.engine = value;
        else if (key == "--precision")
            o.precision = value;
        else if (key == "--weights")
            o.weights = value;
        else if (key == "--image")
            o.image = value;
        else if (!(key == "--size"    ? number(o.size)
                   : key == "--batch" ? number(o.batch)
                                      : key == "--threads" && number(o.threads)))
            return false;
    }
    return true;
}

} // namespace

int main(int argc, char** argv) {
    if (argc == 2 && std::string_view(argv[1]) == "--list") {
        std::cout << engines;
        return 0;
    }
    options o;
    if (!read(argc, argv, o)) {
        complain("options: --list, or --engine NAME --weights FILE --image FILE --precision P --size N --batch N "
                 "--threads N");
        return 2;
    }
#ifdef UML_WITH_ONEDNN
    if (o.engine == "uml-onednn" && o.precision == "bf16")
        return serve(uml::onednn{.threads = o.threads, .precision = uml::precision::bf16}, o, uml::openmp(o.threads));
#endif
#ifdef UML_WITH_CUDA
    if (o.engine == "uml-cuda") return serve_device(uml::cuda{}, o);
#endif
    if (o.engine == "uml-cuda-host") return serve_device(uml::cuda_on_host{}, o);
    if (o.precision != "f32") {
        complain("no such precision in this build");
        return 3;
    }
#ifdef UML_WITH_ONEDNN
    if (o.engine == "uml-onednn") return serve(uml::onednn{.threads = o.threads}, o, uml::openmp(o.threads));
#endif
    uml::thread_pool pool(o.threads);
    if (o.engine == "uml-cpu") return serve(uml::cpu{.threads = o.threads}, o, pool);
    if (o.engine == "uml-cpu-direct") return serve(uml::cpu{.threads = o.threads, .winograd = false}, o, pool);
#ifdef UML_WITH_EIGEN
    if (o.engine == "uml-eigen") return serve(uml::eigen{.threads = o.threads}, o, pool);
#endif
    complain("no such engine in this build");
    return 3;
}
