// What a weights file says of the pictures that its network was trained on: the metadata `uml.input`.
#pragma once

#include "uml/core/text.hpp"
#include "uml/picture/resampling.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// How model::prepare_input makes a picture of a frame. The defaults are those of a file that says nothing.
struct input_rule {
    resampling filter = resampling::bilinear;
    float levels[2] = {0, 255}; ///< samples of 8 bits that become black and white; a float v stands for 255 v
    text<127> unknown{};        ///< the member that this version cannot follow, and its value: then no picture is made

    [[nodiscard]] constexpr bool keeps_levels() const { return !(levels[0] > 0 || levels[0] < 0) && levels[1] == 255; }
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
