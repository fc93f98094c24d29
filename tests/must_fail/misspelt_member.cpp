// An engine's members are all asked for: a misspelt one is missing, and no default takes its place.
// expect-gcc: e.scratch_bytes(at)
// expect-clang: no member named 'scratch_bytes'
#include "uml/backend/reference.hpp"
#include "uml/model/load.hpp"

struct mine;
struct own_engine {
    using scalar = float;
    using code = uml::reference_engine<float>::code;
    using weights = uml::reference_engine<float>::weights;
    using workspace = uml::reference_engine<float>::workspace;
    static constexpr uml::rewrites passes = uml::all_rewrites();
    template <class program> static constexpr code code_of() { return {}; }
    constexpr uml::result<void> check() const { return {}; }
    constexpr void lower(uml::graph&) const {}
    constexpr double relative_limit() const { return 1e-5; }
    constexpr bool supports(const uml::node&) const { return true; }
    constexpr uml::schedule order() const { return uml::schedule::sequential; }
    constexpr int images() const { return 1; }
    constexpr uml::tensor_form tensor(const uml::site& at) const { return uml::padded_form(at.n, uml::dtype::f32); }
    constexpr std::int64_t scrach_bytes(const uml::site&) const { return 0; }
    constexpr std::int64_t packed_bytes(const uml::site&) const { return 0; }
    constexpr std::int64_t step_bytes(const uml::site&) const { return 0; }
};
static_assert(uml::engine<own_engine>);
