// The portable backend without the code of its operations: memory, sizes and packing.
#pragma once

#include "uml/backend/concept.hpp"
#include "uml/backend/cpu/pack.hpp"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace kernels {
struct kernel_table;
}

/// The `cpu` backend but for its code, which is compiled where it is used (cpu.hpp) or in a library (compiled.hpp).
/// `code` has functions table, upload and run, as cpu_detail::own_code.
template <class code, int max_threads, cpu_options options> struct basic_cpu {
    static_assert(max_threads >= 1 && max_threads <= 1024, "uml: the cpu backend runs on 1 to 1024 threads");

    using scalar = float;
    struct weights {
        memory_block memory;
    };
    struct workspace {
        memory_block memory;
        executor threads;
        const kernels::kernel_table* table = nullptr;
    };

    static constexpr layout tensor_layout{
        .element_bytes = sizeof(float), .align_channels = kernels::panel, .dense_below = 8};
    static constexpr rewrites preferred = all_rewrites();
    static constexpr double relative_limit = 5e-6;

    static constexpr bool supports(const node&) { return true; }
    static constexpr std::int64_t scratch_bytes(const node* nodes, const node& n) {
        if (n.inputs == 0) return 0;
        return static_cast<std::int64_t>(
            cpu_detail::scratch_need_of(nodes[n.in[0]].out, n, options).total(max_threads));
    }
    static constexpr std::int64_t packed_bytes(const node* nodes, const parameter*, const node& n) {
        if (n.inputs == 0) return 0;
        return static_cast<std::int64_t>(cpu_detail::packed_size(nodes[n.in[0]].out, n, options) * sizeof(float));
    }

    static result<weights> make_weights(const program_view& p, std::span<std::byte> given) {
        auto block = make_memory(given, p.packed_bytes, "weights");
        if (!block) return block.error();
        return weights{*std::move(block)};
    }
    /// Errors: errc::invalid_argument for an executor of more than `max_threads` threads, out_of_memory, too_small.
    static result<workspace> make_workspace(const program_view& p, executor threads, std::span<std::byte> given) {
        if (threads.width < 1 || threads.width > max_threads)
            return fail(errc::invalid_argument, "the executor has ", threads.width, " threads, this backend is cpu<",
                        max_threads, ">");
        auto block = make_memory(given, p.arena_bytes, "an arena");
        if (!block) return block.error();
        return workspace{*std::move(block), threads, &code::table(options.most)};
    }

    static int rows_together(const program_view& p, int i) {
        const node& n = p.nodes[static_cast<std::size_t>(i)];
        return (n.kind == op::conv || n.kind == op::upsample_conv) && n.groups == 1 ? kernels::panel : 0;
    }
    static result<void> pack(const program_view& p, int i, const dense_parameter& first, const dense_parameter& second,
                             weights& w) {
        const node& n = p.nodes[static_cast<std::size_t>(i)];
        cpu_detail::pack(p.input(n, 0).out, n, options, first, second, w.memory.template as<float>(n.packed));
        return {};
    }

    static void upload(const program_view& p, const image_view& picture, workspace& s) {
        code::upload(p, picture, *s.table, s.threads, s.memory.template as<float>());
    }
    static void enqueue(const program_view& p, const weights& w, workspace& s, int i) {
        const node& n = p.nodes[static_cast<std::size_t>(i)];
        code::run(p, n, options, *s.table, s.threads, w.memory.template as<const float>(n.packed),
                  s.memory.template as<float>());
    }
    static tensor_view<const float> fetch(const program_view& p, const workspace& s, int i) {
        const node& n = p.nodes[static_cast<std::size_t>(i)];
        return {s.memory.template as<const float>() + n.at, n.out.h, n.out.w, n.out.c, n.step};
    }

private:
    static result<memory_block> make_memory(std::span<std::byte> given, std::int64_t bytes, const char* what) {
        return given.empty() ? memory_block::allocate(bytes, what) : memory_block::borrow(given, bytes, what);
    }
};

} // namespace uml::inline UML_VERSION_NAMESPACE
