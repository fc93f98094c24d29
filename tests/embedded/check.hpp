// Runs a model on a sample and compares the answer with the one stored beside it.
#pragma once

#include "sample.hpp"
#include "say.hpp"

#include <uml/embedded.hpp>

#include <cmath>
#include <cstring>

namespace embedded {

[[nodiscard]] inline int complain(const char* what) {
    say("FAILED: ");
    say(what);
    say("\n");
    return 1;
}

/// Normalised and relative error of the numbers, by the limits for single precision.
class comparison {
public:
    void add(double out, double expected) {
        ++count_;
        sum_ += expected;
        squares_ += expected * expected;
        off_ += (out - expected) * (out - expected);
    }
    /// `spread`: the normalised error counts too. False, with a line, where a limit is passed.
    [[nodiscard]] bool within(const char* name, bool spread) const {
        const double around_mean = squares_ - sum_ * sum_ / count_;
        const double relative = std::sqrt(off_ / squares_), normalised = std::sqrt(off_ / around_mean);
        const bool good = relative <= 5e-6 && (!spread || normalised <= 5e-5);
        uml::text<160> line;
        line << (good ? "ok      " : "FAILED  ") << name << ": relative error " << nano(relative) << "e-9";
        if (spread) line << ", normalised " << nano(normalised) << "e-9";
        line << '\n';
        say(line);
        return good;
    }

private:
    [[nodiscard]] static std::int64_t nano(double x) { return x < 1e9 ? static_cast<std::int64_t>(x * 1e9) : -1; }
    double sum_ = 0, squares_ = 0, off_ = 0;
    int count_ = 0;
};

/// Exit status: 0 if the answers agree.
template <class M> [[nodiscard]] int check(const M& model, typename M::workspace& workspace, const std::byte* bytes) {
    sample_header h;
    std::memcpy(&h, bytes, sizeof h);
    const auto* pixels = reinterpret_cast<const std::uint8_t*>(bytes + sizeof h);
    const auto* expected = reinterpret_cast<const float*>(pixels + h.pixel_bytes());
    const auto f = model.run(
        {pixels, static_cast<int>(h.height), static_cast<int>(h.width), static_cast<int>(h.channels)}, workspace);
    if (!f) return complain(f.error().what.c_str());
    if (f->diagnosis.classes() != static_cast<int>(h.classes) || f->regions() != static_cast<int>(h.regions))
        return complain("another number of classes or regions");
    bool good = true;
    comparison classes;
    for (int k = 0; k < f->diagnosis.classes(); ++k)
        classes.add(static_cast<double>(f->diagnosis.alpha(k)), static_cast<double>(*expected++));
    good = classes.within("class alpha", false) && good;
    const float* const expected_logits = expected;
    const struct {
        const char* name;
        decltype(f->logits) map;
    } maps[] = {{"region logits", f->logits}, {"pixel alpha", f->alpha}, {"pixel vacuity", f->vacuity}};
    for (const auto& m : maps) {
        comparison c;
        for (std::int64_t p = 0; p < m.map.pixels(); ++p)
            for (int k = 0; k < m.map.c; ++k)
                c.add(static_cast<double>(m.map.pixel(p)[k]), static_cast<double>(*expected++));
        good = c.within(m.name, true) && good;
    }
    int same = 0;
    for (int y = 0; y < f->height(); ++y)
        for (int x = 0; x < f->width(); ++x) {
            const float* at = expected_logits + (y * f->width() + x) * f->regions();
            int best = 0;
            for (int k = 1; k < f->regions(); ++k)
                if (at[k] > at[best]) best = k;
            same += f->region(y, x) == best ? 1 : 0;
        }
    const int pixel_count = f->height() * f->width();
    if (same < pixel_count - pixel_count / 10000) good = complain("the masks differ") == 0;
    return good ? 0 : 1;
}

} // namespace embedded
