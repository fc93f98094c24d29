// uml-calibrate: promises about new pictures, from labelled ones, written into a copy of the weights file.
#include "calibrate/kind.hpp"
#include "calibrate/promises.hpp"
#include "calibrate/rewrite.hpp"
#include "evaluate/dataset.hpp"
#include "support/arguments.hpp"
#include "support/engine.hpp"
#include "support/files.hpp"
#include "support/groups.hpp"
#include "support/guarded.hpp"
#include "support/input_rule.hpp"
#include "support/maps.hpp"
#include "support/output.hpp"
#include "support/program.hpp"
#include "support/sha256.hpp"
#include "support/terminal.hpp"
#include "support/text.hpp"
#include "uml/io/json_writer.hpp"
#include "uml/trust/mask_set.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <thread>

namespace {

enum exit_status { all_done = 0, data_refused = 1, wrong_usage = 2, weights_refused = 3, stopped = 128 };

constexpr support::option known[] = {{"--weights"},    {"--data"},      {"--out"},
                                     {"--fit"},        {"--split"},     {"--risk"},
                                     {"--confidence"}, {"--coverage"},  {"--group"},
                                     {"--score"},      {"--seed"},      {"--threads"},
                                     {"--backend"},    {"--precision"}, {"--by-class", false},
                                     {"--kind-fit"},   {"--refused"},   {"--only-kind", false},
                                     {"--help", false}};

std::string help_text() {
    std::string text =
        R"(uml-calibrate: from labelled pictures, which the network was not trained on, to promises about new ones.

usage: uml-calibrate --weights W --data FOLDER --out W2 [options]

  --weights W     the network's file
  --data FOLDER   holds images/, masks/ and labels.csv, or folders train, val, test that do
  --out W2        the copy of W with the promises in it
  --split NAME    the folder that the promises rest on
  --fit SPLIT     another folder, for the temperature and the thresholds that are tried (without it: one patient in five
                  of the former, who then counts for nothing else but masks)
  --group COLUMN  of labels.csv: which pictures are of one patient. Without it every picture counts as a patient, and
                  with several of each the promises are too good
  --risk R        accepted answers are wrong at most with this probability (0.05 by default),
  --confidence C  in this share of all calibrations (0.95)
  --coverage P    class sets hold the true class with this probability; masks miss at most the rest of the true
                  foreground on average (0.9)
  --score S       of the class sets: lac (default), aps or raps
  --by-class      class sets keep their promise for each class alone
  --kind-fit SPLIT  the training pictures, from which the file learns its kind of picture: what is unlike them is
                  unfamiliar from then on. How unlike is set by the pictures of --split. Without it what the file knows
                  of kinds stays
  --refused R     of new pictures of the kind this share is called unfamiliar (0.03)
  --only-kind     nothing else is calibrated: all other numbers stay as they are
  --seed N        of the draws: one picture of every patient, one patient in five (0)
  --threads N     use N threads (all cores by default)
  --backend B     and
  --precision P   how to compute, cpu with f32 by default; this build has
                  )";
    text += support::offers_here();
    text += R"(
  --help          this text

Written are uml.familiarity (with --kind-fit), uml.temperature, uml.screening, uml.class_set, uml.mask_set and uml.calibration (how they were made). What
cannot be promised with so few pictures is not: then nothing is accepted, or a class set holds every class. All promises
are for pictures like these: the same scanners, the same mix of patients. docs/trust.md says more.

The copy appears when it is whole and loads; until then what W2 was stays. No input is written to.

exit status: 0 done, 1 data refused or the copy or the report not written, 2 wrong usage, 3 weights refused; 129, 130 and
143 after SIGHUP, SIGINT and SIGTERM, with nothing written
)";
    return text;
}

int complain(exit_status status, std::string_view what) {
    std::fprintf(stderr, "uml-calibrate: %s\n", support::printable(what).c_str());
    if (status == wrong_usage) std::fputs("uml-calibrate --help tells more\n", stderr);
    return status;
}

// What is wrong with the data, or who asked for the end.
int give_up(const uml::error& e) {
    return complain(e.code == uml::errc::cancelled ? static_cast<exit_status>(stopped + support::stop_signal())
                                                   : data_refused,
                    e.what.view());
}

