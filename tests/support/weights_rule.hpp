// The deterministic parameters behind the golden files: the same bits from a name and a seed as the Python rule gives.
#pragma once

#include "uml/io/json_writer.hpp"
#include "uml/io/safetensors.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace uml_test {

inline std::uint64_t fnv1a64(std::string_view text) {
    std::uint64_t value = 0xcbf29ce484222325u;
    for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    return value;
}

/// One parameter or buffer of a network, as the rule fills it.
class ruled_tensor {
public:
    ruled_tensor(std::string_view name, std::span<const std::uint64_t> shape, std::uint64_t seed)
        : base_(fnv1a64(name) ^ seed) {
        const std::string_view leaf = name.substr(name.rfind('.') + 1);
        std::uint64_t inputs = 1;
        for (std::size_t i = 1; i < shape.size(); ++i) inputs *= shape[i];
        if (leaf == "running_var")
            kind_ = kind::variance;
        else if (leaf == "running_mean")
            kind_ = kind::offset;
        else if (shape.size() >= 2)
            kind_ = kind::matrix;
        else
            kind_ = leaf == "weight" ? kind::scale : kind::offset;
        bound_ = std::sqrt(3.0 / static_cast<double>(inputs));
    }

    /// Element `i` in row-major order.
    float operator[](std::uint64_t i) const {
        const double u = uniform(i);
        switch (kind_) {
        case kind::variance: return static_cast<float>(0.5 + u);
        case kind::scale: return static_cast<float>(0.75 + 0.5 * u);
        case kind::matrix: return static_cast<float>((2 * u - 1) * 1.12 * bound_);
        case kind::offset: break;
        }
        const volatile double product = 0.2 * u; // rounded here, not inside a fused multiply-add
        return static_cast<float>(product - 0.1);
    }

private:
    enum class kind { variance, scale, matrix, offset };

    /// splitmix64's top 53 bits as a double in [0, 1).
    double uniform(std::uint64_t i) const {
        std::uint64_t z = base_ + 0x9e3779b97f4a7c15u * (i + 1);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        z = z ^ (z >> 31);
        return static_cast<double>(z >> 11) * 0x1p-53;
    }

    std::uint64_t base_;
    kind kind_;
    double bound_;
};

inline std::vector<float> rule(std::string_view name, std::span<const std::uint64_t> shape, std::uint64_t seed) {
    std::uint64_t count = 1;
    for (const std::uint64_t size : shape) count *= size;
    const ruled_tensor tensor(name, shape, seed);
    std::vector<float> values(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = tensor[i];
    return values;
}

struct named_shape {
    std::string name;
    std::vector<std::uint64_t> shape;
};

/// A weights file of f32 tensors whose values the rule makes when they are read: hundreds of megabytes that never
/// exist.
class ruled_source {
public:
    static uml::result<uml::weights_file> open(std::span<const named_shape> tensors, std::uint64_t seed) {
        auto self = std::make_unique<ruled_source>(tensors, seed);
        const std::uint64_t size = self->header_.size() + self->ends_.back();
        const auto close = [](void* handle) { delete static_cast<ruled_source*>(handle); };
        uml::byte_source source(self.release(), size, read, close);
        return uml::weights_file::open(std::move(source), "rule with seed " + std::to_string(seed));
    }

    ruled_source(std::span<const named_shape> tensors, std::uint64_t seed) : ends_{0} {
        std::string text;
        uml::json::writer w(text);
        w.begin_object();
        for (const auto& [name, shape] : tensors) {
            std::uint64_t bytes = sizeof(float);
            w.key(name).begin_object().member("dtype", "F32").key("shape").begin_array();
            for (const std::uint64_t size : shape) {
                w.value(size);
                bytes *= size;
            }
            w.end_array().key("data_offsets").begin_array().value(ends_.back()).value(ends_.back() + bytes);
            w.end_array().end_object();
            ends_.push_back(ends_.back() + bytes);
            tensors_.emplace_back(name, shape, seed);
        }
        w.end_object();
        const std::uint64_t size = text.size();
        header_.resize(sizeof size);
        std::memcpy(header_.data(), &size, sizeof size);
        header_ += text;
    }

private:
    /// The reader asks for the header, or for whole elements of one tensor.
    static bool read(void* handle, std::uint64_t offset, std::span<std::byte> out) {
        const auto& self = *static_cast<const ruled_source*>(handle);
        if (offset < self.header_.size()) {
            std::memcpy(out.data(), self.header_.data() + offset, out.size());
            return true;
        }
        offset -= self.header_.size();
        const auto next = std::upper_bound(self.ends_.begin(), self.ends_.end(), offset);
        const auto index = static_cast<std::size_t>(next - self.ends_.begin()) - 1;
        std::uint64_t element = (offset - self.ends_[index]) / sizeof(float);
        for (; !out.empty(); out = out.subspan(sizeof(float))) {
            const float value = self.tensors_[index][element++];
            std::memcpy(out.data(), &value, sizeof value);
        }
        return true;
    }

    std::string header_;
    std::vector<ruled_tensor> tensors_;
    std::vector<std::uint64_t> ends_; // where tensor i begins in the data; one more than tensors
};

} // namespace uml_test
