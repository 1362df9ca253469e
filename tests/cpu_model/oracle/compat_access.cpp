#include "oracle/compat_access.h"

#include <algorithm>

#include "oracle/compat_layout.h"

namespace southgate::cpu::test {

namespace {

constexpr unsigned ss = 2, esp = 4, ebp = 5;

bool bit_test(ZydisMnemonic m) {
    return m == ZYDIS_MNEMONIC_BT || m == ZYDIS_MNEMONIC_BTS || m == ZYDIS_MNEMONIC_BTR || m == ZYDIS_MNEMONIC_BTC;
}

// Stack slots: popped (above the top) or pushed.
struct StackUse {
    unsigned popped = 0, pushed = 0;
};
StackUse stack_use(const Decoded& d) {
    const std::uint8_t op = d.info.opcode;
    switch (d.info.mnemonic) {
        case ZYDIS_MNEMONIC_PUSH:
        case ZYDIS_MNEMONIC_PUSHF:
        case ZYDIS_MNEMONIC_PUSHFD: return {0, 1};
        case ZYDIS_MNEMONIC_POP:
        case ZYDIS_MNEMONIC_POPF:
        case ZYDIS_MNEMONIC_POPFD: return {1, 0};
        case ZYDIS_MNEMONIC_PUSHA:
        case ZYDIS_MNEMONIC_PUSHAD: return {0, 8};
        case ZYDIS_MNEMONIC_POPA:
        case ZYDIS_MNEMONIC_POPAD: return {8, 0};
        case ZYDIS_MNEMONIC_CALL: return {0, op == 0x9a || (op == 0xff && d.info.raw.modrm.reg == 3) ? 2u : 1u};
        case ZYDIS_MNEMONIC_RET: return {op == 0xca || op == 0xcb ? 2u : 1u, 0};
        case ZYDIS_MNEMONIC_IRET:
        case ZYDIS_MNEMONIC_IRETD: return {3, 0};
        case ZYDIS_MNEMONIC_ENTER: return {0, 1u + static_cast<unsigned>(d.info.raw.imm[1].value.u & 31)};
        default: return {};
    }
}

// Of user accesses to the memory of compat_layout.h.
bool present(std::uint32_t linear) {
    return (linear >= compat::control && linear < compat::control + 0x1000) ||
           (linear >= compat::code && linear < compat::code + compat::code_size) ||
           (linear >= compat::data && linear < compat::end);
}
bool writable(std::uint32_t linear) { return linear >= compat::data && linear < compat::data + compat::data_size; }

// Slots above and below the top; the frames that ENTER and LEAVE read.
void add_stack(std::vector<CompatAccess>& list, const CompatCase& t, const LdtDescriptor& stack) {
    const Decoded& d = t.instruction;
    const std::uint32_t width = d.operand16 ? 2 : 4, mask = stack.big ? 0xffffffff : 0xffff;
    const auto& gpr = t.before.gpr;
    const auto add = [&](std::uint32_t offset, bool write, bool selector = false) {
        list.push_back({ss, offset & mask, width, write, selector && width == 4});
    };
    const StackUse use = stack_use(d);
    for (unsigned i = 0; i < use.popped; ++i) {
        const bool far = (use.popped == 2 || use.popped == 3) && i == 1;
        add(gpr[esp] + i * width, false, far || segment_operand(d));
    }
    for (unsigned i = 1; i <= use.pushed; ++i) add(gpr[esp] - i * width, true, segment_operand(d));
    if (d.info.mnemonic == ZYDIS_MNEMONIC_LEAVE) add(gpr[ebp], false);
    if (d.info.mnemonic == ZYDIS_MNEMONIC_ENTER) {
        for (unsigned i = 1; i + 1 < use.pushed; ++i) add(gpr[ebp] - i * width, false);
    }
}

}  // namespace

bool segment_operand(const Decoded& d) {
    const auto& o = d.operands[0];
    return (d.info.mnemonic == ZYDIS_MNEMONIC_PUSH || d.info.mnemonic == ZYDIS_MNEMONIC_POP) &&
           o.type == ZYDIS_OPERAND_TYPE_REGISTER && ZydisRegisterGetClass(o.reg.value) == ZYDIS_REGCLASS_SEGMENT;
}

std::vector<CompatAccess> accesses_of(const CompatCase& t, const Ldt& ldt) {
    std::vector<CompatAccess> list;
    if (t.undefined) return list;
    const Decoded& d = t.instruction;
    const UserState state{t.before.gpr, t.before.eip, t.before.eflags};
    for (unsigned i = 0; i < d.info.operand_count; ++i) {
        const ZydisDecodedOperand& o = d.operands[i];
        if (o.type != ZYDIS_OPERAND_TYPE_MEMORY || d.info.mnemonic == ZYDIS_MNEMONIC_LEA) continue;
        const auto segment = static_cast<unsigned>(o.mem.segment - ZYDIS_REGISTER_ES);
        const bool hidden_stack = o.visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN &&
                                  (o.mem.base == ZYDIS_REGISTER_ESP || o.mem.base == ZYDIS_REGISTER_SP ||
                                   o.mem.base == ZYDIS_REGISTER_EBP || o.mem.base == ZYDIS_REGISTER_BP);
        if (segment >= seg_count || hidden_stack) continue;
        CompatAccess a{segment, effective_address(d, o, state), std::max<std::uint32_t>(o.size / 8, 1),
                       (o.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0};
        if (bit_test(d.info.mnemonic) && d.operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER) {
            const std::uint32_t index = register_value(d.operands[1].reg.value, state);
            const auto bits = d.operand16 ? std::int32_t{static_cast<std::int16_t>(index)} : static_cast<std::int32_t>(index);
            a.offset += static_cast<std::uint32_t>(d.operand16 ? (bits >> 4) * 2 : (bits >> 5) * 4);
            if (d.address16) a.offset &= 0xffff;
        }
        list.push_back(a);
    }
    add_stack(list, t, *descriptor_of(ldt, t.before.ss()));
    return list;
}

std::vector<CompatFault> faults_of(const CompatAccess& a, const CompatCase& t, const Ldt& ldt) {
    std::vector<CompatFault> list;
    const int segment_vector = a.segment == ss ? 12 : 13;
    const auto d = descriptor_of(ldt, t.before.selector[a.segment]);
    if (!d) return {{segment_vector, 0, 0}};
    const std::uint64_t last = std::uint64_t{a.offset} + a.size - 1;
    const std::uint32_t limit = d->byte_limit();
    const bool outside = d->expand_down ? a.offset <= limit || last > (d->big ? 0xffffffff : 0xffff) : last > limit;
    const bool type = a.write ? d->code || d->restricted : d->code && d->restricted;
    if (outside || type) return {{segment_vector, 0, 0}};
    const std::uint32_t linear = d->base + a.offset;
    if ((t.before.eflags & 0x40000) != 0 && (linear & (a.size - 1)) != 0) list.push_back({17, 0, 0});
    for (std::uint32_t i = 0; i < a.size; ++i) {
        const std::uint32_t at = linear + i;
        if (i != 0 && (at & 0xfff) != 0) continue;
        if (present(at) && (!a.write || writable(at))) continue;
        list.push_back({14, 4u | (a.write ? 2u : 0u) | (present(at) ? 1u : 0u), at});
    }
    return list;
}

}  // namespace southgate::cpu::test