// What the network says of every picture of a split. Without `with_masks` neither masks nor groups are looked at.
uml::result<calibrate::answers> answer_all(support::engine& engine, const std::string& folder, const std::string& split,
                                           const std::string& group, bool with_masks) {
    const support::model_facts& model = engine.facts();
    const int classes = static_cast<int>(model.classes.size());
    const auto cases = evaluate::read_dataset(folder, split, model.classes);
    if (!cases) return cases.error();
    calibrate::answers a;
    a.classes = classes;
    if (with_masks && !group.empty()) {
        std::vector<std::string> ids;
        for (const auto& c : *cases) ids.push_back(c.id);
        auto groups = support::read_groups(folder, split, group, ids);
        if (!groups) return groups.error();
        a.groups = std::move(groups->of);
    }
    std::map<std::uint32_t, int> sizes;
    for (std::size_t i = 0; i < cases->size(); ++i) ++sizes[a.group(i)];
    a.missed.resize(uml::trust::mask_levels + 1);
    support::progress bar(static_cast<int>(cases->size()));
    for (std::size_t i = 0; i < cases->size(); ++i) {
        const evaluate::labelled_case& c = (*cases)[i];
        if (support::stop_signal() != 0) return calibrate::stopped();
        bar.show(c.id);
        const auto image = support::read_picture(c.image);
        if (!image) return image.error();
        const auto says = engine.run(engine.prepare(*image).view());
        if (!says) return says.error();
        a.evidence.insert(a.evidence.end(), says->evidence.begin(), says->evidence.end());
        a.labels.push_back(c.label);
        a.predicted.push_back(says->predicted);
        a.vacuity.push_back(static_cast<float>(says->vacuity));
        if (with_masks) {
            const auto truth = evaluate::read_mask(c.mask, static_cast<int>(model.regions.size()));
            if (!truth) return truth.error();
            if (truth->height != image->height || truth->width != image->width)
                return uml::fail(uml::errc::wrong_shape,
                                 {support::to_utf8(c.mask), ": ", truth->width, " x ", truth->height,
                                  " pixels, its image has ", image->width, " x ", image->height});
            const support::pixel_maps maps = support::map_back(*says, image->height, image->width);
            uml::trust::add_missed(std::span(a.missed), maps.foreground, truth->data, 1.0 / sizes[a.group(i)]);
        }
        bar.advance();
    }
    return a;
}

// One JSON value as text.
template <class F> std::string json(F write) {
    std::string text;
    uml::json::writer<std::string> w(text);
    write(w);
    return text;
}

std::map<std::string, std::string> metadata_of(const calibrate::promises& p, const calibrate::wishes& wish,
                                               const calibrate::answers& a, const support::model_facts& model,
                                               const support::arguments& given) {
    std::map<std::string, std::string> m;
    m["uml.temperature"] = json([&](auto& w) { w.value(p.temperature.value_or(model.temperature)); });
    m["uml.screening"] = json([&](auto& w) {
        w.begin_object().member("image_vacuity", p.accepted ? p.accepted->threshold : 0.0f);
        w.member("pixel_vacuity", static_cast<float>(model.most_pixel_vacuity)).end_object();
    });
    m["uml.class_set"] = json([&](auto& w) {
        const uml::trust::class_set_rule& rule = p.class_set;
        w.begin_object().member("score", uml::trust::name_of(rule.score)).member("coverage", rule.coverage);
        if (rule.score == uml::trust::set_score::raps)
            w.member("penalty", rule.penalty).member("free_ranks", rule.free_ranks);
        w.key("thresholds").begin_array();
        for (std::size_t k = 0; k < rule.levels; ++k)
            if (rule.thresholds[k] < uml::trust::class_set_rule::everything)
                w.value(rule.thresholds[k]);
            else
                w.null();
        w.end_array().end_object();
    });
    m["uml.mask_set"] = json([&](auto& w) {
        w.begin_object().member("threshold", p.mask_set.threshold).member("miss", p.mask_set.miss).end_object();
    });
    m["uml.calibration"] = json([&](auto& w) {
        w.begin_object().member("program", "uml-calibrate " UML_VERSION_STRING);
        w.member("split", given.value("--split")).member("fit", given.value("--fit"));
        w.member("group", given.value("--group")).member("seed", wish.seed);
        w.member("images", a.size()).member("units", a.units()).member("fitted_on", p.fitted_on);
        w.member("sets_on", p.sets_on).member("drawn", p.drawn);
        w.member("risk", wish.risk).member("confidence", wish.confidence).member("coverage", wish.coverage);
        w.key("accepted");
        if (p.accepted) {
            w.begin_object().member("of", p.drawn).member("count", p.accepted->accepted);
            w.member("wrong", p.accepted->wrong).end_object();
        } else {
            w.null();
        }
        w.end_object();
    });
    return m;
}

