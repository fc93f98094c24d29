#include "loaders.hpp"

#ifdef UML_KERNELS_ELSEWHERE

namespace uml::inline UML_VERSION_NAMESPACE {

UML_TEST_LOADERS()

} // namespace uml::inline UML_VERSION_NAMESPACE

#endif
