// What operations write their launches with: kernels' arguments, with the tensors' places on the device.
#pragma once

#include "uml/backend/cuda/batches.hpp"
#include "uml/backend/cuda/packer.hpp"
#include "uml/graph/program.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

/// Of the staging memory of one picture; samples are f32 at most.
[[nodiscard]] inline std::int64_t picture_bytes(const program_view& p) {
    constexpr std::int64_t most_channels = 3;
    return block_bytes(static_cast<std::int64_t>(sizeof(picture_header)) +
                       p.nodes.front().out.pixels() * most_channels * 4);
}
/// Of one result of all images, f32 without gaps.
[[nodiscard]] inline std::int64_t result_bytes(const node& n, int images) {
    return block_bytes(images * n.out.size() * 4);
}
[[nodiscard]] inline std::int64_t results_bytes(const program_view& p, int images) {
    std::int64_t bytes = 0;
    for (const output_entry& o : p.outputs) bytes += result_bytes(p.nodes[static_cast<std::size_t>(o.node)], images);
    return bytes;
}
/// Place of a node's result; -1: it is none.
[[nodiscard]] inline std::int64_t result_at(const program_view& p, int images, id wanted) {
    std::int64_t at = 0;
    for (const output_entry& o : p.outputs) {
        if (o.node == wanted) return at;
        at += result_bytes(p.nodes[static_cast<std::size_t>(o.node)], images);
    }
    return -1;
}

/// The device's memory.
struct places {
    std::byte *arena = nullptr, *pictures = nullptr, *results = nullptr;
    const std::byte* weights = nullptr;
};

/// Takes the launches of one stage of a run; leaves out those of other stages.
class launch_writer {
public:
    launch_writer(const program_view& p, precision asked, int images, const places& to)
        : p_(p), asked_(asked), images_(images), to_(to) {}

    void begin(int stage) {
        stage_ = stage;
        now_.clear();
    }
    [[nodiscard]] const batches& launches() const { return now_; }

    /// Some operations need a result of their own first: they are launched in up to three stages.
    template <class Args> void launch(int stage, kernel k, const Args& a, products how = products::plain) {
        if (stage == stage_) now_.add(k, a, how);
    }
    /// A product whose arguments are complete but for what follows from them.
    void product(int stage, conv_args& a) {
        a.piece = piece_of(a.x, a.weight_type);
        const kernel k = a.how == products::plain   ? kernel::conv
                         : a.how == products::lanes ? kernel::vector
                         : a.in_chunks()            ? kernel::conv_tile
                                                    : kernel::conv_pieces;
        launch(stage, k, a, a.how);
    }
    /// The weights that a packer has put at `from`.
    static void use_weights(conv_args& a, const conv_form& f, const std::byte* from) {
        a.bias = reinterpret_cast<const float*>(from);
        a.weights = from + f.bias_bytes();
        a.weight_type = f.type;
        a.weight_out = f.by_out ? f.columns : 1;
        a.weight_in = f.by_out ? 1 : f.columns;
    }

    [[nodiscard]] precision asked() const { return asked_; }
    [[nodiscard]] int images() const { return images_; }
    [[nodiscard]] picture_args picture(const node& n) const { return {to_.pictures, picture_bytes(p_), out(n)}; }
    [[nodiscard]] tensor out(const node& n) const {
        tensor t{to_.arena + n.offset, n.out.pixels() * n.step, n.out.h, n.out.w, n.out.c, n.step, element_of(n.type)};
        if (n.kind == op::scaled_product) { // as a convolution's weights
            t.h = n.out.c;
            t.w = 1;
            t.c = n.step;
            t.image = std::int64_t{t.h} * t.step;
        }
        return t;
    }
    [[nodiscard]] tensor in(const site& at, int j) const { return out(at.in(j)); }
    [[nodiscard]] const std::byte* packed(const node& n) const { return to_.weights + n.packed; }
    [[nodiscard]] const float* floats(const node& n) const { return reinterpret_cast<const float*>(packed(n)); }
    [[nodiscard]] std::byte* scratch(const node& n) const { return to_.arena + n.scratch; }
    /// An operation's scratch memory lies behind that of the image before as its tensors do.
    [[nodiscard]] tensor in_scratch(const node& n, std::int64_t offset, int h, int w, int c, int step,
                                    element type) const {
        return {scratch(n) + offset, std::int64_t{h} * w * step, h, w, c, step, type};
    }

private:
    /// In how many bytes at once a convolution's input can be copied: see conv_args::piece.
    [[nodiscard]] static int piece_of(const tensor& x, element weights) {
        const auto all = reinterpret_cast<std::uintptr_t>(x.data) |
                         static_cast<std::uintptr_t>((x.c | x.step | x.image) * bytes_of(x.type));
        if (x.type != weights) return x.type == element::bf16 && all % 8 == 0 ? 8 : 0;
        return all % 16 == 0 ? 16 : all % 8 == 0 ? 8 : all % 4 == 0 ? 4 : 0;
    }

    program_view p_;
    precision asked_;
    int images_;
    places to_;
    int stage_ = 0;
    batches now_;
};

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
