// The network's maps brought back to a picture's own pixels, and what can be counted on them.
#pragma once

#include "support/engine.hpp"

#include <cstdint>
#include <vector>

namespace support {

/// The mask and the uncertainty of a picture at some size.
struct pixel_maps {
    picture mask;                  ///< one channel: the number of the region, the largest of the resized logits
    std::vector<float> vacuity;    ///< height × width, resized
    std::vector<float> foreground; ///< height × width: the probability of "not background", of the resized logits

    [[nodiscard]] float vacuity_at(int y, int x) const {
        return vacuity[static_cast<std::size_t>(y) * static_cast<std::size_t>(mask.width) +
                       static_cast<std::size_t>(x)];
    }
};

/// Resizes logits and vacuity with the triangle filter; a tie goes to the lower region.
[[nodiscard]] pixel_maps map_back(const reading& r, int height, int width);

/// A set of pixels of one region that hang together, corners included.
struct region_part {
    std::int64_t pixels = 0;
    double mean_vacuity = 0;
    int left = 0, top = 0, width = 0, height = 0; ///< the smallest box around it
};

/// One region of a mask.
struct region_summary {
    std::int64_t pixels = 0;
    double share = 0;               ///< of all pixels, 0..1
    double mean_vacuity = 0;        ///< 0 where there are no pixels
    std::vector<region_part> parts; ///< largest first; none for region 0, the background
};

[[nodiscard]] std::vector<region_summary> summarize(const pixel_maps& maps, int regions);

/// The pixels whose vacuity is at most `most`: one channel, 1 reliable, 0 not.
[[nodiscard]] picture reliable_mask(const pixel_maps& maps, double most);

/// The pixels that belong to the mask's set: one channel, 1 or 0; and how many they are.
[[nodiscard]] picture mask_set(const pixel_maps& maps, const uml::trust::mask_set_rule& rule);
[[nodiscard]] std::int64_t mask_set_size(const pixel_maps& maps, const uml::trust::mask_set_rule& rule);

} // namespace support
