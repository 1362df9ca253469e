// Far JMP, CALL and RET (SDM vol. 2A JMP, CALL; vol. 2B RET; vol. 3A 5.8).
#include "cpu_model/interpreter/system.h"
#include "cpu_model/system/code_segment.h"
#include "cpu_model/system/task_switch.h"

namespace southgate::cpu {
namespace {

std::uint32_t truncated(std::uint64_t offset, unsigned operand_size) {
    return static_cast<std::uint32_t>(operand_size == 2 ? offset & 0xffff : offset);
}

void check_offset(const CodeTarget& target) {
    if (target.offset > target.cs.limit) raise_gp(0);
}

// A code segment reached without a gate: CPL does not change.
CodeTarget direct_target(Cpu* c, std::uint16_t selector, TableEntry& entry, std::uint32_t offset) {
    const Descriptor& d = entry.d;
    if (d.conforming() ? d.dpl() > c->cpl : rpl_of(selector) > c->cpl || d.dpl() != c->cpl)
        raise_gp(selector_error(selector));
    if (!d.present()) raise(Vector::segment_not_present, selector_error(selector));
    mark_accessed(c, entry);
    return {make_segment(static_cast<std::uint16_t>((selector & 0xfffcu) | c->cpl), d), offset};
}

// Gates and TSSs are reached when neither CPL nor RPL is less privileged than their DPL.
void check_gate_access(Cpu* c, std::uint16_t selector, const Descriptor& d) {
    if (d.dpl() < c->cpl || d.dpl() < rpl_of(selector)) raise_gp(selector_error(selector));
    if (!d.present()) raise(Vector::segment_not_present, selector_error(selector));
}

// The code segment behind a call gate; `calling`: more privileged non-conforming code is allowed.
TableEntry gate_code(Cpu* c, std::uint16_t selector, bool calling) {
    if (null_selector(selector)) raise_gp(0);
    TableEntry entry = require_descriptor(c, selector);
    const Descriptor& d = entry.d;
    if (!d.code()) raise_gp(selector_error(selector));
    if (calling || d.conforming() ? d.dpl() > c->cpl : d.dpl() != c->cpl) raise_gp(selector_error(selector));
    if (!d.present()) raise(Vector::segment_not_present, selector_error(selector));
    mark_accessed(c, entry);
    return entry;
}

void call_through_gate(Cpu* c, const Descriptor& gate, std::uint64_t return_ip) {
    const std::uint16_t selector = gate.gate_selector();
    const TableEntry code = gate_code(c, selector, true);
    const unsigned size = gate.is32() ? 4 : 2;
    const bool inner = !code.d.conforming() && code.d.dpl() < c->cpl;
    const unsigned cpl = inner ? code.d.dpl() : c->cpl;
    const CodeTarget target{make_segment(static_cast<std::uint16_t>((selector & 0xfffcu) | cpl), code.d),
                            gate.gate_offset()};
    const std::uint32_t old_cs = segment(c, Seg::cs).selector;
    if (!inner) {
        Stack stack(c);
        stack.push(old_cs, size);
        stack.push(static_cast<std::uint32_t>(return_ip), size);
        check_offset(target);
        stack.commit();
        enter_code(c, target);
        return;
    }
    const InnerStack inner_ss = inner_stack(c, cpl, 0);
    Stack stack(c, inner_ss.ss, inner_ss.esp, cpl, selector_error(inner_ss.ss.selector));
    const std::uint32_t old_ss = segment(c, Seg::ss).selector;
    stack.push(old_ss, size);
    stack.push(get_reg<std::uint32_t>(c, Gpr::rsp), size);
    std::uint32_t parameters[31];
    Stack caller(c);
    const unsigned count = gate.gate_parameters();
    for (unsigned i = 0; i < count; ++i) parameters[i] = caller.pop(size);
    for (unsigned i = count; i-- > 0;) stack.push(parameters[i], size);
    stack.push(old_cs, size);
    stack.push(static_cast<std::uint32_t>(return_ip), size);
    check_offset(target);
    set_segment(c, Seg::ss, inner_ss.ss);
    stack.commit();
    enter_code(c, target);
    set_cpl(c, cpl);
}

// JMP or CALL to a system descriptor.
void transfer_to_system(Cpu* c, std::uint16_t selector, TableEntry& entry, bool calling,
                        std::uint64_t return_ip) {
    const auto source = calling ? TaskSwitchSource::call : TaskSwitchSource::jump;
    switch (entry.d.type()) {
        case system_type::call_gate16:
        case system_type::call_gate32: {
            check_gate_access(c, selector, entry.d);
            if (calling) return call_through_gate(c, entry.d, return_ip);
            const std::uint16_t code_selector = entry.d.gate_selector();
            const TableEntry code = gate_code(c, code_selector, false);
            const CodeTarget target{
                make_segment(static_cast<std::uint16_t>((code_selector & 0xfffcu) | c->cpl), code.d),
                entry.d.gate_offset()};
            check_offset(target);
            return enter_code(c, target);
        }
        case system_type::task_gate: {
            check_gate_access(c, selector, entry.d);
            TableEntry tss = task_gate_target(c, entry.d, 0);
            return switch_task(c, entry.d.gate_selector(), tss, source, return_ip);
        }
        case system_type::tss16:
        case system_type::tss32:
            check_gate_access(c, selector, entry.d);
            if ((selector & 4) != 0) raise_gp(selector_error(selector));
            return switch_task(c, selector, entry, source, return_ip);
        default:
            raise_gp(selector_error(selector));
    }
}

}  // namespace

void far_jump(Cpu* c, std::uint16_t selector, std::uint64_t offset, unsigned operand_size,
              std::uint64_t return_ip) {
    if (real_style_segments(c))
        return enter_code(c, real_mode_target(c, selector, truncated(offset, operand_size)));
    if (null_selector(selector)) raise_gp(0);
    TableEntry entry = require_descriptor(c, selector);
    if (!entry.d.code_or_data()) return transfer_to_system(c, selector, entry, false, return_ip);
    if (!entry.d.code()) raise_gp(selector_error(selector));
    const CodeTarget target = direct_target(c, selector, entry, truncated(offset, operand_size));
    check_offset(target);
    enter_code(c, target);
}

void far_call(Cpu* c, std::uint16_t selector, std::uint64_t offset, unsigned operand_size,
              std::uint64_t return_ip) {
    const bool real = real_style_segments(c);
    CodeTarget target;
    if (real) {
        target = real_mode_target(c, selector, truncated(offset, operand_size));
    } else {
        if (null_selector(selector)) raise_gp(0);
        TableEntry entry = require_descriptor(c, selector);
        if (!entry.d.code_or_data()) return transfer_to_system(c, selector, entry, true, return_ip);
        if (!entry.d.code()) raise_gp(selector_error(selector));
        target = direct_target(c, selector, entry, truncated(offset, operand_size));
    }
    Stack stack(c);
    stack.push(segment(c, Seg::cs).selector, operand_size);
    stack.push(static_cast<std::uint32_t>(return_ip), operand_size);
    check_offset(target);
    stack.commit();
    enter_code(c, target);
}

void far_return(Cpu* c, unsigned operand_size, std::uint16_t pop_bytes) {
    Stack stack(c);
    const std::uint32_t offset = stack.pop(operand_size);
    const auto selector = static_cast<std::uint16_t>(stack.pop(operand_size));
    stack.skip(pop_bytes);
    if (real_style_segments(c)) {
        const CodeTarget target = real_mode_target(c, selector, offset);
        stack.commit();
        return enter_code(c, target);
    }
    const CodeTarget target = return_target(c, selector, offset);
    const unsigned cpl = rpl_of(selector);
    if (cpl == c->cpl) {
        check_offset(target);
        stack.commit();
        return enter_code(c, target);
    }
    const std::uint32_t esp = stack.pop(operand_size);
    const auto ss_selector = static_cast<std::uint16_t>(stack.pop(operand_size));
    const SegmentRegister ss = return_stack_segment(c, ss_selector, cpl);
    check_offset(target);
    enter_code(c, target);
    return_to_outer_stack(c, ss, esp, cpl, pop_bytes);
}

}  // namespace southgate::cpu
