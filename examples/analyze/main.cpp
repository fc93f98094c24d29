// uml-analyze: from a weights file and pictures to diagnoses, masks and an honest confidence.
#include "analyze/figures.hpp"
#include "analyze/options.hpp"
#include "analyze/report.hpp"
#include "analyze/results.hpp"
#include "support/files.hpp"
#include "support/guarded.hpp"
#include "support/input_rule.hpp"
#include "support/palette.hpp"
#include "support/program.hpp"
#include "support/raster.hpp"
#include "support/sha256.hpp"
#include "support/stop.hpp"
#include "support/terminal.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>

namespace {

using analyze::options;
using analyze::outcome;
using analyze::task;
using clock_type = std::chrono::steady_clock;

enum exit_status { all_done = 0, some_failed = 1, wrong_usage = 2, weights_refused = 3, stopped = 128 };

double seconds_since(clock_type::time_point start) {
    return std::chrono::duration<double>(clock_type::now() - start).count();
}

int complain(exit_status status, std::string_view what) {
    std::fprintf(stderr, "uml-analyze: %s\n", support::printable(what).c_str());
    if (status == wrong_usage) std::fputs("uml-analyze --help tells more\n", stderr);
    return status;
}

uml::result<std::vector<std::uint8_t>> draw(const std::string& kind, const analyze::subject& s,
                                            const support::pixel_maps& maps) {
    if (kind == "overlay") return support::encode_png(analyze::overlay_figure(s));
    if (kind == "uncertainty") return support::encode_png(analyze::uncertainty_figure(s));
    if (kind == "mask") return support::encode_labels(maps.mask, support::mask_palette(s.says.regions));
    if (kind == "set")
        return support::encode_labels(support::mask_set(maps, s.model.mask_set), support::mask_palette(2));
    return support::encode_labels(support::reliable_mask(maps, s.model.most_pixel_vacuity), support::mask_palette(2));
}

uml::result<void> analyze_picture(const options& o, const task& t, support::engine& engine, analyze::results& results,
                                  outcome& out) {
    const auto start = clock_type::now();
    const auto bytes = support::read_file(t.file, support::most_file_bytes);
    if (!bytes) return bytes.error();
    auto job = results.begin(t, support::hash_of(*bytes));
    if (!job) return job.error();
    out.status = outcome::state::skipped;
    if (job->done) return {};
    out.status = outcome::state::failed;
    const auto image = support::decode_picture(*bytes, o.levels);
    if (!image) return uml::fail(image.error().code, {support::shown(t.file), ": ", image.error().what.view()});
    const support::picture prepared = engine.prepare(*image);
    const auto network_start = clock_type::now();
    const auto says = engine.run(prepared.view());
    if (!says) return uml::fail(says.error().code, {support::shown(t.file), ": ", says.error().what.view()});
    out.network_seconds = seconds_since(network_start);

    const support::model_facts& model = engine.facts();
    const support::pixel_maps maps = support::map_back(*says, image->height, image->width);
    out.height = image->height, out.width = image->width;
    out.belief = says->belief, out.probability = says->probability;
    out.vacuity = says->vacuity, out.predicted = says->predicted, out.accepted = says->accepted;
    out.class_set = says->class_set, out.verdict = says->verdict;
    out.kind = says->kind, out.familiarity = says->familiarity;
    out.withheld = says->verdict == uml::trust::verdict::unfamiliar && !o.show_unfamiliar;
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
    const analyze::subject subject{*image, *says, model, out.regions, file_name, out.withheld};
    for (const std::string& kind : o.kinds) {
        if (out.withheld && kind != analyze::shown_when_withheld) continue;
        const auto png = draw(kind, subject, maps);
        if (!png) return uml::fail(png.error().code, {support::shown(t.file), ": ", png.error().what.view()});
        if (const auto saved = results.save(*job, kind, *png, out); !saved) return saved;
    }
    out.seconds = seconds_since(start);
    if (const auto noted = results.finish(*job, out); !noted) return noted;
    out.status = outcome::state::done;
    return {};
}

// The SHA-256 of the weights, where results are kept that are to be told apart by it.
uml::result<std::string> weights_hash(const options& o) {
    if (o.folder.empty() && o.csv.empty()) return std::string();
    return support::hash_file(o.engine.weights);
}

int ask_to_go_on(const options& o, std::size_t finished, std::size_t all) {
    const int signal = support::stop_signal();
    std::fprintf(stderr, "uml-analyze: stopped after %zu of %zu images%s\n", finished, all,
                 o.folder.empty() && o.csv.empty() ? ""
                 : o.resume                        ? "; the same command goes on"
                                                   : "; the same command with --resume goes on");
    return stopped + signal;
}

int run(const options& o) {
    if (const auto r = support::check_weights_file(o.engine.weights); !r)
        return complain(weights_refused, r.error().what.view());
    const auto before = weights_hash(o);
    const auto engine = support::open_engine(o.engine);
    if (!engine) return complain(weights_refused, engine.error().what.view());
    const support::model_facts& model = (*engine)->facts();
    if (const auto r = support::check_input_rule(o.engine.weights, model); !r)
        return complain(weights_refused, r.error().what.view());
    const auto weights = weights_hash(o);
    if (!before || !weights || *before != *weights)
        return complain(weights_refused, support::shown(o.engine.weights) + ": changed while it was read");
    if (std::find(o.kinds.begin(), o.kinds.end(), analyze::kind_on_request) != o.kinds.end() &&
        !model.mask_set.calibrated())
        return complain(wrong_usage, "--save set: " + support::shown(o.engine.weights) +
                                         " has no mask set; uml-calibrate makes one");

    const std::vector<task> tasks = analyze::list_tasks(o);
    auto results = analyze::results::open(o, model, *weights, tasks);
    if (!results && support::stop_signal() != 0) return ask_to_go_on(o, 0, tasks.size());
    if (!results) return complain(wrong_usage, results.error().what.view());
    analyze::document document(o.engine.weights, o.engine, model);
    const bool unicode = support::terminal_has_unicode();
    int done = 0, accepted = 0, unfamiliar = 0, wrong = 0, skipped = 0;
    std::size_t finished = 0;
    support::progress bar(static_cast<int>(tasks.size()));
    const bool only_printed = o.folder.empty() && o.csv.empty();
    bool heard = true; // by somebody, or there are results to write
    for (; finished < tasks.size() && heard && support::stop_signal() == 0; ++finished) {
        const task& t = tasks[finished];
        outcome out;
        out.image = support::to_utf8(t.file);
        bar.show(support::to_utf8(t.file.filename()));
        out.problem = t.problem;
        if (t.problem.empty())
            if (const auto r = support::guarded([&] { return analyze_picture(o, t, **engine, *results, out); }); !r) {
                out.status = outcome::state::failed;
                out.problem = r.error().what.view();
            }
        bar.advance();
        bar.clear();
        done += out.status == outcome::state::done ? 1 : 0;
        accepted += out.status == outcome::state::done && out.accepted ? 1 : 0;
        unfamiliar += out.status == outcome::state::done && out.verdict == uml::trust::verdict::unfamiliar ? 1 : 0;
        wrong += out.status == outcome::state::failed ? 1 : 0;
        skipped += out.status == outcome::state::skipped ? 1 : 0;
        if (out.status == outcome::state::failed) complain(some_failed, out.problem);
        if (o.json)
            document.add(out);
        else
            std::fputs(support::printable(analyze::report(out, model, unicode), "\n").c_str(), stdout);
        heard = support::printed() || !only_printed;
    }
    const std::string text = o.json ? document.finish(done, accepted, unfamiliar, wrong, skipped)
                                    : analyze::closing_words(done, accepted, unfamiliar, wrong, skipped);
    std::fputs(text.c_str(), stdout);
    if (const auto r = results->close(); !r) return complain(some_failed, r.error().what.view());
    if (!support::printed())
        return complain(some_failed, "standard output cannot be written" +
                                         (heard ? ""
                                                : "; stopped after " + std::to_string(finished) + " of " +
                                                      std::to_string(tasks.size()) + " images"));
    if (finished < tasks.size()) return ask_to_go_on(o, finished, tasks.size());
    return wrong > 0 ? some_failed : all_done;
}

int run_all(int count, char** words) {
    const auto parsed = analyze::parse_options(count, words);
    if (!parsed) return complain(wrong_usage, parsed.error().what.view());
    if (!parsed->help && !parsed->version) return run(*parsed);
    const std::string text = parsed->help
                                 ? analyze::help_text()
                                 : "uml-analyze " UML_VERSION_STRING "\npictures: " + support::picture_readers() + "\n";
    std::fputs(text.c_str(), stdout);
    return support::printed() ? all_done : complain(some_failed, "standard output cannot be written");
}

} // namespace

int main(int count, char** words) {
    return support::run_program("uml-analyze", [&] { return run_all(count, words); });
}
