// The first static network, without a backend.
#include "plan_only.hpp"

using net = uml::networks::release<uml::config{.height = 256, .width = 256, .regions = 2, .classes = 3}>;
static_assert(planned<net>::view().sizes.arena > 0);

int main() { return planned<net>::view().nodes.empty() ? 1 : 0; }
