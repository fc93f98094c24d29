// Views of test pictures, and their comparison with what double loops expect.
#pragma once

#include "kernels_naive.hpp"

namespace naive {

inline source view(const picture& p) { return {p.data.data() + p.offset, p.h, p.w, p.c, p.step}; }
inline target view(picture& p) { return {p.begin(), p.h, p.w, p.c, p.step}; }

inline double number(float x) { return static_cast<double>(x); }

/// An image of noise, as the planner places it or inside a wider tensor.
inline picture noisy(noise& random, int h, int w, int c, int variant) {
    const placing at(c, variant);
    return random.image(h, w, c, at.step, at.offset);
}
inline picture blank(int h, int w, int c, int variant) {
    const placing at(c, variant);
    return {h, w, c, at.step, at.offset, untouched};
}

/// Largest |got - want| / (scale + |want|) over all elements; NaN if any differs in being NaN.
template <class F> double worst_error(const picture& out, F want, double scale = 1) {
    double worst = 0;
    for (int y = 0; y < out.h; ++y)
        for (int x = 0; x < out.w; ++x)
            for (int k = 0; k < out.c; ++k) {
                const double e = want(y, x, k);
                const double error = std::fabs(number(out.at(y, x, k)) - e) / (scale + std::fabs(e));
                if (std::isnan(error)) return error;
                worst = std::max(worst, error);
            }
    return worst;
}

/// Runs all jobs, the last one first, each with scratch memory that was NaN before.
template <class Run> void run_jobs(int jobs, std::size_t scratch_bytes, Run run) {
    for (int job = jobs - 1; job >= 0; --job) {
        scratch_memory scratch(scratch_bytes);
        run(job, scratch.begin());
        CHECK(scratch.guard_untouched());
    }
}

/// A vector that is NaN behind its end.
inline std::vector<float> with_garbage(std::vector<float> v) {
    v.resize(v.size() + 16, std::numeric_limits<float>::quiet_NaN());
    return v;
}

} // namespace naive
