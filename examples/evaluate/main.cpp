// uml-evaluate: how good a weights file is on labelled pictures, and how well its uncertainty tells its errors.
#include "evaluate/dataset.hpp"
#include "evaluate/details.hpp"
#include "evaluate/plots.hpp"
#include "evaluate/scores.hpp"
#include "support/arguments.hpp"
#include "support/files.hpp"
#include "support/groups.hpp"
#include "support/guarded.hpp"
#include "support/input_rule.hpp"
#include "support/output.hpp"
#include "support/program.hpp"
#include "support/raster.hpp"
#include "support/stop.hpp"
#include "support/terminal.hpp"
#include "uml/io/json_writer.hpp"
#include "uml/trust/binomial.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <thread>

namespace {

namespace fs = std::filesystem;

enum exit_status { all_done = 0, data_refused = 1, wrong_usage = 2, weights_refused = 3, stopped = 128 };

constexpr support::option known[] = {{"--weights"},   {"--data"},    {"--split"},     {"--noise"},
                                     {"--json"},      {"--plots"},   {"--threads"},   {"--backend"},
                                     {"--precision"}, {"--group"},   {"--spacing"},   {"--tolerance"},
                                     {"--more", 0},   {"--help", 0}, {"--levels", 2}, {"--per-image"}};

std::string help_text() {
    std::string text =
        R"(uml-evaluate: how good a weights file is on labelled pictures, and how well it knows its own errors.

usage: uml-evaluate --weights W --data FOLDER [options]

  --weights W     the network's file
  --data FOLDER   holds images/, masks/ and labels.csv, or folders train, val, test that do
  --split NAME    which of these
  --noise S       evaluate a second time with Gaussian noise of standard deviation S on the network's input, which lies
                  in [0, 1] and is clipped afterwards; the noise is the same in every run
  --json FILE     write the figures there: n, metrics, ci95 (95 % bootstrap intervals over the images), noise
  --plots DIR     write reliability.svg, risk-coverage.svg, roc.svg and dice.svg there
  --more          more figures, for every region too; in JSON as "more" (docs/metrics.md)
  --per-image F   write a table there with a row an image, and the same into JSON's "more"
  --group COLUMN  of labels.csv, for instance the patient: intervals resample these groups in place of images
  --spacing MM    size of a pixel of the images: distances of the regions are then in millimetres
  --tolerance T   of the normalised surface distance, in millimetres with --spacing, else in pixels (2 by default)
  --levels L H    for images of more than 8 bits: sample L is black, H white
  --threads N     use N threads (all cores by default)
  --backend B     and
  --precision P   how to compute, cpu with f32 by default; this build has
                  )";
    text += support::offers_here();
    text += R"(
  --help          this text

Images are PNG, JPEG or TIFF (grey), up to 32768 pixels a side, 33554432 pixels and 128 MiB. A mask holds one region
number per pixel, as grey or as numbers of a palette; with two regions also 0 and 255, or 0 and the largest that its
depth can hold. In labels.csv, both label and name must be those of the weights.

Dice is the mean over images of the foreground's Dice at the image's own size, 1 where both masks are empty; distances
are in pixels. aurc, risk_at_80, auroc_error and coverage_90 (the share of images that can be accepted with 90 % of them
right) order the images by vacuity; ause orders the pixels of an image.

Results appear when they are whole. None goes to an input, nor two to one file; a device, a pipe or a link to a file of
yours will do.

exit status: 0 done, 1 data refused or a result not written, 2 wrong usage, 3 weights refused; 129, 130 and 143 after
SIGHUP, SIGINT and SIGTERM, with nothing written
)";
    return text;
}

int complain(exit_status status, std::string_view what) {
    std::fprintf(stderr, "uml-evaluate: %s\n", support::printable(what).c_str());
    if (status == wrong_usage) std::fputs("uml-evaluate --help tells more\n", stderr);
    return status;
}

// The first of a list of names, and how many more there are.
std::string some_of(const std::vector<std::string>& names) {
    constexpr std::size_t most = 5;
    std::string text;
    for (std::size_t i = 0; i < std::min(most, names.size()); ++i) text += (i > 0 ? ", " : "") + names[i];
    return names.size() > most ? text + " and " + std::to_string(names.size() - most) + " more" : text;
}