void report(const calibrate::promises& p, const calibrate::wishes& wish, const calibrate::answers& a,
            const support::model_facts& model) {
    std::printf("%zu images, %s\n\n", a.size(),
                a.groups.empty() ? "each taken for a patient of its own (--group names the column that says whose)"
                                 : ("of " + std::to_string(a.units()) + " patients").c_str());
    if (p.temperature)
        std::printf("temperature     %.3f, fitted on %zu images\n", *p.temperature, p.fitted_on);
    else
        std::printf("temperature     %.3f, as it was: fewer than %zu images to fit it on\n", model.temperature,
                    calibrate::least_to_fit);
    if (p.accepted)
        std::printf(
            "accepted        up to vacuity %.3f: %.1f %% of %zu images, one of every patient, %zu of them wrong.\n"
            "                With %.0f %% confidence at most %.1f %% of such images to come are wrong\n",
            static_cast<double>(p.accepted->threshold), 100 * p.accepted->coverage, p.drawn, p.accepted->wrong,
            100 * wish.confidence, 100 * wish.risk);
    else
        std::printf("accepted        nothing: %s\n", p.not_accepted.c_str());
    std::printf("class sets      %s on %zu images, hold the true class with probability %.2f; thresholds",
                std::string(uml::trust::name_of(wish.score)).c_str(), p.sets_on, wish.coverage);
    for (std::size_t k = 0; k < p.class_set.levels; ++k)
        if (p.class_set.thresholds[k] < uml::trust::class_set_rule::everything)
            std::printf(" %.3f", p.class_set.thresholds[k]);
        else
            std::printf(" none (too few images: every class)");
    std::printf(
        "\nmask sets       foreground from probability %.3f on, miss %.0f %% of the true foreground on average\n",
        p.mask_set.threshold, 100 * p.mask_set.miss);
}

/// What --kind-fit asks for goes into the metadata.
void add_kind(std::map<std::string, std::string>& m, const calibrate::kind_found& k,
              const calibrate::kind_wishes& wish) {
    m["uml.familiarity"] = json([&](auto& w) {
        w.begin_object().member("residual", k.statistics.residual).member("threshold", k.statistics.threshold);
        if (k.self_check) w.member("self_check", *k.self_check);
        w.member("program", "uml-calibrate " UML_VERSION_STRING).member("fit", wish.fit).member("split", wish.split);
        w.member("fitted_on", k.fitted_on).member("threshold_on", k.threshold_on).member("refused", wish.refused);
        w.end_object();
    });
}

void report(const calibrate::kind_found& k, const calibrate::kind_wishes& wish) {
    std::printf("kind            unfamiliar beyond distance %.3f: fitted on %zu pictures, each as it is and changed "
                "once;\n                the limit from %zu others, as they are and changed twice, of which %.1f %% "
                "may be refused;\n                of these as they are %.1f %% are\n",
                static_cast<double>(k.statistics.threshold), k.fitted_on, k.threshold_on, 100 * wish.refused,
                100 * k.refused);
}

