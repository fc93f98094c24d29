// What the CUDA backend launches: how many kernels a picture, and what its own operations stand for.
#include "uml/backend/cuda/host.hpp"
#include "uml/graph/diagnose.hpp"
#include "uml/graph/dynamic_program.hpp"
#include "uml/networks/network.hpp"

#include <doctest/doctest.h>

#include <set>
#include <utility>
#include <vector>

namespace {

using uml::cuda_on_host, uml::node, uml::op, uml::precision;
namespace gpu = uml::gpu;

uml::dynamic_program release_256(const cuda_on_host& where) {
    constexpr uml::config c{.height = 256, .width = 256, .regions = 3, .classes = 2};
    auto p = uml::dynamic_program::make(where, [&](uml::graph& g) {
        uml::describe<uml::release_network>(g, c, cuda_on_host::engine::passes, uml::output_set::answer);
    });
    REQUIRE(p);
    return *std::move(p);
}

/// Kernels and the operations in them, by kind.
int launched[gpu::kernel_count], operations[gpu::kernel_count], fullest;
int in_pieces[17]; ///< convolutions in tiles by the bytes that are copied at once
template <int k> int count_one(const void* all, int count, int, void*) {
    constexpr bool tiles =
        k == static_cast<int>(gpu::kernel::conv_tile) || k == static_cast<int>(gpu::kernel::conv_pieces);
    for (int i = 0; tiles && i < count; ++i) ++in_pieces[static_cast<const gpu::conv_args*>(all)[i].piece];
    ++launched[k];
    operations[k] += count;
    fullest = count > fullest ? count : fullest;
    return 0;
}
template <int... k> constexpr gpu::kernel_table table_of(std::integer_sequence<int, k...>) {
    return {{count_one<k>...}};
}
constexpr gpu::kernel_table counting = table_of(std::make_integer_sequence<int, gpu::kernel_count>{});

int kernels_of(const uml::program_view& p, precision asked) {
    for (int k = 0; k < gpu::kernel_count; ++k) launched[k] = operations[k] = 0;
    for (int& n : in_pieces) n = 0;
    fullest = 0;
    int all = 0;
    alignas(64) static std::byte memory[64]; // nothing runs: addresses alone count
    gpu::launches l(p, asked, 1, {memory, memory, memory, memory});
    REQUIRE(l.each_stage([&](const gpu::batches& b) {
        REQUIRE(b.complete());
        all += b.launches();
        return b.launch(counting, 1, [](int) { return nullptr; });
    }) == 0);
    int sum = 0;
    for (const int n : launched) sum += n;
    CHECK(sum == all);
    return all;
}
int count(const uml::program_view& p, op kind) {
    int n = 0;
    for (const node& one : p.nodes) n += one.kind == kind ? 1 : 0;
    return n;
}

} // namespace

TEST_CASE("a picture of 256x256 through the release network is 140 kernels") {
    for (const auto asked : {precision::bf16, precision::tf32, precision::f32}) {
        const auto made = release_256({.precision = asked});
        CHECK(kernels_of(made.view(), asked) == 140); // 150 at most; 372 with one for each operation
        CHECK(launched[static_cast<int>(gpu::kernel::picture)] == 1);
        // Both encoders' equal layers, the mixers of four levels, the results' copies.
        CHECK(operations[static_cast<int>(gpu::kernel::conv_tile)] >
              launched[static_cast<int>(gpu::kernel::conv_tile)] + 60);
        CHECK(launched[static_cast<int>(gpu::kernel::matrix)] == 1);
        CHECK(launched[static_cast<int>(gpu::kernel::vector)] == 7);
        CHECK(operations[static_cast<int>(gpu::kernel::conv)] == 4); // depthwise
        CHECK(launched[static_cast<int>(gpu::kernel::move)] == 1);
        CHECK(launched[static_cast<int>(gpu::kernel::pointwise)] == 0);
        CHECK(fullest == 8);
        // All but the picture's three channels in whole chunks, Res2Net's groups with their padding.
        CHECK(launched[static_cast<int>(gpu::kernel::conv_pieces)] == 1);
        CHECK(in_pieces[4] == 1);
        CHECK(in_pieces[16] == 189);
        CHECK(in_pieces[0] + in_pieces[8] == 0);
    }
}

