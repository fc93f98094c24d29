#include "support/picture.hpp"

#include "support/files.hpp"
#include "support/meaning.hpp"
#include "support/readers.hpp"

#include "uml/picture/layout.hpp"

#include <algorithm>
#include <cstring>
#include <memory_resource>
#include <string_view>

// stb_image_write looks at few of its allocations: they throw, and all of a picture's are freed together.
namespace {
thread_local std::pmr::memory_resource* writer_memory = nullptr;

void* writer_grow(void* old, std::size_t had, std::size_t wanted) {
    void* const p = writer_memory->allocate(wanted);
    if (old != nullptr) std::memcpy(p, old, std::min(had, wanted));
    return p;
}

struct writer_scope {
    writer_scope() { writer_memory = &memory; }
    ~writer_scope() { writer_memory = nullptr; }
    writer_scope(const writer_scope&) = delete;
    writer_scope& operator=(const writer_scope&) = delete;
    std::pmr::monotonic_buffer_resource memory{std::pmr::new_delete_resource()};
};
} // namespace

#define STBIW_MALLOC(bytes) writer_grow(nullptr, 0, static_cast<std::size_t>(bytes))
#define STBIW_REALLOC_SIZED(p, had, wanted)                                                                            \
    writer_grow(p, static_cast<std::size_t>(had), static_cast<std::size_t>(wanted))
#define STBIW_FREE(p) static_cast<void>(p)
#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb_image_write.h>

namespace support {
namespace {

using bytes = std::vector<std::uint8_t>;

void put32(bytes& out, std::uint32_t n) {
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(n >> shift));
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

uml::result<picture> decode_picture(std::span<const std::uint8_t> bytes, const std::optional<level_range>& levels) {
    const auto r = decode_raster(bytes);
    if (!r) return r.error();
    return to_picture(*r, levels);
}

uml::result<picture> read_picture(const std::filesystem::path& file, const std::optional<level_range>& levels) {
    const auto bytes = read_file(file, most_file_bytes);
    if (!bytes) return bytes.error();
    auto p = decode_picture(*bytes, levels);
    if (!p) return uml::fail(p.error().code, {shown(file), ": ", p.error().what.view()});
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

uml::result<std::vector<std::uint8_t>> encode_png(const picture& p) {
    const writer_scope scope;
    int size = 0;
    const std::uint8_t* const png =
        stbi_write_png_to_mem(p.data.data(), p.width * p.channels, p.width, p.height, p.channels, &size);
    if (png == nullptr) return uml::fail(uml::errc::out_of_memory, "no memory to write a picture");
    return bytes(png, png + size);
}

uml::result<std::vector<std::uint8_t>> encode_labels(const picture& labels, std::span<const color> palette) {
    if (palette.empty() || palette.size() > 256 || labels.channels != 1)
        return uml::fail(uml::errc::invalid_argument, "labels need one channel and 1 to 256 colours");
    bytes head, colors, lines;
    put32(head, static_cast<std::uint32_t>(labels.width));
    put32(head, static_cast<std::uint32_t>(labels.height));
    for (const int field : {8, 3, 0, 0, 0}) head.push_back(static_cast<std::uint8_t>(field)); // 8 bits, indexed
    for (const color& c : palette) colors.insert(colors.end(), c.begin(), c.end());
    for (int y = 0; y < labels.height; ++y) {
        lines.push_back(0); // no filter
        lines.insert(lines.end(), labels.at(y, 0), labels.at(y, 0) + labels.width);
    }
    const writer_scope scope;
    int size = 0;
    const std::uint8_t* const packed = stbi_zlib_compress(lines.data(), static_cast<int>(lines.size()), &size, 8);
    if (packed == nullptr) return uml::fail(uml::errc::out_of_memory, "no memory to write a picture");
    bytes out{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    put_chunk(out, "IHDR", head);
    put_chunk(out, "PLTE", colors);
    put_chunk(out, "IDAT", std::span<const std::uint8_t>(packed, static_cast<std::size_t>(size)));
    put_chunk(out, "IEND", {});
    return out;
}

} // namespace support
