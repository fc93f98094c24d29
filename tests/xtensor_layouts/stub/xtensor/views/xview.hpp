// Stands in for xtensor 0.26 and newer: the header's place there, and functions that note what they are called with.
#pragma once

namespace xt {

struct everything {};
struct interval {
    int begin, end;
};

inline everything all() { return {}; }
inline interval range(int begin, int end) { return {begin, end}; }

template <class E> struct viewed {
    E expression;
    interval last;
};

template <class E> viewed<E> view(E&& expression, everything, everything, interval last) { return {expression, last}; }

} // namespace xt
