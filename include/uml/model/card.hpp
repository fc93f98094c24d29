// What a model knows about itself besides its numbers: names, thresholds of calibration.
#pragma once

#include "uml/core/buffer.hpp"
#include "uml/core/text.hpp"
#include "uml/evidence/familiarity.hpp"
#include "uml/evidence/screening.hpp"
#include "uml/model/input_rule.hpp"
#include "uml/networks/config.hpp"
#include "uml/trust/class_set.hpp"
#include "uml/trust/mask_rule.hpp"

#include <cstring>
#include <optional>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// A name of at most 63 bytes with zeros behind it: the same bytes on every machine.
struct label {
    static constexpr std::size_t capacity = 63;
    char letters[capacity + 1] = {};

    label() = default;
    explicit label(std::string_view s) { std::memcpy(letters, s.data(), s.size() < capacity ? s.size() : capacity); }
    [[nodiscard]] std::string_view view() const { return {letters}; }
};

/// Names by index, on the heap or in memory of the caller's. Move only.
class label_list {
public:
    label_list() = default;
    /// `names` must outlive the list.
    [[nodiscard]] static label_list borrow(std::span<const label> names) {
        label_list l;
        l.borrowed_ = names;
        return l;
    }
    /// False if the heap refuses.
    [[nodiscard]] bool append(const label& name) { return owned_.append(name); }

    [[nodiscard]] std::span<const label> span() const { return borrowed_.empty() ? owned_.span() : borrowed_; }
    [[nodiscard]] std::size_t size() const { return span().size(); }
    /// Empty if there is none of that index.
    [[nodiscard]] std::string_view operator[](int k) const {
        const auto all = span();
        return k >= 0 && static_cast<std::size_t>(k) < all.size() ? all[static_cast<std::size_t>(k)].view()
                                                                  : std::string_view{};
    }

private:
    buffer<label> owned_;
    std::span<const label> borrowed_;
};

/// Statistics of familiarity on the heap, or in memory of the caller's that `model` views. Move only.
struct stored_familiarity {
    buffer<float> numbers{}; ///< mean, scale, variances
    buffer<f16> directions{};
    familiarity_model model{};
    std::optional<double> self_check{}; ///< distance of the self-check's picture

    /// False for weights without statistics.
    [[nodiscard]] bool present() const { return model.dimensions() > 0; }
};

/// Move only. A file without `uml.` metadata (a plain state_dict) gives an empty card: `network` is empty.
struct model_card {
    text<label::capacity> network;
    config configuration{};
    label_list classes, regions;
    input_rule input{};                ///< of the pictures that the network was trained on
    double temperature = 1;            ///< from calibration; 1 if there was none
    uml::screening screening{};        ///< the thresholds that calibration chose; the default accepts nothing
    trust::class_set_rule class_set{}; ///< from calibration; without it a set is the predicted class
    trust::mask_set_rule mask_set{};   ///< from calibration
    stored_familiarity familiarity{};  ///< from calibration; its threshold is screening.image_distance too
    text<255> notice{};                ///< what of the file's metadata is not used, and why

    /// Ten times beyond what trust::fit_temperature looks through. Further away probabilities lose their digits.
    [[nodiscard]] static constexpr bool possible_temperature(double t) { return t >= 1e-3 && t <= 1e3; }
    /// As if nobody had calibrated.
    void forget_calibration() {
        temperature = 1;
        screening = {};
        class_set = {};
        mask_set = {};
        familiarity = {};
    }
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
