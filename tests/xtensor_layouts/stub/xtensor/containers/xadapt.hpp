// Stands in for xtensor 0.26 and newer: the header's place there, and functions that note what they are called with.
#pragma once

#include <array>
#include <cstddef>

namespace xt {

struct no_ownership {};

template <class T, std::size_t rank> struct adapted {
    T* data;
    std::size_t size;
    std::array<std::size_t, rank> shape;
};

template <class T, std::size_t rank>
adapted<T, rank> adapt(T* data, std::size_t size, no_ownership, const std::array<std::size_t, rank>& shape) {
    return {data, size, shape};
}

} // namespace xt
