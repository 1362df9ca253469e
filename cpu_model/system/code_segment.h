// Checks and loads shared by every transfer of control to another code segment.
#pragma once

#include "cpu_model/system/descriptor.h"
#include "cpu_model/system/stack.h"

namespace southgate::cpu {

// CS and EIP of a transfer, checked but not loaded.
struct CodeTarget {
    SegmentRegister cs;
    std::uint32_t offset = 0;
};

// The end of a transfer: CS, EIP. The privilege level must be right already or follow with set_cpl().
inline void enter_code(Cpu* c, const CodeTarget& target) {
    replace_segment(c, Seg::cs, target.cs);
    c->ip = target.offset;
}

// CS after a far transfer in real mode: limit and D stay as they are, the rights become those of a writable
// segment (SDM vol. 3A 9.1.4: base = selector * 16).
inline SegmentRegister real_mode_code(const Cpu* c, std::uint16_t selector) {
    if (v86_mode(c)) return v86_segment(selector);
    SegmentRegister cs = segment(c, Seg::cs);
    cs.attributes = (cs.attributes & (SegmentRegister::db | SegmentRegister::g)) | 0x93;
    cs.base = std::uint64_t{selector} << 4;
    cs.selector = selector;
    return cs;
}

// Real and V86 mode: only the limit is checked.
inline CodeTarget real_mode_target(Cpu* c, std::uint16_t selector, std::uint32_t offset) {
    const CodeTarget target{real_mode_code(c, selector), offset};
    if (target.offset > target.cs.limit) [[unlikely]]
        raise_gp(0);
    return target;
}

// SS:ESP for `cpl` from the current TSS, with the checks of a change to that privilege level; raises #TS, #SS
// (SDM vol. 2A CALL, INT n; vol. 3A 5.8.5).
struct InnerStack {
    SegmentRegister ss;
    std::uint32_t esp = 0;
};
InnerStack inner_stack(Cpu* c, unsigned cpl, std::uint32_t ext);

// Far RET and IRET: the code segment returned to; raises #GP, #NP. Its RPL is the new CPL. The offset is not
// checked.
CodeTarget return_target(Cpu* c, std::uint16_t selector, std::uint32_t offset);
// ... and SS when that is an outer level; raises #GP, #SS.
SegmentRegister return_stack_segment(Cpu* c, std::uint16_t selector, unsigned cpl);
// The end of a return to an outer level: CPL, SS:ESP; data segments the new CPL may not use become null
// (SDM vol. 3A 5.8.6).
void return_to_outer_stack(Cpu* c, const SegmentRegister& ss, std::uint32_t esp, unsigned cpl,
                           std::uint32_t pop_bytes);

// Loads EFLAGS, allowing only bits of `changeable` to change.
void load_flags(Cpu* c, std::uint32_t value, std::uint32_t changeable);

}  // namespace southgate::cpu
