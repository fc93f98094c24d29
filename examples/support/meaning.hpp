// What the samples of a file mean: as a picture for the network, or as one region number per pixel.
#pragma once

#include "support/picture.hpp"
#include "support/raster.hpp"

#include <optional>

namespace support {

/// Eight bits a sample, grey or colour; what is transparent is black. Samples of 16 bits that use at least half of
/// their range (as far as PNG's sBIT says it reaches) are scaled by it; what uses less could be any window of a
/// scanner, and is refused unless `levels` say what is black and what white. So are a gamma
/// and a colour profile whose curve is not that of ordinary pictures.
[[nodiscard]] uml::result<picture> to_picture(const raster& r, const std::optional<level_range>& levels);

/// One channel with the number of its region at every pixel. The samples (for a palette: the numbers, not the colours)
/// are the regions' numbers; with two regions also 0 and 255, or 0 and the largest that the file's depth can hold. Any
/// other value, colours, transparency, and a file whose packing changes numbers (JPEG) are refused.
[[nodiscard]] uml::result<picture> to_regions(const raster& r, int regions);

} // namespace support
