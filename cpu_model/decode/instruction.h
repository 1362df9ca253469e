// What a handler group sees of one instruction when it chooses the handler.
#pragma once

#include <Zydis/Zydis.h>

#include <cstdint>

#include "cpu_model/interpreter/cpu.h"
#include "cpu_model/interpreter/uop.h"

namespace southgate::cpu {

struct Instruction {
    ZydisMnemonic mnemonic = ZYDIS_MNEMONIC_INVALID;
    std::uint8_t map = 0;          // 0: one-byte opcodes, 1: 0F, 2: 0F38, 3: 0F3A
    std::uint8_t opcode = 0;
    std::uint8_t length = 0;
    std::uint8_t operand_size = 4; // bytes: 2, 4, 8; from mode and prefixes, whatever the opcode's own width
    std::uint8_t address_size = 4; // bytes
    bool has_modrm = false;
    std::uint8_t mod = 0, reg = 0, rm = 0;  // ModRM fields with REX.R/B; without ModRM rm is the opcode's register
    bool rex = false, rex_w = false;
    bool lock = false, rep = false, repne = false;  // F0, F3, F2
    Seg segment = Seg::ds;         // of the memory operand: default or override
    std::uint64_t imm = 0;         // first immediate, sign-extended if the encoding says so
    std::uint64_t offset = 0;      // displacement or MOV's direct offset, all 64 bits of it
    std::uint64_t imm2 = 0;        // second: ENTER, far pointers' selector
    std::uint32_t mode = 0;        // namespace mode
    bool operand_prefix = false;   // 66, also as part of the opcode
    // Of the processor that decodes: CPUID.1:EDX and ECX, CPUID.(7,0):EBX.
    std::uint32_t features = 0, features_ecx = 0, features7_ebx = 0;

    bool memory() const { return has_modrm && mod != 3; }
    bool flat() const { return (mode & mode::flat) != 0; }
    bool code64() const { return (mode & mode::code64) != 0; }
    // Without CS limit and with a rip as wide as its jumps: direct jumps are Code::flat.
    bool flat_jump() const { return code64() || (flat() && operand_size == 4); }
    // Operand size of PUSH, POP, ENTER and their like: never 4 in 64-bit mode (SDM vol. 1 6.2.4).
    unsigned stack_operand_size() const { return code64() && operand_size == 4 ? 8 : operand_size; }
};

// How an instruction takes part in a block.
struct Translation {
    Uop uop;                      // operand fields are filled already; set `handler`, and `aux` if wanted
    bool ends_block = false;      // the handler never calls next()
    bool relative = false;        // uop.disp is relative to the next instruction: direct jumps, RIP-relative operands
    // Dead-flag elimination. observes_flags: reads a status flag, may fault, or may leave the block (conservative
    // default).
    bool observes_flags = true;
    bool overwrites_flags = false;      // writes all six; only without observes_flags
    Handler without_flags = nullptr;    // to use when nobody observes the status flags it would set
    // Fusion with a following Jcc: 16 handlers by condition, or nullptr. They use u[1] (the Jcc) and u[2].
    const Handler* fused = nullptr;
    std::int8_t condition = -1;         // this is a Jcc that can be fused
    // Where the immediate lies in the instruction. imm_patchable: another immediate, if there is one, changes nothing but
    // uop.imm.
    bool imm_patchable = false, imm_signed = false;
    std::uint8_t imm_offset = 0, imm_size = 0;  // bytes
};

// Register offset of an operand of `size` bytes: legacy byte registers 4-7 are AH CH DH BH.
constexpr std::uint8_t reg_offset(unsigned number, unsigned size, bool rex) {
    if (size == 1 && !rex && number >= 4 && number < 8) return static_cast<std::uint8_t>((number - 4) * 8 + 1);
    return static_cast<std::uint8_t>(number * 8);
}

// Points uop.reg / uop.rm at the ModRM operands with this operand size (they are set for operand_size before).
inline void set_operand_size(const Instruction& i, Uop& u, unsigned size) {
    u.reg = reg_offset(i.reg, size, i.rex);
    if (i.has_modrm && i.mod == 3) u.rm = reg_offset(i.rm, size, i.rex);
}

}  // namespace southgate::cpu
