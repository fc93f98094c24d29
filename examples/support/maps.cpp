#include "support/maps.hpp"

#include "support/resize.hpp"

#include <algorithm>

namespace support {
namespace {

// Walks over everything connected to the start and marks it as seen.
region_part flood(const pixel_maps& maps, int y0, int x0, std::vector<bool>& seen) {
    const picture& mask = maps.mask;
    const std::uint8_t label = *mask.at(y0, x0);
    const auto index = [&](int y, int x) {
        return static_cast<std::size_t>(y) * static_cast<std::size_t>(mask.width) + static_cast<std::size_t>(x);
    };
    struct place {
        int y, x;
    };
    std::vector<place> waiting{{y0, x0}};
    seen[index(y0, x0)] = true;
    int top = y0, bottom = y0, left = x0, right = x0;
    region_part part;
    double sum = 0;
    while (!waiting.empty()) {
        const place p = waiting.back();
        waiting.pop_back();
        ++part.pixels;
        sum += static_cast<double>(maps.vacuity_at(p.y, p.x));
        top = std::min(top, p.y), bottom = std::max(bottom, p.y);
        left = std::min(left, p.x), right = std::max(right, p.x);
        for (int y = std::max(0, p.y - 1); y <= std::min(mask.height - 1, p.y + 1); ++y)
            for (int x = std::max(0, p.x - 1); x <= std::min(mask.width - 1, p.x + 1); ++x)
                if (*mask.at(y, x) == label && !seen[index(y, x)]) {
                    seen[index(y, x)] = true;
                    waiting.push_back({y, x});
                }
    }
    part.mean_vacuity = sum / static_cast<double>(part.pixels);
    part.left = left, part.top = top, part.width = right - left + 1, part.height = bottom - top + 1;
    return part;
}

} // namespace

pixel_maps map_back(const reading& r, int height, int width) {
    pixel_maps maps{picture(height, width, 1), {}, {}};
    maps.vacuity.reserve(maps.mask.pixels());
    maps.foreground.reserve(maps.mask.pixels());
    resized_rows logits(r.logits.data(), r.height, r.width, r.regions, height, width);
    resized_rows vacuity(r.pixel_vacuity.data(), r.height, r.width, 1, height, width);
    for (int y = 0; y < height; ++y) {
        const float* row = logits.row(y);
        for (int x = 0; x < width; ++x, row += r.regions) {
            *maps.mask.at(y, x) = static_cast<std::uint8_t>(std::max_element(row, row + r.regions) - row);
            maps.foreground.push_back(static_cast<float>(uml::trust::foreground_probability(row, r.regions)));
        }
        const float* u = vacuity.row(y);
        maps.vacuity.insert(maps.vacuity.end(), u, u + width);
    }
    return maps;
}

std::vector<region_summary> summarize(const pixel_maps& maps, int regions) {
    std::vector<region_summary> all(static_cast<std::size_t>(regions));
    std::vector<bool> seen(maps.mask.pixels());
    for (int y = 0, i = 0; y < maps.mask.height; ++y)
        for (int x = 0; x < maps.mask.width; ++x, ++i) {
            region_summary& region = all[*maps.mask.at(y, x)];
            ++region.pixels;
            region.mean_vacuity += static_cast<double>(maps.vacuity_at(y, x));
            if (*maps.mask.at(y, x) != 0 && !seen[static_cast<std::size_t>(i)])
                region.parts.push_back(flood(maps, y, x, seen));
        }
    for (region_summary& region : all) {
        if (region.pixels > 0) region.mean_vacuity /= static_cast<double>(region.pixels);
        region.share = static_cast<double>(region.pixels) / static_cast<double>(maps.mask.pixels());
        std::stable_sort(region.parts.begin(), region.parts.end(),
                         [](const region_part& a, const region_part& b) { return a.pixels > b.pixels; });
    }
    return all;
}

picture reliable_mask(const pixel_maps& maps, double most) {
    picture mask(maps.mask.height, maps.mask.width, 1);
    std::transform(maps.vacuity.begin(), maps.vacuity.end(), mask.data.begin(),
                   [most](float u) { return static_cast<std::uint8_t>(static_cast<double>(u) <= most ? 1 : 0); });
    return mask;
}

picture mask_set(const pixel_maps& maps, const uml::trust::mask_set_rule& rule) {
    picture set(maps.mask.height, maps.mask.width, 1);
    std::transform(maps.foreground.begin(), maps.foreground.end(), set.data.begin(),
                   [&](float p) { return static_cast<std::uint8_t>(rule.contains(static_cast<double>(p)) ? 1 : 0); });
    return set;
}

std::int64_t mask_set_size(const pixel_maps& maps, const uml::trust::mask_set_rule& rule) {
    return std::count_if(maps.foreground.begin(), maps.foreground.end(),
                         [&](float p) { return rule.contains(static_cast<double>(p)); });
}

} // namespace support
