// A Cortex-M from reset to main, and semihosting: a debugger or emulator that watches gets the text and the exit
// status.
#include "say.hpp"

#include <cstdint>
#include <cstring>

int main();

extern "C" {
extern std::uint32_t data_loaded[], data_first[], data_last[], bss_first[], bss_last[], stack_top[];
[[noreturn]] void reset();
[[noreturn]] void fault() { embedded::end(4); }
}

namespace {

std::uint32_t semihosting(std::uint32_t operation, const void* argument) {
    register std::uint32_t r0 __asm__("r0") = operation;
    register const void* r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

using handler = void (*)();
struct vector_table {
    const void* stack;
    handler at_reset;
    handler faults[5];
};
[[gnu::section(".vectors"), gnu::used]] const vector_table vectors{
    stack_top, reset, {fault, fault, fault, fault, fault}};

} // namespace

namespace embedded {

void say(std::string_view words) {
    constexpr std::uint32_t write_character = 3;
    for (const char c : words) semihosting(write_character, &c);
}
void end(int status) {
    constexpr std::uint32_t exit_extended = 0x20, application_exit = 0x20026;
    const std::uint32_t block[] = {application_exit, static_cast<std::uint32_t>(status)};
    for (;;) semihosting(exit_extended, block);
}

} // namespace embedded

void reset() {
    // Without its floating-point unit the processor stops at the first float.
    auto* const coprocessors = reinterpret_cast<volatile std::uint32_t*>(0xe000ed88);
    *coprocessors = *coprocessors | 0xfU << 20;
    __asm__ volatile("dsb\n isb" ::: "memory");
    std::memcpy(data_first, data_loaded,
                reinterpret_cast<std::uintptr_t>(data_last) - reinterpret_cast<std::uintptr_t>(data_first));
    std::memset(bss_first, 0, reinterpret_cast<std::uintptr_t>(bss_last) - reinterpret_cast<std::uintptr_t>(bss_first));
    embedded::end(main());
}
