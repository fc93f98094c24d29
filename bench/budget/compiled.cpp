#include <uml/compiled.hpp>
int f(const char* p, const unsigned char* px) {
    const auto model = uml::load<uml::network<uml::dynamic>>(p);
    if (!model) return -1;
    auto ws = model->make_workspace();
    if (!ws) return -1;
    const auto r = model->run({px, model->height(), model->width(), 1}, *ws);
    return r ? r->diagnosis.predicted() : -1;
}
