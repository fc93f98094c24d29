// The header of a safetensors file: parsed into tables, every rule of the format checked, nothing trusted.
#pragma once

#include "uml/core/buffer.hpp"
#include "uml/core/element.hpp"
#include "uml/core/heap_sort.hpp"
#include "uml/core/quoted.hpp"
#include "uml/core/result.hpp"
#include "uml/io/json.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// One tensor of a file.
struct tensor_entry {
    static constexpr std::size_t most_dimensions = 8;

    std::string_view name;                              ///< without a leading "module."
    std::uint64_t begin = 0;                            ///< first byte, counted from the end of the header
    std::uint64_t bytes = 0;                            ///< elements times the size of one
    std::array<std::uint64_t, most_dimensions> sizes{}; ///< outermost dimension first; see `shape`
    std::uint8_t dimensions = 0;
    dtype type = dtype::f32;
    bool prefixed = false; ///< the file has "module." before the name

    [[nodiscard]] std::span<const std::uint64_t> shape() const { return {sizes.data(), dimensions}; }
    [[nodiscard]] std::uint64_t elements() const { return bytes / size_of(type); }
};

/// One pair of a file's `__metadata__`, escapes resolved.
struct metadata_entry {
    std::string_view key;
    std::string_view value;
};

namespace safetensors {

/// What a header may ask for before it is refused. The networks here need some 1300 tensors and 200 KB.
inline constexpr std::uint64_t most_header_bytes = 16u << 20;
inline constexpr std::size_t most_tensors = 65536;
inline constexpr std::size_t most_metadata = 4096;

/// Parses one header. `source` names the file in errors; the tables point into `text`, whose strings are decoded in
/// place.
class header_parser {
public:
    header_parser(std::string_view source, std::span<char> text, std::uint64_t data_bytes)
        : source_(source), text_(text), data_bytes_(data_bytes), json_({text.data(), text.size()}) {}

    /// Fills both tables, sorted by name and by key.
    [[gnu::cold]] result<void> parse(buffer<tensor_entry>& tensors, buffer<metadata_entry>& metadata) {
        if (text_.empty() || text_[0] != '{') return file_fault({"the header does not begin with {"});
        json_.next(); // the brace
        json::token t{};
        bool metadata_seen = false;
        while ((t = json_.next()) == json::token::key) {
            const std::string_view name = decoded();
            if (name == "__metadata__") {
                if (metadata_seen) return file_fault({"__metadata__ stands twice"});
                metadata_seen = true;
                if (auto r = read_metadata(metadata); !r) return r;
            } else if (auto r = read_tensor(name, tensors); !r) {
                return r;
            }
        }
        if (t == json::token::failed || json_.next() != json::token::end) return json_fault();
        if (auto r = check_metadata(metadata); !r) return r;
        if (auto r = check_layout(tensors); !r) return r;
        return check_names(tensors);
    }

private:
    [[gnu::cold]] error file_fault(pieces rule) const { return fail(errc::malformed, {source_, ": "}, rule); }
    [[gnu::cold]] error tensor_fault(std::string_view name, pieces rule) const {
        return fail(errc::malformed, {source_, ": tensor ", quoted(name), ": "}, rule);
    }
    error json_fault() const {
        return file_fault({"header, byte ", std::uint64_t{json_.offset()}, ": ", json_.rule()});
    }
    error no_memory() const { return fail(errc::out_of_memory, {source_, ": no memory for the list of its tensors"}); }

    /// A fault of the value that was just read: the JSON's own if it is broken there, else the given rule.
    [[gnu::cold]] error value_fault(json::token t, std::string_view name, pieces rule) const {
        return t == json::token::failed ? json_fault() : tensor_fault(name, rule);
    }

    /// The last key or string, decoded where it stands: a decoded string is never longer than its escaped form.
    std::string_view decoded() {
        const std::string_view raw = json_.raw();
        if (!json_.escaped()) return raw;
        char* const start = text_.data() + (raw.data() - text_.data());
        std::size_t size = 0;
        json::unescaper bytes(raw);
        for (int c = bytes.next(); c >= 0; c = bytes.next()) start[size++] = static_cast<char>(c);
        return {start, size};
    }

