// What scripts/mutate writes in place of operators and numbers: each as it is, or changed where its site is the one
// that runs changed. Included before everything else.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <type_traits>

namespace uml_mutation {

#ifndef UML_MUTATED // the sites that are changed where the compiler computes
    #define UML_MUTATED -1
#endif
template <int I> constexpr bool listed() {
    constexpr int numbers[] = {UML_MUTATED};
    for (const int i : numbers)
        if (i == I) return true;
    return false;
}

// When the program runs, the one that the environment names; on the way, which ones a test comes by.
inline bool reached[UML_MUTATION_SITES + 1];

inline int chosen() {
    static const int number = [] {
        const char* const name = std::getenv("UML_MUTANT");
        if (std::getenv("UML_MUTATION_REACHED"))
            std::atexit([] {
                std::FILE* const file = std::fopen(std::getenv("UML_MUTATION_REACHED"), "w");
                for (int i = 0; i <= UML_MUTATION_SITES; ++i)
                    if (reached[i]) std::fprintf(file, "%d\n", i);
                std::fclose(file);
            });
        return name ? std::atoi(name) : -1;
    }();
    return number;
}

template <int I> constexpr bool on() {
    if (std::is_constant_evaluated()) return listed<I>();
    reached[I] = true;
    return chosen() == I;
}

template <int I> struct site {};

template <int I, class A, class B> constexpr A number(A plain, B changed) {
    return on<I>() ? static_cast<A>(changed) : plain;
}

/// (flip<I>)x is x as a truth value; not x where I runs changed.
template <int I> struct flip {
    bool value;
    template <class A> constexpr explicit flip(const A& a) : value(static_cast<bool>(a) != on<I>()) {}
    constexpr bool operator!() const { return !value; }
};

// ++x and --x: step<I>(1) ->* x. x++ and x--: x ->* step_after<I>(1).
template <int I> struct step {
    int by;
    constexpr explicit step(int direction) : by(on<I>() ? -direction : direction) {}
    template <class A> friend constexpr A& operator->*(step s, A& a) {
        s.by > 0 ? ++a : --a;
        return a;
    }
};
template <int I> struct step_after {
    int by;
    constexpr explicit step_after(int direction) : by(on<I>() ? -direction : direction) {}
    template <class A> friend constexpr A operator->*(A& a, step_after s) {
        A before = a;
        s.by > 0 ? ++a : --a;
        return before;
    }
};

// a + site<I>() + b: the first + keeps a, the second chooses. Where the other operator has no meaning, its own stays.
#define UML_MUTATION_BINARY(name, op, other)                                                                           \
    template <int I, class A> struct name {                                                                            \
        A&& a;                                                                                                         \
        template <class B> constexpr decltype(auto) with(B&& b) {                                                      \
            using whole = decltype(a op static_cast<B&&>(b));                                                          \
            if constexpr (requires { static_cast<whole>(a other static_cast<B&&>(b)); }) {                             \
                if (on<I>()) return static_cast<whole>(a other static_cast<B&&>(b));                                   \
            }                                                                                                          \
            return a op static_cast<B&&>(b);                                                                           \
        }                                                                                                              \
    };                                                                                                                 \
    template <int I, class A> constexpr name<I, A> operator op(A&& a, site<I>) { return {static_cast<A&&>(a)}; }       \
    template <int I, class A, class B> constexpr decltype(auto) operator op(name<I, A> left, B&& b) {                  \
        return left.with(static_cast<B&&>(b));                                                                         \
    }
UML_MUTATION_BINARY(less, <, <=)
UML_MUTATION_BINARY(less_equal, <=, <)
UML_MUTATION_BINARY(greater, >, >=)
UML_MUTATION_BINARY(greater_equal, >=, >)
UML_MUTATION_BINARY(equal, ==, !=)
UML_MUTATION_BINARY(not_equal, !=, ==)
UML_MUTATION_BINARY(plus, +, -)
UML_MUTATION_BINARY(minus, -, +)
UML_MUTATION_BINARY(times, *, /)
UML_MUTATION_BINARY(over, /, *)
UML_MUTATION_BINARY(rest, %, *)
UML_MUTATION_BINARY(bit_or, |, &)
UML_MUTATION_BINARY(bit_and, &, |)
UML_MUTATION_BINARY(left_shift, <<, >>)
UML_MUTATION_BINARY(right_shift, >>, <<)
#undef UML_MUTATION_BINARY

// a += site<I>() += b: the right one first.
#define UML_MUTATION_ASSIGN(name, op, other)                                                                           \
    template <int I, class B> struct name { B&& b; };                                                                  \
    template <int I, class B> constexpr name<I, B> operator op(site<I>, B&& b) { return {static_cast<B&&>(b)}; }       \
    template <int I, class A, class B> constexpr A& operator op(A& a, name<I, B> right) {                              \
        if constexpr (requires { a other static_cast<B&&>(right.b); })                                                 \
            if (on<I>()) {                                                                                             \
                a other static_cast<B&&>(right.b);                                                                     \
                return a;                                                                                              \
            }                                                                                                          \
        a op static_cast<B&&>(right.b);                                                                                \
        return a;                                                                                                      \
    }
UML_MUTATION_ASSIGN(add, +=, -=)
UML_MUTATION_ASSIGN(subtract, -=, +=)
UML_MUTATION_ASSIGN(multiply, *=, /=)
UML_MUTATION_ASSIGN(divide, /=, *=)
#undef UML_MUTATION_ASSIGN

} // namespace uml_mutation
