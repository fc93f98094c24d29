// uml-evaluate: how good a weights file is on labelled pictures, and how well its uncertainty tells its errors.
#include "evaluate/dataset.hpp"
#include "evaluate/plots.hpp"
#include "evaluate/scores.hpp"
#include "support/arguments.hpp"
#include "support/files.hpp"
#include "support/input_rule.hpp"
#include "support/output.hpp"
#include "support/raster.hpp"
#include "support/stop.hpp"
#include "support/terminal.hpp"
#include "uml/io/json_writer.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <thread>

namespace {

namespace fs = std::filesystem;

enum exit_status { all_done = 0, data_refused = 1, wrong_usage = 2, weights_refused = 3, stopped = 128 };

constexpr support::option known[] = {{"--weights"},   {"--data"},    {"--split"},    {"--noise"},
                                     {"--json"},      {"--plots"},   {"--threads"},  {"--backend"},
                                     {"--precision"}, {"--help", 0}, {"--levels", 2}};

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

exit status: 0 done, 1 data refused or a result not written, 2 wrong usage, 3 weights refused; 130 and 143 after SIGINT
and SIGTERM, with nothing written
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

uml::result<evaluate::score_table> evaluate_all(support::engine& engine,
                                                const std::vector<evaluate::labelled_case>& cases,
                                                const std::optional<support::level_range>& levels, double sigma) {
    evaluate::score_table table;
    support::progress bar(static_cast<int>(cases.size()));
    const int regions = static_cast<int>(engine.facts().regions.size());
    for (std::size_t i = 0; i < cases.size(); ++i) {
        if (support::stop_signal() != 0)
            return uml::fail(uml::errc::none, "stopped after ", std::uint64_t{i}, " of ", std::uint64_t{cases.size()},
                             " images; nothing is written, the same command begins again");
        bar.show(cases[i].id + (sigma > 0 ? " with noise" : ""));
        const auto image = support::read_picture(cases[i].image, levels);
        if (!image) return image.error();
        const auto truth = evaluate::read_mask(cases[i].mask, regions);
        if (!truth) return truth.error();
        if (truth->height != image->height || truth->width != image->width)
            return uml::fail(uml::errc::wrong_shape, support::shown(cases[i].mask), ": ", truth->width, " x ",
                             truth->height, " pixels, its image has ", image->width, " x ", image->height);
        const support::picture prepared = engine.prepare(*image);
        const auto says = sigma > 0 ? engine.run({with_noise(prepared, sigma, i).data(), prepared.height,
                                                  prepared.width, prepared.channels})
                                    : engine.run(prepared.view());
        if (!says) return uml::fail(says.error().code, support::shown(cases[i].image), ": ", says.error().what.view());
        table.add(*says, support::map_back(*says, image->height, image->width), *truth, cases[i].label);
        bar.advance();
    }
    return table;
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

// Whether everything that was printed has arrived.
bool printed() { return std::fflush(stdout) == 0 && std::ferror(stdout) == 0; }

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

int give_up(const uml::error& e) {
    return complain(e.code == uml::errc::none ? static_cast<exit_status>(stopped + support::stop_signal())
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

    const auto table = evaluate_all(**engine, *cases, *levels, 0);
    if (!table) return give_up(table.error());
    const summary clean{evaluate::sum_up(*table), evaluate::bootstrap(*table)};
    std::printf("%zu images\n\n", table->size());
    print_summary("metric", clean);

    std::string json;
    uml::json::writer<std::string> w(json, 1);
    w.begin_object().member("n", table->size());
    write_summary(w, clean);
    w.key("noise").begin_object();
    if (*sigma > 0) {
        const auto noisy_table = evaluate_all(**engine, *cases, *levels, *sigma);
        if (!noisy_table) return give_up(noisy_table.error());
        const summary noisy{evaluate::sum_up(*noisy_table), evaluate::bootstrap(*noisy_table)};
        print_summary("with noise", noisy);
        write_summary(w.member("sigma", *sigma), noisy);
    }
    w.end_object().end_object();
    json += '\n';

    if (const std::string file = a.value("--json"); !file.empty())
        if (const auto r = support::write_file(file, json); !r) return complain(data_refused, r.error().what.view());
    if (const std::string folder = a.value("--plots"); !folder.empty()) {
        std::error_code failed;
        fs::create_directories(folder, failed);
        if (failed)
            return complain(wrong_usage, "--plots " + folder + ": the folder cannot be made: " + failed.message());
        if (const auto r = evaluate::write_plots(folder, *table, model.classes); !r)
            return complain(data_refused, r.error().what.view());
    }
    return printed() ? all_done : complain(data_refused, "standard output cannot be written");
}

} // namespace

int main(int count, char** words) {
    support::catch_signals();
    const auto parsed = support::arguments::parse(count, words, known);
    if (!parsed) return complain(wrong_usage, parsed.error().what.view());
    if (!parsed->has("--help")) return run(*parsed);
    std::fputs(help_text().c_str(), stdout);
    return printed() ? all_done : complain(data_refused, "standard output cannot be written");
}
