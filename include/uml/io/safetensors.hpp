// Weights in the safetensors format: an index of the file's tensors, and their values read one tensor at a time.
#pragma once

#include "uml/io/byte_source.hpp"
#include "uml/io/safetensors_header.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian, and so must this be");

/// The index of one file. Made by `weights_from` (memory) or `open_weights` ("uml/io/file.hpp"); move only.
/// Every const member may be called by many threads at once, if the source may.
class weights_file {
public:
    /// Reads and checks the header. `label` names the source in errors; of a long one the last 120 bytes are kept.
    [[nodiscard]] static result<weights_file> open(byte_source source, std::string_view label) {
        weights_file w(std::move(source), label);
        if (auto r = w.read_header(); !r) return r.error();
        return result<weights_file>(std::move(w));
    }

    /// All tensors, sorted by name.
    [[nodiscard]] std::span<const tensor_entry> entries() const { return tensors_.span(); }

    /// The tensor of that name (without "module."), or null. O(log n).
    [[nodiscard]] const tensor_entry* find(std::string_view name) const {
        const auto all = entries();
        const std::size_t i = lower_bound(all, [name](const tensor_entry& e) { return e.name < name; });
        return i < all.size() && all[i].name == name ? &all[i] : nullptr;
    }

    /// All pairs of `__metadata__`, sorted by key.
    [[nodiscard]] std::span<const metadata_entry> metadata() const { return metadata_.span(); }

    /// The value of that key, escapes resolved. Lives as long as this object.
    [[nodiscard]] std::optional<std::string_view> metadata(std::string_view key) const {
        const auto all = metadata();
        const std::size_t i = lower_bound(all, [key](const metadata_entry& e) { return e.key < key; });
        if (i == all.size() || all[i].key != key) return std::nullopt;
        return all[i].value;
    }

    /// The file's name, for errors.
    [[nodiscard]] std::string_view source() const { return label_; }

    /// Reads an F32, F16 or BF16 tensor in row-major order; `out` has exactly its number of elements.
    /// Refuses NaN and infinity (errc::not_finite) and other types (errc::unsupported). On failure `out` holds
    /// anything.
    [[nodiscard]] result<void> read(const tensor_entry& e, std::span<float> out) const {
        if (out.size() != e.elements())
            return tensor_fault(errc::invalid_argument, e,
                                {"has ", e.elements(), " elements, room is for ", std::uint64_t{out.size()}});
        return read_part(e, 0, out);
    }

    /// The same for the elements from `first` on, as many as `out` has, which the tensor must have.
    [[nodiscard]] result<void> read_part(const tensor_entry& e, std::uint64_t first, std::span<float> out) const {
        if (first > e.elements() || out.size() > e.elements() - first)
            return tensor_fault(
                errc::invalid_argument, e,
                {"has ", e.elements(), " elements, wanted are ", std::uint64_t{out.size()}, " from ", first, " on"});
        switch (e.type) {
        case dtype::f32: return read_f32(e, first, out);
        case dtype::f16:
        case dtype::bf16: return read_halves(e, first, out);
        default: return tensor_fault(errc::unsupported, e, {"dtype ", name_of(e.type), " is not F32, F16 or BF16"});
        }
    }

    /// Copies a tensor of any type as it is stored; `out` has exactly its number of bytes.
    [[nodiscard]] result<void> read_bytes(const tensor_entry& e, std::span<std::byte> out) const {
        if (out.size() != e.bytes)
            return tensor_fault(errc::invalid_argument, e,
                                {"has ", e.bytes, " bytes, room is for ", std::uint64_t{out.size()}});
        return fetch(e, 0, out);
    }

private:
    weights_file(byte_source source, std::string_view label) : source_(std::move(source)), label_(shortened(label)) {}

    [[gnu::cold]] error tensor_fault(errc code, const tensor_entry& e, pieces rule) const {
        return fail(code, {label_.view(), ": tensor ", quoted(e.name), ": "}, rule);
    }

    template <class T, class Before> static std::size_t lower_bound(std::span<const T> sorted, Before before) {
        std::size_t first = 0;
        for (std::size_t count = sorted.size(); count > 0;) {
            const std::size_t half = count / 2;
            if (before(sorted[first + half])) {
                first += half + 1;
                count -= half + 1;
            } else {
                count = half;
            }
        }
        return first;
    }

