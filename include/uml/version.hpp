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
