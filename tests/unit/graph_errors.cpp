// What is wrong with a network described at run time, in one sentence.
#include "uml/backend/cpu.hpp"
#include "uml/backend/reference.hpp"
#include "uml/graph/dynamic_program.hpp"
#include "uml/networks/network.hpp"

#include <doctest/doctest.h>

#include <climits>
#include <functional>
#include <string>

namespace {

using uml::builder;
using uml::name;
using uml::value;

struct without_pooling {
    using engine = uml::host::engine_of<without_pooling>;
    int threads = 1;
    uml::kernels::isa max_isa = uml::kernels::isa::avx512;
    static constexpr uml::rewrites passes = uml::all_rewrites();
    constexpr uml::result<void> check() const { return {}; }
    constexpr double relative_limit() const { return 5e-6; }
    constexpr uml::host::planning how() const { return {}; }
};

} // namespace

template <> struct uml::host::operations_of<without_pooling> {
    static constexpr operation_table table = [] {
        operation_table t = cpu_operations;
        t.of[static_cast<int>(op::max_pool)] = {};
        return t;
    }();
};

namespace {

using description = std::function<void(builder&, value)>;

struct own_network {
    static void describe(builder& g, const description& then) { then(g, g.input({3, 32, 48})); }
};

template <class target = uml::reference> uml::error refused(const description& d) {
    auto made = uml::dynamic_program::make(target{}, [&](uml::graph& g) {
        uml::describe<own_network>(g, d, target::engine::passes, uml::output_set::answer);
    });
    REQUIRE_FALSE(made);
    return made.error();
}
std::string sentence(const description& d) {
    const uml::error e = refused(d);
    CHECK(e.code == uml::errc::wrong_config);
    return std::string(e.what.view());
}

std::string sentence(std::string_view label, const uml::config& c) {
    bool known = true;
    auto made = uml::dynamic_program::make(uml::reference{}, [&](uml::graph& g) {
        known = uml::describe_known(label, g, c, uml::all_rewrites(), uml::output_set::answer);
    });
    REQUIRE(known);
    REQUIRE_FALSE(made);
    CHECK(made.error().code == uml::errc::wrong_config);
    return std::string(made.error().what.view());
}

} // namespace

TEST_CASE("a size that the network cannot have: the sentence says which would be right") {
    CHECK(sentence("release", {.height = 100}) == "height 100 is not a multiple of 8: 96 or 104 would be");
    CHECK(sentence("paper", {.width = 4}) == "width 4 is not a multiple of 8: 8 would be");
    CHECK(sentence("edge", {.width = 248, .stem_stride = 2}) ==
          "width 248 is not a multiple of 16: 240 or 256 would be");
    CHECK(sentence("edge", {.height = 0}) == "height 0 is not a multiple of 8: 8 would be");
    CHECK(sentence("edge", {.height = -16}) == "height -16 is not a multiple of 8: 8 would be");
    CHECK(sentence("edge", {.height = 8200}) == "height cannot be 8200: it is at most 8192");
    CHECK(sentence("edge", {.width = INT_MAX}) == "width cannot be 2147483647: it is at most 8192");
}

TEST_CASE("an option out of range: the sentence says the nearest value allowed") {
    CHECK(sentence("release", {.classes = 1}) == "classes cannot be 1: it is at least 2");
    CHECK(sentence("release", {.classes = 1025}) == "classes cannot be 1025: it is at most 1024");
    CHECK(sentence("release", {.regions = 65}) == "regions cannot be 65: it is at most 64");
    CHECK(sentence("edge", {.channels_in = 2}) == "channels_in cannot be 2: it is 1 or 3");
    CHECK(sentence("edge", {.channels_in = 4}) == "channels_in cannot be 4: it is 1 or 3");
    CHECK(sentence("edge", {.channel_divisor = 0}) == "channel_divisor cannot be 0: it is at least 1");
    CHECK(sentence("edge", {.channel_divisor = INT_MAX}) == "channel_divisor cannot be 2147483647: it is at most 64");
    CHECK(sentence("edge", {.stem_stride = 0}) == "stem_stride cannot be 0: it is 1 or 2");
    CHECK(sentence("edge", {.stem_stride = 1 << 16}) == "stem_stride cannot be 65536: it is 1 or 2");
    CHECK(sentence("paper", {.channel_divisor = 4}) == "channel_divisor cannot be 4: it is 1");
    CHECK(sentence("release", {.stem_stride = 2}) == "stem_stride cannot be 2: it is 1");
    CHECK(sentence("release", {.channels_in = 1}) == "channels_in cannot be 1: it is 3");
}

