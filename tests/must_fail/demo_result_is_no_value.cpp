// A result is not its value: a caller who forgets to look for the error is told by the compiler.
// expect-gcc: cannot convert 'uml::v0_1::result<int>' to 'int'
// expect-clang: no viable conversion from 'uml::result<int>' to 'int'
// within: 4
#include "uml/core/result.hpp"

uml::result<int> answer();
int forgot_the_error() {
    int value = answer();
    return value;
}
