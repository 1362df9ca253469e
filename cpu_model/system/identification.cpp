// The instructions CPUID, RDMSR and WRMSR on top of their models.
#include "cpu_model/interpreter/system.h"
#include "cpu_model/system/msr.h"

namespace southgate::cpu {

void cpuid(Cpu* c) {
    const auto leaf = get_reg<std::uint32_t>(c, Gpr::rax);
    constexpr std::uint64_t apic_enable = 1u << 11;
    const CpuidResult r = c->cpuid.read(leaf, (c->apic_base & apic_enable) != 0, get_reg<std::uint32_t>(c, Gpr::rcx),
                                        (c->cr4 & cr4::osxsave) != 0);
    // Software learns the microcode revision by writing 0 to 8Bh, CPUID.1 and reading it (SDM vol.
    // 3A 9.11.6.1).
    if (leaf == 1 && c->cpuid.model().intel())
        c->msr.bios_sign_id = std::uint64_t{c->cpuid.model().microcode_revision} << 32;
    set_reg<std::uint32_t>(c, Gpr::rax, r.eax);
    set_reg<std::uint32_t>(c, Gpr::rbx, r.ebx);
    set_reg<std::uint32_t>(c, Gpr::rcx, r.ecx);
    set_reg<std::uint32_t>(c, Gpr::rdx, r.edx);
}

void read_msr(Cpu* c) {
    std::uint64_t value = 0;
    if (c->cpl != 0 || !read_msr(c, get_reg<std::uint32_t>(c, Gpr::rcx), value)) raise_gp(0);
    set_reg<std::uint32_t>(c, Gpr::rax, static_cast<std::uint32_t>(value));
    set_reg<std::uint32_t>(c, Gpr::rdx, static_cast<std::uint32_t>(value >> 32));
}

void write_msr(Cpu* c) {
    const std::uint64_t value =
        std::uint64_t{get_reg<std::uint32_t>(c, Gpr::rdx)} << 32 | get_reg<std::uint32_t>(c, Gpr::rax);
    if (c->cpl != 0 || !write_msr(c, get_reg<std::uint32_t>(c, Gpr::rcx), value)) raise_gp(0);
}

}  // namespace southgate::cpu
