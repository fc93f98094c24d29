// The backend in the library uml::compiled gives the same bits as the headers'; its loader refuses the same files.
#include "answer.hpp"

#include <uml/compiled.hpp>

#include <cstdio>

int main(int count, char** words) {
    if (count != 2) return 2;
    const auto absent = uml::load<uml::network<uml::dynamic>>("no/such/file", uml::cpu{.threads = 4});
    if (absent || absent.error().code != uml::errc::cannot_read) return std::puts("loads a file that is not there"), 1;
    const auto model = uml::load<uml::network<uml::dynamic>>(words[1]);
    if (!model) return std::puts(model.error().what.c_str()), 1;
    const auto here = answer_of(*model), there = answer_of_headers(words[1]);
    std::printf("%zu numbers\n", here.size());
    return !here.empty() && here == there ? 0 : (std::puts("the library's answer is another one"), 1);
}
