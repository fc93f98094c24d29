// Memory that runs out is a failure with a sentence, as any other.
#pragma once

#include "uml/core/result.hpp"

#include <cstdio>
#include <exception>
#include <new>

namespace support {

/// What `run` returns, or 1 with a sentence where the standard library throws: no memory, in the end. Temporary files
/// are gone then, since destructors have run.
template <class F> [[nodiscard]] int guarded(const char* program, F run) {
    const char* what = "no memory left";
    try {
        return run();
    } catch (const std::bad_alloc&) {
    } catch (const std::exception& e) {
        what = e.what();
    }
    std::fprintf(stderr, "%s: %s\n", program, what);
    return 1;
}

/// The same inside a program that goes on: what `run` returns, a uml::result, or errc::out_of_memory.
template <class F> [[nodiscard]] auto guarded(F run) -> decltype(run()) {
    try {
        return run();
    } catch (const std::bad_alloc&) {
        return uml::fail(uml::errc::out_of_memory, "no memory left");
    }
}

} // namespace support
