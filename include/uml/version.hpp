// The one place that names the version. Two versions can live in one program: everything is in an inline namespace of
// its own.
#pragma once

#define UML_VERSION_MAJOR 0
#define UML_VERSION_MINOR 1
#define UML_VERSION_PATCH 0
#define UML_VERSION_STRING "0.1.0"
#define UML_VERSION_NAMESPACE v0_1