TEST_CASE("one picture, and first") {
    CHECK(sentence([](builder& g, value) {
              g.input({1, 8, 8});
          }) == "a network begins with its input and has no other; this one has a second one");
    struct no_input {
        static void describe(builder& /*g*/, const description& /*d*/) {}
    };
    const auto made = uml::dynamic_program::make(uml::reference{}, [](uml::graph& g) {
        uml::describe<no_input>(g, description{}, uml::all_rewrites(), uml::output_set::answer);
    });
    REQUIRE_FALSE(made);
    CHECK(made.error().what == "a network begins with its input and has no other; this one has none there");
}

TEST_CASE("a value or parameter that no operation made") {
    CHECK(sentence([](builder& g, value) { g.conv({}, name("head") / 2, {.out = 4}); }) ==
          "head.2: conv: reads a value that no operation made");
    CHECK(sentence([](builder& g, value) { g.norm({}, "bn", uml::norm_kind::batch); }) ==
          "bn: norm: reads a value that no operation made");
    CHECK(sentence([](builder& g, value) { g.layer_norm({}, "ln"); }) ==
          "ln: layer_norm: reads a value that no operation made");
    CHECK(sentence([](builder& g, value) { g.linear({}, "fc", {.out = 2}); }) ==
          "fc: conv: reads a value that no operation made");
    CHECK(sentence([](builder& g, value) { g.output({}, "seg_logits"); }) ==
          "seg_logits: input: reads a value that no operation made");
    const std::string add = "add: reads a value that no operation made";
    CHECK(sentence([](builder& g, value x) { g.add(x, {}); }) == add);
    CHECK(sentence([](builder& g, value x) { g.add({}, x); }) == add);
    CHECK(sentence([](builder& g, value x) { g.concat(x, {}); }) == "concat: reads a value that no operation made");
    CHECK(sentence([](builder& g, value x) { g.concat(x, x, {}, x); }) ==
          "concat: reads a value that no operation made");
    CHECK(sentence([](builder& g, value x) {
              const value y = g.conv(x, "stem", {.out = 4});
              g.concat(x, y, y, {});
          }) == "concat after stem: reads a value that no operation made");
    for (const auto& [kind, call] : {std::pair<const char*, void (*)(builder&)>{"relu", [](builder& g) { g.relu({}); }},
                                     {"slice", [](builder& g) { g.slice({}, 0, 1); }},
                                     {"tile", [](builder& g) { g.tile({}, 3); }},
                                     {"tile", [](builder& g) { g.tile({}, 0); }},
                                     {"shuffle", [](builder& g) { g.shuffle({}, 4); }},
                                     {"resize", [](builder& g) { g.resize({}, 0, 0); }},
                                     {"softmax_pixels", [](builder& g) { g.softmax_pixels({}); }},
                                     {"weighted_sum", [](builder& g) { g.weighted_sum({}, {}); }},
                                     {"channel_dot", [](builder& g) { g.channel_dot({}, {}); }},
                                     {"max_pool",
                                      [](builder& g) {
                                          g.max_pool({}, {2, 2, 0, 1});
                                      }},
                                     {"conv", [](builder& g) { g.conv({}, uml::no_id); }},
                                     {"attention_pool", [](builder& g) { g.attention_pool({}, uml::no_id); }},
                                     {"dynamic_conv", [](builder& g) { g.dynamic_conv({}, {}, {}); }},
                                     {"gate", [](builder& g) { g.gate({}, {}, {}, uml::no_id, uml::no_id); }}}) {
        const std::string operation = std::string(kind) == "relu" ? "activate" : kind;
        CHECK(sentence([&, c = call](builder& g, value) { c(g); }) ==
              operation + ": reads a value that no operation made");
    }
    const std::string conv = "conv: reads a value that no operation made";
    CHECK(sentence([](builder& g, value x) { g.conv(x, uml::no_id); }) == conv);
    CHECK(sentence([](builder& g, value x) { g.conv(x, uml::id{7}); }) == conv);
    CHECK(sentence([](builder& g, value) { (void)g.derived(uml::parameter_kind::transposed, uml::no_id); }) == conv);
    CHECK(sentence([](builder& g, value x) { g.attention_pool(x, uml::no_id); }) ==
          "attention_pool: reads a value that no operation made");
    CHECK(sentence([](builder& g, value x) { g.scaled_product(uml::no_id, x, uml::no_id); }) ==
          "scaled_product: reads a value that no operation made");
}

