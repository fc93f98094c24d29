#include "calibrate/kind.hpp"

#include "evaluate/dataset.hpp"
#include "support/groups.hpp"
#include "support/stop.hpp"
#include "support/terminal.hpp"
#include "support/variants.hpp"
#include "uml/io/file.hpp"

#include <algorithm>
#include <map>

namespace calibrate {
namespace {

/// Pooled features of a split's pictures: each as it is and then `copies` times changed.
struct seen {
    std::vector<float> features;
    std::size_t pictures = 0, dimensions = 0;
    std::vector<std::uint32_t> groups; ///< of the pictures

    [[nodiscard]] std::span<const float> row(std::size_t i) const {
        return std::span(features).subspan(i * dimensions, dimensions);
    }
};

uml::result<seen> look_at(support::engine& engine, const kind_wishes& wish, const std::string& split, int copies) {
    const auto cases = evaluate::read_dataset(wish.data, split, engine.facts().classes);
    if (!cases) return cases.error();
    seen s;
    s.pictures = cases->size();
    if (!wish.group.empty()) {
        std::vector<std::string> ids;
        for (const auto& c : *cases) ids.push_back(c.id);
        auto groups = support::read_groups(wish.data, split, wish.group, ids);
        if (!groups) return groups.error();
        s.groups = std::move(groups->of);
    }
    support::progress bar(static_cast<int>(cases->size()));
    for (std::size_t i = 0; i < cases->size(); ++i) {
        if (support::stop_signal() != 0) return stopped();
        bar.show((*cases)[i].id + " for its kind");
        const auto image = support::read_picture((*cases)[i].image);
        if (!image) return image.error();
        const support::picture plain = engine.prepare(*image);
        if (wish.group.empty()) s.groups.push_back(static_cast<std::uint32_t>(i));
        for (int copy = 0; copy <= copies; ++copy) {
            const std::uint64_t seed = i * 16 + static_cast<std::uint64_t>(copy);
            const auto says =
                engine.run((copy == 0 ? plain : support::changed(plain, support::harmless(seed), seed)).view());
            if (!says) return says.error();
            s.dimensions = says->features.size();
            s.features.insert(s.features.end(), says->features.begin(), says->features.end());
        }
        bar.advance();
    }
    if (s.dimensions == 0)
        return uml::fail(uml::errc::unsupported, "the network has no pooled features, so no kind of picture is known");
    return s;
}

/// Of the picture that the file checks itself with; nothing if there is none of the network's size.
uml::result<std::optional<double>> distance_of_check(support::engine& engine, const std::string& weights,
                                                     const uml::familiarity_model& model) {
    const auto file = uml::open_weights(weights.c_str());
    if (!file) return file.error();
    const uml::tensor_entry* input = file->find("uml.selfcheck.input");
    const support::model_facts& facts = engine.facts();
    if (input == nullptr || input->type != uml::dtype::u8 || input->dimensions != 3) return std::optional<double>();
    support::picture p(static_cast<int>(input->shape()[0]), static_cast<int>(input->shape()[1]),
                       static_cast<int>(input->shape()[2]));
    if (p.height != facts.height || p.width != facts.width || (p.channels != 1 && p.channels != facts.channels))
        return std::optional<double>();
    if (auto r = file->read_bytes(*input, std::as_writable_bytes(std::span(p.data))); !r) return r.error();
    const auto says = engine.run(p.view());
    if (!says) return says.error();
    const auto distance = model.distance(std::span<const float>(says->features));
    if (!distance) return distance.error();
    return std::optional(*distance);
}

} // namespace

uml::result<kind_found> find_kind(support::engine& engine, const std::string& weights, const kind_wishes& wish) {
    constexpr int fit_copies = 1, threshold_copies = 2;
    const auto training = look_at(engine, wish, wish.fit, fit_copies);
    if (!training) return training.error();
    auto fitted = uml::trust::fit_familiarity(training->features, training->dimensions);
    if (!fitted) return fitted.error();
    kind_found k;
    k.statistics = *std::move(fitted);
    k.fitted_on = training->pictures;

    const auto others = look_at(engine, wish, wish.split, threshold_copies);
    if (!others) return others.error();
    k.threshold_on = others->pictures;
    const uml::familiarity_model model = k.statistics.model();
    std::vector<uml::trust::conformal_case> cases;
    for (std::size_t i = 0; i < others->pictures * (threshold_copies + 1); ++i) {
        const auto distance = model.distance(others->row(i));
        if (!distance) return distance.error();
        cases.push_back({*distance, others->groups[i / (threshold_copies + 1)]});
    }
    std::vector<double> plain;
    for (std::size_t i = 0; i < cases.size(); i += threshold_copies + 1) plain.push_back(cases[i].score);
    const auto threshold = uml::trust::familiarity_threshold(cases, wish.refused);
    if (!threshold) return threshold.error();
    k.statistics.threshold = *threshold;
    for (const double d : plain)
        if (d > static_cast<double>(*threshold)) k.refused += 1 / static_cast<double>(plain.size());
    const auto check = distance_of_check(engine, weights, model);
    if (!check) return check.error();
    k.self_check = *check;
    return k;
}

} // namespace calibrate
