// A network small enough for a compiler to be asked under every flag: its answer by the plain loops in float and in
// double, loaded from a file in memory, evidence, and what is no number. The numbers are the same under every flag
// (flags/small compiles this file under many).
#include "support/tiny.hpp"

#include "uml/evidence/special.hpp"
#include "uml/trust.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>

namespace {

int failures = 0;

/// In integers: under -ffast-math a comparison with NaN may say anything.
void expect(const char* what, double is, double wanted, double share) {
    const bool finite = (std::bit_cast<std::uint64_t>(is) & 0x7ff0000000000000u) != 0x7ff0000000000000u;
    if (finite && std::fabs(is - wanted) <= share * std::fabs(wanted)) return;
    std::printf("WRONG %s: %.17g, should be %.17g\n", what, is, wanted);
    ++failures;
}
void expect(const char* what, bool right) {
    if (right) return;
    std::printf("WRONG %s\n", what);
    ++failures;
}

uml_test::draft weights() {
    auto d = uml_test::draft::of<uml_test::tiny_network>(uml_test::tiny_config);
    d.labelled("tiny", uml_test::tiny_config);
    d.metadata["uml.screening"] = R"({"image_vacuity": 0.30000000000000004, "pixel_vacuity": 1e-3})";
    d.metadata["uml.temperature"] = "1.7";
    return d;
}

template <class B> void answer(double share) {
    const auto bytes = weights().bytes();
    const auto m = uml::load<uml_test::tiny, B>(std::span<const std::byte>(bytes));
    if (!m) return expect(m.error().what.c_str(), false);
    auto w = m->make_workspace();
    if (!w) return expect(w.error().what.c_str(), false);
    const auto p = uml_test::pixels(16, 24, 3);
    const auto f = m->run(uml::image_view(p.data(), 16, 24, 3), *w);
    if (!f) return expect(f.error().what.c_str(), false);
    double sum = 0, logits = 0;
    for (int y = 0; y < 16; ++y)
        for (int x = 0; x < 24; ++x) {
            sum += static_cast<double>(f->pixel_vacuity(y, x));
            logits += std::fabs(static_cast<double>(f->region_logit(y, x, 1)));
        }
    // By reference64 without any flag.
    expect("image vacuity", static_cast<double>(f->diagnosis.vacuity()), 0.51147316047472025, share);
    expect("pixel vacuities", sum, 224.78714971373358, share);
    expect("logits", logits, 170.87930564740788, share);
    expect("tempered probability", static_cast<double>(f->probabilities()[1]), 0.25478304717012851, share);
    expect("threshold", m->screening().image_vacuity == 0.3F);
}

} // namespace

int main() {
    answer<uml::reference>(1e-5);
    answer<uml::reference64>(1e-9);
    expect("digamma", uml::digamma(0.25), -4.2274535333762654, 1e-13);
    expect("NaN is not finite", !uml::is_finite(std::numeric_limits<float>::quiet_NaN()));
    expect("infinity is not finite", !uml::is_finite(std::numeric_limits<double>::infinity()));
    expect("the smallest half", static_cast<double>(uml::to_f32(uml::f16{1})) * 16777216., 1, 0);
    expect("negative zero's sign", (std::bit_cast<std::uint32_t>(uml::to_f32(uml::f16{0x8000})) >> 31) == 1);
    // Weights that overflow are said to.
    auto d = weights();
    for (float& v : d.tensors.at("tiny.classes.weight").values) v = v < 0 ? -3e38F : 3e38F;
    const auto bytes = d.bytes();
    const auto m = uml::load<uml_test::tiny, uml::reference>(std::span<const std::byte>(bytes));
    auto w = m->make_workspace();
    const auto p = uml_test::pixels(16, 24, 3);
    const auto f = m->run(uml::image_view(p.data(), 16, 24, 3), *w);
    expect("an answer that is no number", !f && f.error().code == uml::errc::not_finite);
    auto dark = p;
    dark[5] = std::numeric_limits<float>::quiet_NaN();
    const auto none = m->run(uml::image_view(dark.data(), 16, 24, 3), *w);
    expect("NaN in a picture", !none && none.error().code == uml::errc::invalid_argument);
    return failures;
}