TEST_CASE("channels and extents that do not fit") {
    CHECK(sentence([](builder& g, value x) { g.conv(x, "stem", {.in = 4, .out = 8}); }) ==
          "stem: conv: the input has 3 channels, the weight expects 4");
    CHECK(sentence([](builder& g, value x) { g.conv(x, "stem", {.out = 8, .kernel = 3, .depthwise = true}); }) ==
          "stem: conv: a depthwise convolution has as many outputs as inputs: 3, not 8");
    CHECK(sentence([](builder& g, value x) { g.conv(x, g.conv_parameter("m", 2, 4, false)); }) ==
          "m: conv: the input has 3 channels, the weight expects 2");
    CHECK(sentence([](builder& g, value x) { g.linear(x, "fc", {.out = 2}); }) ==
          "fc: conv: extents 1 and 32 do not fit each other");
    CHECK(sentence([](builder& g, value x) {
              const value y = g.conv(x, "stem", {.out = 3, .kernel = 3, .stride = 2});
              g.concat(x, y);
          }) == "concat after stem: inputs of extents 32 and 16 cannot stand side by side");
    CHECK(sentence([](builder& g, value x) {
              const value y = g.slice(x, 0, 2);
              g.add(x, y);
          }) == "add: extents 3 and 2 do not fit each other");
    CHECK(sentence([](builder& g, value x) { g.slice(x, 2, 2); }) == "slice: ends at channel 4 of 3");
    CHECK(sentence([](builder& g, value x) { g.slice(x, -1, 2); }) == "slice: begins at channel -1");
    CHECK(sentence([](builder& g, value x) { g.slice(x, 1, 0); }) ==
          "slice: the result has an extent of 0, it is at least 1");
    CHECK(sentence([](builder& g, value x) { g.shuffle(x, 2); }) == "shuffle: extents 2 and 3 do not fit each other");
    CHECK(sentence([](builder& g, value x) { g.shuffle(x, 0); }) == "shuffle: extents 0 and 3 do not fit each other");
    CHECK(sentence([](builder& g, value x) { g.tile(x, 2); }) == "tile: extents 3 and 2 do not fit each other");
    CHECK(sentence([](builder& g, value x) { g.softmax_pixels(x); }) ==
          "softmax_pixels: needs 1 channel, the input has 3");
    CHECK(sentence([](builder& g, value x) { g.weighted_sum(x, x); }) ==
          "weighted_sum: needs 1 channel, the input has 3");
    CHECK(sentence([](builder& g, value x) { g.weighted_sum(x, g.resize(g.slice(x, 0, 1), 16, 48)); }) ==
          "weighted_sum: extents 1536 and 768 do not fit each other");
    const auto gate = [](int entry, int psi) {
        return sentence([=](builder& g, value x) {
            const value logit = g.slice(x, 0, 1);
            const uml::id of_entry = g.conv_parameter("entry", entry, 2, false);
            g.gate(x, x, logit, of_entry, g.conv_parameter("psi", psi, 3, false)); // the last name that was said
        });
    };
    CHECK(gate(5, 2) == "gate after psi: the input has 6 channels, the weight expects 5");
    CHECK(gate(6, 3) == "gate after psi: the input has 2 channels, the weight expects 3");
    CHECK(sentence([](builder& g, value x) { g.channel_dot(x, x); }) ==
          "channel_dot: extents 3 and 4608 do not fit each other");
    CHECK(sentence([](builder& g, value x) { g.conv(x, "stem", {}); }) ==
          "conv after stem: the result has an extent of 0, it is at least 1");
    CHECK(sentence([](builder& g, value x) { g.conv(x, "stem", {.out = 40000}); }) ==
          "conv after stem: the result has an extent of 40000, it is at most 32767");
    CHECK(sentence([](builder& g, value x) { g.resize(x, 32, -5); }) ==
          "resize: the result has an extent of -5, it is at least 1");
}

