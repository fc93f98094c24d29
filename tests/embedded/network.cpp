// A network on weights that are linked in, in an arena that is a static array: no heap, no file, no C++ library.
// EMBEDDED_HEADER, EMBEDDED_NAME: what uml_embed_weights made. EMBEDDED_SAMPLE: a sample that the same source links in.
#include "check.hpp"

#include EMBEDDED_HEADER

__asm__(".pushsection .rodata.sample,\"a\",%progbits\n"
        ".balign 8\n"
        ".globl embedded_sample\n"
        ".type embedded_sample, %object\n"
        "embedded_sample:\n"
        ".incbin \"" EMBEDDED_SAMPLE "\"\n"
        ".size embedded_sample, . - embedded_sample\n"
        ".popsection\n");
extern "C" {
extern const std::byte embedded_sample[];
// Where the size table finds what the arena takes.
alignas(64) std::byte embedded_arena[uml::arena_bytes<EMBEDDED_NAME::network, EMBEDDED_NAME::backend>];
}

int main() {
    const auto model = EMBEDDED_NAME::use();
    if (!model) return embedded::complain(model.error().what.c_str());
    auto workspace = model->make_workspace(embedded_arena);
    if (!workspace) return embedded::complain(workspace.error().what.c_str());
    return embedded::check(*model, *workspace, embedded_sample);
}
