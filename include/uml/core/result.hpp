// What can fail returns a value or an error that names what was wrong and where. No exceptions anywhere.
#pragma once

#include "uml/core/text.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <new>
#include <utility>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// The kind of failure, for programs; the sentence for people is in `error::what`.
enum class errc : std::uint8_t {
    none,
    cannot_read,      ///< the file cannot be opened or read
    malformed,        ///< the file breaks a rule of its format
    unsupported,      ///< well formed, but a type, operation, precision or instruction set that is not available here
    wrong_network,    ///< weights of another network
    wrong_config,     ///< a size, class count or option that the network cannot have
    missing_tensor,   ///< a parameter of the network is not in the file
    unknown_tensor,   ///< the file has a tensor that the network does not have
    wrong_shape,      ///< a tensor or picture of another shape
    not_finite,       ///< NaN or infinity in a weight
    out_of_memory,    ///< the heap refused
    too_small,        ///< memory that the caller gave is smaller than what is needed
    self_check,       ///< the network does not reproduce the outputs stored with its weights
    invalid_argument, ///< anything else the caller passed that cannot be used
    device,           ///< a device, or a library that computes, failed while it ran
    cancelled,        ///< the caller ended the run
};

/// A failure: its kind and one sentence naming what was wrong and where (file, tensor, rule).
struct error {
    errc code = errc::none;
    text<383> what{};
};

/// The pieces of a sentence, one after the other: text, characters, whole numbers.
using pieces = std::initializer_list<piece>;

/// An error whose sentence is all pieces: what was wrong, after where.
[[nodiscard, gnu::cold, gnu::noinline]] constexpr error fail(errc code, pieces where, pieces what) {
    error e{code, {}};
    for (const piece& p : where) e.what << p;
    for (const piece& p : what) e.what << p;
    return e;
}

[[nodiscard, gnu::cold]] constexpr error fail(errc code, pieces sentence) { return fail(code, sentence, {}); }

[[nodiscard, gnu::cold, gnu::noinline]] constexpr error fail(errc code, const char* sentence) {
    return {code, std::string_view(sentence)};
}

/// Ends the program, where a debugger shows the sentence.
[[noreturn, gnu::cold, gnu::noinline]] inline void used_without_value([[maybe_unused]] const error& e) {
#if defined(__GNUC__)
    __builtin_trap();
#else
    std::abort();
#endif
}

namespace result_detail {

/// What a result has whatever its value's type, compiled once.
class outcome {
public:
    [[nodiscard]] constexpr bool has_value() const { return has_value_; }
    constexpr explicit operator bool() const { return has_value_; }

    /// Valid only when there is no value.
    [[nodiscard]] constexpr const uml::error& error() const { return error_; }

protected:
    constexpr outcome() : has_value_(true) {}
    constexpr outcome(const uml::error& e) : error_(e) {}

    constexpr void checked() const {
        if (!has_value_) [[unlikely]]
            used_without_value(error_);
    }

    bool has_value_ = false;
    uml::error error_{};
};

} // namespace result_detail

/// A value or an error. Check it before use: `*r` and `r->` on a failed result end the program, in every build, since a
/// check that only debug builds have would be two definitions of one function in a program of both kinds.
template <class T> class [[nodiscard]] result : public result_detail::outcome {
public:
    constexpr result(T value) : value_(std::move(value)) {}
    constexpr result(const uml::error& e) : outcome(e) {}
    /// Makes the value in its place.
    template <class... Args>
    constexpr explicit result(std::in_place_t, Args&&... args) : value_(std::forward<Args>(args)...) {}
#if defined(__GNUC__) && !defined(__clang__)
    // GCC doesn't see through has_value_ when it instruments (-fsanitize) and warns for the value of a failed result.
    #pragma GCC diagnostic push
    #pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
    result(result&& other) noexcept : outcome(other) {
        if (has_value_) ::new (static_cast<void*>(&value_)) T(std::move(other.value_));
    }
#if defined(__GNUC__) && !defined(__clang__)
    #pragma GCC diagnostic pop
#endif
    constexpr ~result() {
        if (has_value_) value_.~T();
    }

    constexpr T& operator*() & { return checked(), value_; }
    constexpr const T& operator*() const& { return checked(), value_; }
    constexpr T&& operator*() && { return checked(), std::move(value_); }
    constexpr T* operator->() { return checked(), &value_; }
    constexpr const T* operator->() const { return checked(), &value_; }

private:
    union { // std::optional is a dozen templates for each type
        T value_;
    };
};

/// Success, or an error.
template <> class [[nodiscard]] result<void> {
public:
    constexpr result() = default;
    constexpr result(const uml::error& e) : error_(e) {}

    [[nodiscard]] constexpr bool has_value() const { return error_.code == errc::none; }
    constexpr explicit operator bool() const { return has_value(); }
    [[nodiscard]] constexpr const uml::error& error() const { return error_; }

private:
    uml::error error_{};
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
