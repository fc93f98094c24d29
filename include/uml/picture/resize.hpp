// Resizing without a heap: a few rows at a time, in memory of the caller's.
#pragma once

#include "uml/core/arithmetic.hpp"
#include "uml/picture/resampling.hpp"
#include "uml/picture/span.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace picture_detail {

/// What resizing keeps between rows, and where in the scratch memory it lies.
struct resize_plan {
    side across, down;
    int channels;
    image_view::sample type;

    [[nodiscard]] std::int64_t row_samples() const { return std::int64_t{across.to} * channels; }
    [[nodiscard]] std::int64_t number_bytes() const { return type == image_view::sample::f32 ? 8 : 4; }
    // All from a multiple of 8 on: weights of a row's pixels; of one column's; sums of a row; first and number of taps;
    // rows that have their width already, as many as a pixel has taps; a row before that.
    [[nodiscard]] std::int64_t across_at() const { return 0; }
    [[nodiscard]] std::int64_t exact_at() const {
        return across_at() + whole(std::int64_t{across.to} * across.most_taps() * number_bytes());
    }
    [[nodiscard]] std::int64_t down_at() const {
        const int most = across.most_taps() > down.most_taps() ? across.most_taps() : down.most_taps();
        return exact_at() + std::int64_t{most} * 8;
    }
    [[nodiscard]] std::int64_t sums_at() const { return down_at() + whole(down.most_taps() * number_bytes()); }
    [[nodiscard]] std::int64_t taps_at() const { return sums_at() + whole(row_samples() * number_bytes()); }
    [[nodiscard]] std::int64_t rows_at() const {
        return taps_at() + std::int64_t{across.to} * static_cast<std::int64_t>(sizeof(taps));
    }
    [[nodiscard]] std::int64_t source_at() const {
        return rows_at() + whole(down.most_taps() * row_samples() * sample_bytes(type));
    }
    [[nodiscard]] std::int64_t bytes() const {
        return source_at() + whole(std::int64_t{across.from} * channels * sample_bytes(type));
    }

private:
    [[nodiscard]] static std::int64_t whole(std::int64_t bytes) { return (bytes + 7) / 8 * 8; }
};

/// The first multiple of 8 in the scratch memory, or null if it is too small.
[[nodiscard]] inline std::byte* aligned_scratch(std::span<std::byte> scratch, std::int64_t bytes) {
    const auto skip = (8 - reinterpret_cast<std::uintptr_t>(scratch.data()) % 8) % 8;
    if (scratch.size() < skip || static_cast<std::int64_t>(scratch.size() - skip) < bytes) return nullptr;
    return scratch.data() + skip;
}
/// The most bytes that aligned_scratch skips.
inline constexpr std::int64_t alignment_loss = 7;

/// 8-bit samples are weighed by integers and rounded after each pass; floats by doubles.
template <class T> using number = std::conditional_t<std::is_same_v<T, float>, double, std::int32_t>;
template <class T> [[nodiscard]] number<T> first_sum() {
    if constexpr (std::is_same_v<T, float>)
        return 0;
    else
        return 1 << (weight_places - 1);
}
template <class T> [[nodiscard]] T rounded(number<T> sum) {
    if constexpr (std::is_same_v<T, float>) {
        return static_cast<float>(sum);
    } else {
        const std::int32_t value = sum >> weight_places;
        return static_cast<std::uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
    }
}
template <class T> [[nodiscard]] number<T> weight(double exact) {
    if constexpr (std::is_same_v<T, float>)
        return exact;
    else
        return fixed_point(exact);
}

/// Resizes rows as they are asked for, from the top to the bottom. `source(y, buffer)` gives row y of the source:
/// `buffer` filled, or a row that is there already.
template <class T, class Source> class row_resizer {
public:
    row_resizer(const resize_plan& plan, std::byte* scratch, Source source)
        : plan_(plan), scratch_(scratch), source_(source) {
        double* const exact = at<double>(plan_.exact_at());
        const int most = plan_.across.most_taps();
        for (int x = 0; x < plan_.across.to; ++x) {
            const taps t = plan_.across.at(x, exact);
            at<taps>(plan_.taps_at())[x] = t;
            for (int j = 0; j < t.count; ++j)
                at<number<T>>(plan_.across_at())[std::int64_t{x} * most + j] = weight<T>(exact[j]);
        }
    }

    /// Row y of the result, y not below the last one asked for.
    void row(int y, T* to) {
        double* const exact = at<double>(plan_.exact_at());
        const taps t = plan_.down.at(y, exact);
        for (; ready_ < t.first + t.count; ++ready_)
            if (ready_ >= t.first) cross(ready_, kept(ready_));
        const std::int64_t samples = plan_.row_samples();
        if (plan_.down.from == plan_.down.to) {
            std::memcpy(to, kept(y), static_cast<std::size_t>(samples) * sizeof(T));
            return;
        }
        number<T>* const sums = at<number<T>>(plan_.sums_at());
        for (std::int64_t i = 0; i < samples; ++i) sums[i] = first_sum<T>();
        for (int j = 0; j < t.count; ++j) {
            const T* from = kept(t.first + j);
            const number<T> w = weight<T>(exact[j]);
            for (std::int64_t i = 0; i < samples; ++i) sums[i] += w * static_cast<number<T>>(from[i]);
        }
        for (std::int64_t i = 0; i < samples; ++i) to[i] = rounded<T>(sums[i]);
    }

private:
    template <class U> [[nodiscard]] U* at(std::int64_t place) const { return reinterpret_cast<U*>(scratch_ + place); }
    [[nodiscard]] T* kept(int y) const {
        return at<T>(plan_.rows_at()) + (y % plan_.down.most_taps()) * plan_.row_samples();
    }

    void cross(int y, T* to) const {
        const T* from = source_(y, at<T>(plan_.source_at()));
        const int c = plan_.channels, most = plan_.across.most_taps();
        if (plan_.across.from == plan_.across.to) {
            std::memcpy(to, from, static_cast<std::size_t>(plan_.row_samples()) * sizeof(T));
            return;
        }
        for (int x = 0; x < plan_.across.to; ++x) {
            const taps t = at<taps>(plan_.taps_at())[x];
            const number<T>* w = at<number<T>>(plan_.across_at()) + std::int64_t{x} * most;
            for (int k = 0; k < c; ++k) {
                number<T> sum = first_sum<T>();
                const T* p = from + std::int64_t{t.first} * c + k;
                for (int j = 0; j < t.count; ++j) sum += w[j] * static_cast<number<T>>(p[std::int64_t{j} * c]);
                *to++ = rounded<T>(sum);
            }
        }
    }

    resize_plan plan_;
    std::byte* scratch_;
    Source source_;
    int ready_ = 0; // rows before this one have been crossed, or are not needed
};

