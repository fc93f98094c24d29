// A result is a value or an error, and one that has failed is not used by mistake.
#include "uml/core/result.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <utility>
#if defined(__unix__)
    #include <sys/wait.h>
    #include <unistd.h>
#endif

namespace {

constexpr int doubled(uml::result<int> r) { return 2 * *r; }
static_assert(doubled(21) == 42); // in constants too; there a failed one does not compile

struct pair {
    int first = 1, second = 2;
};

/// Counts how many of its kind there are.
struct counted {
    static inline int alive = 0;
    int value = 0;
    explicit counted(int v) : value(v) { ++alive; }
    counted(counted&& other) noexcept : value(std::exchange(other.value, 0)) { ++alive; }
    ~counted() { --alive; }
};

#if defined(__unix__)
/// Whether f ends its process by a signal.
template <class F> bool ends(F f) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        for (const int s : {SIGILL, SIGTRAP, SIGABRT, SIGSEGV}) std::signal(s, SIG_DFL); // the test program's handlers
        f();
        _exit(0);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) && WTERMSIG(status) != SIGSEGV;
}
#endif

} // namespace

TEST_CASE("a value is there, an error says what it is") {
    uml::result<pair> r = pair{3, 4};
    REQUIRE(r);
    CHECK(r->first == 3);
    (*r).second = 5;
    CHECK((*std::move(r)).second == 5);
    const uml::result<pair> failed = uml::fail(uml::errc::too_small, {"seven is less than ", 8});
    CHECK_FALSE(failed);
    CHECK(failed.error().what == "seven is less than 8");
}

TEST_CASE("a result that is moved takes its value along, and each value ends once") {
    {
        uml::result<counted> first = counted(7);
        uml::result<counted> second = std::move(first);
        REQUIRE(second);
        CHECK(second->value == 7);
        CHECK(counted::alive == 2);
        uml::result<counted> failed = uml::fail(uml::errc::too_small, "no");
        const uml::result<counted> moved = std::move(failed);
        CHECK_FALSE(moved);
        CHECK(moved.error().what == "no");
        CHECK(counted::alive == 2);
    }
    CHECK(counted::alive == 0);
}

#if defined(__unix__)
TEST_CASE("a failed result that is used ends the program, in every build") {
    volatile int sink = 0;
    CHECK_FALSE(ends([&] { sink = uml::result<pair>(pair{})->first; }));
    uml::result<pair> failed = uml::fail(uml::errc::too_small, "no");
    const auto& constant = failed;
    CHECK(ends([&] { sink = (*failed).first; }));
    CHECK(ends([&] { sink = (*constant).first; }));
    CHECK(ends([&] { sink = (*std::move(failed)).first; }));
    CHECK(ends([&] { sink = failed->first; }));
    CHECK(ends([&] { sink = constant->first; }));
}
#endif
