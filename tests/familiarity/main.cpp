// uml-familiarity: whether weights know their kind of picture, on pictures that chose nothing: made strangers, a
// labelled split as it is, and the same mildly changed.
#include "strangers.hpp"

#include "evaluate/dataset.hpp"
#include "support/engine.hpp"
#include "support/variants.hpp"

#include <cstdio>
#include <string>
#include <vector>

namespace {

constexpr const char* usage = "usage: uml-familiarity WEIGHTS FOLDER SPLIT [THREADS [EVERY]]\n"
                              "Prints the shares of pictures that are accepted, uncertain and unfamiliar; of every\n"
                              "EVERY-th picture of each kind (1: all, 2 to 9).\n"
                              "Exit: 0 all shares within their limits, 1 some beyond, 2 usage, files\n";
constexpr std::size_t strangers_of_a_kind = 60;

struct mild_change {
    const char* name;
    support::variant how;
    double most_unfamiliar; ///< share; 1: no limit
};
constexpr mild_change mild_changes[] = {{"as they are", {}, 0.05},
                                        {"moved right by 6 %", {.right = 0.06}, 0.08},
                                        {"moved down by 6 %", {.down = 0.06}, 0.08},
                                        {"zoomed in by 10 %", {.zoom = 1.1}, 0.08},
                                        {"zoomed out by 10 %", {.zoom = 1 / 1.1}, 0.08},
                                        {"noise 0.05", {.noise = 0.05}, 0.08},
                                        {"gamma 1.2", {.gamma = 1.2}, 0.08},
                                        {"upside down", {.degrees = 180}, 1}};
constexpr double most_strangers_accepted = 0.02;

struct counts {
    int all = 0, verdicts[3] = {};

    void add(const support::reading& r) { ++all, ++verdicts[static_cast<int>(r.verdict)]; }
    [[nodiscard]] double share(uml::trust::verdict v) const {
        return static_cast<double>(verdicts[static_cast<int>(v)]) / all;
    }
};

void print(const char* name, const counts& c, bool good) {
    using enum uml::trust::verdict;
    std::printf("%-20s %6d  %5.1f %%    %5.1f %%     %5.1f %%%s\n", name, c.all, 100 * c.share(accepted),
                100 * c.share(uncertain), 100 * c.share(unfamiliar), good ? "" : "  BEYOND ITS LIMIT");
    std::fflush(stdout);
}

/// The digit 1 to 9 that an argument is; 0 for another.
int digit(const char* argument) {
    return argument[0] >= '1' && argument[0] <= '9' && !argument[1] ? argument[0] - '0' : 0;
}

int fail(const uml::error& e) {
    std::fprintf(stderr, "uml-familiarity: %s\n", e.what.c_str());
    return 2;
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 4 || argc > 6) return std::fputs(usage, stderr), 2;
    support::engine_request request;
    request.weights = argv[1];
    request.threads = argc > 4 ? digit(argv[4]) : 1;
    const auto every = static_cast<std::size_t>(argc > 5 ? digit(argv[5]) : 1);
    if (request.threads == 0 || every == 0) return std::fputs(usage, stderr), 2;
    const auto engine = support::open_engine(request);
    if (!engine) return fail(engine.error());
    const auto cases = evaluate::read_dataset(argv[2], argv[3], (*engine)->facts().classes);
    if (!cases) return fail(cases.error());
    std::vector<support::picture> slices;
    for (const auto& c : *cases) {
        const auto image = support::read_picture(c.image);
        if (!image) return fail(image.error());
        slices.push_back((*engine)->prepare(*image));
    }

    bool all_good = true;
    std::printf("%-20s %6s  accepted  uncertain  unfamiliar\n", "", "");
    for (const mild_change& m : mild_changes) {
        counts c;
        for (std::size_t i = 0; i < slices.size(); i += every) {
            const auto says = (*engine)->run(support::changed(slices[i], m.how, i).view());
            if (!says) return fail(says.error());
            c.add(*says);
        }
        const bool good = c.share(uml::trust::verdict::unfamiliar) <= m.most_unfamiliar;
        print(m.name, c, good);
        all_good = all_good && good;
    }
    std::printf("\n");
    counts strangers;
    for (const familiarity::stranger& s : familiarity::strangers()) {
        counts c;
        for (std::size_t i = 0; i < strangers_of_a_kind; i += every) {
            const auto& slice = slices[i * slices.size() / strangers_of_a_kind];
            const auto says = (*engine)->run(s.make(slice, i).view());
            if (!says) return fail(says.error());
            c.add(*says), strangers.add(*says);
        }
        print(std::string(s.name).c_str(), c, true);
    }
    const bool good = strangers.share(uml::trust::verdict::accepted) <= most_strangers_accepted;
    print("all strangers", strangers, good);
    return all_good && good ? 0 : 1;
}
