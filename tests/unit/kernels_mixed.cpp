// Kernels on tensors of bf16 beside f32, against the same kernel on f32 tensors of the same numbers.
#include "kernels_small.hpp"

#include "uml/core/element.hpp"

#include <algorithm>
#include <utility>

using namespace naive;
using uml::bf16;

namespace {

/// A picture of numbers that bf16 has, in both types and in the same places.
struct tensor {
    picture f32;
    std::vector<bf16> half;

    explicit tensor(picture p) : f32(std::move(p)), half(f32.data.size()) {
        for (std::size_t i = 0; i < half.size(); ++i) {
            half[i] = uml::to_bf16(f32.data[i]);
            f32.data[i] = uml::to_f32(half[i]);
        }
    }
    float* begin(bool as_half) { return as_half ? reinterpret_cast<float*>(half.data() + f32.offset) : f32.begin(); }
    source read(bool as_half) { return {begin(as_half), f32.h, f32.w, f32.c, f32.step}; }
    target write(bool as_half) { return {begin(as_half), f32.h, f32.w, f32.c, f32.step}; }
};

/// How far a result may be from that of f32: not at all but for the one rounding, or by what another order of sums
/// makes, or a compiler that fuses what it may.
enum class agree { exactly, nearly };

bool close(float got, float want, bool half, double rms) {
    return std::fabs(number(got) - number(want)) <= std::fabs(number(want)) * (half ? 1. / 256 : 1e-5) + 1e-5 * rms;
}

void compare(tensor& got, const picture& want, bool half, agree how) {
    double squares = 0, n = 0;
    int wrong = 0, strays = 0;
    for (int y = 0; y < want.h; ++y)
        for (int x = 0; x < want.w; ++x)
            for (int k = 0; k < want.c; ++k) squares += number(want.at(y, x, k)) * number(want.at(y, x, k)), ++n;
    const double rms = std::sqrt(squares / n);
    for (std::size_t i = 0; i < got.half.size(); ++i) {
        const std::ptrdiff_t e = static_cast<std::ptrdiff_t>(i) - want.offset;
        const bool inside = e >= 0 && e < std::ptrdiff_t{want.h} * want.w * want.step && e % want.step < want.c;
        const float w = want.data[i];
        if (!inside)
            strays +=
                half ? got.half[i] != uml::to_bf16(untouched) : got.f32.data[i] != uml::to_f32(uml::to_bf16(untouched));
        else if (how == agree::nearly)
            wrong += close(half ? uml::to_f32(got.half[i]) : got.f32.data[i], w, half, rms) ? 0 : 1;
        else
            wrong += half ? got.half[i] != uml::to_bf16(w) : got.f32.data[i] != w;
    }
    CHECK(wrong == 0);
    CHECK(strays == 0);
}

/// `run(table, mixed, inputs, out, half)` for f32, then for every choice of tensors in bf16 among the `free` first
/// inputs and, if `free_out`, the result.
template <class Run>
void check(isa tier, std::vector<tensor> inputs, picture blank_out, int free, bool free_out, agree how, Run run) {
    tensor want(blank_out);
    const kernel_table& table = kernels_for(tier);
    run(table, false, inputs, want, halves{});
    for (int mask = 1; mask < 1 << (free + (free_out ? 1 : 0)); ++mask) {
        halves half;
        for (int i = 0; i < free; ++i) half.in[i] = (mask >> i & 1) != 0;
        half.out = (mask >> free & 1) != 0;
        tensor got(blank_out);
        run(table, true, inputs, got, half);
        CAPTURE(name(tier));
        CAPTURE(mask);
        compare(got, want.f32, half.out, how);
    }
}

constexpr int channel_counts[] = {9, 16, 26, 64, 75};

template <class F> void each_tensor(F f) {
    for (const isa tier : tiers())
        for (const int c : channel_counts)
            for (int variant = 0; variant < 3; ++variant) f(tier, c, variant);
}

std::vector<float> packed_conv(noise& random, const conv_shape& s) {
    const auto size = static_cast<std::size_t>(s.c_out * s.c_in * s.taps());
    const std::vector<float> weights = random.numbers(size, 1 / std::sqrt(static_cast<float>(s.c_in * s.taps()))),
                             bias = random.numbers(static_cast<std::size_t>(s.c_out));
    std::vector<float> packed(conv_weights_size(s));
    pack_conv(s, weights.data(), bias.data(), packed.data());
    return packed;
}

conv_args args_of(const conv_shape& s, std::vector<tensor>& in, tensor& out, const halves& half, const float* packed) {
    conv_args a{s, in[0].begin(half.in[0]), in[0].f32.step, packed, out.begin(half.out), out.f32.step, {}, half};
    if (in.size() > 1) {
        a.end.residual = in[1].begin(half.in[1]);
        a.end.residual_step = in[1].f32.step;
    }
    a.end.act = activation::relu;
    return a;
}

conv_shape shape_of(int h, int w, int c_in, int c_out, int k, int stride, int pad, int dilation = 1) {
    const auto extent = [&](int n) { return (n + 2 * pad - dilation * (k - 1) - 1) / stride + 1; };
    return {h, w, c_in, extent(h), extent(w), c_out, k, k, stride, pad, dilation};
}

} // namespace

