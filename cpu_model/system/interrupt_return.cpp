// IRET in all its forms (SDM vol. 2A IRET/IRETD/IRETQ; vol. 3A 6.14.3; vol. 3B 20.2.5, 20.3.1.1).
#include "cpu_model/interpreter/flags.h"
#include "cpu_model/interpreter/system.h"
#include "cpu_model/system/code_segment.h"
#include "cpu_model/system/task_switch.h"
#include "cpu_model/system/virtual_interrupt.h"

namespace southgate::cpu {
namespace {

constexpr auto always = static_cast<std::uint32_t>(eflags::status | eflags::tf | eflags::df | eflags::nt);
constexpr auto only_dword = static_cast<std::uint32_t>(eflags::rf | eflags::ac | eflags::id);
constexpr auto virtual_interrupt = static_cast<std::uint32_t>(eflags::vif | eflags::vip);

// EFLAGS bits a return may change at this privilege level.
std::uint32_t changeable_flags(const Cpu* c, unsigned operand_size) {
    std::uint32_t bits = always;
    if (operand_size >= 4) bits |= only_dword;
    if (c->cpl <= iopl(c)) bits |= static_cast<std::uint32_t>(eflags::if_);
    if (c->cpl == 0) {
        bits |= static_cast<std::uint32_t>(eflags::iopl);
        if (operand_size >= 4) bits |= virtual_interrupt;
    }
    return bits;
}

struct ReturnFrame {
    std::uint64_t offset;
    std::uint16_t selector;
    std::uint64_t flags;
};
[[gnu::always_inline]] inline ReturnFrame pop_return(Stack& stack, unsigned operand_size) {
    if (operand_size == 4) {
        const auto f = stack.pop_frame<std::uint32_t, 3>();
        return {f[0], static_cast<std::uint16_t>(f[1]), f[2]};
    }
    if (operand_size == 8) {
        const auto f = stack.pop_frame<std::uint64_t, 3>();
        return {f[0], static_cast<std::uint16_t>(f[1]), f[2]};
    }
    const auto f = stack.pop_frame<std::uint16_t, 3>();
    return {f[0], f[1], f[2]};
}

// Real mode, and V86 mode with IOPL 3.
void real_mode_return(Cpu* c, unsigned operand_size) {
    Stack stack = Stack::current(c);
    const auto [offset, selector, flags] = pop_return(stack, operand_size);
    const CodeTarget target = real_mode_target(c, selector, offset);
    std::uint32_t changeable = always | static_cast<std::uint32_t>(eflags::if_);
    if (!v86_mode(c)) changeable |= static_cast<std::uint32_t>(eflags::iopl);
    if (operand_size == 4) changeable |= only_dword;
    stack.commit();
    enter_real_mode_code(c, target);
    load_flags(c, flags, changeable);
}

// V86 mode with virtual interrupts: IF of the image is VIF.
void virtual_8086_return(Cpu* c) {
    Stack stack = Stack::current(c);
    const auto [offset, selector, flags] = pop_return(stack, 2);
    check_virtual_flags(c, flags);
    const CodeTarget target = real_mode_target(c, selector, offset);
    stack.commit();
    enter_code(c, target);
    load_virtual_flags(c, flags);
}

// To a V86 task: ring 0, a 32-bit image with VM set. Everything comes from the stack and nothing is checked.
void return_to_v86(Cpu* c, Stack& stack, std::uint64_t offset, std::uint16_t cs, std::uint64_t flags) {
    const std::uint32_t esp = stack.pop<std::uint32_t>();
    std::uint16_t selectors[5];
    for (std::uint16_t& s : selectors) s = static_cast<std::uint16_t>(stack.pop<std::uint32_t>());
    constexpr Seg order[5] = {Seg::ss, Seg::es, Seg::ds, Seg::fs, Seg::gs};
    if (offset > 0xffff) raise_gp(0);  // V86 code segments end at FFFFh

    c->eflags |= eflags::vm;
    c->cpl = 3;
    for (unsigned i = 0; i < 5; ++i) put_segment(c, order[i], v86_segment(selectors[i]));
    put_segment(c, Seg::cs, v86_segment(cs));
    set_reg<std::uint32_t>(c, Gpr::rsp, esp);
    c->ip = offset;
    update_mode(c);
    load_flags(c, flags, 0x3f7fd5);
}

}  // namespace

void interrupt_return(Cpu* c, unsigned operand_size, std::uint64_t return_ip) {
    // NMIs are open again once IRET executes, even if it faults (SDM vol. 3A 6.7.1).
    if (c->events.nmi_blocked) {
        c->events.nmi_blocked = false;
        update_attention(c);
    }
    if (!protected_mode(c)) return real_mode_return(c, operand_size);
    if (v86_mode(c)) {
        if (virtual_if(c) && operand_size == 2) return virtual_8086_return(c);
        if (iopl(c) != 3) raise_gp(0);
        return real_mode_return(c, operand_size);
    }
    if ((c->eflags & eflags::nt) != 0) {
        if (long_mode(c)) raise_gp(0);  // there are no tasks to return to
        return return_to_previous_task(c, return_ip);
    }

    Stack stack = Stack::current(c);
    const auto [offset, selector, flags] = pop_return(stack, operand_size);
    if (operand_size == 4 && (flags & eflags::vm) != 0 && c->cpl == 0 && !long_mode(c))
        return return_to_v86(c, stack, offset, selector, flags);

    const CodeTarget target = return_target(c, selector, offset);
    const std::uint32_t changeable = changeable_flags(c, operand_size);
    const unsigned cpl = rpl_of(selector);
    const bool outer = cpl != c->cpl;
    // 64-bit mode always pops SS:RSP.
    if (!outer && !code64(c)) {
        check_offset(c, target);
        stack.commit();
        enter_code(c, target);
        return load_flags(c, flags, changeable);
    }
    const std::uint64_t rsp = stack.pop(operand_size);
    const auto ss_selector = static_cast<std::uint16_t>(stack.pop(operand_size));
    const SegmentRegister ss = return_stack_segment(c, ss_selector, cpl, target.cs);
    check_offset(c, target);
    enter_code(c, target);
    if (outer) {
        return_to_outer_stack(c, ss, rsp, cpl, 0);
    } else {
        replace_segment(c, Seg::ss, ss);
        set_stack_pointer(c, rsp);
    }
    load_flags(c, flags, changeable);
}

}  // namespace southgate::cpu
