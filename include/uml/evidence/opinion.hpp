// Opinions of subjective logic: belief masses, vacuity and base rates, in the caller's memory.
#pragma once

#include "uml/core/element.hpp"
#include "uml/core/result.hpp"
#include "uml/evidence/dirichlet.hpp"

#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// View of a multinomial opinion on K >= 2 classes: K + 1 masses (the K beliefs, then the vacuity u), which sum to 1,
/// and K base rates, the probabilities before any evidence; without base rates they are 1 / K each. `T` is const for
/// views that only read. Dirichlet and opinion say the same: alpha_k = K (b_k / u + a_k), Josang 2016, section 3.5.
template <class T>
requires std::floating_point<std::remove_const_t<T>>
class opinion {
public:
    using value_type = std::remove_const_t<T>;

    constexpr opinion() = default;

    /// Unchecked: K + 1 masses; `base_rates` is empty or has K elements that sum to 1.
    constexpr explicit opinion(std::span<T> masses, std::span<T> base_rates = {})
        : masses_(masses.data()), rates_(base_rates.empty() ? nullptr : base_rates.data()),
          classes_(static_cast<int>(masses.size()) - 1) {}

    constexpr operator opinion<const T>() const requires(!std::is_const_v<T>) {
        return opinion<const T>(masses(), has_base_rates() ? base_rates() : std::span<const T>());
    }

    /// Checked view, for masses that come from outside. Refuses fewer than two classes, masses or base rates that are
    /// not finite or outside [0, 1], and sums further than 1e-4 from 1.
    [[nodiscard]] static constexpr result<opinion> make(std::span<T> masses, std::span<T> base_rates = {}) {
        if (masses.size() < 3)
            return fail(errc::invalid_argument, "opinion: at least 3 masses are needed (2 beliefs and the vacuity)");
        if (!base_rates.empty() && base_rates.size() + 1 != masses.size())
            return fail(errc::invalid_argument, "opinion: one base rate per class is needed, or none at all");
        if (!is_distribution(masses))
            return fail(errc::invalid_argument, "opinion: the masses must lie in [0, 1] and sum to 1");
        if (!base_rates.empty() && !is_distribution(base_rates))
            return fail(errc::invalid_argument, "opinion: the base rates must lie in [0, 1] and sum to 1");
        return opinion(masses, base_rates);
    }

    [[nodiscard]] constexpr int classes() const { return classes_; }
    [[nodiscard]] constexpr value_type belief(int k) const { return masses_[k]; }
    [[nodiscard]] constexpr value_type vacuity() const { return masses_[classes_]; }
    [[nodiscard]] constexpr bool has_base_rates() const { return rates_ != nullptr; }
    [[nodiscard]] constexpr value_type base_rate(int k) const {
        return has_base_rates() ? rates_[k] : 1 / static_cast<value_type>(classes_);
    }

    /// Projected probability b_k + a_k u.
    [[nodiscard]] constexpr value_type probability(int k) const { return belief(k) + base_rate(k) * vacuity(); }

    /// The most probable class; the first of equals.
    [[nodiscard]] constexpr int predicted() const {
        int best = 0;
        for (int k = 1; k < classes_; ++k)
            if (probability(k) > probability(best)) best = k;
        return best;
    }

    /// The K beliefs and the vacuity.
    [[nodiscard]] constexpr std::span<T> masses() const { return {masses_, static_cast<std::size_t>(classes_) + 1}; }
    /// The K base rates; call only when there are any.
    [[nodiscard]] constexpr std::span<T> base_rates() const { return {rates_, static_cast<std::size_t>(classes_)}; }

    /// Knows nothing: all belief 0, vacuity 1. Base rates stay.
    constexpr void set_vacuous() const requires(!std::is_const_v<T>) {
        for (int k = 0; k < classes_; ++k) masses_[k] = 0;
        masses_[classes_] = 1;
    }

