// Parameters in the device's form.
#pragma once

#include "uml/backend/cuda/fragments.hpp"
#include "uml/backend/cuda/operation.hpp"

#include <cstring>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

[[nodiscard]] constexpr std::int64_t float_bytes(std::int64_t count) { return block_bytes(count * 4); }

/// A convolution's weights: [out][inner], for tiles in whole steps, or [inner][out]; the bias, f32, stands before them.
struct conv_form {
    bool by_out = false;
    element type = element::f32;
    int rows = 1, columns = 1;

    constexpr conv_form(products how, element t, int out, int inner)
        : by_out(how != products::plain), type(t), rows(by_out ? out : inner),
          columns(!by_out                  ? out
                  : how == products::lanes ? inner
                                           : up_to(inner, tile_inner)) {}
    [[nodiscard]] constexpr std::int64_t bias_bytes() const { return block_bytes((by_out ? rows : columns) * 4); }
    [[nodiscard]] constexpr std::int64_t bytes() const {
        return bias_bytes() + block_bytes(std::int64_t{rows} * columns * bytes_of(type));
    }
};
/// Where a convolution's channels lie among those of its tensors, of which some are padding: see pad_groups.
struct channel_places {
    int group = 0; ///< channels of a group; 0: there is no padding
    bool of_in = false, of_out = false;

    [[nodiscard]] constexpr int padded(int k) const { return k / group * padded_group(group) + k % group; }
    [[nodiscard]] constexpr int in(int k) const { return of_in ? padded(k) : k; }
    [[nodiscard]] constexpr int out(int k) const { return of_out ? padded(k) : k; }
    [[nodiscard]] constexpr int all_in(int channels) const { return of_in ? padded(channels) : channels; }
};

/// Writes numbers in the device's form.
struct packer {
    std::byte* to;

    void floats(const double* from, std::int64_t count) {
        for (std::int64_t i = 0; i < count; ++i) {
            const float x = from != nullptr ? static_cast<float>(from[i]) : 0.0F;
            std::memcpy(to + 4 * i, &x, 4);
        }
        to += float_bytes(count);
    }
    /// `from`: [out][in of a row `row` long][taps]; `spread`: where channels lie.
    void conv(const conv_form& f, const double* from, const double* bias, int out, int in, int row, int taps,
              int parts = 1, const channel_places& spread = {}) {
        std::byte* const first = to;
        if (bias != nullptr)
            for (int o = 0; o < out; ++o) {
                const auto x = static_cast<float>(bias[o]);
                std::memcpy(first + std::int64_t{4} * spread.out(o), &x, 4);
            }
        to = first + f.bias_bytes();
        const int all_in = spread.all_in(in), group = spread.of_in ? spread.group : in;
        for (int o = 0; o < out; ++o)
            for (int t = 0; t < taps; ++t)
                for (int k = 0; k < in; k += group) {
                    const std::int64_t inner = std::int64_t{t} * all_in + spread.in(k);
                    const std::int64_t place =
                        f.by_out ? std::int64_t{spread.out(o)} * f.columns + inner : inner * f.columns + spread.out(o);
                    const double* const w = from + (std::int64_t{o} * row + k) * taps + t;
                    const int apart = f.by_out ? 1 : f.columns, count = group < in - k ? group : in - k;
                    put_all(f.type, place, apart, w, taps, count);
                    if (parts == 2) put_rest(place + std::int64_t{taps} * all_in, w, taps, count);
                }
        to += block_bytes(std::int64_t{f.rows} * f.columns * bytes_of(f.type));
    }

    /// `from`: [in][out].
    void turned(const conv_form& f, const double* from, int out, int in) {
        to += f.bias_bytes();
        for (int o = 0; o < out; ++o) put_all(f.type, std::int64_t{o} * f.columns, 1, from + o, out, in);
        to += block_bytes(std::int64_t{f.rows} * f.columns * bytes_of(f.type));
    }

private:
    /// `count` numbers, every step-th from `from` on, to place `at` and on, `apart` from each other.
    void put_all(element type, std::int64_t at, int apart, const double* from, int step, int count) const {
        for (int i = 0; i < count; ++i) {
            const auto x = static_cast<float>(from[std::int64_t{i} * step]);
            const std::int64_t place = at + std::int64_t{i} * apart;
            if (type == element::f32) {
                std::memcpy(to + 4 * place, &x, 4);
            } else {
                const std::uint16_t b = to_bf16(x).bits;
                std::memcpy(to + 2 * place, &b, 2);
            }
        }
    }
    /// What bf16 leaves of them, in bf16.
    void put_rest(std::int64_t at, const double* from, int step, int count) const {
        for (int i = 0; i < count; ++i) {
            const double w = from[std::int64_t{i} * step];
            const std::uint16_t b =
                to_bf16(static_cast<float>(w - double{to_f32(to_bf16(static_cast<float>(w)))})).bits;
            std::memcpy(to + 2 * (at + i), &b, 2);
        }
    }
};

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
