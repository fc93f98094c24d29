// Resizing with the triangle filter: bilinear when growing, antialiased when shrinking. Pixel centres are at halves.
#pragma once

#include "support/picture.hpp"

#include <vector>

namespace support {

/// A picture at another size, by the library: Pillow's `Image.resize((w, h), Image.Resampling.BILINEAR)`. Empty if the
/// picture or the size is.
[[nodiscard]] picture resize(const picture& p, int height, int width);

/// The source samples that one target sample is a weighted mean of: from `first` on, weights that sum to 1.
struct taps {
    int first = 0;
    std::vector<double> weights;
};

/// Rows of a float map (height × width × channels, without gaps) seen at another size, one row at a time, so that a
/// large picture never needs all of its channels in memory at once.
class resized_rows {
public:
    resized_rows(const float* map, int height, int width, int channels, int new_height, int new_width);

    /// Row `y` in [0, new_height): new_width × channels values, valid until the next call.
    [[nodiscard]] const float* row(int y);

private:
    std::size_t row_size_;
    std::vector<taps> down_;
    std::vector<float> across_; // every source row, already at the new width
    std::vector<float> row_;
};

} // namespace support
