// How a model is loaded, without the code that does it: see load.hpp.
#pragma once

#include "uml/core/executor.hpp"
#include "uml/model/model.hpp"

#include <optional>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

class weights_file;

struct load_options {
    std::span<std::byte>
        memory{};           ///< for the prepared weights, prepared_bytes from a multiple of 64 on; empty: from the heap
    bool self_check = true; ///< run the self-check that the file carries, if it carries one
    executor threads{};     ///< load, and run the self-check, on these; the numbers are the same for any
    // For networks configured at run time:
    std::optional<config> configuration{}; ///< instead of the file's own; at another size nothing is calibrated
    std::optional<rewrites> passes{};      ///< instead of the backend's choice
    output_set outputs = output_set::answer;
    /// The largest arena that the file may ask for: a few bytes of configuration can ask for any. 2 GiB are enough for
    /// the networks here at 1024 x 1024 pixels.
    std::int64_t max_arena_bytes = std::int64_t{1} << 31;
};

/// Loads a network for a backend, for example cpu{.threads = 2}. Errors name the file, the tensor and the rule; see
/// errc for the kinds.
template <class net, backend B = cpu>
[[nodiscard, gnu::cold]] result<model<net, B>> load(const weights_file& file, const B& where = {},
                                                    const load_options& options = {});

/// From a file. Its tensors are read one by one: neither the whole file nor all unprepared weights are ever in memory.
template <class net, backend B = cpu>
[[nodiscard, gnu::cold]] result<model<net, B>> load(const char* path, const B& where = {},
                                                    const load_options& options = {});

/// From a file that is in memory already (linked in, in flash). It is not needed any more afterwards.
template <class net, backend B = cpu>
[[nodiscard, gnu::cold]] result<model<net, B>> load(std::span<const std::byte> bytes, const B& where = {},
                                                    const load_options& options = {});

/// With options alone, on the backend as it is when nothing is said about it.
template <class net, class B = cpu, class Source, std::same_as<load_options> Options>
requires backend<B>
[[nodiscard]] result<model<net, B>> load(const Source& source, const Options& options) {
    return load<net>(source, B{}, options);
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
