// Running a loaded model never touches the heap; and where the heap refuses while loading, an error comes and nothing
// stays behind.
#include "alloc/count.hpp"
#include "support/edge.hpp"

#include "uml/backend/cpu.hpp"
#include "uml/backend/cuda/host.hpp"
#include "uml/threads/pool.hpp"
#if defined(UML_WITH_OPENMP) && !defined(__clang__)
    #include "uml/threads/openmp.hpp"
    #ifdef UML_WITH_ONEDNN
        #include "uml/backend/onednn.hpp"
    #endif
#endif

#include <cstdio>

namespace {

using uml_test::edge_config;

int failures = 0;
void expect(bool holds, const char* what) {
    std::printf("%-8s %s\n", holds ? "ok" : "FAILED", what);
    failures += holds ? 0 : 1;
}

/// Allocations while the model runs and its findings are read. `others`: a library below may allocate what it frees
/// again.
template <class B>
void count_run(const char* what, const B& where, const uml::executor& threads, bool warm_up_first = false,
               bool others = false) {
    const auto m = uml_test::load_edge(where);
    if (!m) return expect(false, m.error().what.c_str());
    auto w = m->make_workspace(threads);
    if (!w) return expect(false, w.error().what.c_str());
    const auto p = uml_test::pixels(edge_config.height, edge_config.width, 1);
    const uml::image_view picture(p.data(), edge_config.height, edge_config.width, 1);
    if (warm_up_first) (void)m->run(picture, *w);
    const long before = heap::allocations, alive = heap::alive;
    double sum = 0;
    for (int i = 0; i < 3; ++i) {
        const auto f = m->run(picture, *w);
        if (!f) return expect(false, f.error().what.c_str());
        sum += static_cast<double>(f->diagnosis.vacuity() + f->pixel_vacuity(1, 1)) + f->region(2, 2);
        sum += m->accepts(*f) ? 1 : 0;
        sum += static_cast<double>(m->output(*w, "cls_uncertainty")(0, 0, 0));
        const auto refused = m->run(uml::image_view(p.data(), 1, 1, 1), *w);
        sum += refused ? 1 : 0;
        const auto input = m->prepare_input(uml::image_view(p.data(), 32, 128, 1), *w);
        if (!input) return expect(false, input.error().what.c_str());
        sum += m->run(*input, *w) ? 1 : 0;
    }
    const long after = heap::allocations;
    std::printf("         %ld allocations in three runs (sum %.6f)\n", after - before, sum);
    expect((others || after == before) && heap::alive == alive, what);
}

/// The CUDA backend on the host's functions, with pictures of the host and of the device: a run takes no memory, and
/// makes no object of the runtime.
void count_device(const char* what, const uml::cuda_on_host& where) {
    namespace device = uml::gpu::on_host;
    const auto m = uml_test::load_edge(where);
    if (!m) return expect(false, m.error().what.c_str());
    auto w = m->make_workspace();
    if (!w) return expect(false, w.error().what.c_str());
    const auto p = uml_test::pixels(edge_config.height, edge_config.width, 1);
    const uml::image_view picture(p.data(), edge_config.height, edge_config.width, 1);
    auto copy =
        uml::gpu::make_memory(device::functions, static_cast<std::int64_t>(p.size() * sizeof p[0]), false, "a picture");
    if (!copy) return expect(false, copy.error().what.c_str());
    uml::image_view there = picture;
    there.data = copy->get();
    (void)device::functions.copy(copy->get(), p.data(), p.size() * sizeof p[0]);
    (void)m->run(picture, *w); // the host's kernels take their room
    const long before = heap::allocations;
    const int objects = device::there;
    bool ran = true;
    for (int i = 0; i < 2; ++i) {
        ran = ran && m->run(picture, *w) && m->run(uml::device_picture(there), *w);
        ran = ran && m->output(*w, "cls_uncertainty").data != nullptr;
        ran = ran && m->device_output(*w, "cls_uncertainty").data != nullptr;
        ran = ran && !m->run(uml::device_picture(picture), *w);
    }
    const long after = heap::allocations;
    std::printf("         %ld allocations in four runs, %d objects of the runtime more\n", after - before,
                device::there - objects);
    expect(ran && after == before && device::there == objects, what);
}

/// Lets the n-th allocation fail, for every n until loading and making a workspace need no more.
template <class net, class B = uml::reference>
void refuse_each(const char* what, const std::vector<std::byte>& bytes, const B& where = {}) {
    constexpr int most = 100000;
    for (int n = 0; n < most; ++n) {
        const long alive = heap::alive;
        bool loaded = false, right = false;
        {
            heap::left = n;
            auto m = uml::load<net>(std::span<const std::byte>(bytes), where);
            if (m) {
                auto w = m->make_workspace();
                loaded = w.has_value();
                right = loaded || w.error().code == uml::errc::out_of_memory;
            } else {
                right = m.error().code == uml::errc::out_of_memory;
            }
            heap::left = -1;
        }
        if (!right || heap::alive != alive) {
            std::printf("         allocation %d refused: %s\n", n,
                        right ? "something stays on the heap" : "the error is not out_of_memory");
            return expect(false, what);
        }
        if (loaded) {
            std::printf("         each of %d allocations refused once\n", n);
            return expect(n > 20, what);
        }
    }
    expect(false, what);
}

} // namespace

int main() {
    if (!heap::counted) {
        std::puts("skipped: this C library's heap cannot be counted, or a sanitizer counts already");
        return 77;
    }
    {
        const long before = heap::allocations;
        int* volatile kept = new int(1); // volatile: a pair of new and delete may be left out
        delete kept;
        expect(heap::allocations > before, "the heap is counted");
    }
    count_run("reference: no allocation", uml::reference{}, {});
    count_run("reference64: no allocation", uml::reference64{}, {});
    count_run("cpu: no allocation", uml::cpu{}, {});
    count_device("cuda, f32: no allocation", {});
    count_device("cuda, bf16: no allocation", {.precision = uml::precision::bf16});
    {
        uml::thread_pool pool(2);
        count_run("cpu, pool of 2: no allocation", uml::cpu{.threads = 2}, pool);
    }
#if defined(UML_WITH_OPENMP) && !defined(__clang__)
    // The first region makes OpenMP's own threads. Clang's OpenMP runtime itself allocates in every region, which is
    // not ours.
    count_run("cpu, OpenMP team of 2: no allocation", uml::cpu{.threads = 2}, uml::openmp(2), true);
    #ifdef UML_WITH_ONEDNN
    count_run("onednn: nothing stays allocated", uml::onednn{.threads = 2}, uml::openmp(2), true, true);
    if (constexpr uml::onednn half{.threads = 2, .precision = uml::precision::bf16}; half.available())
        count_run("onednn, bf16: nothing stays allocated", half, uml::openmp(2), true, true);
    #endif
#endif
    auto tiny = uml_test::draft::of<uml_test::tiny_network>(uml_test::tiny_config);
    refuse_each<uml_test::tiny>("a heap that refuses while a plain file is loaded", tiny.bytes());
    tiny.labelled("tiny", uml_test::tiny_config);
    tiny.metadata["uml.classes"] = R"(["a", "b", "c"])";
    tiny.metadata["uml.regions"] = R"(["d", "e"])";
    tiny.metadata["uml.screening"] = R"({"image_vacuity": 0.5, "pixel_vacuity": 0.5})";
    tiny.metadata["uml.temperature"] = "1";
    refuse_each<uml::network<uml_test::tiny_network>>("the same with metadata, configured by the file", tiny.bytes());
    refuse_each<uml_test::tiny>("the same on cpu", tiny.bytes(), uml::cpu{});
    refuse_each<uml::network<uml_test::tiny_network>>("the same on cpu for three threads, configured by the file",
                                                      tiny.bytes(), uml::cpu{.threads = 3});
    return failures == 0 ? 0 : 1;
}
