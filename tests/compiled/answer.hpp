#pragma once

#include <cstddef>
#include <vector>

/// A picture of height × width × channels.
inline std::vector<unsigned char> picture(int height, int width, int channels) {
    std::vector<unsigned char> pixels(static_cast<std::size_t>(height * width * channels));
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<unsigned char>(i * i / 64 % 251);
    return pixels;
}

/// All numbers that a network found in its picture; empty if something failed.
template <class Model> std::vector<float> answer_of(const Model& model) {
    auto workspace = model.make_workspace();
    if (!workspace) return {};
    const auto pixels = picture(model.height(), model.width(), model.channels());
    const auto f = model.run({pixels.data(), model.height(), model.width(), model.channels()}, *workspace);
    if (!f) return {};
    std::vector<float> numbers;
    for (int k = 0; k < f->diagnosis.classes(); ++k) numbers.push_back(f->diagnosis.probability(k));
    for (int y = 0; y < f->height(); ++y)
        for (int x = 0; x < f->width(); ++x) {
            for (int k = 0; k < f->regions(); ++k) numbers.push_back(f->region_logit(y, x, k));
            numbers.push_back(f->pixel_vacuity(y, x));
        }
    return numbers;
}

std::vector<float> answer_of_headers(const char* weights);
