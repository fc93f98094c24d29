// Several slices of one patient become one opinion. Usage: uml-fuse-slices WEIGHTS SLICE...
#include "support/engine.hpp"
#include "support/files.hpp"
#include "support/text.hpp"

#include <uml/evidence.hpp>

#include <cstdio>
#include <string>
#include <vector>

namespace {

// A row of the table: name, beliefs, vacuity, and the class that the opinion is for.
void print(const std::string& name, uml::opinion<const double> o, const support::model_facts& model) {
    std::printf("%-28.28s", name.c_str());
    for (int k = 0; k < o.classes(); ++k) std::printf("  %12.3f", o.belief(k));
    std::printf("  %8.3f  %s\n", o.vacuity(), model.classes[static_cast<std::size_t>(o.predicted())].c_str());
}

int complain(const uml::error& e) {
    std::fprintf(stderr, "uml-fuse-slices: %s\n", support::printable(e.what.view()).c_str());
    return 1;
}

} // namespace

int main(int count, char** words) {
    if (count < 4) {
        std::fputs("usage: uml-fuse-slices WEIGHTS SLICE SLICE...\n", stderr);
        return 2;
    }
    const auto engine = support::open_engine({words[1]});
    if (!engine) return complain(engine.error());
    const support::model_facts& model = (*engine)->facts();
    const int classes = static_cast<int>(model.classes.size());
    const std::size_t row = model.classes.size() + 1;

    std::printf("%-28s", "beliefs of each slice");
    for (const std::string& name : model.classes) std::printf("  %12.12s", name.c_str());
    std::puts("   vacuity");
    std::vector<double> masses; // a row for each slice: its beliefs, then its vacuity
    for (int i = 2; i < count; ++i) {
        const auto slice = support::read_picture(words[i]);
        if (!slice) return complain(slice.error());
        const auto says = (*engine)->run((*engine)->prepare(*slice).view());
        if (!says) return complain(says.error());
        masses.insert(masses.end(), says->belief.begin(), says->belief.end());
        masses.push_back(says->vacuity);
        print(support::shown(std::filesystem::path(words[i]).filename()),
              uml::opinion<const double>(std::span(masses).last(row)), model);
    }

    const uml::opinion_table slices(masses, classes);
    std::vector<double> fused(row);
    const uml::opinion<double> patient{std::span<double>(fused)};
    const struct {
        uml::fusion_rule rule;
        const char* name;
    } rules[] = {{uml::fusion_rule::weighted, "patient, weighted"},
                 {uml::fusion_rule::cumulative, "patient, cumulative"},
                 {uml::fusion_rule::dempster, "patient, Dempster"}};
    std::puts("");
    double conflict = 0;
    for (const auto& r : rules) {
        const auto done = uml::fuse(r.rule, slices, patient);
        if (!done) return complain(done.error());
        conflict = std::max(conflict, *done);
        print(r.name, patient, model);
    }
    std::printf(
        "\nconflict between the slices: %.3f of 1\n"
        "Weighted: slices that show much the same, as neighbours do; certain slices count more, and certainty\n"
        "does not grow with their number. Cumulative and Dempster: evidence adds up, as if every slice were an\n"
        "observation of its own; that overstates the certainty of slices that resemble each other.\n",
        conflict);
}
