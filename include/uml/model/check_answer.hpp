// Whether an answer is made of numbers: weights near the largest float overflow, and NaN looks like class 0.
#pragma once

#include "uml/core/element.hpp"
#include "uml/core/magnitude.hpp"
#include "uml/core/result.hpp"
#include "uml/model/findings.hpp"

#include <cstdint>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace answer_detail {

template <class T> [[nodiscard]] bool finite_map(const tensor_view<const T>& v) {
    if (v.data == nullptr) return true;
    if (v.step == v.c) return all_finite(v.data, v.pixels() * v.c);
    for (std::int64_t p = 0; p < v.pixels(); ++p)
        if (!all_finite(v.pixel(p), v.c)) return false;
    return true;
}

[[nodiscard, gnu::cold]] inline error no_numbers(const char* what) {
    return fail(errc::not_finite,
                {what, " are not finite: the weights or the picture are too large for the arithmetic"});
}

} // namespace answer_detail

/// Looks at every number of an answer, which model::run does for each: some 50 microseconds for 256 x 256 pixels.
/// Errors: errc::not_finite.
template <class T> [[nodiscard]] result<void> check_answer(const basic_findings<T>& f) {
    using namespace answer_detail;
    for (int k = 0; k < f.diagnosis.classes(); ++k)
        if (!is_finite(f.diagnosis.alpha(k))) return no_numbers("class alpha");
    if (!finite_map(f.logits)) return no_numbers("region logits");
    if (!finite_map(f.alpha)) return no_numbers("pixel alpha");
    if (!finite_map(f.vacuity)) return no_numbers("pixel vacuities");
    return {};
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
