#include "oracle/decoded.h"

#include <algorithm>

namespace southgate::cpu::test {

const ZydisDecodedOperand* Decoded::memory_operand() const {
    for (unsigned i = 0; i < info.operand_count; ++i) {
        if (operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY) return &operands[i];
    }
    return nullptr;
}

std::optional<Decoded> decode(const std::uint8_t* bytes, unsigned size, bool code16) {
    ZydisDecoder decoder;
    ZydisDecoderInit(&decoder, code16 ? ZYDIS_MACHINE_MODE_LEGACY_16 : ZYDIS_MACHINE_MODE_LEGACY_32,
                     code16 ? ZYDIS_STACK_WIDTH_16 : ZYDIS_STACK_WIDTH_32);
    Decoded d;
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes, size, &d.info, d.operands.data()))) {
        return std::nullopt;
    }
    d.length = d.info.length;
    std::copy_n(bytes, d.length, d.bytes.begin());
    d.operand16 = code16 != ((d.info.attributes & ZYDIS_ATTRIB_HAS_OPERANDSIZE) != 0);
    d.address16 = code16 != ((d.info.attributes & ZYDIS_ATTRIB_HAS_ADDRESSSIZE) != 0);
    return d;
}

std::optional<Decoded> decode_long(const std::uint8_t* bytes, unsigned size) {
    ZydisDecoder decoder;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    Decoded d;
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes, size, &d.info, d.operands.data()))) {
        return std::nullopt;
    }
    d.length = d.info.length;
    std::copy_n(bytes, d.length, d.bytes.begin());
    d.operand16 = !d.info.raw.rex.W && (d.info.attributes & ZYDIS_ATTRIB_HAS_OPERANDSIZE) != 0;
    d.address32 = (d.info.attributes & ZYDIS_ATTRIB_HAS_ADDRESSSIZE) != 0;
    return d;
}

std::uint64_t register_value(ZydisRegister r, const LongState& state) {
    if (r == ZYDIS_REGISTER_RIP) return state.rip;
    if (r == ZYDIS_REGISTER_EIP) return static_cast<std::uint32_t>(state.rip);
    const auto id = ZydisRegisterGetId(r);
    if (id < 0) return 0;
    const auto n = static_cast<unsigned>(id);
    switch (ZydisRegisterGetClass(r)) {
        case ZYDIS_REGCLASS_GPR64: return state.gpr[n];
        case ZYDIS_REGCLASS_GPR32: return static_cast<std::uint32_t>(state.gpr[n]);
        case ZYDIS_REGCLASS_GPR16: return static_cast<std::uint16_t>(state.gpr[n]);
        default: return 0;
    }
}

ZydisRegister base_register(const Decoded& d, const ZydisDecodedOperand& operand) {
    const auto& raw = d.info.raw;
    const bool sib = d.modrm_memory() && raw.modrm.rm == 4;
    // SDM vol. 2A table 2-3, note 1.
    return sib && raw.modrm.mod == 0 && raw.sib.base == 5 ? ZYDIS_REGISTER_NONE : operand.mem.base;
}

std::uint64_t linear_address(const Decoded& d, const ZydisDecodedOperand& operand, const LongState& state) {
    const auto& m = operand.mem;
    const ZydisRegister base = base_register(d, operand);
    std::uint64_t offset = register_value(base, state);
    if (base == ZYDIS_REGISTER_RIP || base == ZYDIS_REGISTER_EIP) offset += d.length;
    if (m.index != ZYDIS_REGISTER_NONE) offset += register_value(m.index, state) * m.scale;
    const bool raw_displacement = base != m.base;
    if (m.disp.has_displacement || raw_displacement) offset += static_cast<std::uint64_t>(d.info.raw.disp.value);
    if (d.address32) offset = static_cast<std::uint32_t>(offset);
    return offset + (m.segment == ZYDIS_REGISTER_GS ? oracle_gs_base : 0);
}

std::uint32_t register_value(ZydisRegister r, const UserState& state) {
    if (r >= ZYDIS_REGISTER_EAX && r <= ZYDIS_REGISTER_EDI) return state.gpr[r - ZYDIS_REGISTER_EAX];
    if (r >= ZYDIS_REGISTER_AX && r <= ZYDIS_REGISTER_DI) return state.gpr[r - ZYDIS_REGISTER_AX] & 0xffff;
    if (r >= ZYDIS_REGISTER_AL && r <= ZYDIS_REGISTER_BL) return state.gpr[r - ZYDIS_REGISTER_AL] & 0xff;
    if (r >= ZYDIS_REGISTER_AH && r <= ZYDIS_REGISTER_BH)
        return (state.gpr[r - ZYDIS_REGISTER_AH] >> 8) & 0xff;
    return 0;
}

std::uint32_t effective_address(const Decoded& d, const ZydisDecodedOperand& operand,
                                const UserState& state) {
    const auto& m = operand.mem;
    const std::uint32_t index = m.index == ZYDIS_REGISTER_NONE ? 0 : register_value(m.index, state) * m.scale;
    const std::uint32_t offset = register_value(m.base, state) + index +
                                 static_cast<std::uint32_t>(m.disp.has_displacement ? m.disp.value : 0);
    return d.address16 ? offset & 0xffff : offset;
}

}  // namespace southgate::cpu::test
