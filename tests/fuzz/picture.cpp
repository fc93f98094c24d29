// Any bytes as a picture file, through every check and library, to a picture and to masks. A PNG is also tried with its
// checksums made right, since bytes alone don't get through them.
#include "support/meaning.hpp"
#include "support/readers.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void use(std::span<const std::uint8_t> file) {
    const auto r = support::decode_raster(file);
    if (!r) {
        require(!r.error().what.empty());
        return;
    }
    require(support::check_size(r->width, r->height).has_value());
    require(r->channels >= 1 && r->channels <= 4);
    require(r->data.size() == r->pixels() * static_cast<std::size_t>(r->channels));
    require(std::all_of(r->data.begin(), r->data.end(), [&](int v) { return v <= r->white(); }));
    for (const auto& levels : {std::optional<support::level_range>(), std::optional(support::level_range{8, 4088})}) {
        const auto p = support::to_picture(*r, levels);
        require(p ? p->data.size() == r->pixels() * static_cast<std::size_t>(p->channels) : !p.error().what.empty());
    }
    for (const int regions : {2, 3, 256}) {
        const auto mask = support::to_regions(*r, regions);
        if (!mask) continue;
        bool numbers = true, ends = regions == 2; // the samples, or of two regions the ends of their range
        for (std::size_t i = 0; i < mask->data.size(); ++i) {
            const int value = r->data[i * static_cast<std::size_t>(r->channels)], label = mask->data[i];
            numbers = numbers && value == label && value < regions;
            ends = ends && label == (value != 0) && (value == 0 || value == 255 || value == r->white());
        }
        require(numbers || ends);
    }
}

void mend(std::vector<std::uint8_t>& png) {
    for (std::size_t at = 8; at + 12 <= png.size();) {
        const std::size_t length =
            std::size_t{png[at]} << 24 | std::size_t{png[at + 1]} << 16 | std::size_t{png[at + 2]} << 8 | png[at + 3];
        if (length > png.size() - at - 12) return;
        const std::uint32_t crc = support::crc32(std::span(png).subspan(at + 4, length + 4));
        for (std::size_t i = 0; i < 4; ++i) png[at + 8 + length + i] = static_cast<std::uint8_t>(crc >> (24 - 8 * i));
        at += 12 + length;
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span bytes(data, size);
    // A large picture from few bytes is slow under sanitizers and teaches nothing new.
    const auto pixels_of = [](std::span<const std::uint8_t> b) {
        if (const auto png = b.size() > 8 && b[0] == 0x89 ? support::check_png(b) : uml::error{}; png)
            return std::int64_t{png->width} * png->height;
        if (const auto jpeg = b.size() > 2 && b[0] == 0xff ? support::check_jpeg(b) : uml::error{}; jpeg)
            return std::int64_t{jpeg->width} * jpeg->height;
        return std::int64_t{0};
    };
    constexpr std::int64_t large = 1 << 18;
    if (pixels_of(bytes) <= large) use(bytes);
    if (size > 8 && data[0] == 0x89) {
        std::vector<std::uint8_t> mended(data, data + size);
        mend(mended);
        if (pixels_of(mended) <= large) use(mended);
    }
    return 0;
}
