// The shipped weights' answer for a made picture, and what evidence and calibration make of awkward numbers: the same
// under every flag (flags/check compiles this file under several).
#include "uml/metrics.hpp"
#include "uml/uml.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <vector>

namespace {

int failures = 0;

/// In integers: under -ffast-math a comparison with NaN may say anything.
void expect(const char* what, double is, double wanted) {
    const bool finite = (std::bit_cast<std::uint64_t>(is) & 0x7ff0000000000000u) != 0x7ff0000000000000u;
    const bool right = finite && std::fabs(is - wanted) <= 1e-5 * std::fabs(wanted);
    std::printf("%s %s: %.9g, should be %.9g\n", right ? "ok" : "WRONG", what, is, wanted);
    if (!right) ++failures;
}
void expect(const char* what, bool right) {
    std::printf("%s %s\n", right ? "ok" : "WRONG", what);
    if (!right) ++failures;
}

template <class B> void answer(const char* weights) {
    const auto m = uml::load<uml::network<uml::dynamic>, B>(weights);
    if (!m) return expect(m.error().what.c_str(), false);
    auto w = m->make_workspace();
    if (!w) return expect(w.error().what.c_str(), false);
    std::vector<unsigned char> pixels(256 * 256);
    std::uint32_t state = 1;
    for (auto& p : pixels) {
        state = state * 1664525u + 1013904223u;
        p = static_cast<unsigned char>(state >> 24);
    }
    const auto f = m->run(uml::image_view(pixels.data(), 256, 256, 1), *w);
    if (!f) return expect(f.error().what.c_str(), false);
    double sum = 0;
    for (int y = 0; y < 256; ++y)
        for (int x = 0; x < 256; ++x) sum += static_cast<double>(f->pixel_vacuity(y, x));
    // By reference64 with the shipped weights.
    expect("image vacuity", static_cast<double>(f->diagnosis.vacuity()), 0.0940187697);
    expect("mean pixel vacuity", sum / (256 * 256), 0.0739887753);
    expect("entropy less information", static_cast<double>(f->diagnosis.expected_entropy()), 0.251228219);
}

} // namespace

int main(int, char** argv) {
    answer<uml::cpu>(argv[1]);
    const float alpha[] = {1.5F, 2.25F, 7.F};
    const uml::dirichlet<float> d(alpha, 3);
    expect("vacuity", static_cast<double>(d.vacuity()), 3 / 10.75);
    expect("digamma", uml::digamma(0.25), -4.2274535333762654);
    expect("NaN is not finite", !uml::is_finite(std::numeric_limits<float>::quiet_NaN()));
    expect("infinity is not finite", !uml::is_finite(std::numeric_limits<double>::infinity()));
    expect("the smallest half", static_cast<double>(uml::to_f32(uml::f16{1})) * 16777216., 1);
    return failures;
}