// The network's input with Gaussian noise (Box and Muller), clipped to [0, 1]; the same for the same image number.
std::vector<float> with_noise(const support::picture& p, double sigma, std::size_t image) {
    const auto uniform = [&](std::uint64_t counter) {
        constexpr double scale = 1.0 / (std::uint64_t{1} << 53);
        return (static_cast<double>(uml::metrics::random_bits(image, counter) >> 11) + 0.5) * scale;
    };
    std::vector<float> noisy(p.data.size());
    for (std::size_t i = 0; i < noisy.size(); ++i) {
        const double radius = std::sqrt(-2 * std::log(uniform(2 * i)));
        const double noise = radius * std::cos(2 * std::numbers::pi * uniform(2 * i + 1));
        noisy[i] = static_cast<float>(std::clamp(p.data[i] / 255.0 + sigma * noise, 0.0, 1.0));
    }
    return noisy;
}

struct evaluation {
    evaluate::score_table table;
    std::vector<evaluate::image_detail> images;
};

uml::error stopped_after(std::size_t done, std::size_t all) {
    return uml::fail(uml::errc::cancelled, {"stopped after ", std::uint64_t{done}, " of ", std::uint64_t{all},
                                            " images; nothing is written, the same command begins again"});
}

uml::result<evaluation> evaluate_all(support::engine& engine, const std::vector<evaluate::labelled_case>& cases,
                                     const std::optional<support::level_range>& levels, double sigma,
                                     const evaluate::ruler& ruler) {
    evaluation all;
    support::progress bar(static_cast<int>(cases.size()));
    const int regions = static_cast<int>(engine.facts().regions.size());
    for (std::size_t i = 0; i < cases.size(); ++i) {
        if (support::stop_signal() != 0) return stopped_after(i, cases.size());
        bar.show(cases[i].id + (sigma > 0 ? " with noise" : ""));
        const auto image = support::read_picture(cases[i].image, levels);
        if (!image) return image.error();
        const auto truth = evaluate::read_mask(cases[i].mask, regions);
        if (!truth) return truth.error();
        if (truth->height != image->height || truth->width != image->width)
            return uml::fail(uml::errc::wrong_shape,
                             {support::shown(cases[i].mask), ": ", truth->width, " x ", truth->height,
                              " pixels, its image has ", image->width, " x ", image->height});
        const support::picture prepared = engine.prepare(*image);
        const auto says = sigma > 0 ? engine.run({with_noise(prepared, sigma, i).data(), prepared.height,
                                                  prepared.width, prepared.channels})
                                    : engine.run(prepared.view());
        if (!says)
            return uml::fail(says.error().code, {support::shown(cases[i].image), ": ", says.error().what.view()});
        const support::pixel_maps maps = support::map_back(*says, image->height, image->width);
        all.table.add(*says, maps, *truth, cases[i].label);
        all.images.push_back(evaluate::detail_of(cases[i].id, *says, maps, *truth, cases[i].label, ruler));
        bar.advance();
    }
    return all;
}

struct summary {
    evaluate::figures figures;
    evaluate::intervals intervals;
};

void write_summary(uml::json::writer<std::string>& w, const summary& s) {
    w.key("metrics").begin_object();
    for (std::size_t m = 0; m < s.figures.size(); ++m) w.member(evaluate::metric_names[m], s.figures[m]);
    w.end_object().key("ci95").begin_object();
    for (std::size_t m = 0; m < s.figures.size(); ++m)
        w.key(evaluate::metric_names[m]).begin_array().value(s.intervals[m].low).value(s.intervals[m].high).end_array();
    w.end_object();
}

std::string shown(double number) {
    char text[32];
    std::snprintf(text, sizeof text, "%.4f", number);
    return std::isnan(number) ? "-" : text;
}

void print_summary(const char* title, const summary& s) {
    std::printf("%-12s    value   95 %% interval\n", title);
    for (std::size_t m = 0; m < s.figures.size(); ++m)
        std::printf("%-12s %8s   %s to %s\n", evaluate::metric_names[m].data(), shown(s.figures[m]).c_str(),
                    shown(s.intervals[m].low).c_str(), shown(s.intervals[m].high).c_str());
    std::putchar('\n');
}

