// The pool on a machine that has other work: pictures a second with one thread and with several, undisturbed and beside
// processes that compute all the time. Runs of all kinds alternate, so that a machine that changes disturbs all alike.
// The processor's time for a picture shows what waiting costs, whoever else computes.
#include "uml/threads/pool.hpp"
#include "uml/uml.hpp"
#include "uml_paths.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace {

using model = uml::model<uml::network<uml::dynamic>, uml::cpu>;

struct options {
    const char* weights = UML_SOURCE_DIR "/weights/brain-mri-edge.safetensors";
    int threads = 2, hogs = 1, repeats = 7, milliseconds = 500;
};

bool read(int argc, char** argv, options& o) {
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view key = argv[i], value = argv[i + 1];
        int* const number = key == "--threads"        ? &o.threads
                            : key == "--hogs"         ? &o.hogs
                            : key == "--repeats"      ? &o.repeats
                            : key == "--milliseconds" ? &o.milliseconds
                                                      : nullptr;
        if (key == "--weights")
            o.weights = argv[i + 1];
        else if (number == nullptr ||
                 std::from_chars(value.data(), value.data() + value.size(), *number).ec != std::errc{})
            return false;
    }
    return argc % 2 == 1 && o.threads >= 1 && o.threads <= 16 && o.hogs >= 0 && o.repeats >= 1 && o.milliseconds >= 1;
}

/// Processes that compute until the end of their life.
class hogs {
public:
    explicit hogs(int count) {
        for (int i = 0; i < count; ++i) {
            const pid_t child = fork();
            if (child == 0) {
                setsid(); // as a program started elsewhere: systems share processors between sessions first
                for (volatile unsigned n = 0;;) n = n + 1;
            }
            if (child > 0) children_.push_back(child);
        }
    }
    hogs(const hogs&) = delete;
    hogs& operator=(const hogs&) = delete;
    ~hogs() {
        for (const pid_t child : children_) {
            kill(child, SIGKILL);
            waitpid(child, nullptr, 0);
        }
    }

private:
    std::vector<pid_t> children_;
};

struct runner {
    explicit runner(const model& network, int threads) : m(network), pool(threads), workspace(m.make_workspace(pool)) {}

    struct measured {
        double pictures_a_second, processor_milliseconds; ///< the latter for a picture, of all threads together
    };
    /// Over about that long.
    measured speed(int milliseconds) {
        using clock = std::chrono::steady_clock;
        const uml::image_view picture(pixels.data(), m.height(), m.width(), 1);
        const auto start = clock::now(), end = start + std::chrono::milliseconds(milliseconds);
        const std::clock_t used = std::clock();
        int count = 0;
        auto now = start;
        do {
            if (!m.run(picture, *workspace)) return {};
            ++count;
        } while ((now = clock::now()) < end);
        return {count / std::chrono::duration<double>(now - start).count(),
                1000.0 * static_cast<double>(std::clock() - used) / CLOCKS_PER_SEC / count};
    }

    const model& m;
    uml::thread_pool pool;
    uml::result<model::workspace> workspace;
    std::vector<unsigned char> pixels =
        std::vector<unsigned char>(static_cast<std::size_t>(m.height() * m.width()), 99);
};

double median(std::vector<double> v) {
    std::sort(v.begin(), v.end());
    return v[v.size() / 2];
}

int complain(std::string_view what) {
    std::fprintf(stderr, "uml-bench-busy: %.*s\n", static_cast<int>(what.size()), what.data());
    return 2;
}

} // namespace

int main(int argc, char** argv) {
    options o;
    if (!read(argc, argv, o))
        return complain("options: --weights FILE --threads N --hogs N --repeats N --milliseconds N");
    const auto m = uml::load<uml::network<uml::dynamic>>(o.weights, uml::cpu{.threads = 16});
    if (!m) return complain(m.error().what);
    runner one(*m, 1), several(*m, o.threads);
    if (!one.workspace) return complain(one.workspace.error().what);
    if (!several.workspace) return complain(several.workspace.error().what);

    std::vector<double> speeds[2][2], processor[2][2];
    for (int r = 0; r < o.repeats; ++r)
        for (int busy = 0; busy < 2; ++busy) {
            const hogs others(busy != 0 ? o.hogs : 0);
            for (int threads = 0; threads < 2; ++threads) {
                const auto s = (threads == 0 ? one : several).speed(o.milliseconds);
                speeds[busy][threads].push_back(s.pictures_a_second);
                processor[busy][threads].push_back(s.processor_milliseconds);
            }
        }
    std::printf("pictures a second, median of %d [least]\n%-24s %16s %11d threads  ratio\n", o.repeats, "", "1 thread",
                several.pool.width());
    for (int busy = 0; busy < 2; ++busy) {
        const auto& s = speeds[busy];
        const auto least = [](const std::vector<double>& v) { return *std::min_element(v.begin(), v.end()); };
        std::printf("beside %d processes       %8.1f [%5.1f] %10.1f [%5.1f] %6.2f\n", busy != 0 ? o.hogs : 0,
                    median(s[0]), least(s[0]), median(s[1]), least(s[1]), median(s[1]) / median(s[0]));
    }
    std::printf("processor's milliseconds for a picture, median\n");
    for (int busy = 0; busy < 2; ++busy)
        std::printf("beside %d processes       %16.1f %18.1f %6.2f\n", busy != 0 ? o.hogs : 0,
                    median(processor[busy][0]), median(processor[busy][1]),
                    median(processor[busy][1]) / median(processor[busy][0]));
    return 0;
}
