// uml-analyze: from a weights file and pictures to diagnoses, masks and an honest confidence.
#include "analyze/figures.hpp"
#include "analyze/options.hpp"
#include "analyze/records.hpp"
#include "analyze/report.hpp"
#include "support/files.hpp"
#include "support/palette.hpp"
#include "support/terminal.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>

namespace {

namespace fs = std::filesystem;
using analyze::options;
using analyze::outcome;
using clock_type = std::chrono::steady_clock;

enum exit_status { all_done = 0, some_failed = 1, wrong_usage = 2, weights_refused = 3 };

double seconds_since(clock_type::time_point start) {
    return std::chrono::duration<double>(clock_type::now() - start).count();
}

int complain(exit_status status, std::string_view what) {
    std::fprintf(stderr, "uml-analyze: %.*s\n", static_cast<int>(what.size()), what.data());
    if (status == wrong_usage) std::fputs("uml-analyze --help tells more\n", stderr);
    return status;
}

// A picture to read, or a folder that cannot be read.
struct task {
    fs::path file;
    std::string name, problem;
};

bool made_by_this_program(const fs::path& file) {
    const std::string kind = file.stem().extension().string();
    return file.extension() == ".png" &&
           (kind == ".overlay" || kind == ".mask" || kind == ".uncertainty" || kind == ".reliable" || kind == ".set");
}

std::vector<task> list_tasks(const options& o) {
    std::vector<task> tasks;
    for (const std::string& input : o.inputs) {
        std::error_code ignored;
        if (!fs::is_directory(input, ignored)) {
            tasks.push_back({input, {}, {}});
            continue;
        }
        const auto files = support::pictures_in(input);
        const bool own_results = fs::equivalent(input, o.folder, ignored);
        const std::size_t before = tasks.size();
        if (files)
            for (const fs::path& file : *files)
                if (!own_results || !made_by_this_program(file)) tasks.push_back({file, {}, {}});
        if (!files)
            tasks.push_back({input, {}, std::string(files.error().what.view())});
        else if (tasks.size() == before)
            tasks.push_back({input, {}, input + ": no PNG or JPEG files in this folder"});
    }
    std::vector<fs::path> files;
    files.reserve(tasks.size());
    for (const task& t : tasks) files.push_back(t.file);
    const std::vector<std::string> names = support::unique_stems(files);
    for (std::size_t i = 0; i < tasks.size(); ++i) tasks[i].name = names[i];
    return tasks;
}

fs::path picture_path(const options& o, const task& t, const std::string& kind) {
    return fs::path(o.folder) / fs::path(std::u8string(t.name.begin(), t.name.end()) + u8"." +
                                         std::u8string(kind.begin(), kind.end()) + u8".png");
}

bool results_exist(const options& o, const task& t, const std::optional<analyze::table>& csv) {
    if (csv && !csv->has(support::to_utf8(t.file))) return false;
    return std::all_of(o.kinds.begin(), o.kinds.end(), [&](const std::string& kind) {
        std::error_code ignored;
        return fs::is_regular_file(picture_path(o, t, kind), ignored);
    });
}

uml::result<void> save(const fs::path& file, const std::string& kind, const analyze::subject& s,
                       const support::pixel_maps& maps) {
    if (kind == "overlay") return support::write_png(file, analyze::overlay_figure(s));
    if (kind == "uncertainty") return support::write_png(file, analyze::uncertainty_figure(s));
    if (kind == "mask") return support::write_labels(file, maps.mask, support::mask_palette(s.says.regions));
    if (kind == "set")
        return support::write_labels(file, support::mask_set(maps, s.model.mask_set), support::mask_palette(2));
    return support::write_labels(file, support::reliable_mask(maps, s.model.most_pixel_vacuity),
                                 support::mask_palette(2));
}

uml::result<void> analyze_picture(const options& o, const task& t, support::engine& engine, outcome& out) {
    const auto start = clock_type::now();
    const auto image = support::read_picture(t.file);
    if (!image) return image.error();
    const support::picture prepared = engine.prepare(*image);
    const auto network_start = clock_type::now();
    const auto says = engine.run(prepared.view());
    if (!says) return uml::fail(says.error().code, out.image, ": ", says.error().what.view());
    out.network_seconds = seconds_since(network_start);

    const support::model_facts& model = engine.facts();
    const support::pixel_maps maps = support::map_back(*says, image->height, image->width);
    out.height = image->height, out.width = image->width;
    out.belief = says->belief, out.probability = says->probability;
    out.vacuity = says->vacuity, out.predicted = says->predicted, out.accepted = says->accepted;
    out.class_set = says->class_set, out.verdict = says->verdict;
    out.regions = support::summarize(maps, says->regions);
    std::size_t reliable = 0;
    for (const float u : maps.vacuity) {
        const auto vacuity = static_cast<double>(u);
        out.mean_pixel_vacuity += vacuity / static_cast<double>(maps.vacuity.size());
        out.most_pixel_vacuity = std::max(out.most_pixel_vacuity, vacuity);
        reliable += vacuity <= model.most_pixel_vacuity ? 1u : 0u;
    }
    out.reliable_share = static_cast<double>(reliable) / static_cast<double>(maps.vacuity.size());

    if (model.mask_set.calibrated())
        out.mask_set_share = static_cast<double>(support::mask_set_size(maps, model.mask_set)) /
                             static_cast<double>(maps.foreground.size());

    const std::string file_name = support::to_utf8(t.file.filename());
    const analyze::subject subject{*image, *says, model, out.regions, file_name};
    for (const std::string& kind : o.kinds) {
        const fs::path file = picture_path(o, t, kind);
        if (const auto saved = save(file, kind, subject, maps); !saved) return saved;
        out.pictures.emplace_back(kind, support::to_utf8(file));
    }
    out.seconds = seconds_since(start);
    return {};
}

int run(const options& o) {
    const auto engine = support::open_engine(o.engine);
    if (!engine) return complain(weights_refused, engine.error().what.view());
    const support::model_facts& model = (*engine)->facts();
    if (std::find(o.kinds.begin(), o.kinds.end(), "set") != o.kinds.end() && !model.mask_set.calibrated())
        return complain(wrong_usage, "--save set: " + o.engine.weights + " has no mask set; uml-calibrate makes one");
    std::error_code failed;
    if (!o.folder.empty()) fs::create_directories(o.folder, failed);
    if (failed) return complain(wrong_usage, "--out " + o.folder + ": the folder cannot be made");
    std::optional<analyze::table> csv;
    if (!o.csv.empty()) {
        auto opened = analyze::table::open(o.csv, model, o.resume);
        if (!opened) return complain(wrong_usage, opened.error().what.view());
        csv = *std::move(opened);
    }

    const std::vector<task> tasks = list_tasks(o);
    analyze::document document(o.engine.weights, o.engine, model);
    const bool unicode = support::terminal_has_unicode();
    int done = 0, accepted = 0, wrong = 0, skipped = 0;
    support::progress bar(static_cast<int>(tasks.size()));
    for (const task& t : tasks) {
        outcome out;
        out.image = support::to_utf8(t.file);
        bar.show(support::to_utf8(t.file.filename()));
        if (!t.problem.empty()) {
            out.problem = t.problem;
        } else if (o.resume && results_exist(o, t, csv)) {
            out.status = outcome::state::skipped;
        } else {
            auto analyzed = analyze_picture(o, t, **engine, out);
            if (analyzed && csv && !csv->has(out.image)) analyzed = csv->add(out);
            if (analyzed)
                out.status = outcome::state::done;
            else
                out.problem = analyzed.error().what.view();
        }
        bar.advance();
        bar.clear();
        done += out.status == outcome::state::done ? 1 : 0;
        accepted += out.status == outcome::state::done && out.accepted ? 1 : 0;
        wrong += out.status == outcome::state::failed ? 1 : 0;
        skipped += out.status == outcome::state::skipped ? 1 : 0;
        if (out.status == outcome::state::failed) complain(some_failed, out.problem);
        if (o.json)
            document.add(out);
        else
            std::fputs(analyze::report(out, model, unicode).c_str(), stdout);
        std::fflush(stdout);
    }
    const std::string& text = o.json ? document.finish(done, accepted, wrong, skipped)
                                     : analyze::closing_words(done, accepted, wrong, skipped);
    std::fputs(text.c_str(), stdout);
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
        return complain(some_failed, "standard output cannot be written");
    return wrong > 0 ? some_failed : all_done;
}

} // namespace

int main(int count, char** words) {
    const auto parsed = analyze::parse_options(count, words);
    if (!parsed) return complain(wrong_usage, parsed.error().what.view());
    if (parsed->help || parsed->version) {
        std::fputs(parsed->help ? analyze::help_text().c_str() : "uml-analyze " UML_VERSION_STRING "\n", stdout);
        return all_done;
    }
    return run(*parsed);
}
