// stb_image with the settings that all of its users here share: PNG and JPEG from memory, a limit on every allocation.
#pragma once

#include <cstddef>
#include <cstdlib>

namespace support {

// It grows its buffers for as long as a file tells it to; an allocation beyond this ends the reading instead.
inline void* stb_grow(void* p, std::size_t bytes) {
    constexpr std::size_t most = std::size_t{320} << 20;
    return bytes > most ? nullptr : std::realloc(p, bytes);
}

} // namespace support

#define STBI_MALLOC(bytes) support::stb_grow(nullptr, bytes)
#define STBI_REALLOC(p, bytes) support::stb_grow(p, bytes)
#define STBI_FREE(p) std::free(p)
#define STBI_NO_STDIO
#define STBI_MAX_DIMENSIONS (1 << 15)
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#include <stb_image.h>
