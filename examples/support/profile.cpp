// Colour profiles (ICC.1:2022): their curves, of which only one point is asked for.
#include "support/readers.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace support {
namespace {

// sRGB in look-up tables, as the ICC publishes it (preference, and of the display class), by its ID (7.2.18).
constexpr std::array<std::array<std::uint8_t, 16>, 2> usual_tables{
    {{0x34, 0x56, 0x2a, 0xbf, 0x99, 0x4c, 0xcd, 0x06, 0x6d, 0x2c, 0x57, 0x21, 0xd0, 0xd6, 0x8c, 0x5d},
     {0xfc, 0x66, 0x33, 0x78, 0x37, 0xe2, 0x88, 0x6b, 0xfd, 0x72, 0xe9, 0x83, 0x82, 0x28, 0xf1, 0xb8}}};

class profile {
public:
    explicit profile(std::span<const std::uint8_t> bytes) : all_(bytes) {}

    profile_facts facts() const {
        constexpr std::array<std::string_view, 4> curves{"kTRC", "rTRC", "gTRC", "bTRC"};
        constexpr std::array<std::string_view, 3> tables{"A2B0", "A2B1", "A2B2"};
        constexpr double usual = 0.214; // of sRGB
        if (all_.size() < 132 || !says(36, "acsp")) return {};
        const auto id = all_.subspan(84, 16);
        for (const auto& known : usual_tables)
            if (std::equal(known.begin(), known.end(), id.begin())) return {usual};
        std::optional<double> found;
        bool has_tables = false;
        for (std::size_t i = 0; i < number(128, 4) && 144 + 12 * i <= all_.size(); ++i) {
            const std::size_t entry = 132 + 12 * i, at = number(entry + 4, 4), size = number(entry + 8, 4);
            const auto called = [&](std::string_view name) { return says(entry, name); };
            if (at > all_.size() || size > all_.size() - at || size < 12) continue;
            has_tables = has_tables || std::any_of(tables.begin(), tables.end(), called);
            if (std::none_of(curves.begin(), curves.end(), called)) continue;
            const auto one = says(at, "curv") ? table(at, size) : says(at, "para") ? formula(at, size) : std::nullopt;
            if (one && (!found || std::fabs(*one - usual) > std::fabs(*found - usual))) found = one;
        }
        // Those of inks, in a picture of light, say nothing.
        const bool of_light = says(16, "GRAY") || says(16, "RGB ");
        return {found, has_tables && of_light && !found};
    }

private:
    [[nodiscard]] bool says(std::size_t at, std::string_view what) const {
        return std::equal(what.begin(), what.end(), all_.begin() + static_cast<std::ptrdiff_t>(at));
    }
    [[nodiscard]] std::size_t number(std::size_t at, std::size_t bytes) const {
        std::size_t n = 0;
        for (std::size_t i = 0; i < bytes; ++i) n = n << 8 | all_[at + i];
        return n;
    }

    // 10.6: no entry is a straight line, one is a gamma, more are a table.
    [[nodiscard]] std::optional<double> table(std::size_t at, std::size_t size) const {
        const std::size_t count = number(at + 8, 4);
        if (count > (size - 12) / 2) return {};
        if (count == 0) return 0.5;
        if (count == 1) return std::pow(0.5, static_cast<double>(number(at + 12, 2)) / 256);
        const std::size_t below = (count - 1) / 2, above = count / 2;
        return static_cast<double>(number(at + 12 + 2 * below, 2) + number(at + 12 + 2 * above, 2)) / (2 * 65535);
    }

    // 10.18: five forms of (a x + b)^g.
    [[nodiscard]] std::optional<double> formula(std::size_t at, std::size_t size) const {
        constexpr std::array<std::size_t, 5> parameters{1, 3, 4, 5, 7};
        const std::size_t kind = number(at + 8, 2);
        if (kind > 4 || size < 12 + 4 * parameters[kind]) return {};
        std::array<double, 7> p{1, 1, 0, 0, 0, 0, 0}; // g, a, b, c, d, e, f
        for (std::size_t i = 0; i < parameters[kind]; ++i) {
            const auto fixed = static_cast<std::int32_t>(number(at + 12 + 4 * i, 4));
            p[i] = fixed / 65536.0;
        }
        const auto [g, a, b, c, d, e, f] = p;
        const double x = 0.5, power = std::pow(std::max(0.0, a * x + b), g);
        const bool curved = kind < 3 ? a * x + b >= 0 : x >= d;
        const double y = kind == 2   ? (curved ? power + c : c)
                         : kind == 4 ? (curved ? power + e : c * x + f)
                         : curved    ? power
                         : kind == 3 ? c * x
                                     : 0;
        return std::isfinite(y) ? std::optional(y) : std::nullopt;
    }

    std::span<const std::uint8_t> all_;
};

} // namespace

profile_facts read_profile(std::span<const std::uint8_t> icc) { return profile(icc).facts(); }

} // namespace support
