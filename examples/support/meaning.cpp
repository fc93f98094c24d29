#include "support/meaning.hpp"

#include <algorithm>
#include <cmath>

namespace support {
namespace {

// Whether samples come with one for how opaque they are.
bool has_alpha(const raster& r) { return r.channels == 2 || r.channels == 4; }
std::size_t colors_of(const raster& r) { return static_cast<std::size_t>(r.channels - (has_alpha(r) ? 1 : 0)); }

// How opaque a pixel is, from 0 to `r.white()` (for a palette: 255).
std::uint32_t opacity(const raster& r, const std::uint16_t* samples) {
    if (r.indexed) return r.palette[*samples][3];
    const std::size_t colors = colors_of(r);
    if (r.transparent && std::equal(samples, samples + colors, r.transparent->begin())) return 0;
    return has_alpha(r) ? samples[colors] : static_cast<std::uint32_t>(r.white());
}

// A line from a range of samples to 0..255, rounded.
struct scale {
    int low = 0, high = 255, shift = 0;

    [[nodiscard]] std::uint32_t operator()(std::uint32_t sample) const {
        const int value = std::clamp(static_cast<int>(sample >> shift), low, high);
        return static_cast<std::uint32_t>((2 * 255 * std::int64_t{value - low} + (high - low)) / (2 * (high - low)));
    }
};

uml::error needs_levels(const raster& r, int least, int most, bool nearly) {
    const std::string_view rule = nearly          ? ", less than an eighth of the range"
                                  : r.depth == 16 ? " are used, less than half of the range"
                                                  : " are used";
    return uml::fail(uml::errc::unsupported,
                     {r.depth, " bits a sample, of which ", nearly ? "nearly all are" : "only values", " from ", least,
                      " to ", most, rule, ": say with --levels LOW HIGH which are black and white"});
}

// The values between which all but `left_out` of the samples at either end lie. Needs more samples than that.
std::pair<int, int> ends(const std::vector<std::uint32_t>& counts, std::uint64_t left_out) {
    std::size_t low = 0, high = counts.size() - 1;
    for (std::uint64_t n = counts[low]; n <= left_out; n += counts[low]) ++low;
    for (std::uint64_t n = counts[high]; n <= left_out; n += counts[high]) --high;
    return {static_cast<int>(low), static_cast<int>(high)};
}

uml::result<scale> scale_of(const raster& r, const std::optional<level_range>& levels) {
    if (r.depth <= 8 && r.significant == r.depth) return scale{0, r.white(), 0};
    if (levels && r.depth > 8) return scale{levels->low, levels->high, 0};
    const std::size_t colors = colors_of(r), step = static_cast<std::size_t>(r.channels);
    std::vector<std::uint32_t> counts(static_cast<std::size_t>(r.white()) + 1);
    std::uint64_t shown = 0;
    for (std::size_t i = 0; i < r.data.size(); i += step) {
        if (opacity(r, &r.data[i]) == 0) continue;
        for (std::size_t k = 0; k < colors; ++k) ++counts[r.data[i + k]];
        shown += colors;
    }
    const auto [least, most] = shown > 0 ? ends(counts, 0) : std::pair(0, 0);
    // By the standard the significant bits are the upper ones; many programs leave them where they were.
    const int range = (1 << r.significant) - 1;
    const bool lower = r.depth == 16 && r.significant < r.depth && most <= range;
    const int shift = lower ? 0 : r.depth - r.significant;
    if (r.depth == 16 ? (most >> shift) - (least >> shift) <= range / 2 : most <= range) {
        // Levels of a batch whose other pictures have more bits would make this one black.
        if (levels && levels->high <= r.white()) return scale{levels->low, levels->high, 0};
        return needs_levels(r, least, most, false);
    }
    // A few marks of the largest value do not make 12 bits 16; nor does a frame or a fault.
    const auto [low, high] = ends(counts, shown / 100);
    if (r.depth == 16 && (high >> shift) - (low >> shift) <= range / 8) return needs_levels(r, low, high, true);
    return scale{0, range, shift};
}

} // namespace

uml::result<picture> to_picture(const raster& r, const std::optional<level_range>& levels) {
    constexpr std::uint32_t usual = 45455; // 1 / 2.2
    if (r.gamma != 0 && (r.gamma < usual - usual / 20 || r.gamma > usual + usual / 20))
        return uml::fail(uml::errc::unsupported,
                         {"a gamma of ", r.gamma, " / 100000, where pictures have 45455: convert it"});
    constexpr double darkest = 0.14, brightest = 0.36; // gammas of 2.8 and 1.5
    if (r.profile.tables)
        return uml::fail(uml::errc::unsupported,
                         "a colour profile of look-up tables alone: convert it to sRGB or grey");
    const auto& half = r.profile.half;
    if (half && (*half < darkest || *half > brightest))
        return uml::fail(uml::errc::unsupported,
                         {"a colour profile that shows a half as ", static_cast<int>(std::lround(100 * *half)),
                          " % of white, where pictures have 21 %: convert it"});
    const std::size_t step = static_cast<std::size_t>(r.channels), colors = r.indexed ? 3 : colors_of(r);
    const auto to_byte = r.indexed ? uml::result<scale>(scale{}) : scale_of(r, levels);
    if (!to_byte) return to_byte.error();
    const std::uint32_t opaque = r.indexed ? 255 : static_cast<std::uint32_t>(r.white());
    picture p(r.height, r.width, static_cast<int>(colors));
    for (std::size_t i = 0, j = 0; i < r.data.size(); i += step) {
        const std::uint32_t alpha = opacity(r, &r.data[i]);
        for (std::size_t k = 0; k < colors; ++k, ++j) {
            const std::uint32_t value = r.indexed ? r.palette[r.data[i]][k] : (*to_byte)(r.data[i + k]);
            p.data[j] = static_cast<std::uint8_t>((value * alpha + opaque / 2) / opaque);
        }
    }
    return p;
}

uml::result<picture> to_regions(const raster& r, int regions) {
    const auto no = [](const auto&... parts) { return uml::fail(uml::errc::malformed, {parts...}); };
    if (r.lossy) return no("a mask in JPEG, which changes numbers; save it as PNG or TIFF");
    const std::size_t step = static_cast<std::size_t>(r.channels), colors = colors_of(r);
    picture mask(r.height, r.width, 1);
    const int white = r.white();
    bool numbers = true, bytes = true, whole = true; // which rules explain every value so far
    int strange = 0;
    for (std::size_t i = 0, j = 0; j < mask.data.size(); i += step, ++j) {
        const int value = r.data[i];
        if (colors == 3 && (r.data[i + 1] != value || r.data[i + 2] != value))
            return no("a mask in colours; it must hold one region number per pixel");
        if (!r.indexed && opacity(r, &r.data[i]) != static_cast<std::uint32_t>(white))
            return no("a mask with transparency; it must hold one region number per pixel");
        numbers = numbers && value < regions;
        bytes = bytes && (value == 0 || value == 255);
        whole = whole && (value == 0 || value == white);
        if (value >= regions && (strange == 0 || (value != 255 && value != white))) strange = value;
        mask.data[j] = static_cast<std::uint8_t>(std::min(value, 255)); // a larger one is 255 or refused
    }
    if (!numbers && (regions != 2 || (!bytes && !whole)))
        return no("value ", strange, " is no region of this network (0 to ", regions - 1,
                  regions == 2 ? ", or 0 and 255 throughout)" : ")");
    if (!numbers)
        for (std::uint8_t& label : mask.data) label = label != 0 ? 1 : 0;
    return mask;
}

} // namespace support
