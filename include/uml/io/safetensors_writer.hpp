// Writes safetensors files: for tests and tools. The same tensors and metadata in the same order give the same bytes.
#pragma once

#include "uml/core/element.hpp"
#include "uml/core/result.hpp"
#include "uml/io/json_writer.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Collects tensors and metadata, then makes one file of them: header of a multiple of 8 bytes, data in the order of
/// `add`.
class safetensors_writer {
public:
    void metadata(std::string_view key, std::string_view value) { metadata_.emplace_back(key, value); }

    /// Adds a tensor of any type from its bytes in row-major order; their number must be that of shape and type.
    void add(std::string_view name, dtype type, std::span<const std::uint64_t> shape, std::span<const std::byte> data) {
        tensors_.push_back({std::string(name), type, {shape.begin(), shape.end()}, data_.size(), data.size()});
        data_.insert(data_.end(), data.begin(), data.end());
    }

    /// Adds f32 values, stored as F32, F16 or BF16 (rounded to nearest even).
    void add(std::string_view name, std::span<const std::uint64_t> shape, std::span<const float> values,
             dtype type = dtype::f32) {
        if (type == dtype::f32) return add(name, type, shape, std::as_bytes(values));
        std::vector<std::uint16_t> halves;
        halves.reserve(values.size());
        for (const float x : values) halves.push_back(type == dtype::f16 ? to_f16(x).bits : to_bf16(x).bits);
        add(name, type, shape, std::as_bytes(std::span(halves)));
    }

    /// The whole file.
    [[nodiscard]] std::vector<std::byte> bytes() const {
        const std::string text = header();
        const std::uint64_t size = text.size();
        std::vector<std::byte> file(sizeof size + text.size() + data_.size());
        std::memcpy(file.data(), &size, sizeof size);
        std::memcpy(file.data() + sizeof size, text.data(), text.size());
        if (!data_.empty()) std::memcpy(file.data() + sizeof size + text.size(), data_.data(), data_.size());
        return file;
    }

    /// Writes the file; errc::cannot_read (naming the path) if it cannot be made or the disk is full.
    [[nodiscard]] result<void> write(const char* path) const {
        const auto content = bytes();
        std::FILE* const file = std::fopen(path, "wb");
        if (file == nullptr) return fail(errc::cannot_read, {path, ": cannot be opened for writing"});
        const bool written = std::fwrite(content.data(), 1, content.size(), file) == content.size();
        if (std::fclose(file) != 0 || !written) return fail(errc::cannot_read, {path, ": cannot be written"});
        return {};
    }

private:
    struct tensor {
        std::string name;
        dtype type;
        std::vector<std::uint64_t> shape;
        std::size_t begin;
        std::size_t size;
    };

    [[nodiscard]] std::string header() const {
        std::string out;
        json::writer<std::string> w(out);
        w.begin_object();
        if (!metadata_.empty()) {
            w.key("__metadata__").begin_object();
            for (const auto& [key, value] : metadata_) w.member(key, value);
            w.end_object();
        }
        for (const tensor& t : tensors_) {
            w.key(t.name).begin_object().member("dtype", name_of(t.type)).key("shape").begin_array();
            for (const std::uint64_t size : t.shape) w.value(size);
            w.end_array().key("data_offsets").begin_array().value(t.begin).value(t.begin + t.size).end_array();
            w.end_object();
        }
        w.end_object();
        while (out.size() % 8 != 0) out += ' ';
        return out;
    }

    std::vector<std::pair<std::string, std::string>> metadata_;
    std::vector<tensor> tensors_;
    std::vector<std::byte> data_;
};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
