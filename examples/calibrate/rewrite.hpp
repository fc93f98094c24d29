// A copy of a weights file with other metadata and statistics.
#pragma once

#include "uml/core/result.hpp"
#include "uml/evidence/familiarity.hpp"

#include <map>
#include <string>

namespace calibrate {

/// Writes `from` with all its tensors to `to`, with `changes` in its metadata: keys that are there are replaced, others
/// added; and with the numbers of `kind`, if it is not null, in place of those that are there. The file appears under
/// its name only when it is complete; `to` may be `from`.
[[nodiscard]] uml::result<void> copy_with(const std::string& from, const std::string& to,
                                          const std::map<std::string, std::string>& changes,
                                          const uml::familiarity_model* kind);

} // namespace calibrate
