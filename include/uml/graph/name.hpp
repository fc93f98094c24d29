// Parameter names as plain values: building one has no side effect, so the order in which a compiler evaluates the
// arguments of a call cannot change the graph. They become table entries inside one builder call.
#pragma once

#include "uml/version.hpp"

#include <cstdint>

namespace uml::inline UML_VERSION_NAMESPACE {

/// A dotted path such as `layer1.0.conv1`, written `name{} / "layer1" / 0 / "conv1"`.
struct name {
    static constexpr int max_parts = 8;

    struct part {
        const char* word = nullptr; ///< nullptr: a number
        std::int16_t number = 0;
    };

    part parts[max_parts]{};
    std::int8_t count = 0; ///< more than max_parts: too long, refused by the builder

    constexpr name() = default;
    constexpr name(const char* word) { *this = *this / word; }

    [[nodiscard, gnu::noinline, gnu::cold]] constexpr name operator/(const char* word) const {
        return *word == 0 ? *this : with({word, 0});
    }
    [[nodiscard, gnu::noinline, gnu::cold]] constexpr name operator/(int number) const {
        return with({nullptr, static_cast<std::int16_t>(number)});
    }

private:
    [[nodiscard]] constexpr name with(part p) const {
        name longer = *this;
        if (count < max_parts) longer.parts[count] = p;
        ++longer.count;
        return longer;
    }
};

} // namespace uml::inline UML_VERSION_NAMESPACE
