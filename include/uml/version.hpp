// The one place that names the version. Two versions can live in one program: everything is in an inline namespace of
// its own.
#pragma once

#if defined(_MSC_VER) && !defined(__clang__)
    #error "uml: this compiler is not supported: the kernels need GCC 12 or Clang 14, or later ones (clang-cl is untested)"
#endif

#define UML_VERSION_MAJOR 0
#define UML_VERSION_MINOR 1
#define UML_VERSION_PATCH 0
#define UML_VERSION_STRING "0.1.0"
#define UML_VERSION_NAMESPACE v0_1

#include "uml/core/begin.inc"

// Flags that change what every header means, and that none can undo for itself.
namespace uml::inline UML_VERSION_NAMESPACE::flags_detail {

// Clang gives such a constant the type float, and its own value.
static_assert(sizeof(0.1) == sizeof(double) && 0.1 != static_cast<double>(0.1F),
              "uml: constants are cut to single precision here: leave -fsingle-precision-constant "
              "(-cl-single-precision-constant) away for this file");

struct with_double {
    double number;
};
static_assert(alignof(with_double) == alignof(double),
              "uml: structs are packed here: end #pragma pack before, leave -fpack-struct away");

} // namespace uml::inline UML_VERSION_NAMESPACE::flags_detail

#include "uml/core/end.inc"