// Shares with the exact interval of Clopper and Pearson, which takes the images for independent.
void write_exact(uml::json::writer<std::string>& w, const std::vector<evaluate::image_detail>& images) {
    std::uint64_t right = 0, accepted = 0, wrong_accepted = 0, held = 0;
    for (const evaluate::image_detail& i : images) {
        const bool is_right = i.predicted == i.label, is_accepted = i.verdict == uml::trust::verdict::accepted;
        right += is_right ? 1u : 0u;
        accepted += is_accepted ? 1u : 0u;
        wrong_accepted += is_accepted && !is_right ? 1u : 0u;
        held += std::find(i.class_set.begin(), i.class_set.end(), i.label) != i.class_set.end() ? 1u : 0u;
    }
    const auto write = [&](const char* name, std::uint64_t count, std::uint64_t of) {
        const auto interval = uml::trust::clopper_pearson(count, of);
        w.key(name).begin_object().member("count", count).member("of", of).key("ci95").begin_array();
        w.value(interval.low).value(interval.high).end_array().end_object();
    };
    w.key("exact").begin_object();
    write("accuracy", right, images.size());
    write("accepted", accepted, images.size());
    write("accepted_risk", wrong_accepted, accepted);
    write("set_coverage", held, images.size());
    w.end_object();
}

void write_more(uml::json::writer<std::string>& w, const evaluation& e, const support::model_facts& model,
                const support::case_groups& groups, const evaluate::ruler& ruler, bool every_image) {
    const evaluate::named_figures f = evaluate::sum_up_more(e.table, e.images, model.regions);
    const auto intervals = evaluate::bootstrap_more(e.table, e.images, model.regions, groups.of);
    std::printf("%-24s    value   95 %% interval\n", "more");
    for (std::size_t m = 0; m < f.names.size(); ++m)
        std::printf("%-24s %8s   %s to %s\n", f.names[m].c_str(), shown(f.values[m]).c_str(),
                    shown(intervals[m].low).c_str(), shown(intervals[m].high).c_str());
    std::printf("distances in %s%s\n\n", ruler.in_mm ? "millimetres" : "pixels",
                groups.of.empty() ? "" : "; intervals by group");

    w.key("more").begin_object().member("unit", ruler.in_mm ? "mm" : "pixel");
    w.member("spacing", ruler.spacing).member("tolerance", ruler.tolerance);
    w.key("groups");
    if (groups.of.empty())
        w.null();
    else
        w.value(groups.names.size());
    w.key("metrics").begin_object();
    for (std::size_t m = 0; m < f.names.size(); ++m) w.member(f.names[m], f.values[m]);
    w.end_object().key("ci95").begin_object();
    for (std::size_t m = 0; m < f.names.size(); ++m)
        w.key(f.names[m]).begin_array().value(intervals[m].low).value(intervals[m].high).end_array();
    w.end_object();
    write_exact(w, e.images);
    if (every_image) evaluate::write_images(w, e.images, model, groups);
    w.end_object();
}

int give_up(const uml::error& e) {
    return complain(e.code == uml::errc::cancelled ? static_cast<exit_status>(stopped + support::stop_signal())
                                                   : data_refused,
                    e.what.view());
}