TEST_CASE("bf16: pooling and resizing are exact but for one rounding") {
    noise random{std::mt19937(1)};
    each_tensor([&](isa tier, int c, int variant) {
        for (const bool largest : {true, false}) {
            const conv_shape s = shape_of(7, 9, c, c, 3, 2, 1);
            check(tier, {tensor(noisy(random, 7, 9, c, variant))}, blank(s.h_out, s.w_out, c, variant), 1, true,
                  agree::exactly, [&](const kernel_table& t, bool mixed, auto& in, tensor& out, const halves& half) {
                      const pool_args a{s,   in[0].begin(half.in[0]), in[0].f32.step, out.begin(half.out), out.f32.step,
                                        half};
                      const auto kernel = largest ? mixed ? t.max_pool_mixed : t.max_pool
                                          : mixed ? t.average_pool_mixed
                                                  : t.average_pool;
                      run_jobs(pool_jobs(a), 0, [&](int job, void* scratch) { kernel(a, job, scratch); });
                  });
        }
        check(tier, {tensor(noisy(random, 5, 4, c, variant))}, blank(9, 7, c, variant), 1, true, agree::exactly,
              [&](const kernel_table& t, bool mixed, auto& in, tensor& out, const halves& half) {
                  const resize_args a{in[0].read(half.in[0]), out.write(half.out), half};
                  run_jobs(resize_jobs(a), resize_scratch_bytes({c, 5, 4}, {c, 9, 7}),
                           [&](int job, void* scratch) { (mixed ? t.resize_mixed : t.resize)(a, job, scratch); });
              });
    });
}

TEST_CASE("bf16: element by element, with repeated extents, and copies are exact but for one rounding") {
    noise random{std::mt19937(2)};
    const auto run = [](const elementwise_args& a, const kernel_table& t, bool mixed) {
        run_jobs(elementwise_jobs(a), 0,
                 [&](int job, void* scratch) { (mixed ? t.elementwise_mixed : t.elementwise)(a, job, scratch); });
    };
    each_tensor([&](isa tier, int c, int variant) {
        const picture out = blank(3, 5, c, variant);
        const auto noise_of = [&](int h, int w, int channels) {
            return tensor(noisy(random, h, w, channels, variant));
        };
        for (const elementwise_op op : {elementwise_op::add, elementwise_op::multiply})
            for (const int other : {c, 1}) // `other` first: combine() puts the wider one first itself
                check(tier, {noise_of(3, 5, other), noise_of(3, 5, c)}, out, 2, true, agree::exactly,
                      [&](const kernel_table& t, bool mixed, auto& in, tensor& o, const halves& half) {
                          run(combine(op, in[0].read(half.in[0]), in[1].read(half.in[1]), o.write(half.out),
                                      activation::relu, half),
                              t, mixed);
                      });
        const std::vector<float> scale = with_garbage(random.numbers(padded(c))), shift = random.numbers(padded(c));
        check(tier, {noise_of(3, 5, c)}, out, 1, true, agree::exactly,
              [&](const kernel_table& t, bool mixed, auto& in, tensor& o, const halves& half) {
                  run(normalise(in[0].read(half.in[0]), scale.data(), shift.data(), o.write(half.out), activation::none,
                                half),
                      t, mixed);
              });
        check(tier, {noise_of(3, 5, c)}, out, 1, false, agree::exactly, // beyond relu, the result is f32
              [&](const kernel_table& t, bool mixed, auto& in, tensor& o, const halves& half) {
                  run(activate(in[0].read(half.in[0]), o.write(half.out), activation::sigmoid, half), t, mixed);
              });
        struct {
            copying kind;
            int channels, count;
        } const copies[] = {{copying::plain, c, 1}, {copying::shuffle, 4 * c, 4}, {copying::tile, c, 1}};
        for (const auto& one : copies)
            check(tier, {noise_of(3, 5, one.channels)},
                  blank(3, 5, one.kind == copying::tile ? 2 * c + 3 : one.channels, variant), 1, true, agree::exactly,
                  [&](const kernel_table& t, bool mixed, auto& in, tensor& o, const halves& half) {
                      const copy_args a{one.kind, in[0].read(half.in[0]), o.write(half.out), one.count, half};
                      run_jobs(copy_jobs(a), 0,
                               [&](int job, void* scratch) { (mixed ? t.copy_mixed : t.copy)(a, job, scratch); });
                  });
    });
}

