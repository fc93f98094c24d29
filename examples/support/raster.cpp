#include "support/raster.hpp"

#include "support/readers.hpp"

#include <algorithm>
#include <string_view>

namespace support {
namespace {

bool begins(std::span<const std::uint8_t> bytes, std::string_view with) {
    return bytes.size() >= with.size() &&
           std::equal(with.begin(), with.end(), bytes.begin(),
                      [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

// Turns a picture upright: `orientation` is what EXIF 2.3 calls tag 274, from 1 to 8.
void turn_upright(raster& r, int orientation) {
    if (orientation < 2 || orientation > 8) return;
    const bool swaps = orientation >= 5;
    const int height = swaps ? r.width : r.height, width = swaps ? r.height : r.width;
    const auto channels = static_cast<std::size_t>(r.channels);
    std::vector<std::uint16_t> turned(r.data.size());
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            int from_y = swaps ? x : y, from_x = swaps ? y : x;
            if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7)
                from_y = r.height - 1 - from_y;
            if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8)
                from_x = r.width - 1 - from_x;
            const auto from =
                static_cast<std::size_t>(from_y) * static_cast<std::size_t>(r.width) + static_cast<std::size_t>(from_x);
            const auto to = static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x);
            std::copy_n(r.data.begin() + static_cast<std::ptrdiff_t>(from * channels), channels,
                        turned.begin() + static_cast<std::ptrdiff_t>(to * channels));
        }
    r.data = std::move(turned);
    r.height = height, r.width = width;
}

uml::result<raster> decode_png(std::span<const std::uint8_t> bytes) {
    const auto facts = check_png(bytes);
    if (!facts) return facts.error();
    auto r = read_png(*facts);
    if (!r) return r;
    r->indexed = facts->color == 3;
    r->depth = facts->depth;
    r->significant = facts->significant;
    r->palette = facts->palette;
    r->transparent = facts->transparent;
    r->gamma = facts->gamma, r->profile = facts->profile;
    const auto colors = r->palette.size();
    if (r->indexed && std::any_of(r->data.begin(), r->data.end(), [colors](std::uint16_t v) { return v >= colors; }))
        return uml::fail(uml::errc::malformed, "damaged: a pixel's number is not in the palette");
    turn_upright(*r, facts->orientation);
    return r;
}

uml::result<raster> decode_jpeg(std::span<const std::uint8_t> bytes) {
    const auto facts = check_jpeg(bytes);
    if (!facts) return facts.error();
    auto r = read_jpeg(*facts);
    if (!r) return r;
    r->profile = facts->profile;
    r->lossy = true;
    turn_upright(*r, facts->orientation);
    return r;
}

} // namespace

uml::result<void> check_size(std::int64_t width, std::int64_t height) {
    if (width < 1 || height < 1) return uml::fail(uml::errc::malformed, "damaged: no pixels");
    if (width > most_side || height > most_side || width * height > most_pixels)
        return uml::fail(uml::errc::unsupported, {width, " x ", height, " pixels; at most ", most_side,
                                                  " on a side and ", most_pixels, " in all are read"});
    return {};
}

uml::result<raster> decode_raster(std::span<const std::uint8_t> bytes) {
    using namespace std::string_view_literals;
    if (bytes.size() > most_file_bytes) return uml::fail(uml::errc::unsupported, "too many bytes");
    if (begins(bytes, "\x89PNG\r\n\x1a\n"sv)) return decode_png(bytes);
    if (begins(bytes, "\xff\xd8\xff"sv)) return decode_jpeg(bytes);
    if (begins(bytes, "II*\0"sv) || begins(bytes, "MM\0*"sv) || begins(bytes, "II+\0"sv) || begins(bytes, "MM\0+"sv)) {
        const auto facts = reads_tiff() ? check_tiff(bytes) : uml::result<tiff_facts>(tiff_facts{});
        if (!facts) return facts.error();
        auto r = read_tiff(*facts);
        if (!r) return r;
        r->profile = facts->profile;
        turn_upright(*r, facts->orientation);
        return r;
    }
    return uml::fail(uml::errc::unsupported, {"neither PNG nor JPEG", reads_tiff() ? " nor TIFF" : ""});
}

std::string picture_readers() {
    return "PNG by " + png_reader() + ", JPEG by " + jpeg_reader() +
           (reads_tiff() ? ", TIFF by " + tiff_reader() : ", TIFF not at all");
}

bool reads_tiff() { return tiff_reader() != "nothing"; }

} // namespace support
