// Every fusion rule on random opinions, dogmatic, vacuous and tiny ones among them, against the formulas as they stand
// in the papers, in long double.
#include "fuzz/input.hpp"

#include "uml/evidence/fusion.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace {

using fuzz::require;
using real = long double;

struct source {
    std::vector<real> belief, rate;
    real vacuity = 0;
    [[nodiscard]] real known() const {
        real sum = 0;
        for (const real b : belief) sum += b;
        return sum;
    }
};
using sources = std::vector<source>;

struct answer {
    std::vector<real> belief;
    real vacuity = 1, conflict = 0;
};

answer vacuous(std::size_t k) { return {std::vector<real>(k), 1, 0}; }

/// All ways to take one set, a class or the whole, from every source.
void intersect(const sources& all, std::size_t i, int in, real mass, answer& a, real& nothing) {
    constexpr int whole = -1, none = -2;
    if (mass == 0) return;
    if (i == all.size()) {
        if (in == none)
            nothing += mass;
        else
            (in == whole ? a.vacuity : a.belief[static_cast<std::size_t>(in)]) += mass;
        return;
    }
    intersect(all, i + 1, in, mass * all[i].vacuity, a, nothing);
    for (std::size_t k = 0; k < a.belief.size(); ++k) {
        const int own = static_cast<int>(k);
        intersect(all, i + 1, in == whole || in == own ? own : none, mass * all[i].belief[k], a, nothing);
    }
}

answer dempster(const sources& all, std::size_t k) {
    answer a{std::vector<real>(k), 0, 0};
    real nothing = 0;
    intersect(all, 0, -1, 1, a, nothing);
    real left = a.vacuity;
    for (const real b : a.belief) left += b;
    if (left == 0) {
        a = vacuous(k);
        a.conflict = 1;
        return a;
    }
    a.vacuity /= left;
    for (real& b : a.belief) b /= left;
    a.conflict = nothing / (nothing + left);
    return a;
}

/// r = sum_i weight_i b_i / u_i, in the limit where vacuities are 0.
answer by_evidence(const sources& all, std::size_t k, const std::vector<real>& weight) {
    answer a = vacuous(k);
    const bool dogmatic = std::any_of(all.begin(), all.end(), [](const source& s) { return s.vacuity == 0; });
    real sum = 0;
    for (std::size_t i = 0; i < all.size(); ++i)
        for (std::size_t j = 0; j < k; ++j) {
            if (dogmatic && all[i].vacuity != 0) continue;
            const real r = weight[i] * (dogmatic ? all[i].belief[j] : all[i].belief[j] / all[i].vacuity);
            a.belief[j] += r;
            sum += r;
        }
    a.vacuity = dogmatic ? 0 : 1 / (1 + sum);
    for (real& b : a.belief) b *= dogmatic ? 1 / sum : a.vacuity;
    return a;
}

answer weighted(const sources& all, std::size_t k) {
    std::vector<real> weight;
    real sum = 0;
    for (const source& s : all) weight.push_back(s.known()), sum += s.known();
    if (sum == 0) return vacuous(k);
    for (real& w : weight) w /= sum;
    return by_evidence(all, k, weight);
}

/// What belongs to sets of several classes counts as vacuity. Where next to nothing meets anything the answer jumps
/// with the last digit of a belief: then there is nothing to compare, and the conflict is NaN.
answer consensus(const sources& all, std::size_t k) {
    answer a{std::vector<real>(k), 1, 0};
    std::vector<real> shared(k, 1), towards(k);
    real agreed = 0, pull = 0, sets = 1;
    for (std::size_t j = 0; j < k; ++j) {
        for (const source& s : all) shared[j] = std::min(shared[j], s.belief[j]);
        agreed += shared[j];
    }
    for (const source& s : all) {
        real residue = 0;
        for (std::size_t j = 0; j < k; ++j) residue += s.belief[j] - shared[j];
        a.vacuity *= s.vacuity, sets *= residue;
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        real others = 1;
        for (std::size_t j = 0; j < all.size(); ++j) others *= j == i ? 1 : all[j].vacuity;
        for (std::size_t j = 0; j < k; ++j) towards[j] += (all[i].belief[j] - shared[j]) * others;
    }
    for (const real t : towards) pull += t;
    const real rest = std::max<real>(0, all[0].known() + all[0].vacuity - agreed - a.vacuity);
    const real scale = pull + sets > 0 ? rest / (pull + sets) : 0;
    for (std::size_t j = 0; j < k; ++j) a.belief[j] = shared[j] + scale * towards[j];
    a.vacuity += pull + sets > 0 ? scale * sets : rest;
    if (pull + sets < 1e-9L && rest > 0) a.conflict = std::numeric_limits<real>::quiet_NaN();
    return a;
}

