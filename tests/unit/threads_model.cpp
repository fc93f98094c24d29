// One const model serves many threads, and any number of them gives the same bits.
#include "support/edge.hpp"

#include "uml/backend/cpu.hpp"
#include "uml/threads/pool.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <fstream>
#include <limits>
#include <memory>
#include <string>
#include <thread>

namespace {

using uml_test::edge_config;

template <class M> auto answer(const M& m, unsigned seed, const uml::executor& e = {}) {
    auto w = m.make_workspace(e);
    REQUIRE(w);
    const auto p = uml_test::pixels(m.height(), m.width(), 1, seed);
    const auto f = m.run(uml::image_view(p.data(), m.height(), m.width(), 1), *w);
    REQUIRE(f);
    return uml_test::numbers_of(*f);
}

/// Eight threads, each with a workspace of its own, each its own pictures in turn.
template <class B> void serve_eight(const B& where, const uml::config& c, bool pools, int rounds) {
    const auto m = uml_test::load_edge(where, c);
    REQUIRE_MESSAGE(m, m.error().what.c_str());
    const uml::model<uml_test::edge, B>& model = *m;
    std::vector<std::vector<typename B::engine::scalar>> expected;
    for (unsigned seed = 0; seed < 3; ++seed) expected.push_back(answer(model, seed));
    REQUIRE(expected[0] != expected[1]);
    int differing[8]{};
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 8; ++t)
        threads.emplace_back([&, t] {
            uml::thread_pool pool(pools && t % 2 == 0 ? 2 : 1);
            auto w = model.make_workspace(pool);
            if (!w) differing[t] = rounds;
            for (int i = 0; w && i < rounds; ++i) {
                const unsigned seed = (t + static_cast<unsigned>(i)) % 3;
                const auto p = uml_test::pixels(c.height, c.width, 1, seed);
                const auto f = model.run(uml::image_view(p.data(), c.height, c.width, 1), *w);
                if (!f || uml_test::numbers_of(*f) != expected[seed]) ++differing[t];
            }
        });
    for (std::thread& t : threads) t.join();
    for (const int d : differing) CHECK(d == 0);
}

} // namespace

TEST_CASE("cpu: one model serves eight threads with the bits of one") {
    serve_eight(uml::cpu{.threads = 2}, edge_config, true, 3);
}
TEST_CASE("reference: one model serves eight threads with the bits of one") {
    constexpr uml::config small{
        .height = 16, .width = 16, .channels_in = 1, .channel_divisor = 8}; // its loops are slow
    serve_eight(uml::reference{}, small, false, 2);
}

TEST_CASE("cpu: pools of any width give the bits of one thread") {
    const auto m = uml_test::load_edge(uml::cpu{.threads = 7});
    REQUIRE_MESSAGE(m, m.error().what.c_str());
    const auto expected = answer(*m, 1);
    for (const int width : {1, 2, 3, 7}) {
        CAPTURE(width);
        uml::thread_pool pool(width);
        for (int i = 0; i < 2; ++i) CHECK(answer(*m, 1, pool) == expected);
    }
    uml::thread_pool wide(8);
    const auto refused = m->make_workspace(wide);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == uml::errc::invalid_argument);
    CHECK(refused.error().what == "the executor has 8 threads, the backend's workspaces are made for 7");
}

TEST_CASE("cpu: the number of threads that a workspace is made for changes its size, not its numbers") {
    const auto one = uml_test::load_edge(uml::cpu{});
    const auto many = uml_test::load_edge(uml::cpu{.threads = 7});
    REQUIRE(one);
    REQUIRE(many);
    CHECK(one->arena_bytes() < many->arena_bytes());
    CHECK(one->prepared_bytes() == many->prepared_bytes());
    CHECK(answer(*one, 2) == answer(*many, 2));
}

TEST_CASE("loading on threads: the same numbers, from memory and from a file, and the same first error") {
    auto d = uml_test::draft::of<uml::edge_network>(edge_config);
    d.labelled("edge", edge_config);
    const auto bytes = d.bytes();
    const auto m = uml::load<uml_test::edge>(std::span<const std::byte>(bytes), uml::cpu{.threads = 4});
    REQUIRE_MESSAGE(m, m.error().what.c_str());
    const auto expected = answer(*m, 1);
    const std::string path = "loading-on-threads.safetensors";
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    uml::load_options o;
    uml::thread_pool pool(4);
    o.threads = pool;
    for (int i = 0; i < 3; ++i) {
        const auto on_file = uml::load<uml_test::edge>(path.c_str(), uml::cpu{.threads = 4}, o);
        const auto on_memory = uml::load<uml_test::edge>(std::span<const std::byte>(bytes), uml::cpu{.threads = 4}, o);
        REQUIRE_MESSAGE(on_file, on_file.error().what.c_str());
        REQUIRE(on_memory);
        CHECK(answer(*on_file, 1) == expected);
        CHECK(answer(*on_memory, 1) == expected);
    }
    std::remove(path.c_str());

    auto broken = d;
    int faults = 0;
    for (auto& [name, tensor] : broken.tensors)
        if (name.ends_with("conv.weight") && faults < 5) {
            tensor.values[0] = std::numeric_limits<float>::quiet_NaN();
            ++faults;
        }
    REQUIRE(faults > 1);
    const auto bad = broken.bytes();
    const auto one = uml::load<uml_test::edge>(std::span<const std::byte>(bad), uml::cpu{.threads = 4});
    const auto many = uml::load<uml_test::edge>(std::span<const std::byte>(bad), uml::cpu{.threads = 4}, o);
    REQUIRE_FALSE(one);
    REQUIRE_FALSE(many);
    CHECK(many.error().code == uml::errc::not_finite);
    CHECK(many.error().what == one.error().what);
}
