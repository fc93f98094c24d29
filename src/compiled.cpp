// The library uml::compiled: the code that uml/compiled.hpp declares.
#include <uml/compiled.hpp>
#include <uml/uml.hpp>

namespace uml::inline UML_VERSION_NAMESPACE {

namespace compiled_detail {

using cpu_detail::own_code;

const kernels::kernel_table& library_code::table(kernels::isa most) { return own_code::table(most); }
void library_code::upload(const program_view& p, const image_view& picture, const kernels::kernel_table& table,
                          executor threads, float* arena) {
    own_code::upload(p, picture, table, threads, arena);
}
void library_code::run(const program_view& p, const node& n, cpu_options o, const kernels::kernel_table& table,
                       executor threads, const float* weights, float* arena) {
    own_code::run(p, n, o, table, threads, weights, arena);
}

} // namespace compiled_detail

#define UML_LOADERS(threads)                                                                                           \
    template result<model<network<dynamic>, compiled_cpu<threads>>> load(const weights_file&, const load_options&);    \
    template result<model<network<dynamic>, compiled_cpu<threads>>> load(const char*, const load_options&);            \
    template result<model<network<dynamic>, compiled_cpu<threads>>> load(std::span<const std::byte>,                   \
                                                                         const load_options&);
UML_LOADERS(1)
UML_LOADERS(2)
UML_LOADERS(4)
UML_LOADERS(8)
UML_LOADERS(16)
UML_LOADERS(32)
UML_LOADERS(64)
#undef UML_LOADERS

} // namespace uml::inline UML_VERSION_NAMESPACE