    [[gnu::cold]] result<void> read_header() {
        std::array<std::byte, 8> prefix{};
        if (source_.size() < prefix.size())
            return fail(errc::malformed,
                        {label_.view(), ": ", source_.size(), " bytes are too few for a safetensors file"});
        if (!source_.read(0, prefix))
            return fail(errc::cannot_read, {label_.view(), ": cannot be read, or has changed since it was opened"});
        const auto bytes = std::bit_cast<std::uint64_t>(prefix);
        if (bytes > safetensors::most_header_bytes)
            return fail(errc::malformed, {label_.view(), ": the header claims ", bytes, " bytes, more than the ",
                                          safetensors::most_header_bytes, " allowed: not a safetensors file?"});
        const std::uint64_t rest = source_.size() - prefix.size();
        if (bytes > rest)
            return fail(errc::malformed,
                        {label_.view(), ": the header claims ", bytes, " bytes, the file has ", rest, " left"});
        if (!header_.resize(static_cast<std::size_t>(bytes)))
            return fail(errc::out_of_memory, {label_.view(), ": no memory for the header's ", bytes, " bytes"});
        if (!source_.read(prefix.size(), header_.bytes()))
            return fail(errc::cannot_read, {label_.view(), ": cannot be read, or has changed since it was opened"});
        data_begin_ = prefix.size() + bytes;
        return safetensors::header_parser(label_.view(), header_.span(), rest - bytes).parse(tensors_, metadata_);
    }

    result<void> fetch(const tensor_entry& e, std::uint64_t at, std::span<std::byte> out) const {
        if (source_.read(data_begin_ + e.begin + at, out)) return {};
        return tensor_fault(errc::cannot_read, e,
                            {"its data cannot be read, or the file has changed since it was opened"});
    }

    [[gnu::cold]] result<void> check_finite(const tensor_entry& e, std::span<const float> values,
                                            std::uint64_t first) const {
        std::uint32_t bad = 0; // no early exit, so that it is a vector loop
        for (const float x : values) bad |= is_finite(x) ? 0u : 1u;
        if (bad == 0) return {};
        std::size_t i = 0;
        while (is_finite(values[i])) ++i;
        const bool nan = (std::bit_cast<std::uint32_t>(values[i]) & 0x007fffffu) != 0;
        return tensor_fault(errc::not_finite, e, {"element ", first + i, nan ? " is NaN" : " is infinite"});
    }

    result<void> read_f32(const tensor_entry& e, std::uint64_t first, std::span<float> out) const {
        constexpr std::size_t most = 1u << 16; // stays in the L2 between reading and checking
        for (std::size_t i = 0; i < out.size(); i += most) {
            const auto part = out.subspan(i, out.size() - i < most ? out.size() - i : most);
            if (auto r = fetch(e, (first + i) * sizeof(float), std::as_writable_bytes(part)); !r) return r;
            if (auto r = check_finite(e, part, first + i); !r) return r;
        }
        return {};
    }

    /// f16 or bf16, as `e` says.
    result<void> read_halves(const tensor_entry& e, std::uint64_t first, std::span<float> out) const {
        constexpr std::size_t most = 4096;
        std::uint16_t bits[most];
        for (std::size_t i = 0; i < out.size(); i += most) {
            const auto part = out.subspan(i, out.size() - i < most ? out.size() - i : most);
            const std::span<std::byte> stored(reinterpret_cast<std::byte*>(bits), part.size() * sizeof bits[0]);
            if (auto r = fetch(e, (first + i) * sizeof bits[0], stored); !r) return r;
            if (e.type == dtype::f16)
                for (std::size_t k = 0; k < part.size(); ++k) part[k] = to_f32(f16{bits[k]});
            else
                for (std::size_t k = 0; k < part.size(); ++k) part[k] = to_f32(bf16{bits[k]});
            if (auto r = check_finite(e, part, first + i); !r) return r;
        }
        return {};
    }

    byte_source source_;
    text<120> label_;
    std::uint64_t data_begin_ = 0;
    buffer<char> header_; // what the tables point into
    buffer<tensor_entry> tensors_;
    buffer<metadata_entry> metadata_;
};

/// Weights in memory (linked in, in flash, already read), which must outlive the result. `label` names them in errors.
[[nodiscard]] inline result<weights_file> weights_from(std::span<const std::byte> memory,
                                                       std::string_view label = "memory") {
    return weights_file::open(byte_source(memory), label);
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
