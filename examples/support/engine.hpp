// The one place where the programs meet the library: a weights file in, a reading of a picture out.
#pragma once

#include "support/picture.hpp"
#include "uml/trust/class_set.hpp"
#include "uml/trust/mask_rule.hpp"
#include "uml/trust/verdict.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace support {

/// What the programs know of a network with its weights.
struct model_facts {
    std::string network;                  ///< release, paper or edge
    int height = 0, width = 0;            ///< what pictures are resized to
    int channels = 0;                     ///< 1 grey, 3 colour
    std::vector<std::string> classes;     ///< names, in the order of the network's outputs
    std::vector<std::string> regions;     ///< names; 0 is the background
    double most_image_vacuity = 1;        ///< a picture with more is referred to a human
    double most_pixel_vacuity = 1;        ///< a pixel with more is not reliable
    double most_distance = 0;             ///< a picture further away is unfamiliar; 0: that is not checked
    double temperature = 1;               ///< of the class probabilities
    uml::trust::class_set_rule class_set; ///< not calibrated: a set is the predicted class
    uml::trust::mask_set_rule mask_set;
};

/// What the network says of one picture, at the network's size.
struct reading {
    std::vector<double> belief, probability; ///< one per class; the beliefs and the vacuity sum to 1
    std::vector<double> evidence;            ///< one per class
    double vacuity = 1;
    int predicted = 0;
    std::vector<int> class_set; ///< classes, in the order of the network's outputs; at least the predicted one
    uml::trust::verdict verdict = uml::trust::verdict::uncertain;
    uml::acquaintance kind = uml::acquaintance::unchecked;
    std::optional<double> familiarity; ///< distance over the limit; nothing where it was not checked
    bool accepted = false;             ///< whether that is the verdict
    std::vector<float> features;       ///< pooled, that the kind is known by; empty where the network has none
    int height = 0, width = 0, regions = 0;
    std::vector<float> logits;        ///< of the segmentation: height × width × regions
    std::vector<float> pixel_vacuity; ///< of the mutual decoder: height × width
};

/// What to open, and how to run it.
struct engine_request {
    std::string weights, backend = "cpu", precision = "f32";
    int threads = 1;
    bool check_kind = true; ///< whether pictures of no known kind are unfamiliar, where the weights can tell
    std::span<const std::byte> content{}; ///< of the file, where it is not to be read; `weights` only names it then
};

/// A loaded network. Not for several threads at once: it uses several itself.
class engine {
public:
    virtual ~engine() = default;

    [[nodiscard]] const model_facts& facts() const { return facts_; }

    /// The picture as the network wants it: grey or colour, resized.
    [[nodiscard]] picture prepare(const picture& p) const;

    /// Reads a picture of exactly the network's size.
    [[nodiscard]] virtual uml::result<reading> run(const uml::image_view& image) = 0;

protected:
    model_facts facts_;
};

/// More threads than this no backend uses.
inline constexpr int most_threads = 16;

/// The backends of this build, each with its precisions: "cpu (f32, f32-direct), reference (f32, f64)".
[[nodiscard]] std::string offers_here();

/// Whether the last bits of an answer depend on the number of threads.
[[nodiscard]] bool threads_decide(const engine_request& request);

/// `unsupported` if the backend or the precision is not in this build, with a sentence that names those that are.
[[nodiscard]] uml::result<void> check_available(const engine_request& request);

/// Loads and checks the weights. Fails with a sentence that names the file and what is wrong with it.
[[nodiscard]] uml::result<std::unique_ptr<engine>> open_engine(const engine_request& request);

} // namespace support
