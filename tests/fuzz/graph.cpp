// Random networks of every operation and block: the plan overwrites nothing that is still read, and the vector kernels,
// and the CUDA backend's on the host, with the rewrites that the bytes choose answer as the reference in double without
// any.
#include "fuzz/input.hpp"
#include "support/stamped_plan.hpp"
#include "support/tiny.hpp"

#include "uml/backend/cpu.hpp"
#include "uml/backend/cuda/host.hpp"
#include "uml/layers/mixer.hpp"
#include "uml/layers/navigator.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

namespace {

using uml::name;
using uml::value;

/// What the bytes describe; the same in every call with the same bytes.
struct random_network {
    static constexpr std::string_view label = "random";
    static inline const std::uint8_t* data = nullptr;
    static inline std::size_t size = 0;

    fuzz::input in{data, size};
    uml::builder& g;
    std::vector<value> made;
    int layers = 0;

    explicit random_network(uml::builder& b) : g(b) {}
    static void describe(uml::builder& b, const uml::config& c) {
        random_network n(b);
        n.fill(c);
    }

    name next() { return name("layer") / layers++; }
    int channels() { return in.between(1, 20); }
    value any() {
        return made[made.size() - 1 -
                    static_cast<std::size_t>(in.below(static_cast<int>(std::min<std::size_t>(made.size(), 8))))];
    }
    /// Brought to the size and the channels of `x`.
    value like(value x) {
        value y = any();
        if (y.shape.c != x.shape.c) y = g.conv(y, next(), {.out = x.shape.c, .bias = in.flag()});
        return g.resize(y, x.shape.h, x.shape.w);
    }
    value bounded(value x) { return g.conv(x, next(), {.out = x.shape.c, .bias = true}); }

    void fill(const uml::config& c) {
        made.push_back(uml::picture(g, c));
        for (int steps = in.between(1, 14); steps > 0 && !g.failed(); --steps) {
            const value x = any();
            if (x.shape.size() > 24 * 24 * 64) continue;
            made.push_back(step(x));
        }
        const int outputs = in.between(1, 3);
        for (int i = 0; i < outputs; ++i) g.output(i == 0 ? made.back() : any(), name("out") / i);
    }

