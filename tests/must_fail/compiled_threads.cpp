// A thread count for which the library uml::compiled has no loader would only show at the linker.
// expect: uml: the compiled backend is made for at most 1, 2, 4, 8, 16, 32 or 64 threads
// within: 8
#include "uml/compiled.hpp"

int main(int, char** argv) {
    return uml::load<uml::network<uml::dynamic>, uml::compiled_cpu<3>>(argv[1]) ? 0 : 1;
}
