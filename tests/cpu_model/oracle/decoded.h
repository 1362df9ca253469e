// A guest instruction under test, decoded, and the segments it runs in.
#pragma once

#include <Zydis/Zydis.h>

#include <array>
#include <cstdint>
#include <optional>

#include "oracle/native.h"

namespace southgate::cpu::test {

// Code and data segments of one comparison. SS is always 32 bits wide; limits are 4 GiB.
struct Segments {
    bool code16 = false;
    std::uint32_t cs_base = 0;
    std::uint32_t data_base = 0;  // DS, ES and SS
};

struct Decoded {
    std::array<std::uint8_t, 16> bytes{};
    unsigned length = 0;
    ZydisDecodedInstruction info{};
    std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands{};
    bool operand16 = false;
    bool address16 = false;
    bool address32 = false;  // in 64-bit code: 67h

    bool lock() const { return (info.attributes & ZYDIS_ATTRIB_HAS_LOCK) != 0; }
    bool repeat_prefix() const {
        return (info.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE)) !=
               0;
    }
    bool modrm_memory() const {
        return (info.attributes & ZYDIS_ATTRIB_HAS_MODRM) && info.raw.modrm.mod != 3;
    }
    // Bytes of the operation: 1, 2 or 4.
    unsigned operand_bytes() const { return info.operand_width / 8u; }
    const ZydisDecodedOperand* memory_operand() const;
};

std::optional<Decoded> decode(const std::uint8_t* bytes, unsigned size, bool code16);
std::optional<Decoded> decode_long(const std::uint8_t* bytes, unsigned size);

std::uint64_t register_value(ZydisRegister r, const LongState& state);
// Base register of a memory operand of 64-bit code. Zydis 4.0 reports R13 where a SIB byte says that there is none.
ZydisRegister base_register(const Decoded& d, const ZydisDecodedOperand& operand);
// Linear address of a memory operand of 64-bit code.
std::uint64_t linear_address(const Decoded& d, const ZydisDecodedOperand& operand, const LongState& state);
// Value of a 8-, 16- or 32-bit general register, 0 for none.
std::uint32_t register_value(ZydisRegister r, const UserState& state);
// Offset of a ModRM memory operand in its segment.
std::uint32_t effective_address(const Decoded& d, const ZydisDecodedOperand& operand, const UserState& state);

}  // namespace southgate::cpu::test