TEST_CASE("windows that cannot slide") {
    CHECK(sentence([](builder& g, value x) {
              g.max_pool(x, {33, 33, 0, 1});
          }) == "max_pool: the input's extent, with padding, is 32, smaller than the window of 33");
    // One short of the window: division towards zero would let it slide once.
    CHECK(sentence([](builder& g, value x) { g.conv(x, "stem", {.out = 1, .kernel = 33, .stride = 4, .pad = 0}); }) ==
          "stem: conv: the input's extent, with padding, is 32, smaller than the window of 33");
    const std::string nearest = "stem: conv: kernel, stride, dilation or padding of the window is ";
    CHECK(sentence([](builder& g, value x) { g.conv(x, "stem", {.out = 1, .stride = 0}); }) ==
          nearest + "0, the nearest possible is 1");
    CHECK(sentence([](builder& g, value x) { g.conv(x, "stem", {.out = 1, .kernel = 70000}); }) ==
          nearest + "70000, the nearest possible is 1024");
    CHECK(sentence([](builder& g, value x) { g.conv(x, "stem", {.out = 1, .kernel = 3, .pad = 3}); }) ==
          nearest + "3, the nearest possible is 2");
    CHECK(sentence([](builder& g, value x) { g.conv(x, "stem", {.out = 1, .kernel = 3, .pad = -2}); }) ==
          nearest + "-2, the nearest possible is 0");
}

TEST_CASE("names and tables that are too large") {
    CHECK(sentence([](builder& g, value x) {
              g.conv(x, name("a") / 1 / "b" / 2 / "c" / 3 / "d" / 4 / "e", {.out = 1});
          }) == "a.1.b.2.c.3.d.4...: a name has 9 parts, at most 8");
    CHECK(sentence([](builder& g, value x) { g.conv(x, name("stem") / std::string(97, 'x').c_str(), {.out = 1}); }) ==
          "stem: conv: a name has more than 100 letters");
    CHECK(sentence([](builder& g, value x) {
              for (int i = 0; i < uml::graph::max_nodes; ++i) x = g.relu(x);
          }) == "activate: the network is larger than the graph's tables (1152 entries)");
    CHECK(sentence([](builder& g, value x) {
              for (int i = 0; i < uml::graph::max_parameters + 1; ++i) (void)g.conv_parameter("p", x.shape.c, 1, false);
          }) == "p: conv: the network is larger than the graph's tables (1024 entries)");
    CHECK(sentence([](builder& g, value x) {
              for (int i = 0; i < uml::graph::max_outputs + 1; ++i) g.output(x, name("o") / i);
          }) == "o.48: input: the network is larger than the graph's tables (48 entries)");
    CHECK(sentence([](builder& g, value x) {
              for (int i = 0; i < 800; ++i) (void)g.conv_parameter(name("a") / "b" / "c" / i, x.shape.c, 1, false);
          }).ends_with("the network is larger than the graph's tables (2560 entries)"));
    CHECK(sentence([](builder& g, value x) {
              std::string long_word(90, 'x');
              for (std::size_t i = 0; i < 200; ++i) {
                  long_word[i % 90] = static_cast<char>('a' + i / 90); // a word that repeats would take no room
                  (void)g.conv_parameter(long_word.c_str(), x.shape.c, 1, false);
              }
          }).ends_with("the network is larger than the graph's tables (16384 entries)"));
    CHECK(sentence([](builder& g, value x) {
              value all[300];
              for (value& v : all) v = g.relu(x);
              value sum = all[0];
              for (const value& v : all) sum = g.add(sum, v);
              g.output(sum, "sum");
          }) == "activate: more than 256 tensors are alive at the same time");
}

TEST_CASE("an operation that the backend lacks") {
    const uml::error e = refused<without_pooling>([](builder& g, value x) {
        x = g.conv(x, "stem", {.out = 4});
        x = g.norm(x, "bn", uml::norm_kind::batch); // folded: the layer is still told by the convolution's name
        x = g.max_pool(x, {2, 2, 0, 1});
        x = g.conv(x, "later", {.out = 4});
        g.output(x, "seg_logits");
    });
    CHECK(e.code == uml::errc::unsupported);
    CHECK(e.what == "max_pool after stem: the backend lacks this operation");
}

TEST_CASE("only the first fault is told, and nothing after it does harm") {
    CHECK(sentence([](builder& g, value x) {
              x = g.conv(x, "first", {.in = 7, .out = 4});
              x = g.slice(x, 9, 9);
              x = g.shuffle(x, 0);
              x = g.conv(x, "second", {.kernel = 0, .stride = 0});
              x = g.scaled_product(uml::id{99}, {}, uml::id{-7});
              for (int i = 0; i < 3000; ++i) x = g.conv(x, name("more") / i, {.out = 3});
              g.output(x, "seg_logits");
          }) == "first: conv: the input has 3 channels, the weight expects 7");
}