    value step(value x) {
        const int smaller = std::min(x.shape.h, x.shape.w);
        switch (in.below(22)) {
        case 0: return g.conv(x, next(), {.out = channels(), .bias = in.flag()});
        case 1:
        case 2: { // any window that fits
            const int kernel = in.between(1, 5), dilation = in.between(1, 2), reach = dilation * (kernel - 1);
            const int pad = in.below(reach + 1);
            if (smaller + 2 * pad <= reach) return x;
            const bool depthwise = in.flag();
            return g.conv(x, next(),
                          {.out = depthwise ? x.shape.c : channels(),
                           .kernel = kernel,
                           .stride = in.between(1, 2),
                           .pad = pad,
                           .dilation = dilation,
                           .depthwise = depthwise,
                           .bias = in.flag()});
        }
        case 3:
            if (smaller < 3) return x;
            return uml::conv_norm_relu(g, x, next(), next(), {.out = channels(), .kernel = 3},
                                       in.flag() ? uml::norm_kind::batch : uml::norm_kind::frozen);
        case 4: return g.norm(x, next(), in.flag() ? uml::norm_kind::batch : uml::norm_kind::frozen);
        case 5: return g.relu(x);
        case 6: return g.sigmoid(x);
        case 7: return g.softplus(x);
        case 8: return g.exp_negative(g.softplus(x));
        case 9: return g.add(x, like(x));
        case 10: return g.multiply(x, g.sigmoid(like(x)));
        case 11: return g.divide_into(static_cast<float>(in.between(1, 4)), g.add_constant(g.softplus(x), 1));
        case 12:
        case 13: {
            const int kernel = in.between(1, 3);
            if (smaller < kernel) return x;
            const auto narrow = [](int n) { return static_cast<std::int16_t>(n); };
            const uml::window w{narrow(kernel), narrow(in.between(1, 3)), narrow(in.below(kernel / 2 + 1)), 1};
            return in.flag() ? g.max_pool(x, w) : g.average_pool(x, w);
        }
        case 14: return g.global_average(x);
        case 15: {
            const int by = in.below(4);
            if (by == 0) return g.resize(x, std::max(1, x.shape.h / 2), std::max(1, x.shape.w / 2));
            if (by == 1) return g.resize(x, in.between(1, 24), in.between(1, 24));
            const value up = g.resize(x, 2 * x.shape.h, 2 * x.shape.w);
            return by == 2 || smaller < 2 ? up
                                          : g.conv(up, next(), {.out = channels(), .kernel = 3, .bias = in.flag()});
        }
        case 16: return in.flag() ? g.concat(x, like(x)) : g.concat(like(x), x, x, like(x));
        case 17: {
            const int first = in.below(x.shape.c);
            return g.slice(x, first, in.between(1, x.shape.c - first));
        }
        case 18: return x.shape.c % 2 == 0 ? g.shuffle(x, 2) : g.tile(x, x.shape.c + in.below(9));
        case 19: { // attention as the mixer has it
            const value weight = g.softmax_pixels(g.conv(x, next(), {.out = 1, .bias = true}));
            const value sum = g.weighted_sum(x, weight);
            return in.flag() ? sum : g.channel_dot(x, g.sigmoid(sum));
        }
        case 20: {
            const uml::mixer_names n{next(), next(), next(), next()};
            const int middle = 4 * in.between(1, 3);
            return uml::mixer_level(g, x, like(x), n, middle, in.flag() ? channels() : 0);
        }
        default: {
            value other = any();
            const value vacuity = g.sigmoid(g.resize(g.conv(other, next(), {.out = 1}), x.shape.h, x.shape.w));
            other = g.resize(other, x.shape.h, x.shape.w);
            if (other.shape.c > x.shape.c) other = g.slice(other, 0, x.shape.c);
            return uml::navigator_gate(g, x, other, vacuity, next(), in.between(1, 6));
        }
        }
    }
};

using net = uml::network<random_network>;

template <class view> double size_of(const view& v) {
    double sum = 0;
    for (std::int64_t p = 0; p < v.pixels(); ++p)
        for (int k = 0; k < v.c; ++k) sum += std::pow(static_cast<double>(v.pixel(p)[k]), 2);
    return std::sqrt(sum);
}
template <class view, class other> double distance(const view& v, const other& right) {
    double sum = 0;
    for (std::int64_t p = 0; p < v.pixels(); ++p)
        for (int k = 0; k < v.c; ++k)
            sum += std::pow(static_cast<double>(v.pixel(p)[k]) - static_cast<double>(right.pixel(p)[k]), 2);
    return std::sqrt(sum);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::input in(data, size);
    uml::config c{.height = 8 * in.between(1, 3), .width = 8 * in.between(1, 3)};
    c.channels_in = in.flag() ? 1 : 3;
    c.grey = in.flag();
    const uml::rewrites on = in.flag() ? uml::all_rewrites() : [&] {
        uml::rewrites some;
        some.bits = static_cast<std::uint32_t>(in.below(1 << uml::pass_count));
        return some;
    }();
    const uml::cpu target{.threads = 1, .winograd = in.flag()};
    const unsigned seed = static_cast<unsigned>(in.byte());
    const auto rest = in.rest();
    random_network::data = reinterpret_cast<const std::uint8_t*>(rest.data());
    random_network::size = rest.size();

    const auto tables = std::make_unique<uml::graph>();
    uml::describe<random_network>(*tables, c, {}, uml::output_set::answer);
    if (tables->error.what != uml::fault::none) {
        fuzz::require(!uml::explain(tables->error, "").what.empty(), "a fault without a sentence");
        return 0;
    }
    uml::apply(*tables, on);
    const uml::cpu::engine engine{target};
    engine.lower(*tables);
    fuzz::require(uml_test::plan_faults(engine, *tables) == 0, "the plan");

    uml_test::draft d;
    const auto made = uml::dynamic_program::make(
        uml::reference64{}, [&](uml::graph& g) { uml::describe<random_network>(g, c, {}, uml::output_set::answer); });
    fuzz::require(made.has_value(), "the reference's plan");
    for (auto& [name, shape] : uml_test::tensors_of(made->view()))
        d.tensors[name] = {shape, uml_test::rule(name, shape, seed), {}};
    d.labelled("random", c);
    const auto bytes = d.bytes();
    const auto file = uml::weights_from(bytes);
    fuzz::require(file.has_value(), "the file");
    uml::load_options options, plain;
    options.configuration = plain.configuration = c;
    options.passes = on;
    plain.passes = uml::rewrites{};
    const auto right = uml::load<net>(*file, uml::reference64{}, plain);
    const auto single = uml::load<net>(*file, uml::reference{}, plain);
    fuzz::require(right && single, "the reference loads");
    auto w = right->make_workspace();
    auto v = single->make_workspace();
    fuzz::require(w && v, "workspaces");
    const int channels = c.grey ? 1 : c.channels_in;
    const auto pixels = uml_test::pixels(c.height, c.width, channels, seed);
    const uml::image_view picture(pixels.data(), c.height, c.width, channels);
    fuzz::require(right->run(picture, *w) && single->run(picture, *v), "they run");
    const auto agrees = [&](const auto& where) {
        const auto fast = uml::load<net>(*file, where, options);
        if (!fast) std::fprintf(stderr, "%s\n", fast.error().what.c_str());
        fuzz::require(fast.has_value(), "it loads");
        auto u = fast->make_workspace();
        fuzz::require(u && fast->run(picture, *u), "it runs");
        for (int i = 0; i < 3; ++i) {
            const std::string out = "out." + std::to_string(i);
            const auto expected = right->output(*w, out);
            const auto rounded = single->output(*v, out);
            const auto got = fast->output(*u, out);
            fuzz::require((expected.data == nullptr) == (got.data == nullptr), "an output is missing");
            if (expected.data == nullptr) break;
            fuzz::require(expected.h == got.h && expected.w == got.w && expected.c == got.c, "another shape");
            const double scale = size_of(expected);
            if (!uml::is_finite(scale)) continue;
            // Single precision alone says how much rounding this network makes of itself.
            const double loss = distance(rounded, expected), off = distance(got, expected);
            fuzz::require(off <= 1e-4 * scale + 30 * loss + 1e-6, "other numbers", off, scale);
        }
    };
    agrees(target);
    agrees(uml::cuda_on_host{});
    return 0;
}