TEST_CASE("the backend's own operations stand where Res2Net, mixers, heads and the instructor have theirs") {
    const auto made = release_256({.precision = precision::bf16});
    const auto& p = made.view();
    constexpr int blocks = 2 * (2 + 3 + 5); // but for each layer's first, of both encoders
    CHECK(count(p, gpu::conv_adding) == 2 * blocks);
    CHECK(count(p, gpu::conv_beside) == blocks);
    CHECK(count(p, gpu::conv_over) == blocks); // but for each level's last, which joins the other encoder's
    CHECK(count(p, gpu::conv_times) == 2 * 4);
    CHECK(count(p, gpu::dot_epilogue) == 4);
    CHECK(count(p, gpu::norm_epilogue) == 4);
    CHECK(count(p, gpu::opinion) == 2);
    CHECK(count(p, gpu::instructed_mean) == 1);
    for (const op gone : {op::add, op::multiply, op::activate, op::add_constant, op::divide_into, op::sum_channels})
        CHECK(count(p, gone) == 0);
    for (std::size_t i = 1; i < p.nodes.size(); ++i) CHECK(p.nodes[i].order >= p.nodes[i - 1].order);
}

TEST_CASE("the mixers of all levels begin together; what the decoders join is made when it is joined") {
    const auto made = release_256({.precision = precision::bf16});
    const auto& p = made.view();
    std::set<int> begin, end, late;
    int joined = 0;
    for (const node& n : p.nodes) {
        if (n.kind == op::attention_pool) begin.insert(n.order);
        if (n.kind == op::dynamic_conv) end.insert(n.order);
        if (n.kind == op::conv && n.inputs == 3) late.insert(n.order); // of what a mixer reads last
        if (n.kind != op::concat || n.inputs != 2) continue;
        const node &a = p.input(n, 0), &b = p.input(n, 1);
        if (b.kind != op::dynamic_conv && b.kind != op::gate) continue;
        ++joined;
        // Of level 3 the classes' path is ready before; it runs beside what there is to be done.
        CHECK((a.order == b.order || (b.kind == op::gate && b.out.h == 64 && a.order == b.order - 3)));
    }
    CHECK(begin.size() == 1);
    CHECK(end.size() == 4);
    CHECK(joined == 6);
    CHECK(late.size() == 3);
    for (const int order : late) CHECK(end.contains(order));
}

TEST_CASE("groups of 26 and 52 channels are padded to 32 and 56, and nothing else is") {
    const auto made = release_256({.precision = precision::bf16});
    int convolutions[64]{}, sources = 0, readers = 0;
    for (const node& n : made.view().nodes) {
        if (!gpu::is_conv(n.kind) || n.arg == 0) continue;
        REQUIRE((n.arg == 26 || n.arg == 52));
        const int padded = gpu::padded_group(n.arg), in = made.view().nodes[static_cast<std::size_t>(n.in[0])].out.c;
        CHECK(padded == (n.arg == 26 ? 32 : 56));
        if (gpu::made_channels(n) == padded && in == padded)
            ++convolutions[n.arg];
        else if (n.out.c == 4 * padded)
            ++sources;
        else if (in == 4 * padded)
            ++readers;
        else
            FAIL("a convolution that is none of them");
    }
    // Two encoders of 3 and 4 blocks, three convolutions each.
    CHECK(convolutions[26] == 2 * 3 * 3);
    CHECK(convolutions[52] == 2 * 4 * 3);
    CHECK(sources == 2 * (3 + 4));
    CHECK(readers == 2 * (3 + 4));
}

TEST_CASE("operations of one kernel wait for each other, at most eight, as they came") {
    gpu::batches b;
    const auto add = [&](gpu::kernel k, int groups, gpu::products how = gpu::products::plain) {
        gpu::move_args a;
        a.groups = groups;
        b.add(k, a, how);
    };
    for (int i = 0; i < 9; ++i) {
        add(gpu::kernel::move, i);
        if (i % 4 == 0) add(gpu::kernel::conv_tile, 100 + i, i == 0 ? gpu::products::three : gpu::products::bf16);
    }
    CHECK(b.launches() == 4);
    static std::vector<std::vector<int>> seen;
    seen.clear();
    constexpr gpu::launcher note = [](const void* all, int count, int images, void*) {
        CHECK(images == 5);
        seen.emplace_back();
        for (int i = 0; i < count; ++i) seen.back().push_back(static_cast<const gpu::move_args*>(all)[i].groups);
        return seen.size() == 4 ? 7 : 0;
    };
    gpu::kernel_table table;
    for (gpu::launcher& l : table.launch) l = note;
    int streams = 0;
    CHECK(b.launch(table, 5, [&](int i) {
        CHECK(i == streams++);
        return nullptr;
    }) == 7);
    CHECK(seen == std::vector<std::vector<int>>{{0, 1, 2, 3, 4, 5, 6, 7}, {8}, {100}, {104, 108}});
    b.clear();
    CHECK(b.launches() == 0);
}