int run(const support::arguments& a) {
    support::engine_request request;
    request.weights = a.value("--weights");
    request.backend = a.value("--backend", request.backend);
    request.precision = a.value("--precision", request.precision);
    const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    const auto threads = a.integer("--threads", 1, support::most_threads, std::min(cores, support::most_threads));
    const auto sigma = a.number("--noise", 0, 10, 0);
    evaluate::ruler ruler;
    const auto spacing = a.number("--spacing", 0, 1000, 1);
    const auto tolerance = a.number("--tolerance", 0, 1000, ruler.tolerance);
    for (const auto* number : {&spacing, &tolerance})
        if (!*number) return complain(wrong_usage, number->error().what.view());
    ruler = {*spacing, *tolerance, a.has("--spacing")};
    if (!(ruler.spacing >= 1e-6)) return complain(wrong_usage, "--spacing wants a size of 0.000001 or more");
    const auto levels = a.levels();
    if (!levels) return complain(wrong_usage, levels.error().what.view());
    if (!threads) return complain(wrong_usage, threads.error().what.view());
    if (!sigma) return complain(wrong_usage, sigma.error().what.view());
    request.threads = *threads;
    if (request.weights.empty()) return complain(wrong_usage, "--weights is missing");
    if (a.value("--data").empty()) return complain(wrong_usage, "--data is missing");
    if (!a.words().empty()) return complain(wrong_usage, "'" + a.words().front() + "' is no option");
    if (const auto r = support::check_available(request); !r) return complain(wrong_usage, r.error().what.view());

    if (const auto r = support::check_weights_file(request.weights); !r)
        return complain(weights_refused, r.error().what.view());
    const auto engine = support::open_engine(request);
    if (!engine) return complain(weights_refused, engine.error().what.view());
    const support::model_facts& model = (*engine)->facts();
    if (const auto r = support::check_input_rule(request.weights, model); !r)
        return complain(weights_refused, r.error().what.view());
    const auto cases = evaluate::read_dataset(a.value("--data"), a.value("--split"), model.classes);
    if (!cases) return complain(data_refused, cases.error().what.view());
    if (const auto others = evaluate::images_without_row(*cases); !others.empty())
        complain(data_refused, "not evaluated, since labels.csv has no row for them: " + some_of(others));

    support::case_groups groups;
    if (a.has("--group")) {
        std::vector<std::string> ids;
        for (const auto& c : *cases) ids.push_back(c.id);
        auto read = support::read_groups(a.value("--data"), a.value("--split"), a.value("--group"), ids);
        if (!read) return complain(data_refused, read.error().what.view());
        groups = *std::move(read);
    }

    const std::string plots = a.value("--plots");
    std::vector<fs::path> outputs;
    for (const char* name : {"--per-image", "--json"})
        if (a.has(name)) outputs.emplace_back(a.value(name));
    std::error_code failed;
    for (const std::string_view name : evaluate::plot_names)
        if (!plots.empty() && fs::exists(plots, failed)) outputs.push_back(fs::path(plots) / name);
    if (const auto r = support::check_outputs(outputs); !r) return complain(data_refused, r.error().what.view());

    const auto found = evaluate_all(**engine, *cases, *levels, 0, ruler);
    if (!found) return give_up(found.error());
    const evaluate::score_table& table = found->table;
    const summary clean{evaluate::sum_up(table), evaluate::bootstrap(table, groups.of)};
    std::printf("%zu images\n\n", table.size());
    print_summary("metric", clean);

    std::string json;
    uml::json::writer<std::string> w(json, 1);
    w.begin_object().member("n", table.size());
    write_summary(w, clean);
    w.key("noise").begin_object();
    if (*sigma > 0) {
        const auto noisy_found = evaluate_all(**engine, *cases, *levels, *sigma, ruler);
        if (!noisy_found) return give_up(noisy_found.error());
        const summary noisy{evaluate::sum_up(noisy_found->table), evaluate::bootstrap(noisy_found->table, groups.of)};
        print_summary("with noise", noisy);
        write_summary(w.member("sigma", *sigma), noisy);
    }
    w.end_object();
    const bool every_image = a.has("--per-image");
    if (every_image || a.has("--more") || a.has("--group") || a.has("--spacing") || a.has("--tolerance"))
        write_more(w, *found, model, groups, ruler, every_image);
    w.end_object();
    json = support::json_for_terminal(json += '\n');

    if (support::stop_signal() != 0) return give_up(stopped_after(cases->size(), cases->size()));
    if (every_image)
        if (const auto r =
                support::write_file(a.value("--per-image"), evaluate::per_image_csv(found->images, model, groups));
            !r)
            return complain(data_refused, r.error().what.view());

    if (const std::string file = a.value("--json"); !file.empty())
        if (const auto r = support::write_file(file, json); !r) return complain(data_refused, r.error().what.view());
    if (!plots.empty()) {
        fs::create_directories(plots, failed);
        if (failed)
            return complain(data_refused, "--plots " + plots + ": the folder cannot be made: " + failed.message());
        if (const auto r = evaluate::write_plots(plots, table, model.classes); !r)
            return complain(data_refused, r.error().what.view());
    }
    return support::printed() ? all_done : complain(data_refused, "standard output cannot be written");
}

int run_all(int count, char** words) {
    const auto parsed = support::arguments::parse(count, words, known);
    if (!parsed) return complain(wrong_usage, parsed.error().what.view());
    if (!parsed->has("--help")) return run(*parsed);
    std::fputs(help_text().c_str(), stdout);
    return support::printed() ? all_done : complain(data_refused, "standard output cannot be written");
}

} // namespace

int main(int count, char** words) {
    return support::run_program("uml-evaluate", [&] { return run_all(count, words); });
}
