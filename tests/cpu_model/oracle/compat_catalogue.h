// Every encoding of 16- and 32-bit code that the engine's decode table has an instruction for, and which of them the
// compatibility-mode oracle leaves out.
#pragma once

#include <Zydis/Zydis.h>

#include <array>
#include <cstdint>
#include <vector>

namespace southgate::cpu::test {

struct Encoding {
    static constexpr std::uint8_t any = 0xff;

    std::uint8_t prefix = 0;               // mandatory: 0, 66h, F2h or F3h
    std::array<std::uint8_t, 3> opcode{};  // with escape bytes
    std::uint8_t opcode_size = 1;
    bool modrm = false;
    bool memory = false;       // of ModRM: memory operand or register
    std::uint8_t reg = any;    // of ModRM, where it chooses the instruction
    std::uint8_t rm = any;     // the same
    ZydisMnemonic mnemonic = ZYDIS_MNEMONIC_INVALID;
    const char* excluded = nullptr;  // why it is not compared
};

// In order of opcodes.
const std::vector<Encoding>& compat_catalogue();

// Why this instruction is not compared, or nullptr. It may be another one than its encoding's when a prefix was added.
const char* excluded(const ZydisDecodedInstruction& i);
// An instruction the decode table knows.
bool known(const ZydisDecodedInstruction& i);

// Encodings without an instruction (SDM vol. 2D tables ): #UD. As Encoding, `modrm` says whether something that
// looks like an operand follows.
const std::vector<Encoding>& undefined_encodings();

// Whether these bytes, behind any prefixes, enter the host's kernel: SYSCALL, SYSENTER, INT 80h. They must never run.
bool enters_kernel(const std::uint8_t* bytes, unsigned size);

}  // namespace southgate::cpu::test
