// SYSENTER and SYSEXIT, 32-bit forms (SDM vol. 2B).
#include "cpu_model/interpreter/system.h"
#include "cpu_model/system/descriptor.h"

namespace southgate::cpu {
namespace {

// Flat 32-bit segments, not read from any table.
SegmentRegister flat_segment(std::uint32_t selector, std::uint32_t type, unsigned dpl) {
    return {0, 0xffffffff, 0xc090 | type | dpl << SegmentRegister::dpl_shift,
            static_cast<std::uint16_t>(selector)};
}
constexpr std::uint32_t code_type = 0xb, data_type = 0x3;

void enter(Cpu* c, std::uint32_t cs, unsigned cpl, std::uint32_t eip, std::uint32_t esp) {
    c->cpl = cpl;
    put_segment(c, Seg::cs, flat_segment(cs, code_type, cpl));
    put_segment(c, Seg::ss, flat_segment(cs + 8, data_type, cpl));
    set_reg<std::uint32_t>(c, Gpr::rsp, esp);
    c->ip = eip;
    update_mode(c);
    update_attention(c);
}

}  // namespace

void system_enter(Cpu* c) {
    const auto cs = static_cast<std::uint32_t>(c->msr.sysenter_cs & 0xfffc);
    if (!protected_mode(c) || cs == 0) raise_gp(0);
    c->eflags &= ~(eflags::vm | eflags::if_ | eflags::rf);
    enter(c, cs, 0, static_cast<std::uint32_t>(c->msr.sysenter_eip),
          static_cast<std::uint32_t>(c->msr.sysenter_esp));
}

void system_exit(Cpu* c) {
    const auto cs = static_cast<std::uint32_t>(c->msr.sysenter_cs & 0xfffc);
    if (!protected_mode(c) || cs == 0 || c->cpl != 0) raise_gp(0);
    enter(c, (cs + 16) | 3, 3, get_reg<std::uint32_t>(c, Gpr::rdx), get_reg<std::uint32_t>(c, Gpr::rcx));
}

}  // namespace southgate::cpu
