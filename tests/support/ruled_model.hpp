// A network with the rule's weights, a picture for it, and all that its answer says: for tests of backends.
#pragma once

#include "support/loaders.hpp"
#include "support/shapes.hpp"

#include "uml/model/load.hpp"

#include <cmath>
#include <concepts>
#include <cstdint>
#include <vector>

namespace uml_test {

/// The static network Net on a backend.
template <class Net, class B> [[nodiscard]] uml::result<uml::model<Net, B>> load_ruled(const B& where) {
    const auto shapes = tensors_of(uml::static_program<typename Net::description, Net::configuration, B{}>::view());
    const auto file = ruled_source::open(shapes, 3);
    if (!file) return file.error();
    return uml::load<Net>(*file, where);
}

/// Of the network's size; floats in [0, 1), the same picture in bytes.
template <class T = float> [[nodiscard]] std::vector<T> made_picture(const uml::config& c, int seed) {
    std::vector<T> p(static_cast<std::size_t>(c.height) * static_cast<std::size_t>(c.width) * 3);
    for (std::size_t i = 0; i < p.size(); ++i) {
        const auto level = static_cast<T>((i * 7 + static_cast<std::size_t>(seed) * 31) % 251);
        p[i] = std::floating_point<T> ? level / T{251} : level;
    }
    return p;
}

template <class T> [[nodiscard]] uml::image_view view_of(const uml::config& c, const std::vector<T>& picture) {
    return {picture.data(), c.height, c.width, 3};
}

/// Every number of the answer: the classes' α, then the regions' logits.
template <class F> [[nodiscard]] std::vector<float> numbers_of(const uml::config& c, const F& f) {
    std::vector<float> all;
    for (int k = 0; k < c.classes; ++k) all.push_back(f.diagnosis.alpha(k));
    for (int y = 0; y < c.height; ++y)
        for (int x = 0; x < c.width; ++x)
            for (int k = 0; k < c.regions; ++k) all.push_back(f.region_logit(y, x, k));
    return all;
}

/// ‖got - want‖ / ‖want‖.
[[nodiscard]] inline double relative_difference(const std::vector<float>& got, const std::vector<float>& want) {
    double off = 0, size = 0;
    for (std::size_t i = 0; i < want.size(); ++i) {
        off += std::pow(static_cast<double>(got[i] - want[i]), 2);
        size += std::pow(static_cast<double>(want[i]), 2);
    }
    return std::sqrt(off / size);
}

} // namespace uml_test
