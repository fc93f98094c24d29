// JPEG by libjpeg-turbo, or by stb_image where that is absent.
#include "support/readers.hpp"

#include <memory>

#ifdef UML_WITH_TURBOJPEG
    #include <turbojpeg.h>
#else
    #define STBI_ONLY_JPEG
    #include "support/stb.hpp"
#endif

namespace support {

#ifdef UML_WITH_TURBOJPEG

std::string jpeg_reader() { return "libjpeg-turbo"; }

uml::result<raster> read_jpeg(const jpeg_facts& jpeg) {
    const auto close = [](void* handle) { (void)tjDestroy(handle); };
    const std::unique_ptr<void, decltype(close)> handle(tjInitDecompress(), close);
    if (!handle) return uml::fail(uml::errc::out_of_memory, "no memory to read it");
    raster r;
    r.height = jpeg.height, r.width = jpeg.width, r.channels = jpeg.channels;
    std::vector<std::uint8_t> samples(r.pixels() * static_cast<std::size_t>(r.channels));
    if (tjDecompress2(handle.get(), jpeg.plain.data(), static_cast<unsigned long>(jpeg.plain.size()), samples.data(),
                      r.width, 0, r.height, r.channels == 1 ? TJPF_GRAY : TJPF_RGB,
                      TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS) != 0)
        return uml::fail(uml::errc::malformed, {"damaged: ", tjGetErrorStr2(handle.get())});
    r.data.assign(samples.begin(), samples.end());
    return r;
}

#else

std::string jpeg_reader() { return "stb_image"; }

uml::result<raster> read_jpeg(const jpeg_facts& jpeg) {
    raster r;
    r.channels = jpeg.channels;
    int channels = 0;
    const std::unique_ptr<std::uint8_t, void (*)(void*)> samples(
        stbi_load_from_memory(jpeg.plain.data(), static_cast<int>(jpeg.plain.size()), &r.width, &r.height, &channels,
                              0),
        std::free);
    if (!samples) return uml::fail(uml::errc::malformed, {"damaged: ", stbi_failure_reason()});
    if (r.height != jpeg.height || r.width != jpeg.width || channels != jpeg.channels)
        return uml::fail(uml::errc::malformed, "damaged: another size than its header says");
    r.data.assign(samples.get(), samples.get() + r.pixels() * static_cast<std::size_t>(r.channels));
    return r;
}

#endif

} // namespace support
