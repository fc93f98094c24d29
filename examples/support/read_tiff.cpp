// TIFF by libtiff: one grey picture of 8 or 16 bits in strips, stored plain or packed by a scheme without loss.
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

// A tag of 16 bits; 0 where there is none and the format has no default.
int tag(TIFF* t, std::uint32_t name) {
    std::uint16_t value = 0;
    return TIFFGetFieldDefaulted(t, name, &value) != 0 ? value : 0;
}

// Deflate ends every strip with a checksum of what was packed (RFC 1950, Adler-32). libtiff stops before it: it has the
// pixels by then. What was packed are differences along the row where there is a predictor.
class strip_sums {
public:
    strip_sums(TIFF* t, std::span<const std::uint8_t> file, std::size_t sample) : t_(t), file_(file), sample_(sample) {
        const int packing = tag(t, TIFFTAG_COMPRESSION);
        there_ = packing == COMPRESSION_ADOBE_DEFLATE || packing == COMPRESSION_DEFLATE;
        if (!there_) return;
        differences_ = tag(t, TIFFTAG_PREDICTOR) == PREDICTOR_HORIZONTAL;
        reversed_ = tag(t, TIFFTAG_FILLORDER) == FILLORDER_LSB2MSB;
        TIFFGetFieldDefaulted(t, TIFFTAG_ROWSPERSTRIP, &rows_);
    }

    /// Takes the next row; false: it is the strip's last one, and the checksum is not that of its rows.
    bool take(std::span<const std::uint8_t> line, bool last) {
        if (!there_) return true;
        row_.assign(line.begin(), line.end());
        if (differences_) subtract();
        if (sample_ == 2 && (TIFFIsByteSwapped(t_) != 0))
            TIFFSwabArrayOfShort(words(), static_cast<tmsize_t>(row_.size() / 2));
        for (const std::uint8_t byte : row_) low_ = (low_ + byte) % 65521, high_ = (high_ + low_) % 65521;
        if (++taken_ < rows_ && !last) return true;
        const bool right = stored() == (high_ << 16 | low_);
        taken_ = 0, low_ = 1, high_ = 0, ++strip_;
        return right;
    }

private:
    std::uint16_t* words() { return reinterpret_cast<std::uint16_t*>(row_.data()); }

    void subtract() {
        for (std::size_t i = row_.size() / sample_ - 1; i > 0; --i) {
            if (sample_ == 2)
                words()[i] = static_cast<std::uint16_t>(words()[i] - words()[i - 1]);
            else
                row_[i] = static_cast<std::uint8_t>(row_[i] - row_[i - 1]);
        }
    }

    // The last four bytes of the strip; 0, which no rows have, where it lies outside the file.
    std::uint32_t stored() const {
        std::uint64_t *offsets = nullptr, *sizes = nullptr;
        if (strip_ >= TIFFNumberOfStrips(t_) || TIFFGetField(t_, TIFFTAG_STRIPOFFSETS, &offsets) == 0 ||
            TIFFGetField(t_, TIFFTAG_STRIPBYTECOUNTS, &sizes) == 0 || sizes[strip_] < 4 ||
            offsets[strip_] > file_.size() || sizes[strip_] > file_.size() - offsets[strip_])
            return 0;
        std::uint8_t end[4];
        std::memcpy(end, file_.data() + offsets[strip_] + sizes[strip_] - 4, 4);
        if (reversed_) TIFFReverseBits(end, 4);
        return std::uint32_t{end[0]} << 24 | std::uint32_t{end[1]} << 16 | std::uint32_t{end[2]} << 8 | end[3];
    }

    TIFF* t_;
    std::span<const std::uint8_t> file_;
    std::size_t sample_;
    std::vector<std::uint8_t> row_{};
    bool there_ = false, differences_ = false, reversed_ = false;
    std::uint32_t rows_ = 1, taken_ = 0, strip_ = 0, low_ = 1, high_ = 0;
};

