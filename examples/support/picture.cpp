#include "support/picture.hpp"

#include "support/files.hpp"

#include "uml/picture/layout.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string_view>

namespace support {
namespace {

// stb_image grows its buffers for as long as a file tells it to; an allocation beyond this ends the reading instead.
constexpr std::size_t most_allocation = std::size_t{320} << 20;

void* grow(void* p, std::size_t bytes) { return bytes > most_allocation ? nullptr : std::realloc(p, bytes); }

} // namespace
} // namespace support

#define STBI_MALLOC(bytes) support::grow(nullptr, bytes)
#define STBI_REALLOC(p, bytes) support::grow(p, bytes)
#define STBI_FREE(p) std::free(p)
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_NO_STDIO
#define STBI_MAX_DIMENSIONS (1 << 15)
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#include <stb_image.h>
#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb_image_write.h>

namespace support {
namespace {

static_assert(STBI_MAX_DIMENSIONS == most_side);

struct free_pixels {
    void operator()(std::uint8_t* p) const { stbi_image_free(p); }
};

using bytes = std::vector<std::uint8_t>;

void put32(bytes& out, std::uint32_t n) {
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(n >> shift));
}

std::uint32_t crc32(std::span<const std::uint8_t> data) {
    std::uint32_t crc = 0xffffffffu;
    for (const std::uint8_t byte : data) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1u)));
    }
    return ~crc;
}

void put_chunk(bytes& out, std::string_view type, std::span<const std::uint8_t> body) {
    put32(out, static_cast<std::uint32_t>(body.size()));
    const std::size_t start = out.size();
    out.insert(out.end(), type.begin(), type.end());
    out.insert(out.end(), body.begin(), body.end());
    put32(out, crc32(std::span(out).subspan(start)));
}

} // namespace

picture::picture(int h, int w, int c, std::uint8_t value)
    : height(h), width(w), channels(c),
      data(static_cast<std::size_t>(h) * static_cast<std::size_t>(w) * static_cast<std::size_t>(c), value) {}

uml::result<picture> decode_picture(std::span<const std::uint8_t> bytes) {
    constexpr std::uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    const bool is_png = bytes.size() >= 8 && std::equal(png, png + 8, bytes.begin());
    const bool is_jpeg = bytes.size() >= 3 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[2] == 0xff;
    if (!is_png && !is_jpeg) return uml::fail(uml::errc::unsupported, "neither PNG nor JPEG");
    if (bytes.size() > most_file_bytes) return uml::fail(uml::errc::unsupported, "too many bytes");
    const int size = static_cast<int>(bytes.size());
    int width = 0, height = 0, channels = 0;
    if (!stbi_info_from_memory(bytes.data(), size, &width, &height, &channels))
        return uml::fail(uml::errc::malformed, "damaged: ", stbi_failure_reason());
    if (width < 1 || height < 1) return uml::fail(uml::errc::malformed, "damaged: no pixels");
    if (std::int64_t{width} * height > most_pixels)
        return uml::fail(uml::errc::unsupported, width, " x ", height, " pixels; at most ", most_pixels, " are read");
    const int wanted = channels <= 2 ? 1 : 3;
    const std::unique_ptr<std::uint8_t, free_pixels> pixels(
        stbi_load_from_memory(bytes.data(), size, &width, &height, &channels, wanted));
    if (!pixels) return uml::fail(uml::errc::malformed, "damaged: ", stbi_failure_reason());
    picture p(height, width, wanted);
    std::copy_n(pixels.get(), p.data.size(), p.data.begin());
    return p;
}

uml::result<picture> read_picture(const std::filesystem::path& file) {
    const auto bytes = read_file(file, most_file_bytes);
    if (!bytes) return bytes.error();
    auto p = decode_picture(*bytes);
    if (!p) return uml::fail(p.error().code, to_utf8(file), ": ", p.error().what.view());
    return p;
}

picture to_grey(const picture& p) {
    if (p.channels == 1) return p;
    picture grey(p.height, p.width, 1);
    const uml::image_span to(grey.data.data(), p.height, p.width, 1);
    if (!uml::convert(p.view(), uml::pixel_layout::rgb, to)) return {};
    return grey;
}

picture to_color(const picture& p) {
    if (p.channels == 3) return p;
    picture rgb(p.height, p.width, 3);
    for (std::size_t i = 0; i < p.pixels(); ++i)
        for (std::size_t k = 0; k < 3; ++k) rgb.data[3 * i + k] = p.data[i];
    return rgb;
}

uml::result<void> write_png(const std::filesystem::path& file, const picture& p) {
    int size = 0;
    const std::unique_ptr<std::uint8_t, void (*)(void*)> png(
        stbi_write_png_to_mem(p.data.data(), p.width * p.channels, p.width, p.height, p.channels, &size), std::free);
    if (!png) return uml::fail(uml::errc::out_of_memory, to_utf8(file), ": no memory to write it");
    return write_file(file, std::span<const std::uint8_t>(png.get(), static_cast<std::size_t>(size)));
}

uml::result<void> write_labels(const std::filesystem::path& file, const picture& labels,
                               std::span<const color> palette) {
    if (palette.empty() || palette.size() > 256 || labels.channels != 1)
        return uml::fail(uml::errc::invalid_argument, to_utf8(file), ": labels need one channel and 1 to 256 colours");
    bytes head, colors, lines;
    put32(head, static_cast<std::uint32_t>(labels.width));
    put32(head, static_cast<std::uint32_t>(labels.height));
    for (const int field : {8, 3, 0, 0, 0}) head.push_back(static_cast<std::uint8_t>(field)); // 8 bits, indexed
    for (const color& c : palette) colors.insert(colors.end(), c.begin(), c.end());
    for (int y = 0; y < labels.height; ++y) {
        lines.push_back(0); // no filter
        lines.insert(lines.end(), labels.at(y, 0), labels.at(y, 0) + labels.width);
    }
    int size = 0;
    const std::unique_ptr<std::uint8_t, void (*)(void*)> packed(
        stbi_zlib_compress(lines.data(), static_cast<int>(lines.size()), &size, 8), std::free);
    if (!packed) return uml::fail(uml::errc::out_of_memory, to_utf8(file), ": no memory to write it");
    bytes out{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    put_chunk(out, "IHDR", head);
    put_chunk(out, "PLTE", colors);
    put_chunk(out, "IDAT", std::span<const std::uint8_t>(packed.get(), static_cast<std::size_t>(size)));
    put_chunk(out, "IEND", {});
    return write_file(file, out);
}

} // namespace support
