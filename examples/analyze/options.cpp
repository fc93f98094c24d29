#include "analyze/options.hpp"

#include "support/arguments.hpp"

#include <algorithm>
#include <array>
#include <thread>

namespace analyze {
namespace {

constexpr support::option known[] = {{"--weights"},      {"--out"},        {"--json", 0},           {"--csv"},
                                     {"--save"},         {"--threads"},    {"--backend"},           {"--precision"},
                                     {"--resume", 0},    {"--help", 0},    {"--version", 0},        {"--levels", 2},
                                     {"--recursive", 0}, {"--kind-check"}, {"--show-unfamiliar", 0}};

uml::result<std::vector<std::string>> parse_kinds(std::string_view list) {
    std::vector<std::string> kinds;
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(','), list.size());
        const std::string_view kind = list.substr(0, end);
        if (std::find(all_kinds.begin(), all_kinds.end(), kind) == all_kinds.end() && kind != kind_on_request)
            return uml::fail(uml::errc::invalid_argument,
                             {"--save knows overlay, mask, uncertainty, reliable and set, not '", kind, "'"});
        if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) kinds.emplace_back(kind);
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    if (kinds.empty()) return uml::fail(uml::errc::invalid_argument, "--save needs at least one kind of picture");
    return kinds;
}

} // namespace

uml::result<options> parse_options(int count, const char* const* words) {
    const auto parsed = support::arguments::parse(count, words, known);
    if (!parsed) return parsed.error();
    const support::arguments& a = *parsed;
    options o;
    o.help = a.has("--help");
    o.version = a.has("--version");
    if (o.help || o.version) return o;

    o.engine.weights = a.value("--weights");
    o.engine.backend = a.value("--backend", o.engine.backend);
    o.engine.precision = a.value("--precision", o.engine.precision);
    const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    const auto threads = a.integer("--threads", 1, support::most_threads, std::min(cores, support::most_threads));
    if (!threads) return threads.error();
    o.engine.threads = *threads;
    o.inputs = a.words();
    o.csv = a.value("--csv");
    o.json = a.has("--json");
    o.resume = a.has("--resume");
    o.recursive = a.has("--recursive");
    o.show_unfamiliar = a.has("--show-unfamiliar");
    const std::string kind_check = a.value("--kind-check", "on");
    if (kind_check != "on" && kind_check != "off")
        return uml::fail(uml::errc::invalid_argument, {"--kind-check is on or off, not '", kind_check, "'"});
    o.engine.check_kind = kind_check == "on";
    const auto levels = a.levels();
    if (!levels) return levels.error();
    o.levels = *levels;
    if (a.has("--save") || a.has("--out")) {
        o.folder = a.value("--out", ".");
        o.kinds.assign(all_kinds.begin(), all_kinds.end());
    }
    if (a.has("--save")) {
        const auto kinds = parse_kinds(a.value("--save"));
        if (!kinds) return kinds.error();
        o.kinds = *kinds;
    }
    if (o.folder == "-")
        return uml::fail(uml::errc::invalid_argument, "--out wants a folder (./- is one of this name)");
    if (o.engine.weights.empty()) return uml::fail(uml::errc::invalid_argument, "--weights is missing");
    if (o.inputs.empty()) return uml::fail(uml::errc::invalid_argument, "no picture and no folder is named");
    if (std::find(o.inputs.begin(), o.inputs.end(), "") != o.inputs.end())
        return uml::fail(uml::errc::invalid_argument, "an image without a name");
    if (o.resume && o.kinds.empty() && o.csv.empty())
        return uml::fail(uml::errc::invalid_argument, "--resume looks at existing results: add --out or --csv");
    if (const auto available = support::check_available(o.engine); !available) return available.error();
    return o;
}

std::string help_text() {
    std::string text = R"(uml-analyze: classifies and segments medical images, and says how far to trust each answer.

usage: uml-analyze --weights W [options] IMAGE|FOLDER...

  IMAGE is a PNG, JPEG or TIFF file (TIFF: grey) of any size up to 32768 pixels a side, 33554432 pixels and 128 MiB; of a
  FOLDER all such files in it are read. An image is turned as EXIF says, resized for the network, and the results are
  mapped back to its own pixels. What is transparent is black. Colour profiles are not applied, the shape of pixels is
  not looked at. What is damaged or ambiguous is refused (docs/pictures.md says what).

  --weights W      the network's file (safetensors with the metadata of this library)
  --out DIR        write pictures there, as DIR/NAME.KIND.png; images of equal name get 8 digits behind it
  --save LIST      which kinds, with commas (all but set by default; without --out into the current folder):
                     overlay      the image with the contours of its regions, class, scores and verdict
                     mask         the number of its region at every pixel, as an indexed PNG
                     uncertainty  vacuity as colours, with a scale
                     reliable     white where the vacuity is low enough to rely on the pixel
                     set          the pixels that hold all but the promised share of the foreground, on average
                                  (with weights of uml-calibrate)
  --json           one JSON document on standard output in place of the report (docs/analyze-schema.json)
  --csv FILE       a table with one row per image; /dev/stdout puts its rows among the report's, so not with --json
  --resume         skip images whose results exist: same content, weights and options, by the manifest beside them
                   (DIR/uml-manifest.jsonl, FILE.manifest.jsonl)
  --recursive      enter folders in a FOLDER; DIR gets the same folders
  --levels L H     for images of more than 8 bits: sample L is black, H white. Needed where one of 16 bits uses less
                   than half of the range that its file says, or, without 1 % of its samples at either end, less than
                   an eighth
  --kind-check off  do not ask whether an image is of the kind that the network knows: for people who know that it is.
                   Every answer then says "not checked"
  --show-unfamiliar  class and mask also of images of no known kind; without it only the overlay is written, bare
  --threads N      use N threads (all cores by default). The last bits of onednn's answers depend on it, so --resume makes
                   them again with another N; those of the others don't
  --backend B      and
  --precision P    how to compute, cpu with f32 by default; this build has
                   )";
    text += support::offers_here();
    text += R"(
  --help           this text
  --version        the version, and what reads images

  DIR/NAME... and FILE appear when they are whole, and keep the permissions of what was there. Images are called by their
  file's name, or NAME-<8 hex digits or more> where that is another's; all inputs of a run together get the same names in
  every order. FILE may be a device, a pipe or a link to a file of yours; it is no input, and one program writes it at a time.

exit status: 0 all images done, 1 some failed (the others are done) or a result or the report was not written, 2 wrong
usage, 3 weights refused; 129, 130 and 143 after SIGHUP, SIGINT and SIGTERM, with the image at hand finished. A second
signal ends the program at once

A verdict is accepted, uncertain (refer to a human) or unfamiliar: the image is unlike those of the training, and class
and mask, which would mean nothing, are withheld. Weights without statistics of their kind cannot tell; answers then say
"not checked".
With weights of uml-calibrate an answer is a set of classes that holds the true one as often as promised; it is accepted
if it is a single class and the vacuity is within the limit. A probability is the network's score for a class, not the
chance of being right. Vacuity says how little evidence there is, from 0 to 1; an image with more than the limit in the
weights file is referred to a human.
In JSON and in the table a byte of a name that is not UTF-8 is \xNN, in the table one of a control character too, and the
backslash of a name that looks so is \x5c.
For research. Not a medical device.
)";
    return text;
}

} // namespace analyze
