// The caller's picture as the network's input tensor.
#pragma once

#include "uml/core/tensor.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// Values 0..1; a grey picture is repeated where the network expects three channels. Shapes are checked before.
template <class T> void read_picture(const image_view& picture, const tensor_view<T>& to) {
    for (int y = 0; y < to.h; ++y) {
        const char* row = static_cast<const char*>(picture.data) + y * picture.row_bytes;
        for (int x = 0; x < to.w; ++x)
            for (int k = 0; k < to.c; ++k) {
                const int from = x * picture.channels + (picture.channels == 1 ? 0 : k);
                if (picture.type == image_view::sample::u8)
                    to(y, x, k) = static_cast<T>(reinterpret_cast<const unsigned char*>(row)[from]) / T(255);
                else
                    to(y, x, k) = static_cast<T>(reinterpret_cast<const float*>(row)[from]);
            }
    }
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
