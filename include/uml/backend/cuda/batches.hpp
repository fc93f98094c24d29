// Launches that wait until those of one stage are known: operations of one kernel go together, since a launch costs
// more than a small operation.
#pragma once

#include "uml/backend/cuda/arguments.hpp"
#include "uml/core/buffer.hpp"

#include <cstring>
#include <utility>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE::gpu {

/// The operations of one stage, none of which needs another's result.
class batches {
    static constexpr std::size_t largest = sizeof(conv_args);
    struct pending {
        kernel which = kernel::picture;
        products how = products::plain; ///< a kernel of its own each
        std::uint32_t bytes = 0;
        alignas(8) std::byte arguments[largest]{};

        [[nodiscard]] bool together(const pending& p) const { return which == p.which && how == p.how; }
    };

public:
    template <class Args> void add(kernel which, const Args& a, products how = products::plain) {
        static_assert(sizeof(Args) <= largest);
        pending p{which, how, sizeof(Args)};
        std::memcpy(p.arguments, &a, sizeof(Args));
        if (!all_.append(p)) {
            complete_ = false;
            return;
        }
        // Behind the others of its kernel.
        std::size_t place = all_.size() - 1;
        for (std::size_t i = place; i > 0; --i)
            if (at(i - 1).together(p)) {
                place = i;
                break;
            }
        for (std::size_t i = all_.size() - 1; i > place; --i) std::swap(at(i), at(i - 1));
    }
    void clear() {
        (void)all_.resize_uninitialized(0);
        complete_ = true;
    }
    [[nodiscard]] bool complete() const { return complete_; } ///< false: there was no memory for one
    [[nodiscard]] int launches() const {
        int n = 0;
        for (std::size_t i = 0; i < all_.size(); i = end(i)) ++n;
        return n;
    }
    /// All, on stream_of(i) for the i-th. 0, or the runtime's error.
    template <class F> [[nodiscard]] int launch(const kernel_table& kernels, int images, F stream_of) const {
        alignas(8) std::byte arguments[most_together * largest];
        int n = 0;
        for (std::size_t i = 0; i < all_.size(); i = end(i), ++n) {
            const std::size_t to = end(i);
            for (std::size_t k = i; k < to; ++k)
                std::memcpy(arguments + (k - i) * at(k).bytes, at(k).arguments, at(k).bytes);
            const launcher put = kernels.launch[static_cast<int>(at(i).which)];
            if (const int error = put(arguments, static_cast<int>(to - i), images, stream_of(n)); error != 0)
                return error;
        }
        return 0;
    }

private:
    [[nodiscard]] pending& at(std::size_t i) { return all_.data()[i]; }
    [[nodiscard]] const pending& at(std::size_t i) const { return all_.data()[i]; }
    /// Of the launch that begins with i.
    [[nodiscard]] std::size_t end(std::size_t i) const {
        std::size_t to = i + 1;
        while (to < all_.size() && to - i < most_together && at(to).together(at(i))) ++to;
        return to;
    }
    buffer<pending> all_;
    bool complete_ = true;
};

} // namespace uml::inline UML_VERSION_NAMESPACE::gpu

#include "uml/core/end.inc"
