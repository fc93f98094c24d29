// A block of a convolution as a product of matrices: rows are output pixels of one image, columns are output channels,
// and the inner index runs over taps × input channels, channels fastest. How threads bring operands into shared memory,
// in chunks of 16 bytes, is here for the device and the host alike; how a block's tiles lie there is in tile.hpp and
// group.hpp.
#pragma once

#include "uml/backend/cuda/compute.hpp"
#include "uml/backend/cuda/fragments.hpp"

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

/// A thread's part of filling a block's tiles where inner indices lie in whole chunks: one chunk of every gap-th row of
/// both, in steps of `chunks` chunks. Where it reads moves along with the steps: nothing is divided. A chunk is 16
/// bytes of weights and as many numbers of pixels, which are bf16 beside weights in f32 if `x_type` says so.
template <element x_type, element type, int chunks, int gap, int pixel_rows, int weight_rows> class chunk_filler {
public:
    static constexpr int bytes = type == element::f32 ? 4 : 2, x_bytes = x_type == element::f32 ? 4 : 2;
    static constexpr int per_chunk = chunk_bytes / bytes, numbers = chunks * per_chunk;
    static constexpr int pixel_turns = pixel_rows / gap, weight_turns = (weight_rows + gap - 1) / gap;
    static_assert(pixel_rows % gap == 0);

    UML_HOST_DEVICE chunk_filler(const conv_args& a, int image, std::int64_t first_pixel, int first_out, int row,
                                 int chunk)
        : a_(a), x_(static_cast<const char*>(a.x.data) + image * a.x.image * x_bytes),
          w_(static_cast<const char*>(a.weights) +
             (image * a.weight_image + std::int64_t{first_out + row} * a.weight_out + chunk * per_chunk) * bytes),
          inner_(chunk * per_chunk), channel_(inner_), left_(a.inner - inner_), row_(row) {
        constexpr int far_outside = -(1 << 24);
#if defined(__CUDA_ARCH__)
    #pragma unroll
#endif
        for (int i = 0; i < pixel_turns; ++i) {
            const std::int64_t pixel = first_pixel + row + i * gap;
            const conv_window from(a, pixel);
            const bool there = pixel < a.y.pixels();
            y_[i] = there ? from.y : far_outside;
            column_[i] = from.x;
            place_[i] = there ? from.y * a.x.w + from.x : 0;
        }
        rows_ = (a.y.c + tile_columns - 1) / tile_columns * tile_columns - first_out;
        wrap();
    }
    /// Fills the next step's tiles: `x`, `w` are where the thread's first chunk of each goes, its others `rows_apart`
    /// bytes behind each other, as copy.template operator()<bytes>(to, from), where `from` is null for zeros.
    template <class Copy_x, class Copy_w>
    UML_HOST_DEVICE void fill(unsigned char* x, unsigned char* w, int rows_apart, const Copy_x& copy_x,
                              const Copy_w& copy_w) {
        const std::int64_t step = std::int64_t{a_.x.step} * x_bytes;
        const char* const from = x_ + channel_ * x_bytes;
#if defined(__CUDA_ARCH__)
    #pragma unroll
#endif
        for (int i = 0; i < pixel_turns; ++i) {
            const bool there = left_ > 0 && static_cast<unsigned>(y_[i] + down_) < static_cast<unsigned>(a_.x.h) &&
                               static_cast<unsigned>(column_[i] + along_) < static_cast<unsigned>(a_.x.w);
            copy_x.template operator()<per_chunk * x_bytes>(x + i * rows_apart,
                                                            there ? from + (place_[i] + tap_) * step : nullptr);
        }
        const bool inside = inner_ < a_.weight_out;
#if defined(__CUDA_ARCH__)
    #pragma unroll
#endif
        for (int i = 0; i < weight_turns; ++i) {
            if (weight_rows % gap != 0 && row_ + i * gap >= weight_rows) break;
            const bool there = inside && row_ + i * gap < rows_;
            copy_w.template operator()<chunk_bytes>(
                w + i * rows_apart, there ? w_ + std::int64_t{i} * gap * a_.weight_out * bytes : nullptr);
        }
        w_ += chunks * chunk_bytes;
        inner_ += numbers;
        channel_ += numbers;
        left_ -= numbers;
        wrap();
    }

private:
    /// To the tap whose channel it is; behind the last tap they begin again, for weights in two parts.
    UML_HOST_DEVICE void wrap() {
        while (channel_ >= a_.x.c) {
            channel_ -= a_.x.c;
            along_ += a_.dilation;
            tap_ += a_.dilation;
            if (++tap_x_ < a_.kernel) continue;
            tap_x_ = along_ = 0;
            down_ += a_.dilation;
            if (++tap_y_ == a_.kernel) tap_y_ = down_ = 0;
            tap_ = down_ * a_.x.w;
        }
    }

    const conv_args& a_;
    const char *x_, *w_;
    int inner_, channel_, left_, row_;
    int rows_;                                                      ///< of the weights, from the block's first on
    int tap_x_ = 0, tap_y_ = 0, along_ = 0, down_ = 0, tap_ = 0;    ///< the tap, its offset in pixels
    int y_[pixel_turns], column_[pixel_turns], place_[pixel_turns]; ///< of the first tap
};

/// A block's sums in shared memory, on their way from the threads that have formed them to those that write runs of
/// them: rows are so many numbers apart that neither meets in a bank.
template <int rows, int columns, int threads> struct block_sums {
    static constexpr int pitch = columns + run, bytes = rows * pitch * 4;

    float* to;

    UML_HOST_DEVICE void keep(int row, int column, float sum) const { to[row * pitch + column] = sum; }
    /// A thread's part of writing the results, once all sums are there.
    UML_HOST_DEVICE void finish(const conv_args& a, int image, std::int64_t first_pixel, int first_out,
                                int thread) const {
        for (int i = thread; i < rows * columns / run; i += threads) {
            const int row = i / (columns / run), column = i % (columns / run) * run;
            if (first_pixel + row >= a.y.pixels() || first_out + column >= a.y.c) continue; // no place for them
            float sums[run];
            for (int j = 0; j < run; ++j) sums[j] = to[row * pitch + column + j];
            conv_end_run(a, image, first_pixel + row, first_out + column, sums);
        }
    }
};

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
