// What loads models on the backends that most tests use, compiled once (loaders.cpp) where the kernels are.
#pragma once

#include "uml/backend/cpu.hpp"
#include "uml/backend/reference.hpp"
#include "uml/model/load.hpp"

#ifdef UML_KERNELS_ELSEWHERE

    #define UML_TEST_LOADERS(keyword)                                                                                  \
        keyword template struct reference_engine<float>;                                                               \
        keyword template struct reference_engine<double>;                                                              \
        UML_TEST_LOADER(keyword, reference)                                                                            \
        UML_TEST_LOADER(keyword, reference64)                                                                          \
        UML_TEST_LOADER(keyword, cpu)
    #define UML_TEST_LOADER(keyword, B)                                                                                \
        keyword template result<model_of<B>> load_detail::load_any<B>(                                                 \
            const weights_file&, const B&, const load_options&, B::engine::code, load_detail::program_maker<B>*,       \
            const load_detail::fixed_network*);                                                                        \
        keyword template result<dynamic_program> load_detail::fixed_program<B>(                                        \
            const weights_file&, model_card&, const B&, const load_options&, const load_detail::fixed_network*);       \
        keyword template result<dynamic_program> load_detail::built_program<dynamic, B>(                               \
            const weights_file&, model_card&, const B&, const load_options&, const load_detail::fixed_network*);

namespace uml::inline UML_VERSION_NAMESPACE {

UML_TEST_LOADERS(extern)

} // namespace uml::inline UML_VERSION_NAMESPACE

#endif
