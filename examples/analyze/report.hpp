// The report for people, on standard output.
#pragma once

#include "analyze/outcome.hpp"

#include <string>

namespace analyze {

/// Everything about one picture, aligned; a failed or skipped one takes a line.
[[nodiscard]] std::string report(const outcome& o, const support::model_facts& model, bool unicode);

/// What the numbers mean and what they don't, printed once.
[[nodiscard]] std::string closing_words(int done, int accepted, int unfamiliar, int failed, int skipped);

} // namespace analyze
