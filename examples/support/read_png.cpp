// PNG by libspng, or by stb_image where that is absent. Both see a file of pixels alone, already checked.
#include "support/readers.hpp"

#include <cstring>
#include <memory>

#ifdef UML_WITH_LIBSPNG
    #include <spng.h>
#else
    #define STBI_ONLY_PNG
    #include "support/stb.hpp"
#endif

namespace support {
namespace {

raster empty_like(const png_facts& png) {
    raster r;
    r.height = png.height, r.width = png.width, r.channels = png.channels();
    r.data.resize(r.pixels() * static_cast<std::size_t>(r.channels));
    return r;
}

} // namespace

#ifdef UML_WITH_LIBSPNG

std::string png_reader() { return std::string("libspng ") + spng_version_string(); }

uml::result<raster> read_png(const png_facts& png) {
    const std::unique_ptr<spng_ctx, void (*)(spng_ctx*)> context(spng_ctx_new(0), spng_ctx_free);
    if (!context) return uml::fail(uml::errc::out_of_memory, "no memory to read it");
    std::size_t size = 0;
    int failed = spng_set_png_buffer(context.get(), png.plain.data(), png.plain.size());
    if (failed == 0) failed = spng_decoded_image_size(context.get(), SPNG_FMT_PNG, &size);
    std::vector<std::uint8_t> samples(failed == 0 ? size : 0);
    if (failed == 0) failed = spng_decode_image(context.get(), samples.data(), size, SPNG_FMT_PNG, 0);
    if (failed != 0) return uml::fail(uml::errc::malformed, {"damaged: ", spng_strerror(failed)});

    raster r = empty_like(png);
    const std::size_t row = static_cast<std::size_t>(r.width) * static_cast<std::size_t>(r.channels);
    const std::size_t depth = static_cast<std::size_t>(png.depth), stride = (row * depth + 7) / 8;
    if (samples.size() != stride * static_cast<std::size_t>(r.height))
        return uml::fail(uml::errc::malformed, "damaged: another size than its header says");
    for (std::size_t y = 0, i = 0; y < static_cast<std::size_t>(r.height); ++y) {
        const std::uint8_t* from = samples.data() + y * stride;
        for (std::size_t x = 0; x < row; ++x, ++i) {
            if (depth == 16) {
                const std::uint8_t pair[2] = {from[2 * x], from[2 * x + 1]}; // in this machine's order
                std::memcpy(&r.data[i], pair, 2);
            } else {
                const std::size_t bit = x * depth, shift = 8 - depth - bit % 8;
                r.data[i] = static_cast<std::uint16_t>(from[bit / 8] >> shift & ((1u << depth) - 1));
            }
        }
    }
    return r;
}

#else

std::string png_reader() { return "stb_image"; }

uml::result<raster> read_png(const png_facts& png) {
    raster r = empty_like(png);
    const int size = static_cast<int>(png.plain.size());
    int width = 0, height = 0, channels = 0;
    const bool wide = png.depth == 16;
    const std::unique_ptr<void, void (*)(void*)> pixels(
        wide ? static_cast<void*>(stbi_load_16_from_memory(png.plain.data(), size, &width, &height, &channels, 0))
             : static_cast<void*>(stbi_load_from_memory(png.plain.data(), size, &width, &height, &channels, 0)),
        std::free);
    if (!pixels) return uml::fail(uml::errc::malformed, {"damaged: ", stbi_failure_reason()});
    const int step = png.color == 3 ? 3 : r.channels; // colours of a palette come as (n, n, n)
    if (width != r.width || height != r.height || channels != step)
        return uml::fail(uml::errc::malformed, "damaged: another size than its header says");
    const int scale = png.color == 0 && !wide ? 255 / ((1 << png.depth) - 1) : 1; // grey comes stretched to 8 bits
    for (std::size_t i = 0, j = 0; i < r.data.size(); ++i, j += png.color == 3 ? 3 : 1)
        r.data[i] = wide ? static_cast<const std::uint16_t*>(pixels.get())[j]
                         : static_cast<std::uint16_t>(static_cast<const std::uint8_t*>(pixels.get())[j] / scale);
    return r;
}

#endif

} // namespace support
