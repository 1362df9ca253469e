// Bytes -> the uops of one block: decoding, dead-flag elimination, fusion.
#pragma once

#include <array>
#include <cstdint>

#include "cpu_model/decode/block.h"
#include "cpu_model/decode/decoder.h"

namespace southgate::cpu {

class Translator {
  public:
    // CPUID.1:EDX and ECX, CPUID.(7,0):EBX: instructions of features that are not there are undefined.
    void set_features(std::uint32_t edx, std::uint32_t ecx, std::uint32_t leaf7_ebx) {
        features_ = edx;
        features_ecx_ = ecx;
        features7_ebx_ = leaf7_ebx;
    }

    enum class End : std::uint8_t {
        normal,
        crossing,  // the very first instruction goes on behind the bytes given
    };

    // Decodes from bytes[0]; at most `size` bytes, `max` instructions. In a page, which the bytes then lie in at
    // `offset`, an instruction marked CodePage::alone is a block of its own. Results stay until the next call.
    End run(const std::uint8_t* bytes, unsigned size, std::uint32_t mode, unsigned max,
            const CodePage* page = nullptr, unsigned offset = 0);

    unsigned instructions() const { return count_; }
    unsigned bytes() const { return bytes_; }
    // Bytes that decided the result: more than bytes() if the last instruction is undefined.
    unsigned covered() const { return covered_; }
    unsigned uops() const { return count_ + 2; }
    // Writes uops() uops: the instructions, the terminator, a spare.
    void emit(Uop* out) const;

  private:
    // An instruction of a page with self-modifying code, by address: most of a block is still the same when it has to
    // be decoded again, or only an immediate has changed.
    struct Memo {
        const std::uint8_t* at = nullptr;
        std::uint32_t mode = 0;
        std::array<std::uint8_t, 16> bytes{};
        Translation translation;
    };
    static constexpr unsigned memo_size = 512;

    DecodeStatus decode(const std::uint8_t* bytes, unsigned size, std::uint32_t mode, Translation& t);
    static bool recall(Memo& memo, const std::uint8_t* bytes, unsigned size, Translation& t);

    std::array<Memo, memo_size> memos_;
    std::array<Translation, max_block_instructions> items_;
    std::uint32_t features_ = 0, features_ecx_ = 0, features7_ebx_ = 0;
    unsigned count_ = 0, bytes_ = 0, covered_ = 0;
    Decoder decoder_;
};

}  // namespace southgate::cpu
