// Sets of classes that hold the true one as often as promised: "glioma or meningioma".
#pragma once

#include "uml/version.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::trust {

/// How strange a class looks, given the probabilities of all.
enum class set_score : std::uint8_t {
    lac,  ///< 1 - p_y: the smallest sets on average (Sadinle, Lei and Wasserman 2019)
    aps,  ///< the probabilities from the largest down to p_y, added: larger sets where the network is torn (Romano,
          ///< Sesia and Candes 2020), without their random tie-breaking, so that the same picture always gives the same
          ///< set
    raps, ///< aps plus a penalty for every rank beyond the allowed one: few long sets (Angelopoulos et al. 2021)
};

[[nodiscard]] constexpr std::string_view name_of(set_score s) {
    return s == set_score::lac ? "lac" : s == set_score::aps ? "aps" : "raps";
}

/// Which classes belong to the set of an image. Made by calibrate_class_sets(). `p` below is anything with size() and
/// [], the probabilities of all classes; of equal ones the first ranks first.
struct class_set_rule {
    /// The most classes that sets are calibrated for.
    static constexpr std::size_t most_classes = 64;
    static constexpr double everything = std::numeric_limits<double>::max(); ///< a threshold that all classes meet

    set_score score = set_score::lac;
    double penalty = 0;     ///< of raps, for every rank
    int free_ranks = 0;     ///< of raps: the first so many ranks cost nothing
    double coverage = 0;    ///< the promise; 0: there is no rule, and every set is that of the predicted class
    std::size_t levels = 0; ///< 1: one threshold for all classes; else one for each (class-conditional)
    double thresholds[most_classes] = {};

    [[nodiscard]] constexpr bool calibrated() const { return levels > 0; }

    /// How strange class k looks.
    template <class P> [[nodiscard]] constexpr double strangeness(const P& p, std::size_t k) const {
        if (score == set_score::lac) return 1 - static_cast<double>(p[k]);
        double sum = static_cast<double>(p[k]);
        int rank = 1;
        for (std::size_t j = 0; j < p.size(); ++j)
            if (p[j] > p[k] || (p[j] == p[k] && j < k)) {
                sum += static_cast<double>(p[j]);
                ++rank;
            }
        return rank > free_ranks ? sum + penalty * (rank - free_ranks) : sum;
    }

    /// Whether class k belongs to the set: it is the most probable one (a set is never empty), or not too strange.
    template <class P> [[nodiscard]] constexpr bool contains(const P& p, std::size_t k) const {
        bool first = true;
        for (std::size_t j = 0; j < p.size(); ++j) first = first && !(p[j] > p[k] || (p[j] == p[k] && j < k));
        if (first || !calibrated()) return first;
        return strangeness(p, k) <= thresholds[levels == 1 ? 0 : k];
    }

    /// The number of classes in the set, at least 1.
    template <class P> [[nodiscard]] constexpr int size(const P& p) const {
        int count = 0;
        for (std::size_t k = 0; k < p.size(); ++k) count += contains(p, k) ? 1 : 0;
        return count;
    }
};

} // namespace uml::inline UML_VERSION_NAMESPACE::trust

#include "uml/core/end.inc"
