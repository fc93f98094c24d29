// Any words as a command line: options of each kind, numbers, levels; what is accepted is in range, and what a program
// prints of it commands no terminal.
#include "fuzz/input.hpp"
#include "support/arguments.hpp"
#include "support/text.hpp"

#include <iterator>
#include <string>
#include <vector>

namespace {

using fuzz::require;

constexpr support::option known[] = {{"--weights"}, {"--out"},     {"--save"},      {"--json", 0}, {"--resume", 0},
                                     {"--levels", 2}, {"--threads"}, {"--noise"}, {"--help", 0}};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::input in(data, size);
    std::vector<std::string> words{"program"};
    while (!in.empty() && words.size() < 64) {
        const int n = in.byte(); // names of options are chosen, or written
        words.push_back(n < 16 ? std::string(known[static_cast<std::size_t>(n) % std::size(known)].name) : in.text());
    }
    std::vector<const char*> pointers;
    for (const std::string& w : words) pointers.push_back(w.c_str());
    pointers.push_back(nullptr);
    const auto a = support::arguments::parse(static_cast<int>(words.size()), pointers.data(), known);
    if (!a) {
        const std::string said = support::printable(a.error().what.view());
        require(!said.empty(), "no sentence");
        for (const char c : said) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "a control character");
        return 0;
    }
    require(a->words().size() < words.size(), "a word from nowhere");
    const auto threads = a->integer("--threads", 1, 16, 4);
    require(threads ? *threads >= 1 && *threads <= 16 : !threads.error().what.empty(), "threads");
    require(a->has("--threads") || (threads && *threads == 4), "the default");
    const auto noise = a->number("--noise", 0, 1, 0.5);
    require(noise ? *noise >= 0 && *noise <= 1 : !noise.error().what.empty(), "noise");
    const auto levels = a->levels();
    require(!levels || !*levels || ((*levels)->low >= 0 && (*levels)->low < (*levels)->high && (*levels)->high <= 65535),
            "levels");
    require(levels || !levels.error().what.empty(), "no sentence");
    return 0;
}
