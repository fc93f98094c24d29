// Parameter names as plain values: building one has no side effect, so the order in which a compiler evaluates the
// arguments of a call cannot change the graph. They become table entries inside one builder call.
#pragma once

#include "uml/core/id.hpp"
#include "uml/core/text.hpp"

#include "uml/core/begin.inc"

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

/// One word or number of a parameter's name; `up` is what stands before it.
struct name_part {
    id up = no_id;
    std::int16_t number = 0;
    std::uint16_t first = 0; ///< the word's place in the graph's letters
    std::uint8_t length = 0; ///< 0: a number
};

using path_text = text<120>;

/// The dotted name, as it stands in a weights file, without `.weight` and the like.
[[nodiscard]] constexpr path_text path(const name_part* names, const char* letters, id n) {
    id chain[32]{};
    int count = 0;
    for (; n != no_id && count < 32; n = names[n].up) chain[count++] = n;
    path_text t;
    while (count > 0) {
        const name_part& part = names[chain[--count]];
        if (!t.empty()) t << '.';
        if (part.length == 0)
            t << static_cast<int>(part.number);
        else
            t << std::string_view(letters + part.first, part.length);
    }
    return t;
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
