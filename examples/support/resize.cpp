#include "support/resize.hpp"

#include <algorithm>
#include <cmath>

namespace support {
namespace {

constexpr int places = 22;

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

// A row of weights as integers with 22 binary places, rounded half away from zero.
std::vector<std::int32_t> fixed_point(const std::vector<double>& weights) {
    std::vector<std::int32_t> fixed;
    fixed.reserve(weights.size());
    for (const double w : weights) fixed.push_back(static_cast<std::int32_t>(w * (1 << places) + 0.5));
    return fixed;
}

std::uint8_t to_byte(std::int64_t sum) {
    return static_cast<std::uint8_t>(std::clamp<std::int64_t>(sum >> places, 0, 255));
}

} // namespace

picture resize(const picture& p, int height, int width) {
    const auto channels = static_cast<std::size_t>(p.channels);
    picture across(p.height, width, p.channels);
    if (width == p.width) {
        across = p;
    } else {
        const auto all = make_taps(p.width, width);
        for (int x = 0; x < width; ++x) {
            const auto& t = all[static_cast<std::size_t>(x)];
            const auto weights = fixed_point(t.weights);
            for (int y = 0; y < p.height; ++y)
                for (std::size_t k = 0; k < channels; ++k) {
                    const std::uint8_t* from = p.at(y, t.first) + k;
                    std::int64_t sum = std::int64_t{1} << (places - 1);
                    for (std::size_t j = 0; j < weights.size(); ++j)
                        sum += std::int64_t{weights[j]} * from[j * channels];
                    across.at(y, x)[k] = to_byte(sum);
                }
        }
    }
    if (height == p.height) return across;
    picture out(height, width, p.channels);
    const auto all = make_taps(p.height, height);
    const std::size_t row = static_cast<std::size_t>(width) * channels;
    std::vector<std::int64_t> sums(row);
    for (int y = 0; y < height; ++y) {
        const auto& t = all[static_cast<std::size_t>(y)];
        const auto weights = fixed_point(t.weights);
        std::fill(sums.begin(), sums.end(), std::int64_t{1} << (places - 1));
        for (std::size_t j = 0; j < weights.size(); ++j) {
            const std::uint8_t* from = across.at(t.first + static_cast<int>(j), 0);
            for (std::size_t i = 0; i < row; ++i) sums[i] += std::int64_t{weights[j]} * from[i];
        }
        std::transform(sums.begin(), sums.end(), out.at(y, 0), to_byte);
    }
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
