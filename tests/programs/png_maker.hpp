// PNG files for tests, byte by byte: any depth and kind, any chunk between header and pixels.
#pragma once

#include "support/readers.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

using file_bytes = std::vector<std::uint8_t>;

struct png_chunk {
    std::string_view type;
    file_bytes body;
};

inline void put_big(file_bytes& to, std::uint32_t n, int bytes = 4) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) to.push_back(static_cast<std::uint8_t>(n >> shift));
}

inline void put_chunk(file_bytes& to, const png_chunk& c) {
    put_big(to, static_cast<std::uint32_t>(c.body.size()));
    const std::size_t start = to.size();
    to.insert(to.end(), c.type.begin(), c.type.end());
    to.insert(to.end(), c.body.begin(), c.body.end());
    put_big(to, support::crc32(std::span(to).subspan(start)));
}

/// Samples to rows, rows to a zlib stream without compression (RFC 1950, 1951).
inline file_bytes stored(int width, int depth, int channels, const std::vector<int>& samples) {
    file_bytes rows;
    const std::size_t row = static_cast<std::size_t>(width * channels);
    for (std::size_t i = 0; i < samples.size();) {
        rows.push_back(0);
        unsigned bits = 0;
        int count = 0;
        for (const std::size_t end = i + row; i < end; ++i) {
            bits = bits << depth | static_cast<unsigned>(samples[i]);
            for (count += depth; count >= 8; count -= 8) rows.push_back(static_cast<std::uint8_t>(bits >> (count - 8)));
        }
        if (count > 0) rows.push_back(static_cast<std::uint8_t>(bits << (8 - count)));
    }
    file_bytes out{0x78, 0x01};
    std::uint32_t a = 1, b = 0;
    for (const std::uint8_t byte : rows) a = (a + byte) % 65521, b = (b + a) % 65521;
    for (std::size_t at = 0; at < rows.size();) {
        const std::size_t n = std::min(rows.size() - at, std::size_t{65535});
        out.push_back(at + n == rows.size());
        for (const std::size_t size : {n, ~n}) {
            out.push_back(static_cast<std::uint8_t>(size));
            out.push_back(static_cast<std::uint8_t>(size >> 8));
        }
        out.insert(out.end(), rows.begin() + static_cast<std::ptrdiff_t>(at),
                   rows.begin() + static_cast<std::ptrdiff_t>(at + n));
        at += n;
    }
    put_big(out, b << 16 | a);
    return out;
}

/// `color` as in IHDR; as many rows as the samples fill.
inline file_bytes make_png(int width, int depth, int color, const std::vector<int>& samples,
                           const std::vector<png_chunk>& extra = {}) {
    const int channels = color == 2 ? 3 : color == 4 ? 2 : color == 6 ? 4 : 1;
    file_bytes out{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}, head;
    put_big(head, static_cast<std::uint32_t>(width));
    put_big(head, static_cast<std::uint32_t>(samples.size()) / static_cast<std::uint32_t>(width * channels));
    for (const int field : {depth, color, 0, 0, 0}) head.push_back(static_cast<std::uint8_t>(field));
    put_chunk(out, {"IHDR", head});
    for (const png_chunk& c : extra) put_chunk(out, c);
    put_chunk(out, {"IDAT", stored(width, depth, channels, samples)});
    put_chunk(out, {"IEND", {}});
    return out;
}

/// EXIF data with this orientation.
inline file_bytes make_exif(int orientation) {
    file_bytes exif{'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 18, 0, 3, 0, 0, 0, 1, 0};
    for (const int byte : {orientation, 0, 0, 0, 0, 0, 0}) exif.push_back(static_cast<std::uint8_t>(byte));
    return exif;
}
