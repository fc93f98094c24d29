// Shares as they are written in decimal, and draws by counter.
#include "uml/core/random.hpp"
#include "uml/core/share.hpp"
#include "uml/metrics/selective.hpp"

#include <doctest/doctest.h>

#include <array>
#include <vector>

static_assert(uml::is_within_share(1, 10, 0.1) && uml::is_within_share(1, 10, 1 - 0.9));
static_assert(uml::is_within_share(3, 10, 0.3) && !uml::is_within_share(3.001, 10, 0.3));
static_assert(uml::is_within_share(0, 10, 0));
static_assert(uml::count_of_share(0.55, 100) == 55 && uml::count_of_share(0.551, 100) == 56);
static_assert(uml::count_of_share(0, 100) == 0 && uml::count_of_share(1, 100) == 100);
static_assert(uml::count_of_share(0.9, 10) == 9 && uml::count_of_share(1e-4, 100) == 1);

TEST_CASE("a coverage found for an accuracy has just the risk that the same tolerance admits") {
    // One error in the first 10, two in 20, and so on: 0.1, which 1 - 0.9 is a little below.
    std::vector<double> vacuity;
    std::vector<double> wrong;
    for (int i = 0; i < 50; ++i) {
        vacuity.push_back(i);
        wrong.push_back(i % 10 == 9 ? 1 : 0);
    }
    CHECK(uml::metrics::coverage_at_accuracy(vacuity, wrong, 0.9) == 1);
    const auto all = uml::metrics::accept_share(vacuity, wrong, 1);
    CHECK(uml::is_within_share(all.risk, 1, 0.1));
    CHECK(uml::is_within_share(all.risk, 1, 1 - 0.9));
    CHECK_FALSE(uml::is_within_share(all.risk, 1, 0.0999));
}

TEST_CASE("random indices are below their bound and reach all of it") {
    std::array<int, 7> count{};
    for (std::uint64_t i = 0; i < 7000; ++i) ++count[uml::random_index(3, i, 7)];
    for (const int c : count) {
        CHECK(c > 850);
        CHECK(c < 1150);
    }
    CHECK(uml::random_index(3, 0, 1) == 0);
}
