// TIFF by libtiff, of files that have been checked.
#include "support/readers.hpp"

#ifdef UML_WITH_LIBTIFF

    #include <tiffio.h>

    #include <cstring>
    #include <memory>

namespace support {
namespace {

// A file in memory, as libtiff wants to see it.
struct source {
    std::span<const std::uint8_t> bytes;
    toff_t at = 0;

    static tmsize_t read(thandle_t self, void* to, tmsize_t count) {
        auto& s = *static_cast<source*>(self);
        if (count <= 0 || s.at >= s.bytes.size()) return 0;
        const auto n = std::min(static_cast<std::size_t>(count), s.bytes.size() - static_cast<std::size_t>(s.at));
        std::memcpy(to, s.bytes.data() + s.at, n);
        s.at += n;
        return static_cast<tmsize_t>(n);
    }
    static tmsize_t write(thandle_t, void*, tmsize_t) { return 0; }
    static toff_t seek(thandle_t self, toff_t to, int from) {
        auto& s = *static_cast<source*>(self);
        s.at = from == SEEK_SET ? to : from == SEEK_CUR ? s.at + to : s.bytes.size() + to;
        return s.at;
    }
    static int close(thandle_t) { return 0; }
    static toff_t size(thandle_t self) { return static_cast<source*>(self)->bytes.size(); }
    static int map(thandle_t, void**, toff_t*) { return 0; }
    static void unmap(thandle_t, void*, toff_t) {}
};

using tiff = std::unique_ptr<TIFF, void (*)(TIFF*)>;

} // namespace

std::string tiff_reader() {
    const std::string_view text = TIFFGetVersion();
    const std::string_view words = "LIBTIFF, Version ";
    if (!text.starts_with(words)) return "libtiff";
    return "libtiff " + std::string(text.substr(words.size(), text.find('\n') - words.size()));
}

uml::result<raster> read_tiff(const tiff_facts& facts) {
    TIFFSetErrorHandler(nullptr);
    TIFFSetWarningHandler(nullptr);
    source file{facts.plain};
    const tiff t(TIFFClientOpen("picture", "rm", &file, source::read, source::write, source::seek, source::close,
                                source::size, source::map, source::unmap),
                 TIFFClose);
    const auto damaged = [] {
        return uml::fail(uml::errc::malformed, "damaged: its packed pixels cannot be unpacked");
    };
    raster r;
    r.height = facts.height, r.width = facts.width, r.channels = 1;
    r.depth = r.significant = facts.depth;
    const auto sample = static_cast<std::size_t>(r.depth / 8), width = static_cast<std::size_t>(r.width);
    if (!t || TIFFScanlineSize64(t.get()) != width * sample) return damaged();
    std::vector<std::uint8_t> line(width * sample);
    r.data.resize(r.pixels());
    const int invert = facts.white_is_zero ? r.white() : 0;
    for (std::size_t y = 0, i = 0; y < static_cast<std::size_t>(r.height); ++y) {
        if (TIFFReadScanline(t.get(), line.data(), static_cast<std::uint32_t>(y), 0) != 1) return damaged();
        for (std::size_t x = 0; x < width; ++x, ++i) {
            std::uint16_t value = line[x];
            if (sample == 2) std::memcpy(&value, line.data() + 2 * x, 2); // libtiff turns it to this machine's order
            r.data[i] = static_cast<std::uint16_t>(value ^ invert);
        }
    }
    return r;
}

} // namespace support

#else

namespace support {

std::string tiff_reader() { return "nothing"; }

uml::result<raster> read_tiff(const tiff_facts&) {
    return uml::fail(uml::errc::unsupported, "TIFF, which this build does not read (it needs libtiff)");
}

} // namespace support

#endif
