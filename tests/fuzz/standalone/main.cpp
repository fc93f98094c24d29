// Where there is no libFuzzer: mutates seed files for some seconds and feeds them to LLVMFuzzerTestOneInput.
// Usage: PROGRAM SECONDS SEED FOLDER. The input under test is written to crash-input first when KEEP is in the
// environment.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using bytes = std::vector<std::uint8_t>;

std::vector<bytes> read_folder(const char* folder) {
    std::vector<bytes> seeds;
    for (const auto& item : std::filesystem::directory_iterator(folder)) {
        std::ifstream in(item.path(), std::ios::binary);
        seeds.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    return seeds;
}

class mutator {
public:
    mutator(std::vector<bytes> seeds, std::uint64_t seed) : seeds_(std::move(seeds)), random_(seed) {}

    bytes next() {
        bytes b = seeds_[below(seeds_.size())];
        for (std::size_t n = 1 + below(6); n > 0; --n) mutate(b);
        return b;
    }

private:
    std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }

    void mutate(bytes& b) {
        static constexpr std::uint8_t telling[] = {'{', '}', '[', ']', '"', ',', ':',  '\\',
                                                   '0', '9', '-', 'e', '.', 0,   0x7f, 0xff};
        const auto at = [&](std::size_t i) { return b.begin() + static_cast<std::ptrdiff_t>(i); };
        const std::size_t i = below(b.size() + 1);
        const std::size_t length = below(b.size() - i + 1);
        switch (below(6)) {
        case 0: // one bit
            if (i < b.size()) b[i] = static_cast<std::uint8_t>(b[i] ^ (1u << below(8)));
            return;
        case 1: // one byte that means something
            if (i < b.size()) b[i] = telling[below(std::size(telling))];
            return;
        case 2: b.insert(at(i), telling[below(std::size(telling))]); return;
        case 3: b.erase(at(i), at(i + length)); return;
        case 4: { // a piece twice
            const bytes piece(at(i), at(i + length));
            if (b.size() < 65536) b.insert(at(below(b.size() + 1)), piece.begin(), piece.end());
            return;
        }
        default: { // a piece of another seed
            const bytes& other = seeds_[below(seeds_.size())];
            const std::size_t from = below(other.size() + 1);
            const auto first = other.begin() + static_cast<std::ptrdiff_t>(from);
            if (b.size() < 65536)
                b.insert(at(i), first, first + static_cast<std::ptrdiff_t>(below(other.size() - from + 1)));
        }
        }
    }

    std::vector<bytes> seeds_;
    std::mt19937_64 random_;
};

} // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fprintf(stderr, "usage: %s SECONDS SEED FOLDER\n", argv[0]);
        return 2;
    }
    auto seeds = read_folder(argv[3]);
    if (seeds.empty()) {
        std::fprintf(stderr, "%s: no seeds\n", argv[3]);
        return 2;
    }
    for (const bytes& b : seeds) LLVMFuzzerTestOneInput(b.data(), b.size());
    const bool keep = std::getenv("KEEP") != nullptr;
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(std::atof(argv[1]));
    mutator inputs(std::move(seeds), std::strtoull(argv[2], nullptr, 10));
    std::uint64_t runs = 0;
    for (; std::chrono::steady_clock::now() < end; ++runs) {
        const bytes b = inputs.next();
        if (keep)
            std::ofstream("crash-input", std::ios::binary)
                .write(reinterpret_cast<const char*>(b.data()), static_cast<std::streamsize>(b.size()));
        LLVMFuzzerTestOneInput(b.data(), b.size());
    }
    std::printf("%llu inputs\n", static_cast<unsigned long long>(runs));
    return 0;
}
