// The version's parts and its text say the same, and the inline namespace carries it.
#include "uml/core/result.hpp"

#include <doctest/doctest.h>

#include <string>
#include <type_traits>

TEST_CASE("the version's text is made of its parts") {
    const std::string parts = std::to_string(UML_VERSION_MAJOR) + "." + std::to_string(UML_VERSION_MINOR) + "." +
                              std::to_string(UML_VERSION_PATCH);
    CHECK(parts == UML_VERSION_STRING);
}

#define UML_TEXT_OF(x) #x
#define UML_EXPANDED_TEXT_OF(x) UML_TEXT_OF(x)

TEST_CASE("every minor version has a namespace of its own") {
    const std::string expected = "v" + std::to_string(UML_VERSION_MAJOR) + "_" + std::to_string(UML_VERSION_MINOR);
    CHECK(expected == UML_EXPANDED_TEXT_OF(UML_VERSION_NAMESPACE));
    CHECK(std::is_same_v<uml::error, uml::UML_VERSION_NAMESPACE::error>);
}
