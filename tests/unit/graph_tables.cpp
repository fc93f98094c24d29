// Enumerations with a table beside them end where it ends: a line that is forgotten at its end is an error.
#include "uml/core/element.hpp"
#include "uml/core/precision.hpp"
#include "uml/graph/rewrite.hpp"

#include <doctest/doctest.h>

#include <string_view>

#if defined(__GNUC__) // compilers that say what they call a value

namespace {

/// Whether the value has a name; without one, compilers write it as a cast: "(uml::op)26".
template <auto value> constexpr bool is_named() {
    std::string_view text = __PRETTY_FUNCTION__;
    constexpr std::string_view before = "value = ";
    text.remove_prefix(text.find(before) + before.size());
    return text.front() != '(';
}

/// Whether there are `count` values, the last of which has a name.
template <class E, auto count> constexpr bool ends() {
    return is_named<static_cast<E>(count - 1)>() && !is_named<static_cast<E>(count)>();
}

static_assert(ends<uml::op, uml::op_count>(), "uml: op_count is not the number of operations");
static_assert(ends<uml::rewrite, uml::pass_count>(), "uml: a pass is missing in all_passes");
static_assert(ends<uml::precision, uml::precision_count>(), "uml: precision_count is not the number of precisions");
static_assert(ends<uml::dtype, uml::element::table.size()>(), "uml: an element type is missing in its table");

} // namespace

#endif

TEST_CASE("every operation has a name of its own") {
    for (int i = 0; i < uml::op_count; ++i) {
        const std::string_view name = to_text(static_cast<uml::op>(i));
        CHECK_FALSE(name.empty());
        for (int j = 0; j < i; ++j) CHECK(name != to_text(static_cast<uml::op>(j)));
    }
}
