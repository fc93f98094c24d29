// What one copy of part.cpp found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

struct odr_answer {
    std::int64_t arena_bytes = 0;
    std::size_t workspace_size = 0, model_size = 0;
    std::vector<float> alpha{}; ///< class evidence
};
