// Which 64-bit instructions the host oracle compares.
#include "oracle/long_generate.h"

#include <cpuid.h>

#include <algorithm>

namespace southgate::cpu::test {

namespace {

// Operand size 66h of a near branch: AMD processors heed it, Intel ignores it (SDM vol. 2A "JMP", AMD APM vol. 3
// "JMP (Near)").
LongForm near(const Decoded& d, LongForm form) {
    return (d.info.attributes & ZYDIS_ATTRIB_HAS_OPERANDSIZE) ? LongForm::skip : form;
}

bool has_prefix(const Decoded& d, std::uint8_t value) {
    return std::any_of(d.info.raw.prefixes, d.info.raw.prefixes + d.info.raw.prefix_count,
                       [value](const auto& p) { return p.value == value; });
}

bool host_has_movbe() {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & bit_MOVBE);
}

}  // namespace

LongForm long_form_of(const Decoded& d) {
    const std::uint8_t op = d.info.opcode;
    for (unsigned i = 0; i < d.info.operand_count_visible; ++i) {
        // FS belongs to the test program's threads.
        if (d.operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY && d.operands[i].mem.segment == ZYDIS_REGISTER_FS &&
            d.info.mnemonic != ZYDIS_MNEMONIC_LEA)
            return LongForm::skip;
    }
    switch (d.info.mnemonic) {
        case ZYDIS_MNEMONIC_CDQE:
        case ZYDIS_MNEMONIC_CQO:
        case ZYDIS_MNEMONIC_CMPXCHG16B:
        case ZYDIS_MNEMONIC_IN:
        case ZYDIS_MNEMONIC_OUT:
        case ZYDIS_MNEMONIC_LGDT:
        case ZYDIS_MNEMONIC_LIDT:
        case ZYDIS_MNEMONIC_LTR:
        case ZYDIS_MNEMONIC_LLDT:
            return LongForm::plain;
        case ZYDIS_MNEMONIC_MOVBE: {
            static const bool comparable = host_has_movbe();
            return comparable ? LongForm::plain : LongForm::skip;
        }
        case ZYDIS_MNEMONIC_MOVSXD:
            // A 16-bit destination has a 16-bit source on Intel processors, a 32-bit one on AMD's (SDM vol. 2B
            // "MOVSXD", AMD APM vol. 3 "MOVSXD").
            return d.operand16 ? LongForm::skip : LongForm::plain;
        case ZYDIS_MNEMONIC_LOOPE:
        case ZYDIS_MNEMONIC_LOOPNE:
            // Repeat prefixes are reserved here (SDM vol. 2A 2.1.1); AMD processors let them choose the condition.
            return has_prefix(d, 0xf2) || has_prefix(d, 0xf3) ? LongForm::skip : near(d, LongForm::branch);
        case ZYDIS_MNEMONIC_NOP:
            // 0F 0D with a register: #UD on AMD processors, a reserved NOP in SDM vol. 2D table A-3.
            return op == 0x0d && !d.memory_operand() ? LongForm::skip : LongForm::plain;
        case ZYDIS_MNEMONIC_PAUSE:
        case ZYDIS_MNEMONIC_PREFETCH:
        case ZYDIS_MNEMONIC_PREFETCHW:
        case ZYDIS_MNEMONIC_PREFETCHNTA:
        case ZYDIS_MNEMONIC_PREFETCHT0:
        case ZYDIS_MNEMONIC_PREFETCHT1:
        case ZYDIS_MNEMONIC_PREFETCHT2:
            return LongForm::plain;
        case ZYDIS_MNEMONIC_MOVSQ:
        case ZYDIS_MNEMONIC_STOSQ:
        case ZYDIS_MNEMONIC_LODSQ:
        case ZYDIS_MNEMONIC_SCASQ:
        case ZYDIS_MNEMONIC_CMPSQ:
            return LongForm::string;
        case ZYDIS_MNEMONIC_JRCXZ:
            return near(d, LongForm::branch);
        case ZYDIS_MNEMONIC_PUSH:
            return LongForm::push;
        case ZYDIS_MNEMONIC_POP:
            // Not the segment registers.
            return d.info.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT ? LongForm::pop : LongForm::skip;
        case ZYDIS_MNEMONIC_PUSHF:
        case ZYDIS_MNEMONIC_PUSHFQ:
            return LongForm::push;
        case ZYDIS_MNEMONIC_POPF:
        case ZYDIS_MNEMONIC_POPFQ:
            return LongForm::flags;
        case ZYDIS_MNEMONIC_CALL:
            if (op == 0xe8) return near(d, LongForm::call);
            return (d.info.raw.modrm.reg & 7) == 2 ? near(d, LongForm::jump) : LongForm::skip;
        case ZYDIS_MNEMONIC_JMP:
            if (op == 0xe9 || op == 0xeb) return near(d, LongForm::branch);
            return (d.info.raw.modrm.reg & 7) == 4 ? near(d, LongForm::jump) : LongForm::skip;
        case ZYDIS_MNEMONIC_RET:
            return op == 0xc2 || op == 0xc3 ? near(d, LongForm::ret) : LongForm::skip;
        case ZYDIS_MNEMONIC_ENTER:
            return LongForm::enter;
        case ZYDIS_MNEMONIC_LEAVE:
            return LongForm::leave;
        default:
            break;
    }
    switch (form_of(d)) {
        case Form::plain: return LongForm::plain;
        case Form::string: return LongForm::string;
        case Form::branch:
        case Form::loop: return near(d, LongForm::branch);
        case Form::translate: return LongForm::translate;
        default: return LongForm::skip;
    }
}

}  // namespace southgate::cpu::test
