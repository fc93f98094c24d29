// Pictures and maps as xtensor expressions, without copies. Usage: uml-xtensor-maps WEIGHTS
#include <uml/adapt/xtensor.hpp>
#include <uml/uml.hpp>

#if __has_include(<xtensor/containers/xtensor.hpp>)
    #include <xtensor/containers/xtensor.hpp>
    #include <xtensor/core/xmath.hpp>
#else
    #include <xtensor/xmath.hpp>
    #include <xtensor/xtensor.hpp>
#endif

#include <cstdio>
#include <string>

static int complain(const uml::error& e) {
    std::fprintf(stderr, "%s\n", e.what.c_str());
    return 1;
}

int main(int count, char** words) {
    if (count != 2) return complain(uml::fail(uml::errc::invalid_argument, "usage: uml-xtensor-maps WEIGHTS"));
    const auto model = uml::load<uml::network<uml::dynamic>>(words[1]);
    if (!model) return complain(model.error());
    auto workspace = model->make_workspace();
    if (!workspace) return complain(workspace.error());

    // A bright disc: any expression of shape (h, w) or (h, w, c), u8 or float in 0..1, becomes a picture.
    const int h = model->height(), w = model->width();
    xt::xtensor<float, 2> disc({static_cast<std::size_t>(h), static_cast<std::size_t>(w)}, 0.1F);
    for (int y = 0; y < h; ++y)
        for (int x = 0; x < w; ++x)
            if (36 * ((y - h / 2) * (y - h / 2) + (x - w / 2) * (x - w / 2)) < h * h)
                disc(static_cast<std::size_t>(y), static_cast<std::size_t>(x)) = 0.8F;
    const auto picture = uml::as_image(disc);
    if (!picture) return complain(picture.error());
    const auto found = model->run(*picture, *workspace);
    if (!found) return complain(found.error());

    const auto vacuity = uml::as_xtensor(found->vacuity); // (h, w, 1), in the arena: valid until the next run
    const auto logits = uml::as_xtensor(found->logits);   // (h, w, regions)
    std::printf("vacuity of %zu x %zu pixels: mean %.3f, largest %.3f\n", vacuity.shape()[0], vacuity.shape()[1],
                static_cast<double>(xt::mean(vacuity)()), static_cast<double>(xt::amax(vacuity)()));
    for (std::size_t k = 0; k < logits.shape()[2]; ++k)
        std::printf("%s: largest logit %.2f\n", std::string(model->region_name(static_cast<int>(k))).c_str(),
                    static_cast<double>(xt::amax(xt::view(logits, xt::all(), xt::all(), k))()));
}
