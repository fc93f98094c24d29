// The table of kernels: its list, and tables for a few kernels.
#undef UML_KERNELS_ELSEWHERE // this file has code of its own, for tables that no other file has
#include "uml/kernels/table.hpp"

#include <doctest/doctest.h>

using namespace uml::kernels;

TEST_CASE("sets of kernels") {
    constexpr kernel_set two = kernel_set{} | kernel::conv | kernel::copy;
    CHECK(two.has(kernel::conv));
    CHECK(two.has(kernel::copy));
    CHECK_FALSE(two.has(kernel::winograd));
    CHECK_FALSE(two.has(kernel::scaled_product));
    CHECK(all_kernels.bits == (std::uint64_t{1} << 33) - 1);
    CHECK((two | kernel::conv) == two);
}

TEST_CASE("the table of every tier has the kernels that were asked for, and only these") {
    for (int t = 0; t < isa_count; ++t) {
        const isa tier = static_cast<isa>(t);
        const kernel_table& few = kernels_for<kernel_set{} | kernel::max_pool | kernel::softmax>(tier);
        CHECK((few.tier <= tier));
        CHECK((few.max_pool != nullptr));
        CHECK((few.softmax != nullptr));
        CHECK((few.average_pool == nullptr));
        CHECK((few.conv == nullptr));
        CHECK((few.gate == nullptr));
        CHECK((few.scaled_product == nullptr));
    }
}

TEST_CASE("a tier that there is no code for gets the highest below it") {
#if defined(__GNUC__) && defined(__x86_64__)
    CHECK((kernels_for<kernel_set{}>(isa::avx512).tier == isa::avx512));
    CHECK((kernels_for<kernel_set{}>(isa::avx2).tier == isa::avx2));
#else
    CHECK((kernels_for<kernel_set{}>(isa::avx512).tier == isa::baseline));
#endif
    CHECK((kernels_for<kernel_set{}>(isa::baseline).tier == isa::baseline));
}

TEST_CASE("AVX-512 takes what waits for memory from AVX2, and multiplies with code of its own") {
    constexpr kernel_set used = kernel_set{} | kernel::copy | kernel::gate;
    if (kernels_for<used>(isa::avx512).tier != isa::avx512) return;
    CHECK((kernels_for<used>(isa::avx512).copy == kernels_for<used>(isa::avx2).copy));
    CHECK((kernels_for<used>(isa::avx512).gate != kernels_for<used>(isa::avx2).gate));
}

TEST_CASE("tiers by name") {
    for (int t = 0; t < isa_count; ++t) CHECK(isa_from_name(name(static_cast<isa>(t))) == static_cast<isa>(t));
    CHECK(isa_from_name("baseline") == isa::baseline);
    CHECK_FALSE(isa_from_name("avx3"));
    CHECK(available(isa::baseline));
}
