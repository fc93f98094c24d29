// A block of a convolution as a product of matrices: rows are output pixels of one image, columns are output channels,
// and the inner index runs over taps × input channels, channels fastest. How threads bring operands into shared memory,
// in chunks of 16 bytes, is here for the device and the host alike; how a block's tiles lie there is in tile.hpp and
// group.hpp.
#pragma once

#include "uml/backend/cuda/compute.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

inline constexpr int chunk_bytes = 16;

template <element type> class block_operands {
public:
    static constexpr int bytes = type == element::f32 ? 4 : 2, per_chunk = chunk_bytes / bytes;

    UML_HOST_DEVICE block_operands(const conv_args& a, int image, std::int64_t first_pixel, int first_out)
        : a_(a), image_(image), first_pixel_(first_pixel), first_out_(first_out),
          pixels_(static_cast<const char*>(a.x.data) + image * a.x.image * bytes_of_pixels()),
          weights_(static_cast<const char*>(a.weights) + image * a.weight_image * bytes) {}

    /// The sources of a row; of one behind the image's last pixel: all in the padding.
    [[nodiscard]] UML_HOST_DEVICE conv_window window(int row) const {
        constexpr int far_outside = -(1 << 24);
        conv_window w;
        if (first_pixel_ + row < a_.y.pixels())
            w = conv_window(a_, first_pixel_ + row);
        else
            w.y = far_outside;
        return w;
    }
    /// Brings a chunk of a row's operand to `to`: as whole as the input's alignment allows (`piece` of the arguments),
    /// by copy.template operator()<bytes>(to, from), where `from` is null for zeros; else number by number.
    template <class Copy>
    UML_HOST_DEVICE void fill_pixels(const conv_window& from, int inner, void* to, const Copy& copy) const {
        if (a_.x.type != type && a_.piece != 0) return widen(pixels(from, inner), to);
        switch (a_.piece) {
        case 16: return copy.template operator()<16>(to, pixels(from, inner));
        case 8: return fill_pieces<8>(from, inner, to, copy);
        case 4: return fill_pieces<4>(from, inner, to, copy);
        default:
            for (int i = 0; i < per_chunk; ++i) write(to, type, i, conv_operand(a_, image_, from, inner + i));
        }
    }
    /// The same of the weights of a column. They have a row for each column of every tile, of whole chunks.
    template <class Copy> UML_HOST_DEVICE void fill_weights(int column, int inner, void* to, const Copy& copy) const {
        const std::int64_t at = static_cast<std::int64_t>(first_out_ + column) * a_.weight_out + inner;
        copy.template operator()<chunk_bytes>(to, inner < a_.weight_out ? weights_ + at * bytes : nullptr);
    }
    /// Writes a run of finished sums, but for those that the result has no place for.
    UML_HOST_DEVICE void finish(int row, int column, float (&sums)[run]) const {
        const std::int64_t pixel = first_pixel_ + row;
        const int out = first_out_ + column;
        if (pixel < a_.y.pixels() && out < a_.y.c) conv_end_run(a_, image_, pixel, out, sums);
    }

private:
    /// Where the operand of an inner index is; null: 0.
    [[nodiscard]] UML_HOST_DEVICE const char* pixels(const conv_window& from, int inner) const {
        if (inner >= a_.inner) return nullptr;
        const int tap = inner / a_.x.c;
        const std::int64_t source = from.source(a_, tap);
        return source < 0 ? nullptr : pixels_ + (source * a_.x.step + inner - tap * a_.x.c) * bytes_of_pixels();
    }
    [[nodiscard]] UML_HOST_DEVICE int bytes_of_pixels() const { return a_.x.type == element::f32 ? 4 : 2; }
    /// Four numbers of bf16 as f32.
    UML_HOST_DEVICE static void widen(const char* from, void* to) {
        halves h{};
        if (from != nullptr) h = read_halves(from);
        write_chunk(to, {{h.words[0] << 16, h.words[0] & 0xffff0000U, h.words[1] << 16, h.words[1] & 0xffff0000U}});
    }
    struct alignas(8) halves {
        std::uint32_t words[2];
    };
    [[nodiscard]] UML_HOST_DEVICE static halves read_halves(const char* from) {
#if defined(__CUDA_ARCH__)
        return *reinterpret_cast<const halves*>(from);
#else
        halves h;
        std::memcpy(&h, from, sizeof h);
        return h;
#endif
    }
    template <int piece, class Copy>
    UML_HOST_DEVICE void fill_pieces(const conv_window& from, int inner, void* to, const Copy& copy) const {
        for (int at = 0; at < chunk_bytes; at += piece)
            copy.template operator()<piece>(static_cast<char*>(to) + at, pixels(from, inner + at / bytes));
    }

    const conv_args& a_;
    int image_;
    std::int64_t first_pixel_;
    int first_out_;
    const char *pixels_, *weights_;
};

/// A block's sums in shared memory, on their way from the threads that have formed them to those that write runs of
/// them: rows are so many numbers apart that neither meets in a bank.
template <int rows, int columns, int threads> struct block_sums {
    static constexpr int pitch = columns + run, bytes = rows * pitch * 4;

    float* to;

    UML_HOST_DEVICE void keep(int row, int column, float sum) const { to[row * pitch + column] = sum; }
    /// A thread's part of writing the results, once all sums are there.
    template <class Operands> UML_HOST_DEVICE void finish(const Operands& operands, int thread) const {
        for (int i = thread; i < rows * columns / run; i += threads) {
            const int row = i / (columns / run), column = i % (columns / run) * run;
            float sums[run];
            for (int j = 0; j < run; ++j) sums[j] = to[row * pitch + column + j];
            operands.finish(row, column, sums);
        }
    }
};

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
