// What a CUDA device has to show beside parity: the same bits every time, several pictures in one run, eight threads on
// one model, and too little memory as an error. Without the CUDA backend in the build it runs on the host's functions.
#include "support/ruled_model.hpp"

#ifdef UML_WITH_CUDA
    #include "uml/backend/cuda.hpp"
#else
    #include "uml/backend/cuda/host.hpp"
#endif
#include "uml/model/load.hpp"

#include <cstdio>
#include <string_view>
#include <thread>
#include <vector>

namespace {

#ifdef UML_WITH_CUDA
using device = uml::cuda;
constexpr bool on_host = false;
#else
using device = uml::cuda_on_host;
constexpr bool on_host = true;
#endif

constexpr uml::config shape{
    .height = 64, .width = 64, .regions = 2, .classes = 3, .channel_divisor = 8, .stem_stride = 2};
using small_net = uml::networks::edge<shape>;
using model = uml::model<small_net, device>;

uml::result<model> load(const device& where) { return uml_test::load_ruled<small_net>(where); }
std::vector<std::uint8_t> picture(int seed) { return uml_test::made_picture<std::uint8_t>(shape, seed); }
std::vector<float> numbers(const uml::findings& f) { return uml_test::numbers_of(shape, f); }
/// Empty where it fails.
std::vector<float> answer(const model& m, int seed) {
    auto w = m.make_workspace();
    if (!w) return {};
    const auto pixels = picture(seed);
    const auto f = m.run(uml_test::view_of(shape, pixels), *w);
    return f ? numbers(*f) : std::vector<float>{};
}

bool same_bits(const device& where) {
    const auto m = load(where);
    if (!m) return false;
    const auto first = answer(*m, 1);
    for (int again = 0; again < 5; ++again)
        if (first.empty() || answer(*m, 1) != first) return false;
    return true;
}
bool several_pictures(device where) {
    const auto one = load(where);
    where.images = 3;
    const auto m = load(where);
    if (!one || !m) return false;
    auto w = m->make_workspace();
    if (!w) return false;
    const auto a = picture(1), b = picture(2), c = picture(3);
    const uml::image_view all[] = {uml_test::view_of(shape, a), uml_test::view_of(shape, b),
                                   uml_test::view_of(shape, c)};
    uml::findings found[3];
    if (!m->run(all, *w, found)) return false;
    for (int i = 0; i < 3; ++i)
        if (numbers(found[i]) != answer(*one, i + 1)) return false;
    return true;
}
bool eight_threads(const device& where) {
    constexpr int count = 8;
    const auto m = load(where);
    if (!m) return false;
    std::vector<float> got[count];
    std::thread threads[count];
    for (int i = 0; i < count; ++i) threads[i] = std::thread([&, i] { got[i] = answer(*m, i); });
    for (std::thread& t : threads) t.join();
    for (int i = 0; i < count; ++i)
        if (got[i].empty() || got[i] != answer(*m, i)) return false;
    return true;
}
/// Workspaces until the device is full: the last is refused as too little memory, and the first still runs.
bool too_little_memory(device where) {
    where.images = on_host ? 4 : 256;
    const auto m = load(where);
    if (!m) return false;
    std::vector<model::workspace> all;
    for (int i = 0; i < 100000; ++i) {
#ifndef UML_WITH_CUDA
        if (i == 2) uml::gpu::on_host::played = uml::gpu::on_host::fault::no_memory;
#endif
        auto w = m->make_workspace();
        if (w) {
            all.push_back(*std::move(w));
            continue;
        }
#ifndef UML_WITH_CUDA
        uml::gpu::on_host::played = uml::gpu::on_host::fault::none;
#endif
        const auto pixels = picture(1);
        return w.error().code == uml::errc::out_of_memory && !all.empty() &&
               m->run(uml_test::view_of(shape, pixels), all.front()).has_value();
    }
    return false;
}

} // namespace

/// uml-cuda-device [CHECK]: exit 0 all held, 1 something did not, 77 no device.
int main(int argc, char** argv) {
    const std::string_view only = argc > 1 ? argv[1] : "";
    if (const auto r = device::engine{}.check(); !r) {
        const std::string_view why = r.error().what;
        std::printf("%.*s\n", static_cast<int>(why.size()), why.data());
        return 77;
    }
    constexpr struct {
        const char* name;
        bool (*holds)(device);
    } checks[] = {{"same-bits", [](device d) { return same_bits(d); }},
                  {"several-pictures", several_pictures},
                  {"eight-threads", [](device d) { return eight_threads(d); }},
                  {"too-little-memory", too_little_memory}};
    int rc = 0;
    for (const auto p : {uml::precision::f32, uml::precision::tf32, uml::precision::bf16})
        for (const auto& c : checks) {
            if (!only.empty() && only != c.name) continue;
            const bool held = c.holds({.precision = p});
            std::printf("%s %s%s: %s\n", c.name, uml::to_text(p).data(), on_host ? " (host)" : "",
                        held ? "held" : "FAILED");
            std::fflush(stdout);
            if (!held) rc = 1;
        }
    return rc;
}
