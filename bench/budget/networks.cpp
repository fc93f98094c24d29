// Two further static networks.
#include "plan_only.hpp"

using net = uml::networks::release<uml::config{.height = 256, .width = 256, .regions = 2, .classes = 3}>;
using second = uml::networks::release<uml::config{.height = 128, .width = 96, .regions = 3, .classes = 2}>;
using third = uml::networks::edge<uml::config{.height = 128, .width = 128, .channels_in = 1, .channel_divisor = 4}>;
static_assert(planned<net>::view().sizes.arena > 0 && planned<second>::view().sizes.arena > 0 && planned<third>::view().sizes.arena > 0);

int main() {
    return planned<net>::view().nodes.empty() || planned<second>::view().nodes.empty() ||
           planned<third>::view().nodes.empty();
}
