// Far JMP, CALL and RET (SDM vol. 2A JMP, CALL; vol. 2B RET; vol. 3A 5.8). Long mode has call gates to 64-bit code and
// no other system descriptor to go through.
#include "cpu_model/interpreter/system.h"
#include "cpu_model/system/code_segment.h"
#include "cpu_model/system/task_switch.h"

namespace southgate::cpu {
namespace {

std::uint64_t truncated(std::uint64_t offset, unsigned operand_size) {
    if (operand_size == 8) return offset;
    return operand_size == 2 ? offset & 0xffff : offset & 0xffffffff;
}

// A code segment reached without a gate: CPL does not change.
CodeTarget direct_target(Cpu* c, std::uint16_t selector, TableEntry& entry, std::uint64_t offset) {
    const Descriptor& d = entry.d;
    check_code_size(c, selector, d);
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
    if (long_mode(c) && (!d.l() || d.d())) raise_gp(selector_error(selector));
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
        Stack stack = Stack::current(c);
        stack.push(old_cs, size);
        stack.push(return_ip, size);
        check_offset(c, target);
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
    Stack caller = Stack::current(c);
    const unsigned count = gate.gate_parameters();
    for (unsigned i = 0; i < count; ++i) parameters[i] = static_cast<std::uint32_t>(caller.pop(size));
    for (unsigned i = count; i-- > 0;) stack.push(parameters[i], size);
    stack.push(old_cs, size);
    stack.push(return_ip, size);
    check_offset(c, target);
    set_segment(c, Seg::ss, inner_ss.ss);
    stack.commit();
    enter_code(c, target);
    set_cpl(c, cpl);
}

// A call gate of long mode: 16 bytes, to 64-bit code (SDM vol. 3A 5.8.3.1, 5.8.5.1). The stack of an inner level comes
// without a segment, and nothing is copied to it.
void through_gate64(Cpu* c, std::uint16_t selector, const TableEntry& gate, bool calling, std::uint64_t return_ip) {
    std::uint64_t offset = 0;
    if (!read_upper_half(c, selector, gate, offset)) raise_gp(selector_error(selector));
    offset |= gate.d.gate_offset();
    const std::uint16_t code_selector = gate.d.gate_selector();
    const TableEntry code = gate_code(c, code_selector, calling);
    const bool inner = calling && !code.d.conforming() && code.d.dpl() < c->cpl;
    const unsigned cpl = inner ? code.d.dpl() : c->cpl;
    const CodeTarget target{make_segment(static_cast<std::uint16_t>((code_selector & 0xfffcu) | cpl), code.d), offset};
    check_offset(c, target);
    if (!calling) return enter_code(c, target);

    const std::uint64_t rsp = c->gpr[static_cast<unsigned>(Gpr::rsp)];
    Stack stack = Stack::wide(c, inner ? tss_stack_pointer(c, tss_rsp(cpl), 0) : rsp, cpl);
    if (inner) {
        stack.push<std::uint64_t>(segment(c, Seg::ss).selector);
        stack.push<std::uint64_t>(rsp);
    }
    stack.push<std::uint64_t>(segment(c, Seg::cs).selector);
    stack.push<std::uint64_t>(return_ip);
    if (inner) put_segment(c, Seg::ss, null_segment(static_cast<std::uint16_t>(cpl), cpl));
    put_segment(c, Seg::cs, target.cs);
    c->ip = target.offset;
    stack.commit();
    set_cpl(c, cpl);
}

// JMP or CALL to a system descriptor.
void transfer_to_system(Cpu* c, std::uint16_t selector, TableEntry& entry, bool calling,
                        std::uint64_t return_ip) {
    if (long_mode(c)) {
        if (entry.d.type() != system_type::call_gate32) raise_gp(selector_error(selector));
        check_gate_access(c, selector, entry.d);
        return through_gate64(c, selector, entry, calling, return_ip);
    }
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
            check_offset(c, target);
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
        return enter_real_mode_code(c, real_mode_target(c, selector, truncated(offset, operand_size)));
    if (null_selector(selector)) raise_gp(0);
    TableEntry entry = require_descriptor(c, selector);
    if (!entry.d.code_or_data()) return transfer_to_system(c, selector, entry, false, return_ip);
    if (!entry.d.code()) raise_gp(selector_error(selector));
    const CodeTarget target = direct_target(c, selector, entry, truncated(offset, operand_size));
    check_offset(c, target);
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
    Stack stack = Stack::current(c);
    stack.push(segment(c, Seg::cs).selector, operand_size);
    stack.push(return_ip, operand_size);
    check_offset(c, target);
    stack.commit();
    real ? enter_real_mode_code(c, target) : enter_code(c, target);
}

void far_return(Cpu* c, unsigned operand_size, std::uint16_t pop_bytes) {
    Stack stack = Stack::current(c);
    const std::uint64_t offset = stack.pop(operand_size);
    const auto selector = static_cast<std::uint16_t>(stack.pop(operand_size));
    stack.skip(pop_bytes);
    if (real_style_segments(c)) {
        const CodeTarget target = real_mode_target(c, selector, offset);
        stack.commit();
        return enter_real_mode_code(c, target);
    }
    const CodeTarget target = return_target(c, selector, offset);
    const unsigned cpl = rpl_of(selector);
    if (cpl == c->cpl) {
        check_offset(c, target);
        stack.commit();
        return enter_code(c, target);
    }
    const std::uint64_t rsp = stack.pop(operand_size);
    const auto ss_selector = static_cast<std::uint16_t>(stack.pop(operand_size));
    const SegmentRegister ss = return_stack_segment(c, ss_selector, cpl, target.cs);
    check_offset(c, target);
    enter_code(c, target);
    return_to_outer_stack(c, ss, rsp, cpl, pop_bytes);
}

}  // namespace southgate::cpu