uml::result<void> check(TIFF* t) {
    const auto no = [](const auto&... parts) { return uml::fail(uml::errc::unsupported, parts...); };
    std::uint32_t width = 0, height = 0;
    if (TIFFGetField(t, TIFFTAG_IMAGEWIDTH, &width) == 0 || TIFFGetField(t, TIFFTAG_IMAGELENGTH, &height) == 0)
        return uml::fail(uml::errc::malformed, "damaged: no pixels");
    if (const auto r = check_size(width, height); !r) return r;
    const int bits = tag(t, TIFFTAG_BITSPERSAMPLE), color = tag(t, TIFFTAG_PHOTOMETRIC);
    if (tag(t, TIFFTAG_SAMPLESPERPIXEL) != 1 || (color != PHOTOMETRIC_MINISBLACK && color != PHOTOMETRIC_MINISWHITE))
        return no("TIFF is read where it is grey, without colours and transparency");
    if ((bits != 8 && bits != 16) || tag(t, TIFFTAG_SAMPLEFORMAT) != SAMPLEFORMAT_UINT)
        return no("TIFF is read with whole numbers of 8 or 16 bits; this one has ", bits, " bits",
                  tag(t, TIFFTAG_SAMPLEFORMAT) == SAMPLEFORMAT_UINT ? "" : " of another kind");
    if (TIFFIsTiled(t) != 0) return no("TIFF in tiles is not read");
    const int packing = tag(t, TIFFTAG_COMPRESSION);
    for (const int known :
         {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_PACKBITS, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_DEFLATE})
        if (packing == known) return {};
    return no("TIFF of compression ", packing, " is not read");
}

} // namespace

std::string tiff_reader() {
    const std::string_view text = TIFFGetVersion();
    const std::string_view words = "LIBTIFF, Version ";
    if (!text.starts_with(words)) return "libtiff";
    return "libtiff " + std::string(text.substr(words.size(), text.find('\n') - words.size()));
}

uml::result<raster> read_tiff(std::span<const std::uint8_t> bytes, int& orientation) {
    TIFFSetErrorHandler(nullptr);
    TIFFSetWarningHandler(nullptr);
    source file{bytes};
    const tiff t(TIFFClientOpen("picture", "rm", &file, source::read, source::write, source::seek, source::close,
                                source::size, source::map, source::unmap),
                 TIFFClose);
    const auto damaged = [] {
        return uml::fail(uml::errc::malformed, "damaged: not the TIFF that its header promises");
    };
    if (!t) return damaged();
    if (const auto r = check(t.get()); !r) return r.error();
    if (TIFFLastDirectory(t.get()) == 0) return uml::fail(uml::errc::unsupported, "several pictures in one TIFF file");

    raster r;
    std::uint32_t width = 0, height = 0;
    TIFFGetField(t.get(), TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(t.get(), TIFFTAG_IMAGELENGTH, &height);
    r.height = static_cast<int>(height), r.width = static_cast<int>(width), r.channels = 1;
    r.depth = r.significant = tag(t.get(), TIFFTAG_BITSPERSAMPLE);
    orientation = tag(t.get(), TIFFTAG_ORIENTATION);
    const auto sample = static_cast<std::size_t>(r.depth / 8);
    const std::size_t row = static_cast<std::size_t>(width) * sample;
    if (TIFFScanlineSize64(t.get()) != row) return damaged();
    std::vector<std::uint8_t> line(row);
    strip_sums sums(t.get(), bytes, sample);
    r.data.resize(r.pixels());
    const int invert = tag(t.get(), TIFFTAG_PHOTOMETRIC) == PHOTOMETRIC_MINISWHITE ? r.white() : 0;
    for (std::size_t y = 0, i = 0; y < height; ++y) {
        if (TIFFReadScanline(t.get(), line.data(), static_cast<std::uint32_t>(y), 0) != 1) return damaged();
        if (!sums.take(line, y + 1 == height))
            return uml::fail(uml::errc::malformed, "damaged: the checksum of the rows up to ", std::uint64_t{y},
                             " is wrong");
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

uml::result<raster> read_tiff(std::span<const std::uint8_t>, int&) {
    return uml::fail(uml::errc::unsupported, "TIFF, which this build does not read (it needs libtiff)");
}

} // namespace support

#endif
