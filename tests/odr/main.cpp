// The copies of part.cpp must agree: the same layout of types, the same plan, the same answer up to rounding (a
// compiler may contract a product and a sum where the flags let it).
#include "odr/part.hpp"
#include "odr_parts.hpp"

#include <cmath>
#include <cstdio>

#define UML_DECLARE(part) odr_answer run_##part();
#define UML_LIST(part) {#part, run_##part},
UML_ODR_PARTS(UML_DECLARE)

int main() {
    const struct {
        const char* name;
        odr_answer (*run)();
    } parts[] = {UML_ODR_PARTS(UML_LIST)};
    const odr_answer first = parts[0].run();
    int failed = first.alpha.empty() ? 1 : 0;
    for (const auto& part : parts) {
        const odr_answer answer = part.run();
        bool same = answer.arena_bytes == first.arena_bytes && answer.workspace_size == first.workspace_size &&
                    answer.model_size == first.model_size && answer.alpha.size() == first.alpha.size();
        for (std::size_t k = 0; same && k < answer.alpha.size(); ++k)
            same = std::fabs(answer.alpha[k] - first.alpha[k]) <= 1e-5f * first.alpha[k];
        std::printf("%-10s %s\n", part.name, same ? "agrees" : "DIFFERS");
        failed += same ? 0 : 1;
    }
    return failed == 0 ? 0 : 1;
}