int run(const support::arguments& a) {
    support::engine_request request;
    calibrate::kind_wishes kind_wish;
    request.weights = a.value("--weights");
    request.backend = a.value("--backend", request.backend);
    request.precision = a.value("--precision", request.precision);
    calibrate::wishes wish;
    const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    const auto threads = a.integer("--threads", 1, support::most_threads, std::min(cores, support::most_threads));
    const auto seed = a.integer("--seed", 0, 1 << 30, 0);
    for (const auto* number : {&threads, &seed})
        if (!*number) return complain(wrong_usage, number->error().what.view());
    const struct {
        const char* name;
        double* to;
    } shares[] = {{"--risk", &wish.risk},
                  {"--confidence", &wish.confidence},
                  {"--coverage", &wish.coverage},
                  {"--refused", &kind_wish.refused}};
    for (const auto& share : shares) {
        const auto number = a.number(share.name, 0, 1, *share.to);
        if (!number) return complain(wrong_usage, number.error().what.view());
        *share.to = *number;
        if (!(*number > 0 && *number < 1))
            return complain(wrong_usage, std::string(share.name) + " wants a number above 0 and below 1");
    }
    request.threads = *threads;
    wish.seed = static_cast<std::uint64_t>(*seed);
    wish.by_class = a.has("--by-class");
    bool known_score = false;
    for (const auto s : {uml::trust::set_score::lac, uml::trust::set_score::aps, uml::trust::set_score::raps})
        if (a.value("--score", "lac") == uml::trust::name_of(s)) wish.score = s, known_score = true;
    if (!known_score) return complain(wrong_usage, "--score knows lac, aps and raps, not '" + a.value("--score") + "'");
    for (const char* needed : {"--weights", "--data", "--out"})
        if (a.value(needed).empty()) return complain(wrong_usage, std::string(needed) + " is missing");
    if (a.has("--fit") && a.value("--fit") == a.value("--split"))
        return complain(wrong_usage,
                        "--fit and --split name the same pictures: what is fitted on them promises nothing");
    if (a.has("--only-kind") && !a.has("--kind-fit"))
        return complain(wrong_usage, "--only-kind needs --kind-fit: the training pictures");
    if (a.has("--kind-fit") && a.value("--kind-fit") == a.value("--split"))
        return complain(wrong_usage,
                        "--kind-fit and --split name the same pictures: a limit is set on others than it is fitted on");
    if (!a.words().empty()) return complain(wrong_usage, "'" + a.words().front() + "' is no option");
    if (const auto r = support::check_available(request); !r) return complain(wrong_usage, r.error().what.view());

    if (const auto r = support::check_weights_file(request.weights); !r)
        return complain(weights_refused, r.error().what.view());
    const std::string out = a.value("--out");
    const std::vector<std::filesystem::path> outputs{out};
    if (const auto r = support::check_outputs(outputs); !r) return complain(wrong_usage, r.error().what.view());
    const auto before = support::hash_file(request.weights);
    const auto engine = support::open_engine(request);
    if (!engine) return complain(weights_refused, engine.error().what.view());
    const support::model_facts& model = (*engine)->facts();
    if (const auto r = support::check_input_rule(request.weights, model); !r)
        return complain(weights_refused, r.error().what.view());
    if (model.classes.size() > uml::trust::class_set_rule::most_classes)
        return complain(weights_refused, request.weights + ": class sets take at most 64 classes");
    std::map<std::string, std::string> metadata;
    std::optional<calibrate::kind_found> kind;
    std::optional<uml::familiarity_model> statistics;
    if (a.has("--kind-fit")) {
        kind_wish.data = a.value("--data"), kind_wish.fit = a.value("--kind-fit");
        kind_wish.split = a.value("--split"), kind_wish.group = a.value("--group");
        auto seen = calibrate::find_kind(**engine, request.weights, kind_wish);
        if (!seen) return give_up(seen.error());
        kind = *std::move(seen);
        statistics = kind->statistics.model();
        add_kind(metadata, *kind, kind_wish);
    }
    calibrate::answers found;
    calibrate::promises made;
    if (!a.has("--only-kind")) {
        auto answered = answer_all(**engine, a.value("--data"), a.value("--split"), a.value("--group"), true);
        if (!answered) return give_up(answered.error());
        found = *std::move(answered);
        calibrate::answers fit;
        if (a.has("--fit")) {
            auto fitted = answer_all(**engine, a.value("--data"), a.value("--fit"), {}, false);
            if (!fitted) return give_up(fitted.error());
            fit = *std::move(fitted);
        }
        const auto promised = calibrate::make_promises(found, a.has("--fit") ? &fit : nullptr, model.temperature, wish);
        if (!promised) return complain(data_refused, promised.error().what.view());
        made = *promised;
        metadata.merge(metadata_of(made, wish, found, model, a));
    }

    const auto copy = calibrate::copy_with(request.weights, metadata, statistics ? &*statistics : nullptr);
    if (const auto now = support::hash_file(request.weights); !before || !now || *before != *now)
        return complain(weights_refused, support::shown(request.weights) + ": changed in the meantime");
    if (!copy) return complain(weights_refused, copy.error().what.view());
    request.content = *copy;
    if (const auto again = support::open_engine(request); !again)
        return complain(weights_refused, again.error().what.view());
    if (const auto r = support::check_outputs(outputs); !r) return complain(wrong_usage, r.error().what.view());
    if (support::stop_signal() != 0) return give_up(calibrate::stopped());
    if (const auto r =
            support::write_file(out, std::span(reinterpret_cast<const std::uint8_t*>(copy->data()), copy->size()));
        !r)
        return complain(data_refused, r.error().what.view());
    if (!a.has("--only-kind")) report(made, wish, found, model);
    if (kind) report(*kind, kind_wish);
    std::printf("\nwritten to %s. Measure what it gives on pictures that chose nothing: uml-evaluate --more\n",
                support::printable(out).c_str());
    return support::printed() ? all_done : complain(data_refused, "standard output cannot be written");
}

int run_all(int count, char** words) {
    const auto parsed = support::arguments::parse(count, words, known);
    if (!parsed) return complain(wrong_usage, parsed.error().what.view());
    if (parsed->has("--help")) {
        std::fputs(help_text().c_str(), stdout);
        return support::printed() ? all_done : complain(data_refused, "standard output cannot be written");
    }
    return run(*parsed);
}

} // namespace

int main(int count, char** words) {
    return support::run_program("uml-calibrate", [&] { return run_all(count, words); });
}
