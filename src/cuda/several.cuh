// The arguments of several operations in one launch, and which blocks are whose.
#pragma once

#include "uml/backend/cuda/arguments.hpp"

#include <cstring>

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

template <class Args> struct several {
    Args of[most_together];
    unsigned begin[most_together + 1]; ///< first block of each, and how many there are
    int count;

    /// `blocks_of(arguments)`: an operation's.
    template <class F> several(const void* arguments, int count_, F blocks_of) : count(count_) {
        static_assert(sizeof(several) <= 4096, "a launch takes 4096 bytes of arguments");
        std::memcpy(static_cast<void*>(of), arguments, sizeof(Args) * static_cast<std::size_t>(count));
        begin[0] = 0;
        for (int i = 0; i < count; ++i) begin[i + 1] = begin[i] + static_cast<unsigned>(blocks_of(of[i]));
    }
    [[nodiscard]] unsigned blocks() const { return begin[count]; }
    /// Whose a block is.
    [[nodiscard]] __device__ int which(unsigned block) const {
        int i = 0;
        while (i + 1 < count && block >= begin[i + 1]) ++i;
        return i;
    }
};

/// A block of a product in tiles: rows are pixels of an image, columns channels.
struct tile_place {
    int image;
    std::int64_t first_pixel;
    int first_channel;

    /// `block`: of the operation's own.
    __device__ tile_place(const conv_args& a, unsigned block, int rows, int columns) {
        const auto down = static_cast<unsigned>((a.y.pixels() + rows - 1) / rows);
        const auto across = static_cast<unsigned>((a.y.c + columns - 1) / columns);
        first_pixel = static_cast<std::int64_t>(block % down) * rows;
        first_channel = static_cast<int>(block / down % across) * columns;
        image = static_cast<int>(block / down / across);
    }
    [[nodiscard]] static std::int64_t blocks(const conv_args& a, int images, int rows, int columns) {
        return (a.y.pixels() + rows - 1) / rows * ((a.y.c + columns - 1) / columns) * images;
    }
};

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu
