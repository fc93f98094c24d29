// A copy of a weights file with other metadata and statistics.
#pragma once

#include "uml/core/result.hpp"
#include "uml/evidence/familiarity.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace calibrate {

/// The bytes of a weights file as `from` is, with all its tensors, and `changes` in its metadata: keys that are there
/// are replaced, others added; and with the numbers of `kind`, if it is not null, in place of those that are there.
[[nodiscard]] uml::result<std::vector<std::byte>> copy_with(const std::string& from,
                                                            const std::map<std::string, std::string>& changes,
                                                            const uml::familiarity_model* kind);

} // namespace calibrate
