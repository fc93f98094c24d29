// Denormal numbers count as zero while kernels run, and only then.
#include "support/tiny.hpp"

#include "uml/backend/cpu.hpp"
#include "uml/kernels/denormals.hpp"

#include <doctest/doctest.h>

namespace {

/// A product below the smallest normal float, made at run time.
float faint() {
    volatile float a = 1e-30F, b = 1e-10F;
    volatile float product = a * b;
    return product;
}

} // namespace

#if defined(__x86_64__) || defined(_M_X64) || defined(__aarch64__) || (defined(__i386__) && defined(__SSE2_MATH__))

namespace {

struct faint_network {
    static constexpr std::string_view label = "faint";

    static void describe(uml::builder& g, const uml::config& c) {
        g.output(g.conv(uml::picture(g, c), "conv", {.out = c.regions, .kernel = 3}), "seg_logits");
    }
};
constexpr uml::config config{.height = 16, .width = 16, .regions = 16, .channels_in = 1};

template <class B> float largest_logit() {
    auto d = uml_test::draft::of<faint_network>(config);
    for (float& v : d.tensors.at("conv.weight").values) v = 1e-30F;
    const auto bytes = d.bytes();
    uml::load_options o;
    o.configuration = config;
    const auto m = uml::load<uml::network<faint_network>, B>(std::span<const std::byte>(bytes), o);
    REQUIRE_MESSAGE(m, m.error().what.c_str());
    auto w = m->make_workspace();
    REQUIRE(w);
    const std::vector<float> picture(16 * 16, 1e-10F);
    const auto f = m->run(uml::image_view(picture.data(), 16, 16, 1), *w);
    REQUIRE(f);
    float most = 0;
    for (std::int64_t p = 0; p < f->logits.pixels(); ++p) most = std::max(most, f->logits.pixel(p)[0]);
    return most;
}

} // namespace

TEST_CASE("denormals are zero while the guard lives") {
    CHECK(faint() > 0);
    {
        const uml::kernels::flush_denormals guard;
        CHECK(faint() == 0);
    }
    CHECK(faint() > 0);
}

TEST_CASE("the cpu backend takes them for zero and leaves its caller's arithmetic alone") {
    CHECK(largest_logit<uml::reference>() > 0);
    CHECK(largest_logit<uml::cpu>() == 0);
    CHECK(faint() > 0);
}

#else

TEST_CASE("denormals stay what they are where the processor has no such mode") {
    const uml::kernels::flush_denormals guard;
    CHECK(faint() > 0);
}

#endif
