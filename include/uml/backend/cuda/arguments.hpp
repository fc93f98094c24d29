// What crosses between the engine and the kernels of the CUDA backend: plain structs and one table of functions. No
// template of the library is in it, so that a .cu file can include it.
#pragma once

#include "uml/core/activation.hpp"

#include <cstddef>

#if defined(__CUDACC__)
    #define UML_HOST_DEVICE __host__ __device__
#else
    #define UML_HOST_DEVICE
#endif

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

/// What an element in the device's memory is.
enum class element : std::uint8_t { f32, bf16 };

/// The tensors of several images: height × width × channels each, `step` elements from a pixel to the next, `image`
/// elements from an image to the next.
struct tensor {
    void* data = nullptr; ///< null: there is none
    std::int64_t image = 0;
    int h = 1, w = 1, c = 1, step = 1;
    element type = element::f32;

    [[nodiscard]] UML_HOST_DEVICE std::int64_t pixels() const { return static_cast<std::int64_t>(h) * w; }
};

/// Sums that follow from each other, of one operation.
inline constexpr int most_totals = 2;

/// Channels of a pixel that one thread takes where it can: in bf16 16 bytes, in f32 twice as many.

inline constexpr int run = 8;
[[nodiscard]] UML_HOST_DEVICE constexpr int runs(int channels) { return (channels + run - 1) / run; }

/// Before a picture's samples in the staging memory; rows without gaps follow.
struct picture_header {
    std::int32_t floats = 0; ///< whether samples are f32, 0..1, and not 8 bits
    std::int32_t channels = 0;
    std::int32_t unused[2] = {};
};

/// Pictures of any sample type as the input tensor.
struct picture_args {
    const std::byte* from = nullptr; ///< headers and samples
    std::int64_t image_bytes = 0;
    tensor y;
};

/// How products are formed.
enum class products : std::uint8_t {
    plain, ///< f32
    lanes, ///< f32, of vectors: 32 lanes share a sum
    bf16,  ///< bf16 operands, sums in f32
    tf32,  ///< operands rounded to 10 bits of mantissa, sums in f32
    three  ///< each operand as a sum of two TF32 numbers, three products, sums in f32
};

/// A convolution: Σ, times the pixel's scale if there is one, plus bias and residual, then the activation, then times
/// the channel's factor if there is one. Beside it, `to` becomes `from`, plus the result if `adds`; both may be one.
struct conv_args {
    tensor x, y, residual, scale, factor, from, to;
    const void* weights = nullptr;
    const float* bias = nullptr; ///< null: none
    element weight_type = element::f32;
    std::int64_t weight_image = 0; ///< elements from an image's weights to the next; 0: all have the same
    int weight_out = 0;            ///< elements from an output channel's weights to the next
    int weight_in = 0;             ///< elements from an inner index's to the next
    int kernel = 1, stride = 1, pad = 0, dilation = 1;
    int inner = 1;          ///< taps · input channels, channels fastest; twice as many for weights in two parts
    bool depthwise = false; ///< inner: taps
    bool adds = false;
    /// In so many aligned bytes (16, 8 or 4) lie inner indices of one tap, of the weights' type; or 8 of bf16 that are
    /// multiplied in f32; 0: each by itself.
    int piece = 0;
    activation act = activation::none;
    products how = products::plain;

    /// Whether operands come in whole chunks.
    [[nodiscard]] bool in_chunks() const { return piece == 16; }
};

enum class pointwise : std::uint8_t { norm, activate, add, multiply, add_constant, divide_into };

/// Element by element; an extent of 1 is repeated.
struct pointwise_args {
    pointwise kind = pointwise::activate;
    activation act = activation::none;
    tensor a, b, y;
    float value = 0;
    const float *scale = nullptr, *shift = nullptr;
};

enum class moving : std::uint8_t { copy, shuffle, tile };

/// Channels to other places, or a tensor to another element type.
struct move_args {
    moving kind = moving::copy;
    tensor x, y;
    int groups = 1; ///< of a shuffle
};

struct pool_args {
    tensor x, y;
    int kernel = 1, stride = 1, pad = 0;
    bool largest = false;
};

/// Bilinear, corners aligned.
struct resize_args {
    tensor x, y;
};

enum class row : std::uint8_t { sum, dot, norm, gate, opinion };

/// Over the channels of each pixel.
struct row_args {
    row kind = row::sum;
    tensor x, y;
    const float* weights = nullptr; ///< dot with a parameter: a factor a channel; norm: the scale; gate: psi, its bias
    const float* shift = nullptr;   ///< norm
    tensor factors;                 ///< dot with a tensor: a factor a channel
    tensor offset;                  ///< dot: one number, if there is one
    activation act = activation::none; ///< dot: of the sum and the offset; norm
    float value = 0;                   ///< added at the end by a dot; opinion: to each channel
    tensor from_x, from_mutual;        ///< gate: A' x, and A" y with the bias
    tensor vacuity;                    ///< gate
};

enum class column : std::uint8_t {
    mean,
    weighted,   ///< by a number per pixel
    instructed, ///< the mean of x + x · factor
    softmax
};

/// Over the pixels of each channel.
struct column_args {
    column kind = column::mean;
    tensor x, y;
    tensor weight; ///< weighted: a number per pixel; instructed: a factor per element
};

/// Each channel's mean over the pixels, weighted by the softmax of a number per pixel, and behind those the plain
/// means. Of many pixels in parts, whose sums attention_end puts together.
struct attention_args {
    tensor x, y, scores;
    int parts = 1;
    float* sums = nullptr; ///< of the parts: [image][run of channels][part][attention_sums]
};
/// The largest score, Σ exp of those less that, and for each channel of a run Σ of x by them and Σ of x.
inline constexpr int attention_sums = 2 + 2 * run;

/// The matrix A · diag(g) · B of each image, in the form of a convolution's weights: a row for each output channel.
struct matrix_args {
    const float* a = nullptr; ///< [out][inner]; null: the identity
    const float* b = nullptr; ///< [inner][in]; null: the identity
    tensor g;
    int out = 1, inner = 1, in = 1;
    tensor y; ///< h: rows, c: their numbers, behind `out` and `in` zeros
};

enum class kernel : std::uint8_t {
    picture,
    conv,        ///< one output element at a time
    vector,      ///< a convolution of vectors, one output element for 32 lanes
    conv_tile,   ///< the same in tiles on the matrix units, operands in chunks
    conv_pieces, ///< the same for operands that come in smaller pieces
    pointwise,
    move,
    pool,
    resize,
    dot, ///< row_args, of the kinds sum and dot
    row, ///< of the others
    column,
    attention,
    attention_end,
    matrix
};
inline constexpr int kernel_count = static_cast<int>(kernel::matrix) + 1;

/// As many operations of one kind run in one launch.
inline constexpr int most_together = 8;

/// Puts a kernel on a stream for several operations, which do not need each other's results: their arguments, which are
/// copied and of which there are 1 to most_together, the number of images, the stream. 0, or the runtime's error.
using launcher = int (*)(const void* arguments, int count, int images, void* stream);

/// The kernels, by their number. There are two: of a device (src/cuda) and of the host (host.hpp).
struct kernel_table {
    launcher launch[kernel_count] = {};
};

/// The device's, of the library uml_cuda.
const kernel_table& device_kernels();

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
