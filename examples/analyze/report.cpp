#include "analyze/report.hpp"

#include "support/terminal.hpp"
#include "support/text.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace analyze {
namespace {

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void add(std::string& to, const char* format, ...) {
    char line[512];
    std::va_list values;
    va_start(values, format);
    std::vsnprintf(line, sizeof line, format, values);
    va_end(values);
    to += line;
}

std::size_t columns(const std::string& text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t width) {
    return text + std::string(width - std::min(width, columns(text)), ' ');
}

std::size_t widest(const std::vector<std::string>& names, std::size_t least) {
    for (const std::string& name : names) least = std::max(least, columns(name));
    return least;
}

} // namespace

std::string class_set_text(const std::vector<int>& set, const std::vector<std::string>& classes) {
    std::string text;
    for (std::size_t i = 0; i < set.size(); ++i)
        text += (i == 0 ? "" : i + 1 < set.size() ? ", " : " or ") + classes[static_cast<std::size_t>(set[i])];
    return text;
}

std::string reason(const outcome& o, const support::model_facts& model) {
    std::string text;
    if (o.verdict == uml::trust::verdict::unfamiliar) {
        if (*o.familiarity >= uml::familiarity_model::no_features) return "the network finds no features in it";
        add(text, "its distance from the pictures of training is %.2f times the limit", *o.familiarity);
        return text;
    }
    if (model.most_image_vacuity <= 0)
        return "the weights come without a calibrated limit, so a human decides on every image";
    const bool within = static_cast<float>(o.vacuity) <= static_cast<float>(model.most_image_vacuity);
    add(text, "vacuity %.3f is %s the calibrated limit of %.3f", o.vacuity, within ? "within" : "above",
        model.most_image_vacuity);
    if (o.class_set.size() > 1)
        add(text, "%s the class set holds %zu classes", within ? ", but" : ", and", o.class_set.size());
    return text;
}

std::string report(const outcome& o, const support::model_facts& model, bool unicode) {
    // A name with the end of a line in it would tell a report of its own.
    const std::string image = support::printable(o.image);
    if (o.status == outcome::state::skipped) return image + ": skipped, its results exist\n\n";
    if (o.status == outcome::state::failed) return support::printable(o.problem) + "\n  failed\n\n";
    std::string text = image;
    add(text, "  (%d %s %d pixels)\n", o.width, unicode ? "\u00d7" : "x", o.height);
    text += "  " + (o.withheld ? "" : class_set_text(o.class_set, model.classes) + ": ") +
            std::string(uml::trust::words_of(o.verdict, o.kind)) + ", " + reason(o, model) + "\n\n";
    if (o.withheld) {
        text += "  class and mask would mean nothing and are withheld (--show-unfamiliar shows them)\n";
        for (const auto& [kind, path] : o.pictures)
            text += "  " + padded(kind, 11) + "  " + support::printable(path) + "\n";
        add(text, "  %.3f s, of these %.3f s in the network\n\n", o.seconds, o.network_seconds);
        return text;
    }

    const std::size_t wide = std::max(widest(model.classes, 7), widest(model.regions, 6));
    text += "  " + padded("class", wide) + "  belief  probability\n";
    for (std::size_t k = 0; k < model.classes.size(); ++k) {
        text += "  " + padded(model.classes[k], wide);
        add(text, "   %.3f        %.3f  %s\n", o.belief[k], o.probability[k],
            support::text_bar(o.probability[k], 30, unicode).c_str());
    }
    text += "  " + padded("vacuity", wide);
    add(text, "   %.3f               %s\n\n", o.vacuity, support::text_bar(o.vacuity, 30, unicode).c_str());

    text += "  " + padded("region", wide) + "      pixels    share  mean vacuity  parts\n";
    for (std::size_t k = 0; k < model.regions.size(); ++k) {
        const support::region_summary& r = o.regions[k];
        text += "  " + padded(model.regions[k], wide);
        add(text, "  %10lld  %5.2f %%", static_cast<long long>(r.pixels), 100 * r.share);
        if (r.pixels == 0)
            text += "             -";
        else
            add(text, "         %.3f", r.mean_vacuity);
        if (k > 0) add(text, "  %5zu", r.parts.size());
        text += '\n';
    }
    add(text, "  reliable pixels: %.1f %% (vacuity at most %.3f)\n", 100 * o.reliable_share, model.most_pixel_vacuity);
    if (model.class_set.calibrated())
        add(text,
            "  the class set holds the true class of pictures like those of the calibration with probability %.2f\n",
            model.class_set.coverage);
    if (model.mask_set.calibrated())
        add(text, "  mask with at most %.0f %% of the foreground missed, on average: %.1f %% of the pixels\n",
            100 * model.mask_set.miss, 100 * o.mask_set_share);
    for (const auto& [kind, path] : o.pictures)
        text += "  " + padded(kind, 11) + "  " + support::printable(path) + "\n";
    add(text, "  %.3f s, of these %.3f s in the network\n\n", o.seconds, o.network_seconds);
    return text;
}

std::string closing_words(int done, int accepted, int unfamiliar, int failed, int skipped) {
    std::string text;
    add(text, "%d done: %d accepted, %d for a human", done, accepted, done - accepted);
    if (unfamiliar > 0) add(text, ", of these %d unfamiliar", unfamiliar);
    if (skipped > 0) add(text, "; %d skipped", skipped);
    if (failed > 0) add(text, "; %d failed", failed);
    text +=
        ".\n"
        "A probability here is the network's score for a class, not the chance of being right. Vacuity, from 0 to 1, "
        "says\n"
        "how little evidence there is: for the class of the image, or at a pixel. It is not the chance that the mask "
        "is\n"
        "wrong there. For research; not a medical device.\n";
    return text;
}

} // namespace analyze