TEST_CASE("bf16: sums over channels and pixels") {
    noise random{std::mt19937(3)};
    each_tensor([&](isa tier, int c, int variant) {
        const tensor x(noisy(random, 9, 15, c, variant));
        const std::vector<float> weights = with_garbage(random.numbers(padded(c))), shift = random.numbers(padded(c));
        for (const float* w : {static_cast<const float*>(nullptr), weights.data()})
            check(tier, {x}, blank(9, 15, 1, variant), 1, false, agree::nearly,
                  [&](const kernel_table& t, bool mixed, auto& in, tensor& out, const halves& half) {
                      const channel_sums_args a{in[0].read(half.in[0]), w, out.write(false), half};
                      run_jobs(channel_sums_jobs(a), 0, [&](int job, void* scratch) {
                          (mixed ? t.channel_sums_mixed : t.channel_sums)(a, job, scratch);
                      });
                  });
        check(tier, {x}, blank(9, 15, c, variant), 1, true, agree::nearly,
              [&](const kernel_table& t, bool mixed, auto& in, tensor& out, const halves& half) {
                  const layer_norm_args a{in[0].read(half.in[0]), weights.data(), shift.data(), out.write(half.out),
                                          half};
                  run_jobs(layer_norm_jobs(a), 0, [&](int job, void* scratch) {
                      (mixed ? t.layer_norm_mixed : t.layer_norm)(a, job, scratch);
                  });
              });
        std::vector<float> query = random.numbers(padded(c));
        std::fill(query.begin() + c, query.end(), 0.F);
        for (const pixel_sum kind : {pixel_sum::mean, pixel_sum::attention})
            check(tier, {x}, blank(1, 1, kind == pixel_sum::mean ? c : 2 * c, 0), 1, false, agree::nearly,
                  [&](const kernel_table& t, bool mixed, auto& in, tensor& out, const halves& half) {
                      scratch_memory shared(pixel_sums_shared_bytes({c, 9, 15}));
                      const pixel_sums_args a{in[0].read(half.in[0]),
                                              query.data(),
                                              0,
                                              out.begin(false),
                                              static_cast<float*>(shared.begin()),
                                              half};
                      const auto kernel = kind == pixel_sum::mean ? mixed ? t.pixel_means_mixed : t.pixel_means
                                          : mixed                 ? t.attention_sums_mixed
                                                                  : t.attention_sums;
                      for (int phase = 0; phase < pixel_sums_phases; ++phase)
                          run_jobs(pixel_sums_jobs(a, phase), pixel_sums_scratch_bytes({c, 9, 15}),
                                   [&](int job, void* scratch) { kernel(a, phase, job, scratch); });
                  });
    });
}

TEST_CASE("bf16: convolutions of every kind, with residuals") {
    noise random{std::mt19937(4)};
    const auto direct = [&](isa tier, const conv_shape& s, int variant, bool residual) {
        const std::vector<float> packed = packed_conv(random, s);
        std::vector<tensor> in{tensor(noisy(random, s.h_in, s.w_in, s.c_in, variant))};
        if (residual) in.emplace_back(noisy(random, s.h_out, s.w_out, s.c_out, variant));
        check(tier, in, blank(s.h_out, s.w_out, s.c_out, variant), residual ? 2 : 1, true, agree::nearly,
              [&](const kernel_table& t, bool mixed, auto& x, tensor& out, const halves& half) {
                  const conv_args a = args_of(s, x, out, half, packed.data());
                  run_jobs(conv_jobs(s), conv_scratch_bytes(s),
                           [&](int job, void* scratch) { (mixed ? t.conv_mixed : t.conv)(a, job, scratch); });
              });
    };
    const auto winograd = [&](isa tier, const conv_shape& s, int variant) {
        const std::vector<float> packed = packed_conv(random, s);
        check(tier,
              {tensor(noisy(random, s.h_in, s.w_in, s.c_in, variant)),
               tensor(noisy(random, s.h_out, s.w_out, s.c_out, variant))},
              blank(s.h_out, s.w_out, s.c_out, variant), 2, true, agree::nearly,
              [&](const kernel_table& t, bool mixed, auto& x, tensor& out, const halves& half) {
                  scratch_memory shared(winograd_scratch(s).shared_bytes);
                  const winograd_args a{args_of(s, x, out, half, packed.data()), static_cast<float*>(shared.begin())};
                  for (int phase = 0; phase < winograd_phases; ++phase)
                      run_jobs(winograd_jobs(s, phase), winograd_scratch(s).bytes, [&](int job, void* scratch) {
                          (mixed ? t.winograd_mixed : t.winograd)(a, phase, job, scratch);
                      });
              });
    };
    for (const isa tier : tiers())
        for (int variant = 0; variant < 3; ++variant) {
            direct(tier, shape_of(6, 7, 26, 40, 1, 1, 0), variant, true);
            direct(tier, shape_of(9, 8, 300, 17, 3, 2, 1), variant, false);
            direct(tier, shape_of(5, 50, 20, 33, 3, 1, 1), variant, true); // in f32, read in place
            winograd(tier, shape_of(9, 11, 20, 26, 3, 1, 1), variant);     // few tiles
            winograd(tier, shape_of(44, 41, 18, 20, 3, 1, 1), variant);    // many
        }
}