    /// The opinion that a Dirichlet over as many classes expresses: b_k = e_k / S, u = K / S. Base rates become 1 / K.
    constexpr void assign(const dirichlet<value_type>& d) const requires(!std::is_const_v<T>) {
        for (int k = 0; k < classes_; ++k) masses_[k] = d.belief(k);
        masses_[classes_] = d.vacuity();
        for (int k = 0; has_base_rates() && k < classes_; ++k) rates_[k] = 1 / static_cast<value_type>(classes_);
    }

    /// Writes the parameters alpha_k = K (b_k / u + a_k) of the Dirichlet that says the same. Fails when u is too small
    /// for that (no finite Dirichlet is that certain), when `alpha` has fewer than K elements, and when a base rate
    /// below 1 / K leaves a parameter below 1: a Dirichlet here is evidence e >= 0 on top of equal base rates, and none
    /// says the same. `alpha` holds nothing of use after a failure.
    [[nodiscard]] constexpr result<void> write_alpha(std::span<value_type> alpha) const {
        const auto n = static_cast<value_type>(classes_);
        if (alpha.size() < static_cast<std::size_t>(classes_))
            return fail(errc::too_small, {"opinion: no room for ", classes_, " parameters"});
        constexpr value_type rounding = 8 * std::numeric_limits<value_type>::epsilon(); // of base rates like 1 / 3
        value_type sum = 0;
        for (int k = 0; k < classes_; ++k) {
            const value_type odds = vacuity() > 0 ? belief(k) / vacuity() : std::numeric_limits<value_type>::infinity();
            value_type a = n * odds + (has_base_rates() ? n * rates_[k] : 1);
            if (a < 1 - rounding)
                return fail(errc::invalid_argument, {"opinion: the base rate of class ", k, " is so far below 1 / ",
                                                     classes_, " that its parameter would be below 1"});
            if (a < 1) a = 1;
            sum += alpha[static_cast<std::size_t>(k)] = a;
        }
        if (!is_finite(sum)) return fail(errc::not_finite, "opinion: a vacuity of 0 has no finite Dirichlet");
        return {};
    }

private:
    static constexpr bool is_distribution(std::span<T> numbers) {
        value_type sum = 0;
        for (const value_type x : numbers) {
            if (!is_finite(x) || x < 0 || x > 1) return false;
            sum += x;
        }
        constexpr value_type tolerance = static_cast<value_type>(1e-4);
        return sum >= 1 - tolerance && sum <= 1 + tolerance;
    }

    T* masses_ = nullptr;
    T* rates_ = nullptr;
    int classes_ = 0;
};

template <class C> explicit opinion(C&) -> opinion<std::remove_pointer_t<decltype(std::data(std::declval<C&>()))>>;
template <class C> explicit opinion(C&, C&) -> opinion<std::remove_pointer_t<decltype(std::data(std::declval<C&>()))>>;

/// Opinions in rows of K + 1 masses, one after the other in the caller's memory; base rates are 1 / K. A source for
/// fusion, and the place to collect the opinions of several slices, flips or models.
template <class T>
requires std::floating_point<std::remove_const_t<T>>
class opinion_table {
public:
    /// As many opinions as fit.
    constexpr opinion_table(std::span<T> memory, int classes) : memory_(memory), classes_(classes) {}

    [[nodiscard]] constexpr std::size_t size() const { return memory_.size() / row(); }
    [[nodiscard]] constexpr opinion<T> operator[](std::size_t i) const {
        return opinion<T>(memory_.subspan(i * row(), row()));
    }
    /// The first `count` opinions.
    [[nodiscard]] constexpr opinion_table first(std::size_t count) const {
        return opinion_table(memory_.first(count * row()), classes_);
    }

private:
    [[nodiscard]] constexpr std::size_t row() const { return static_cast<std::size_t>(classes_) + 1; }

    std::span<T> memory_;
    int classes_;
};

template <class C>
opinion_table(C&, int) -> opinion_table<std::remove_pointer_t<decltype(std::data(std::declval<C&>()))>>;

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
