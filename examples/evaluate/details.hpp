// Beyond the thirteen figures: every image and region by itself, more figures over all, and intervals by patient.
#pragma once

#include "evaluate/scores.hpp"
#include "support/groups.hpp"
#include "uml/io/json_writer.hpp"
#include "uml/metrics/regions.hpp"
#include "uml/metrics/segmentation.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace evaluate {

/// How distances are measured.
struct ruler {
    double spacing = 1;   ///< size of a pixel of the images; 1: distances are in pixels
    double tolerance = 2; ///< of the normalised surface distance, in the same unit
    bool in_mm = false;
};

/// One region of one image.
struct region_detail {
    uml::metrics::region_overlap overlap;
    uml::metrics::lesion_match lesions;
    uml::metrics::surface_distance surface;
};

/// What is known of one image.
struct image_detail {
    std::string id;
    int label = 0, predicted = 0;
    double confidence = 0, vacuity = 1;
    uml::trust::verdict verdict{};
    std::vector<int> class_set;
    std::vector<region_detail> regions; ///< all but the background
};

[[nodiscard]] image_detail detail_of(const std::string& id, const support::reading& says,
                                     const support::pixel_maps& maps, const support::picture& truth, int label,
                                     const ruler& r);

/// Names and values of figures, in the order in which they are written; NaN where one is not defined.
struct named_figures {
    std::vector<std::string> names;
    std::vector<double> values;

    void add(std::string name, double value) {
        names.push_back(std::move(name));
        values.push_back(value);
    }
};

/// Of the whole table; the figures of the regions are means over the images, named "REGION FIGURE".
[[nodiscard]] named_figures sum_up_more(const score_table& t, const std::vector<image_detail>& images,
                                        const std::vector<std::string>& regions);

/// 95 % intervals of these, on 1000 resamples of the groups (of the images if `groups` is empty).
[[nodiscard]] std::vector<uml::metrics::interval> bootstrap_more(const score_table& t,
                                                                 const std::vector<image_detail>& images,
                                                                 const std::vector<std::string>& regions,
                                                                 std::span<const std::uint32_t> groups);

/// The table of --per-image: a row an image.
[[nodiscard]] std::string per_image_csv(const std::vector<image_detail>& images, const support::model_facts& model,
                                        const support::case_groups& groups);

/// The same as "images", an array of objects.
void write_images(uml::json::writer<std::string>& w, const std::vector<image_detail>& images,
                  const support::model_facts& model, const support::case_groups& groups);

} // namespace evaluate