    [[gnu::cold]] result<void> read_metadata(buffer<metadata_entry>& metadata) {
        auto t = json_.next();
        if (t != json::token::begin_object)
            return t == json::token::failed ? json_fault() : file_fault({"__metadata__ is not an object"});
        while ((t = json_.next()) == json::token::key) {
            if (metadata.size() == most_metadata)
                return file_fault({"__metadata__ has more than ", std::uint64_t{most_metadata}, " entries"});
            const std::string_view key = decoded();
            t = json_.next();
            if (t == json::token::failed) return json_fault();
            if (t != json::token::string) return file_fault({"__metadata__ ", quoted(key), " is not a string"});
            if (!metadata.append({key, decoded()})) return no_memory();
        }
        if (t == json::token::failed) return json_fault();
        return {};
    }

    [[gnu::cold]] result<void> read_tensor(std::string_view name, buffer<tensor_entry>& tensors) {
        constexpr std::string_view prefix = "module.";
        if (tensors.size() == most_tensors)
            return file_fault({"the header has more than ", std::uint64_t{most_tensors}, " tensors"});
        tensor_entry e;
        e.prefixed = name.substr(0, prefix.size()) == prefix;
        e.name = e.prefixed ? name.substr(prefix.size()) : name;
        if (e.name.empty()) return file_fault({"a tensor has no name"});
        auto t = json_.next();
        if (t != json::token::begin_object) return value_fault(t, e.name, {"its description is not an object"});
        bool type_seen = false, shape_seen = false, offsets_seen = false;
        std::array<std::uint64_t, 2> offsets{};
        while ((t = json_.next()) == json::token::key) {
            const std::string_view field = decoded();
            bool* const seen = field == "dtype"          ? &type_seen
                               : field == "shape"        ? &shape_seen
                               : field == "data_offsets" ? &offsets_seen
                                                         : nullptr;
            if (seen == nullptr) return tensor_fault(e.name, {"unknown field ", quoted(field)});
            if (*seen) return tensor_fault(e.name, {field, " stands twice"});
            *seen = true;
            const auto r = seen == &type_seen    ? read_type(e)
                           : seen == &shape_seen ? read_shape(e)
                                                 : read_offsets(e.name, offsets);
            if (!r) return r;
        }
        if (t == json::token::failed) return json_fault();
        if (!type_seen || !shape_seen || !offsets_seen)
            return tensor_fault(e.name, {"dtype, shape and data_offsets must all be given"});
        if (auto r = check_extent(e, offsets); !r) return r;
        if (!tensors.append(e)) return no_memory();
        return {};
    }

    [[gnu::cold]] result<void> read_type(tensor_entry& e) {
        const auto t = json_.next();
        if (t != json::token::string) return value_fault(t, e.name, {"dtype is not a string"});
        const std::string_view type = decoded();
        const auto known = dtype_named(type);
        if (!known)
            return fail(errc::unsupported,
                        {source_, ": tensor ", quoted(e.name), ": dtype ", quoted(type), " is unknown"});
        e.type = *known;
        return {};
    }

    /// One element of an array of sizes or offsets; false if it is not a non-negative integer below 2^64.
    bool read_unsigned(json::token t, std::uint64_t& value) const {
        const auto number = t == json::token::number ? json::to_unsigned(json_.raw()) : std::nullopt;
        value = number.value_or(0);
        return number.has_value();
    }

    [[gnu::cold]] result<void> read_shape(tensor_entry& e) {
        auto t = json_.next();
        if (t != json::token::begin_array) return value_fault(t, e.name, {"shape is not an array"});
        while ((t = json_.next()) != json::token::end_array) {
            if (e.dimensions == tensor_entry::most_dimensions)
                return value_fault(
                    t, e.name, {"shape has more than ", std::uint64_t{tensor_entry::most_dimensions}, " dimensions"});
            if (!read_unsigned(t, e.sizes[e.dimensions++]))
                return value_fault(t, e.name, {"shape holds something other than non-negative integers"});
        }
        return {};
    }

