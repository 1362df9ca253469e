// Bytes -> Instruction and a prepared uop, by Zydis.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cpu_model/decode/instruction.h"

namespace southgate::cpu {

enum class DecodeStatus : std::uint8_t {
    ok,
    invalid,         // #UD
    too_long,        // more than 15 bytes: #GP(0)
    more_bytes,      // the instruction goes on behind the bytes given
};

class Decoder {
  public:
    Decoder();
    // `mode`: namespace mode. For ok, t.uop has every operand field and its length. For invalid, out.length is 0.
    DecodeStatus decode(const std::uint8_t* bytes, std::size_t size, std::uint32_t mode, Instruction& out,
                        Translation& t) const;

  private:
    ZydisDecoder decoder16_, decoder32_, decoder64_;
};

}  // namespace southgate::cpu