template <class T> void compare(const answer& right, const std::vector<T>& masses, T conflict, const char* rule) {
    const real tolerance = sizeof(T) == 4 ? 1e-6L : 1e-11L;
    real sum = 0;
    for (std::size_t j = 0; j < masses.size(); ++j) {
        const real expected = j < right.belief.size() ? right.belief[j] : right.vacuity;
        require(uml::is_finite(masses[j]) && masses[j] >= 0 && masses[j] <= 1 + std::numeric_limits<T>::epsilon() * 8,
                rule);
        require(std::isnan(right.conflict) || std::abs(static_cast<real>(masses[j]) - expected) <= tolerance, rule,
                static_cast<double>(masses[j]), static_cast<double>(expected));
        sum += static_cast<real>(masses[j]);
    }
    require(std::abs(sum - 1) <= 10 * tolerance, "masses sum to 1", static_cast<double>(sum));
    require(std::isnan(right.conflict) || std::abs(static_cast<real>(conflict) - right.conflict) <= tolerance,
            "conflict", static_cast<double>(conflict), static_cast<double>(right.conflict));
}

template <class T> T mass(fuzz::input& in) {
    constexpr double special[] = {0, 0, 1, 1e-3, 1e-8, 1e-20, 1e-30, 0.5};
    const int n = in.byte();
    return static_cast<T>(n < 64 ? special[n % 8] : n / 255.0);
}

/// Numbers that sum to 1, whatever the bytes are.
template <class T> void distribution(fuzz::input& in, std::span<T> out) {
    T sum = 0;
    for (T& m : out) sum += m = mass<T>(in);
    if (sum > 0)
        for (T& m : out) m /= sum;
    else
        out.back() = 1;
}

template <class T> void run(fuzz::input& in) {
    const auto k = static_cast<std::size_t>(in.between(2, 4)), n = static_cast<std::size_t>(in.between(1, 4));
    std::vector<T> memory((k + 1) * n), rates(k * n);
    const bool rated = in.flag();
    std::vector<uml::opinion<const T>> given;
    sources all;
    for (std::size_t i = 0; i < n; ++i) {
        const auto masses = std::span(memory).subspan(i * (k + 1), k + 1), own = std::span(rates).subspan(i * k, k);
        distribution(in, masses);
        distribution(in, own);
        given.emplace_back(masses, rated ? std::span<const T>(own) : std::span<const T>());
        source s;
        for (std::size_t j = 0; j < k; ++j) {
            s.belief.push_back(static_cast<real>(masses[j]));
            s.rate.push_back(rated ? static_cast<real>(own[j]) : 1 / static_cast<real>(k));
        }
        s.vacuity = static_cast<real>(masses.back());
        all.push_back(std::move(s));
    }
    using uml::fusion_rule;
    const std::vector<real> one(n, 1), share(n, 1 / static_cast<real>(n));
    const std::array<std::pair<fusion_rule, answer>, 6> rules{{{fusion_rule::dempster, dempster(all, k)},
                                                               {fusion_rule::belief_constraint, dempster(all, k)},
                                                               {fusion_rule::cumulative, by_evidence(all, k, one)},
                                                               {fusion_rule::averaging, by_evidence(all, k, share)},
                                                               {fusion_rule::weighted, weighted(all, k)},
                                                               {fusion_rule::consensus_compromise, consensus(all, k)}}};
    constexpr const char* names[] = {"dempster",  "belief_constraint", "cumulative",
                                     "averaging", "weighted",          "consensus"};
    for (std::size_t r = 0; r < rules.size(); ++r) {
        std::vector<T> out(k + 1), out_rates(k, T(1) / static_cast<T>(k));
        const auto conflict = uml::fuse(rules[r].first, given, uml::opinion<T>(out, out_rates));
        require(conflict.has_value(), "valid opinions are fused");
        compare(rules[r].second, out, *conflict, names[r]);
        T sum = 0;
        for (const T a : out_rates) {
            require(a >= 0 && a <= T(1.001), "base rates", static_cast<double>(a));
            sum += a;
        }
        require(std::abs(sum - 1) < T(1e-3), "base rates sum to 1", static_cast<double>(sum));
        // The order of the sources does not show, and the result may take the place of one.
        std::vector<uml::opinion<const T>> turned(given.rbegin(), given.rend());
        std::vector<T> again(k + 1);
        const auto same = uml::fuse(rules[r].first, turned, uml::opinion<T>(again));
        require(same.has_value(), "in another order");
        compare(rules[r].second, again, *same, names[r]);
    }
    // Numbers that are no opinion are refused, and nothing is written.
    auto& victim = memory[static_cast<std::size_t>(in.below(static_cast<int>(memory.size())))];
    constexpr T nan = std::numeric_limits<T>::quiet_NaN(), infinity = std::numeric_limits<T>::infinity();
    const T wrong[] = {nan, infinity, -infinity, T(-0.25), T(1.25)};
    victim = wrong[in.below(5)];
    for (const auto& [rule, unused] : rules) {
        std::vector<T> out(k + 1, T(7));
        require(!uml::fuse(rule, given, uml::opinion<T>(out)).has_value(), "no opinion");
        require(std::all_of(out.begin(), out.end(), [](T x) { return x == T(7); }), "written to");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::input in(data, size);
    if (in.flag())
        run<float>(in);
    else
        run<double>(in);
    return 0;
}
