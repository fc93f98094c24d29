// A network of one's own, built from the public blocks, gives the same numbers on both backends.
#define main own_network_main
#include "../../examples/own_network.cpp"
#undef main

#include "support/shapes.hpp"

#include <doctest/doctest.h>

#include <cmath>

namespace {

template <class B> std::vector<double> answer(const uml::image_view& picture) {
    using own = uml::network<evidential_unet, net::configuration>;
    const auto file = uml_test::ruled_source::open(
        uml_test::tensors_of(uml::static_program<evidential_unet, net::configuration, B{}>::view()), 7);
    REQUIRE(file);
    const auto m = uml::load<own, B>(*file);
    REQUIRE_MESSAGE(m, m.error().what.c_str());
    auto w = m->make_workspace();
    REQUIRE(w);
    const auto f = m->run(picture, *w);
    REQUIRE(f);
    std::vector<double> all;
    for (int k = 0; k < f->diagnosis.classes(); ++k) all.push_back(static_cast<double>(f->diagnosis.alpha(k)));
    for (int y = 0; y < f->height(); ++y)
        for (int x = 0; x < f->width(); ++x) {
            all.push_back(static_cast<double>(f->region_logit(y, x, 1)));
            all.push_back(static_cast<double>(f->pixel_vacuity(y, x)));
        }
    return all;
}

} // namespace

TEST_CASE("an evidential U-Net with a Navigator: cpu equals the reference in double") {
    std::vector<float> pixels(128 * 128);
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>(i * 2654435761u % 1009) / 1009.0F;
    const uml::image_view picture(pixels.data(), 128, 128, 1);
    const auto exact = answer<uml::reference64>(picture), fast = answer<uml::cpu>(picture);
    REQUIRE(exact.size() == fast.size());
    REQUIRE(exact.size() == 3 + 2 * 128 * 128);
    double off = 0, size = 0;
    for (std::size_t i = 0; i < exact.size(); ++i) {
        off += (exact[i] - fast[i]) * (exact[i] - fast[i]);
        size += exact[i] * exact[i];
    }
    CHECK(size > 1);
    CHECK(std::sqrt(off / size) < 5e-6);
}
