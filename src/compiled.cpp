// The library uml::compiled: the code that uml/compiled.hpp declares.
#include <uml/compiled.hpp>
#include <uml/uml.hpp>

namespace uml::inline UML_VERSION_NAMESPACE {

using dynamic_model = result<model<network<dynamic>, cpu>>;

template dynamic_model load<network<dynamic>, cpu>(const weights_file&, const cpu&, const load_options&);
template dynamic_model load<network<dynamic>, cpu>(const char*, const cpu&, const load_options&);
template dynamic_model load<network<dynamic>, cpu>(std::span<const std::byte>, const cpu&, const load_options&);

} // namespace uml::inline UML_VERSION_NAMESPACE
