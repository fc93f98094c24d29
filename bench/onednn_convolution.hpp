// How fast oneDNN computes one convolution, with the layouts that it likes best: what bench/layers compares with.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#include <type_traits>
#include <vector>

namespace bench {

/// A convolution of one picture: `groups` is 1, or the number of channels (depthwise).
struct convolution {
    int in_h, in_w, in, out_h, out_w, out, kernel, stride, pad, dilation, groups;

    friend auto operator<=>(const convolution&, const convolution&) = default;
};

namespace onednn_detail {

/// A oneDNN object, destroyed with its owner.
template <class T, auto destroy> struct closer {
    void operator()(T p) const { destroy(p); }
};
template <class T, auto destroy> using owned = std::unique_ptr<std::remove_pointer_t<T>, closer<T, destroy>>;
using owned_engine = owned<dnnl_engine_t, dnnl_engine_destroy>;
using owned_stream = owned<dnnl_stream_t, dnnl_stream_destroy>;
using owned_description = owned<dnnl_primitive_desc_t, dnnl_primitive_desc_destroy>;
using owned_primitive = owned<dnnl_primitive_t, dnnl_primitive_destroy>;
using owned_memory = owned<dnnl_memory_t, dnnl_memory_destroy>;

inline dnnl_primitive_desc_t describe(dnnl_engine_t engine, const convolution& c) {
    const dnnl_dims_t source = {1, c.in, c.in_h, c.in_w}, result = {1, c.out, c.out_h, c.out_w};
    const dnnl_dims_t dense = {c.out, c.in, c.kernel, c.kernel}, grouped = {c.groups, 1, 1, c.kernel, c.kernel};
    const dnnl_dims_t strides = {c.stride, c.stride}, dilates = {c.dilation - 1, c.dilation - 1};
    const dnnl_dims_t pads = {c.pad, c.pad};
    const bool one = c.groups == 1;
    dnnl_primitive_desc_t found = nullptr;
#if DNNL_VERSION_MAJOR >= 3
    dnnl_memory_desc_t s = nullptr, w = nullptr, d = nullptr;
    dnnl_memory_desc_create_with_tag(&s, 4, source, dnnl_f32, dnnl_format_tag_any);
    dnnl_memory_desc_create_with_tag(&w, one ? 4 : 5, one ? dense : grouped, dnnl_f32, dnnl_format_tag_any);
    dnnl_memory_desc_create_with_tag(&d, 4, result, dnnl_f32, dnnl_format_tag_any);
    dnnl_convolution_forward_primitive_desc_create(&found, engine, dnnl_forward_inference, dnnl_convolution_auto, s, w,
                                                   nullptr, d, strides, dilates, pads, pads, nullptr);
    for (dnnl_memory_desc_t m : {s, w, d}) dnnl_memory_desc_destroy(m);
#else
    dnnl_memory_desc_t s, w, d;
    dnnl_memory_desc_init_by_tag(&s, 4, source, dnnl_f32, dnnl_format_tag_any);
    dnnl_memory_desc_init_by_tag(&w, one ? 4 : 5, one ? dense : grouped, dnnl_f32, dnnl_format_tag_any);
    dnnl_memory_desc_init_by_tag(&d, 4, result, dnnl_f32, dnnl_format_tag_any);
    dnnl_convolution_desc_t operation;
    if (dnnl_dilated_convolution_forward_desc_init(&operation, dnnl_forward_inference, dnnl_convolution_auto, &s, &w,
                                                   nullptr, &d, strides, dilates, pads, pads) == dnnl_success)
        dnnl_primitive_desc_create(&found, &operation, nullptr, engine, nullptr);
#endif
    return found;
}

} // namespace onednn_detail

/// The shortest of `repeats` runs on `threads` threads by the caller's clock, in its unit; 0 where oneDNN refuses.
template <class Clock> double onednn_time(const convolution& c, int threads, int repeats, Clock clock) {
    using namespace onednn_detail;
    omp_set_num_threads(threads);
    dnnl_engine_t engine_made = nullptr;
    if (dnnl_engine_create(&engine_made, dnnl_cpu, 0) != dnnl_success) return 0;
    const owned_engine engine(engine_made);
    dnnl_stream_t stream_made = nullptr;
    dnnl_stream_create(&stream_made, engine.get(), dnnl_stream_default_flags);
    const owned_stream stream(stream_made);
    const owned_description description(describe(engine.get(), c));
    if (!description) return 0;
    dnnl_primitive_t made = nullptr;
    if (dnnl_primitive_create(&made, description.get()) != dnnl_success) return 0;
    const owned_primitive primitive(made);

    constexpr std::array<dnnl_query_t, 3> kinds{dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md};
    constexpr std::array<int, 3> names{DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST};
    std::vector<owned_memory> memory;
    std::vector<dnnl_exec_arg_t> arguments;
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        const auto layout = dnnl_primitive_desc_query_md(description.get(), kinds[i], 0);
        dnnl_memory_t block = nullptr;
        if (dnnl_memory_create(&block, layout, engine.get(), DNNL_MEMORY_ALLOCATE) != dnnl_success) return 0;
        memory.emplace_back(block);
        void* values = nullptr;
        dnnl_memory_get_data_handle(block, &values);
        const std::size_t count = dnnl_memory_desc_get_size(layout) / sizeof(float);
        std::fill_n(static_cast<float*>(values), count, 0.5F);
        arguments.push_back({names[i], block});
    }
    double best = 0;
    for (int r = 0; r <= repeats; ++r) {
        const double start = clock();
        dnnl_primitive_execute(primitive.get(), stream.get(), static_cast<int>(arguments.size()), arguments.data());
        dnnl_stream_wait(stream.get());
        const double took = clock() - start;
        if (r == 1 || (r > 1 && took < best)) best = took; // the first warms up
    }
    return best;
}

} // namespace bench