    [[gnu::cold]] result<void> read_offsets(std::string_view name, std::array<std::uint64_t, 2>& offsets) {
        constexpr const char* rule = "data_offsets are not two non-negative integers";
        auto t = json_.next();
        if (t != json::token::begin_array) return value_fault(t, name, {rule});
        for (auto& offset : offsets)
            if (t = json_.next(); !read_unsigned(t, offset)) return value_fault(t, name, {rule});
        if (t = json_.next(); t != json::token::end_array) return value_fault(t, name, {rule});
        return {};
    }

    /// Offsets inside the data, and as many bytes as dtype and shape ask for.
    [[gnu::cold]] result<void> check_extent(tensor_entry& e, const std::array<std::uint64_t, 2>& offsets) const {
        const auto [begin, end] = offsets;
        if (begin > end) return tensor_fault(e.name, {"data_offsets end at ", end, ", before they begin at ", begin});
        if (end > data_bytes_)
            return tensor_fault(e.name,
                                {"data_offsets end at ", end, " but the file has ", data_bytes_, " bytes of data"});
        std::uint64_t bytes = size_of(e.type);
        for (const std::uint64_t size : e.shape()) {
            if (size != 0 && bytes > ~std::uint64_t{0} / size)
                return tensor_fault(e.name, {"the product of its shape exceeds 64 bits"});
            bytes *= size;
        }
        if (bytes != end - begin)
            return tensor_fault(e.name, {"dtype and shape need ", bytes, " bytes, data_offsets give ", end - begin});
        e.begin = begin;
        e.bytes = bytes;
        return {};
    }

    /// One after the other without gap or overlap, from the first byte of the data to the last.
    [[gnu::cold]] result<void> check_layout(buffer<tensor_entry>& tensors) const {
        heap_sort(tensors.data(), tensors.size(), [](const tensor_entry& a, const tensor_entry& b) {
            return a.begin != b.begin ? a.begin < b.begin : a.bytes < b.bytes;
        });
        std::uint64_t at = 0;
        std::string_view before;
        for (const tensor_entry& e : tensors) {
            if (e.begin < at) return tensor_fault(e.name, {"its data overlaps that of ", quoted(before)});
            if (e.begin > at)
                return tensor_fault(e.name, {"bytes ", at, " to ", e.begin, " before its data belong to no tensor"});
            at = e.begin + e.bytes;
            before = e.name;
        }
        if (at != data_bytes_)
            return file_fault({"the tensors end at byte ", at, " but the file has ", data_bytes_, " bytes of data"});
        return {};
    }

    [[gnu::cold]] result<void> check_names(buffer<tensor_entry>& tensors) const {
        heap_sort(tensors.data(), tensors.size(),
                  [](const tensor_entry& a, const tensor_entry& b) { return a.name < b.name; });
        for (std::size_t i = 1; i < tensors.size(); ++i) {
            if (tensors[i - 1].name != tensors[i].name) continue;
            return tensors[i - 1].prefixed == tensors[i].prefixed
                       ? tensor_fault(tensors[i].name, {"the name stands twice"})
                       : tensor_fault(tensors[i].name, {"the name stands twice, once behind \"module.\""});
        }
        return {};
    }

    [[gnu::cold]] result<void> check_metadata(buffer<metadata_entry>& metadata) const {
        heap_sort(metadata.data(), metadata.size(),
                  [](const metadata_entry& a, const metadata_entry& b) { return a.key < b.key; });
        for (std::size_t i = 1; i < metadata.size(); ++i)
            if (metadata[i - 1].key == metadata[i].key)
                return file_fault({"__metadata__ ", quoted(metadata[i].key), " stands twice"});
        return {};
    }

    std::string_view source_;
    std::span<char> text_;
    std::uint64_t data_bytes_;
    json::reader json_;
};

} // namespace safetensors
} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
