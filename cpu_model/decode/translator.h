// Bytes -> the uops of one block: decoding, dead-flag elimination, fusion.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>

#include "cpu_model/decode/block.h"
#include "cpu_model/decode/decoder.h"

namespace southgate::cpu {

class Translator {
  public:
    enum class End : std::uint8_t {
        normal,
        crossing,  // the very first instruction goes on behind the bytes given
    };

    // Decodes from bytes[0]; at most `size` bytes, `max` instructions; stops before an instruction marked in `alone`
    // (indexed by `offset` + bytes), which starts a block of one. Results stay until the next call.
    End run(const std::uint8_t* bytes, unsigned size, std::uint32_t mode, unsigned max,
            const std::bitset<4096>* alone, unsigned offset);

    unsigned instructions() const { return count_; }
    unsigned bytes() const { return bytes_; }
    unsigned uops() const { return count_ + 2; }
    // Writes uops() uops: the instructions, the terminator, a spare.
    void emit(Uop* out) const;

  private:
    std::array<Translation, max_block_instructions> items_;
    unsigned count_ = 0, bytes_ = 0;
    Decoder decoder_;
};

}  // namespace southgate::cpu