TEST_CASE("bf16: depthwise, upsampling and gated products") {
    noise random{std::mt19937(5)};
    each_tensor([&](isa tier, int c, int variant) {
        const conv_shape s = shape_of(7, 9, c, c, 3, 1, 2, 2);
        const std::vector<float> packed = packed_conv(random, depthwise_filter(s));
        check(tier, {tensor(noisy(random, 7, 9, c, variant))}, blank(s.h_out, s.w_out, c, variant), 1, true,
              agree::nearly, [&](const kernel_table& t, bool mixed, auto& x, tensor& out, const halves& half) {
                  const conv_args a = args_of(s, x, out, half, packed.data());
                  run_jobs(depthwise_jobs(s), depthwise_scratch_bytes(s),
                           [&](int job, void* scratch) { (mixed ? t.depthwise_mixed : t.depthwise)(a, job, scratch); });
              });
        const conv_shape u{6, 5, c, 12, 10, 21, 3, 3, 1, 1, 1};
        const std::vector<float> taps = packed_conv(random, u);
        check(tier, {tensor(noisy(random, 6, 5, c, variant))}, blank(12, 10, 21, variant), 1, true, agree::nearly,
              [&](const kernel_table& t, bool mixed, auto& x, tensor& out, const halves& half) {
                  const upsample_conv_args a{args_of(u, x, out, half, taps.data()), 1};
                  run_jobs(upsample_conv_jobs(a),
                           mixed ? upsample_conv_mixed_scratch_bytes(u) : upsample_conv_scratch_bytes(u),
                           [&](int job, void* scratch) {
                               (mixed ? t.upsample_conv_mixed : t.upsample_conv)(a, job, scratch);
                           });
              });
        const gate_shape g{6 * 7, c, 12, 5};
        const std::vector<float> entry = random.numbers(5 * static_cast<std::size_t>(c + 12), 0.2F),
                                 bias = random.numbers(5), psi = random.numbers(5);
        std::vector<float> weights(gate_weights_size(g));
        pack_gate(g, entry.data(), bias.data(), psi.data(), static_cast<const float*>(nullptr), weights.data());
        const picture vacuity = noisy(random, 6, 7, 1, variant);
        check(tier, {tensor(noisy(random, 6, 7, c, variant)), tensor(noisy(random, 6, 7, 12, variant))},
              blank(6, 7, c, variant), 2, true, agree::nearly,
              [&](const kernel_table& t, bool mixed, auto& x, tensor& out, const halves& half) {
                  const gate_args a{g,
                                    x[0].read(half.in[0]),
                                    x[1].read(half.in[1]),
                                    view(vacuity),
                                    weights.data(),
                                    out.write(half.out),
                                    half};
                  run_jobs(gate_jobs(g), mixed ? gate_mixed_scratch_bytes(g) : gate_scratch_bytes(g),
                           [&](int job, void* scratch) { (mixed ? t.gate_mixed : t.gate)(a, job, scratch); });
              });
    });
}

TEST_CASE("bf16: vectors round as to_bf16 does, NaN and infinity too") {
    const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
    // ties to even, the carry into the exponent, the largest floats, a NaN whose mantissa would carry
    const float numbers[] = {1.F,
                             1.00390625F,
                             1.01171875F,
                             1.9980469F,
                             3.4e38F,
                             std::bit_cast<float>(0x7f7fffffU),
                             inf,
                             -inf,
                             nan,
                             -1.5F,
                             0.F,
                             -0.F,
                             std::bit_cast<float>(0x7fffffffU),
                             std::bit_cast<float>(0xff800001U),
                             1.F / 3,
                             -7e-30F};
    for (const isa tier : tiers()) {
        float in[48] = {};
        bf16 out[48] = {};
        std::copy(std::begin(numbers), std::end(numbers), in);
        halves half;
        half.out = true;
        const copy_args a{copying::plain, {in, 1, 1, 17, 17}, {reinterpret_cast<float*>(out), 1, 1, 17, 17}, 1, half};
        kernels_for(tier).copy_mixed(a, 0, nullptr);
        for (std::size_t i = 0; i < 17; ++i) CHECK(out[i] == uml::to_bf16(in[i]));
        CHECK(out[17].bits == 0);
    }
}
