#include "support/resize.hpp"

#include "uml/picture/resize.hpp"

#include <algorithm>
#include <cmath>

namespace support {
namespace {

std::vector<taps> make_taps(int from, int to) {
    const double scale = static_cast<double>(from) / to;
    const double reach = std::max(scale, 1.0);
    std::vector<taps> all(static_cast<std::size_t>(to));
    for (int i = 0; i < to; ++i) {
        taps& t = all[static_cast<std::size_t>(i)];
        const double center = (i + 0.5) * scale;
        t.first = std::max(0, static_cast<int>(center - reach + 0.5));
        const int last = std::min(from, static_cast<int>(center + reach + 0.5));
        double sum = 0;
        for (int j = t.first; j < last; ++j) {
            t.weights.push_back(std::max(0.0, 1 - std::fabs((j - center + 0.5) / reach)));
            sum += t.weights.back();
        }
        for (double& w : t.weights) w /= sum;
    }
    return all;
}

} // namespace

picture resize(const picture& p, int height, int width) {
    picture out(height, width, p.channels);
    const uml::image_span to(out.data.data(), height, width, p.channels);
    std::vector<std::byte> scratch(static_cast<std::size_t>(uml::resize_bytes(p.view(), height, width)));
    if (!uml::resize(p.view(), to, scratch)) return {};
    return out;
}

resized_rows::resized_rows(const float* map, int height, int width, int channels, int new_height, int new_width)
    : row_size_(static_cast<std::size_t>(new_width) * static_cast<std::size_t>(channels)),
      down_(make_taps(height, new_height)), across_(static_cast<std::size_t>(height) * row_size_), row_(row_size_) {
    const auto step = static_cast<std::size_t>(channels);
    const auto all = make_taps(width, new_width);
    for (std::size_t y = 0; y < static_cast<std::size_t>(height); ++y) {
        const float* from = map + y * static_cast<std::size_t>(width) * step;
        float* to = across_.data() + y * row_size_;
        for (const taps& t : all)
            for (std::size_t k = 0; k < step; ++k) {
                double sum = 0;
                for (std::size_t j = 0; j < t.weights.size(); ++j)
                    sum += t.weights[j] * from[(static_cast<std::size_t>(t.first) + j) * step + k];
                *to++ = static_cast<float>(sum);
            }
    }
}

const float* resized_rows::row(int y) {
    const taps& t = down_[static_cast<std::size_t>(y)];
    std::fill(row_.begin(), row_.end(), 0.0f);
    for (std::size_t j = 0; j < t.weights.size(); ++j) {
        const float weight = static_cast<float>(t.weights[j]);
        const float* from = across_.data() + (static_cast<std::size_t>(t.first) + j) * row_size_;
        for (std::size_t i = 0; i < row_size_; ++i) row_[i] += weight * from[i];
    }
    return row_.data();
}

} // namespace support