/// Pillow adds up the places instead of computing each, so that some round otherwise.
template <class T, class Source>
void pick_nearest(const resize_plan& plan, std::byte* scratch, Source source, const image_span& to) {
    std::int32_t* const columns = reinterpret_cast<std::int32_t*>(scratch + plan.taps_at());
    double place = plan.across.scale() * 0.5;
    for (int x = 0; x < to.width; ++x, place += plan.across.scale())
        columns[x] = place < plan.across.from ? static_cast<int>(place) : plan.across.from - 1;
    place = plan.down.scale() * 0.5;
    for (int y = 0; y < to.height; ++y, place += plan.down.scale()) {
        const int line = place < plan.down.from ? static_cast<int>(place) : plan.down.from - 1;
        const T* from = source(line, reinterpret_cast<T*>(scratch + plan.source_at()));
        T* out = row_of<T>(to, y);
        for (int x = 0; x < to.width; ++x)
            for (int k = 0; k < plan.channels; ++k) *out++ = from[std::int64_t{columns[x]} * plan.channels + k];
    }
}

template <class T, class Source>
void resize_rows(const resize_plan& plan, std::byte* scratch, Source source, const image_span& to) {
    const arithmetic_mode own(denormals::kept);
    if (plan.across.filter == resampling::nearest) return pick_nearest<T>(plan, scratch, source, to);
    row_resizer<T, Source> rows(plan, scratch, source);
    for (int y = 0; y < to.height; ++y) rows.row(y, row_of<T>(to, y));
}

[[nodiscard, gnu::cold]] inline error too_little(const char* what, std::int64_t needed, std::size_t given) {
    return fail(errc::too_small,
                {what, ": needs ", needed, " bytes of scratch memory, has ", static_cast<std::int64_t>(given)});
}

} // namespace picture_detail

/// Bytes of scratch memory that `resize` from such a picture to such a size needs.
[[nodiscard]] inline std::int64_t resize_bytes(const image_view& from, int height, int width,
                                               resampling filter = resampling::bilinear) {
    const picture_detail::resize_plan plan{
        {from.width, width, filter}, {from.height, height, filter}, from.channels, from.type};
    return plan.bytes() + picture_detail::alignment_loss;
}

/// The picture at the size of `to`, bit for bit what Pillow before version 13 makes of it with the same filter: 8-bit
/// samples like its modes L and RGB, floats like its mode F in every channel. `to` has the picture's channels and kind
/// of samples, and other memory. Pillow 13 turns the order of the passes where the height shrinks more than the width;
/// 8-bit samples may differ by 1 there. Errors: errc::invalid_argument, too_small.
[[nodiscard]] inline result<void> resize(const image_view& from, const image_span& to, std::span<std::byte> scratch,
                                         resampling filter = resampling::bilinear) {
    using namespace picture_detail;
    if (auto r = check_view(from, "resize"); !r) return r;
    if (auto r = check_view(to, "resize: the result"); !r) return r;
    if (from.type != to.type || from.channels != to.channels)
        return fail(errc::invalid_argument, "resize: the result has other samples or channels than the picture");
    const resize_plan plan{{from.width, to.width, filter}, {from.height, to.height, filter}, from.channels, from.type};
    std::byte* const memory = aligned_scratch(scratch, plan.bytes());
    if (memory == nullptr) return too_little("resize", plan.bytes() + alignment_loss, scratch.size());
    if (from.type == image_view::sample::f32)
        resize_rows<float>(
            plan, memory, [&](int y, float*) { return row_of<float>(from, y); }, to);
    else
        resize_rows<std::uint8_t>(
            plan, memory, [&](int y, std::uint8_t*) { return row_of<std::uint8_t>(from, y); }, to);
    return {};
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
