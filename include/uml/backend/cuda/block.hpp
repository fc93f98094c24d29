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
        case 8: return fill_pieces<8>(from, inner, to, copy);
        case 4: return fill_pieces<4>(from, inner, to, copy);
        default:
            for (int i = 0; i < per_chunk; ++i) write(to, type, i, conv_operand(a_, image_, from, inner + i));
        }
    }
    /// The same of the weights of a column. They have a row for each channel, of whole chunks.
    template <class Copy> UML_HOST_DEVICE void fill_weights(int column, int inner, void* to, const Copy& copy) const {
        const std::int64_t at = static_cast<std::int64_t>(first_out_ + column) * a_.weight_out + inner;
        const bool there = inner < a_.weight_out && first_out_ + column < a_.y.c;
        copy.template operator()<chunk_bytes>(to, there ? weights_ + at * bytes : nullptr);
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

/// A thread's part of filling a block's tiles where inner indices lie in whole chunks of 16 bytes: one chunk of every
/// gap-th row of both, in steps of `chunks` chunks. Where it reads moves along with the steps: nothing is divided.
template <element type, int chunks, int gap, int pixel_rows, int weight_rows> class chunk_filler {
public:
    static constexpr int bytes = type == element::f32 ? 4 : 2, per_chunk = chunk_bytes / bytes;
    static constexpr int pixel_turns = pixel_rows / gap, weight_turns = weight_rows / gap;
    static_assert(pixel_rows % gap == 0 && weight_rows % gap == 0);

    UML_HOST_DEVICE chunk_filler(const conv_args& a, int image, std::int64_t first_pixel, int first_out, int row,
                                 int chunk)
        : a_(a), inner_(chunk * per_chunk), channel_(inner_) {
        const std::uintptr_t x =
            reinterpret_cast<std::uintptr_t>(a.x.data) + static_cast<std::uintptr_t>(image * a.x.image * bytes);
#if defined(__CUDA_ARCH__)
    #pragma unroll
#endif
        for (int i = 0; i < pixel_turns; ++i) {
            const std::int64_t pixel = first_pixel + row + i * gap;
            const conv_window from(a, pixel);
            y_[i] = pixel < a.y.pixels() ? from.y : far_outside;
            column_[i] = from.x;
            x_[i] = x + static_cast<std::uintptr_t>((std::int64_t{from.y} * a.x.w + from.x) * a.x.step * bytes);
        }
        const std::uintptr_t w = reinterpret_cast<std::uintptr_t>(a.weights) +
                                 static_cast<std::uintptr_t>((image * a.weight_image + inner_) * bytes);
#if defined(__CUDA_ARCH__)
    #pragma unroll
#endif
        for (int i = 0; i < weight_turns; ++i) {
            const int out = row + i * gap;
            w_there_[i] = first_out + out < a.y.c;
            w_[i] = w + static_cast<std::uintptr_t>(std::int64_t{first_out + out} * a.weight_out * bytes);
        }
        wrap();
    }
    /// Fills the next step's tiles: `x`, `w` say where the thread's first chunk of each goes, its others go
    /// `rows_apart` behind each other, as copy.template put<near>(to, from, whether it is there; else zeros). `near`:
    /// what is read again by other taps.
    template <int rows_apart, class Copy> UML_HOST_DEVICE void fill(int x, int w, const Copy& copy) {
        const auto tap = static_cast<std::uintptr_t>((std::int64_t{tap_} * a_.x.step + channel_) * bytes);
#if defined(__CUDA_ARCH__)
    #pragma unroll
#endif
        for (int i = 0; i < pixel_turns; ++i) {
            const bool there = static_cast<unsigned>(y_[i] + down_) < static_cast<unsigned>(a_.x.h) &&
                               static_cast<unsigned>(column_[i] + along_) < static_cast<unsigned>(a_.x.w);
            copy.template put<true>(x + i * rows_apart, x_[i] + tap, there);
        }
        const bool inside = inner_ < a_.weight_out;
#if defined(__CUDA_ARCH__)
    #pragma unroll
#endif
        for (int i = 0; i < weight_turns; ++i) {
            copy.template put<false>(w + i * rows_apart, w_[i], inside && w_there_[i]);
            w_[i] += chunks * chunk_bytes;
        }
        constexpr int numbers = chunks * per_chunk;
        inner_ += numbers;
        channel_ += numbers;
        wrap();
    }

private:
    static constexpr int far_outside = -(1 << 24);

    /// To the tap whose channel it is. Behind the last tap they begin again, for weights in two parts, behind which
    /// there are zeros.
    UML_HOST_DEVICE void wrap() {
        while (channel_ >= a_.x.c) {
            channel_ -= a_.x.c;
            along_ += a_.dilation;
            if (++tap_x_ == a_.kernel) {
                tap_x_ = along_ = 0;
                down_ += a_.dilation;
                if (++tap_y_ == a_.kernel) tap_y_ = down_ = 0;
            }
            tap_ = down_ * a_.x.w + along_;
        }
    }

    const conv_args& a_;
    int inner_, channel_;
    int tap_x_ = 0, tap_y_ = 0, along_ = 0, down_ = 0, tap_ = 0; ///< the tap, its offset in pixels
    int y_[pixel_turns], column_[pixel_turns];                   ///< of the first tap
    std::uintptr_t x_[pixel_turns], w_[weight_turns];
    bool w_there_[weight_turns];
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
        const std::int64_t pixels = a.y.pixels() - first_pixel;
        const int there = pixels < rows ? static_cast<int>(pixels) : rows, wide = a.y.c - first_out;
        // Some at a time: what they read is on its way before the first is written.
        constexpr int all = rows * columns / run, together = all / threads < 4 ? all / threads : 4;
        static_assert(all % (threads * together) == 0);
        const auto row_of = [](int first, int k) { return (first + k * threads) / (columns / run); };
        const auto column_of = [](int first, int k) { return (first + k * threads) % (columns / run) * run; };
#if defined(__CUDA_ARCH__)
    #pragma unroll 1
#endif
        for (int first = thread; first < all; first += threads * together) {
            conv_reads reads[together];
#if defined(__CUDA_ARCH__)
    #pragma unroll
#endif
            for (int k = 0; k < together; ++k) {
                const int row = row_of(first, k), column = column_of(first, k);
                if (row < there && column < wide) reads[k].get(a, image, first_pixel + row, first_out + column);
            }
#if defined(__CUDA_ARCH__)
    #pragma unroll
#endif
            for (int k = 0; k < together; ++k) {
                const int row = row_of(first, k), column = column_of(first, k);
                if (row >= there || column >= wide) continue; // no place for them
                const chunk c[2] = {read_chunk(to + row * pitch + column), read_chunk(to + row * pitch + column + 4)};
                float sums[run];
                for (int j = 0; j < run; ++j) sums[j] = float_of(c[j / 4].words[j % 4]);
                conv_end_run(a, image, first_pixel + row, first_out + column, sums, reads[k]);
            }
        }
    }
};

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
