// Tensors, maps and pictures as xtensor expressions that share their memory.
#include "uml/adapt/xtensor.hpp"

#include <doctest/doctest.h>

#if __has_include(<xtensor/containers/xtensor.hpp>)
    #include <xtensor/containers/xarray.hpp>
    #include <xtensor/containers/xtensor.hpp>
    #include <xtensor/core/xmath.hpp>
    #include <xtensor/views/xview.hpp>
#else
    #include <xtensor/xarray.hpp>
    #include <xtensor/xmath.hpp>
    #include <xtensor/xtensor.hpp>
    #include <xtensor/xview.hpp>
#endif

#include <vector>

TEST_CASE("a tensor with gaps between its pixels is seen without them") {
    constexpr int height = 3;
    constexpr int width = 4;
    constexpr int channels = 5;
    constexpr int step = 8;
    std::vector<float> memory(height * width * step, -1.0F);
    const uml::tensor_view<float> tensor{memory.data() + 2, height, width, channels, step};
    float expected = 0;
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            for (int c = 0; c < channels; ++c) expected += tensor(y, x, c) = static_cast<float>(y * 100 + x * 10 + c);

    auto view = uml::as_xtensor(tensor);
    REQUIRE(view.dimension() == 3);
    CHECK(view.shape()[0] == height);
    CHECK(view.shape()[1] == width);
    CHECK(view.shape()[2] == channels);
    CHECK(view(2, 3, 4) == 234.0F);
    CHECK(xt::sum(view)() == expected);
    const xt::xarray<float> last = xt::view(view, xt::all(), xt::all(), 4);
    CHECK(last(1, 2) == 124.0F);
    const xt::xtensor<float, 3> copy = view;
    CHECK(copy(2, 0, 1) == 201.0F);

    view += 1.0F;
    CHECK(tensor(2, 3, 4) == 235.0F);
    view *= xt::ones<float>({width, channels});
    view = view + 0.0F;
    CHECK(tensor(0, 3, 1) == 32.0F);
    int gaps = 0; // they belong to other tensors
    for (std::size_t i = 0; i < memory.size(); ++i)
        if (i < 2 || (i - 2) % step >= channels) gaps += memory[i] == -1.0F ? 0 : 1;
    CHECK(gaps == 0);
    view(0, 0, 0) = 7.0F;
    CHECK(memory[2] == 7.0F);

    const auto constant = uml::as_xtensor(uml::tensor_view<const float>{tensor.data, height, width, channels, step});
    CHECK(constant(0, 0, 0) == 7.0F);
    CHECK(&constant(1, 1, 1) == &tensor(1, 1, 1));
}

TEST_CASE("tensors of one row, column or channel") {
    std::vector<float> memory(6 * 4);
    for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = static_cast<float>(i);
    const uml::tensor_view<float> shapes[] = {{memory.data(), 1, 6, 2, 4},
                                              {memory.data(), 6, 1, 2, 4},
                                              {memory.data(), 2, 3, 1, 4},
                                              {memory.data(), 1, 1, 1, 4}};
    for (const auto& tensor : shapes) {
        const auto view = uml::as_xtensor(tensor);
        const xt::xtensor<float, 3> copy = view * 1.0F;
        for (int y = 0; y < tensor.h; ++y)
            for (int x = 0; x < tensor.w; ++x)
                for (int c = 0; c < tensor.c; ++c) {
                    CHECK(view(y, x, c) == tensor(y, x, c));
                    CHECK(copy(y, x, c) == tensor(y, x, c));
                }
    }
}

TEST_CASE("a map is a matrix") {
    std::vector<float> memory{1, 2, 3, 4, 5, 6};
    auto map = uml::as_xtensor(std::span(memory), 2, 3);
    CHECK(map(1, 0) == 4.0F);
    CHECK(xt::amax(map)() == 6.0F);
    map(1, 2) = 0;
    CHECK(memory[5] == 0.0F);
    const std::vector<std::uint8_t> labels{0, 1, 2, 1};
    CHECK(uml::as_xtensor(std::span(labels), 2, 2)(1, 0) == 2);
}

TEST_CASE("pictures held by xtensor are read in place") {
    const xt::xtensor<std::uint8_t, 3> colour = xt::ones<std::uint8_t>({4, 6, 3});
    const auto image = uml::as_image(colour);
    REQUIRE(image);
    CHECK(image->data == colour.data());
    CHECK(image->type == uml::image_view::sample::u8);
    CHECK(image->height == 4);
    CHECK(image->width == 6);
    CHECK(image->channels == 3);
    CHECK(image->row_bytes == 18);

    const xt::xarray<float> grey = xt::ones<float>({5, 7});
    const auto grey_image = uml::as_image(grey);
    REQUIRE(grey_image);
    CHECK(grey_image->type == uml::image_view::sample::f32);
    CHECK(grey_image->channels == 1);
    CHECK(grey_image->row_bytes == 28);
    const xt::xarray<float> column = xt::ones<float>({5, 1, 1});
    REQUIRE(uml::as_image(column));
    CHECK(uml::as_image(column)->row_bytes == 4);

    const auto crop = xt::view(colour, xt::range(1, 3), xt::range(2, 5), xt::all());
    const auto cropped = uml::as_image(crop);
    REQUIRE(cropped);
    CHECK(cropped->data == &colour(1, 2, 0));
    CHECK(cropped->height == 2);
    CHECK(cropped->width == 3);
    CHECK(cropped->row_bytes == 18);
}

TEST_CASE("pictures that are not channels-last are refused") {
    const xt::xarray<float> line = xt::ones<float>({5});
    CHECK(uml::as_image(line).error().code == uml::errc::wrong_shape);
    const xt::xarray<float> planar = xt::ones<float>({3, 5, 7});
    CHECK(uml::as_image(planar).error().what == "picture: 7 channels, expected 1 or 3 in the last dimension");
    const xt::xtensor<float, 3, xt::layout_type::column_major> turned = xt::ones<float>({5, 7, 3});
    CHECK_FALSE(uml::as_image(turned));
    const xt::xtensor<float, 3> wide = xt::ones<float>({5, 7, 3});
    CHECK_FALSE(uml::as_image(xt::view(wide, xt::all(), xt::range(0, 7, 2), xt::all())));
}
