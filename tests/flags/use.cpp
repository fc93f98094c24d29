// Every part of the library that needs the standard library alone, with what a program makes of its templates.
#include "uml/embedded.hpp"
#include "uml/metrics.hpp"
#include "uml/threads/pool.hpp"
#include "uml/uml.hpp"

int main(int, char** argv) {
    uml::thread_pool pool(2);
    uml::load_options o;
    o.threads = pool;
    const auto fast = uml::load<uml::network<uml::dynamic>>(argv[1], uml::cpu{.threads = 2}, o);
    const auto slow = uml::load<uml::network<uml::dynamic>, uml::reference64>(argv[1]);
    if (!fast || !slow) return 1;
    auto workspace = fast->make_workspace(pool);
    if (!workspace) return 1;
    const auto f = fast->run(uml::image_view(static_cast<const float*>(nullptr), 1, 1, 1), *workspace);
    return f && f->accepted() ? 0 : 1;
}
