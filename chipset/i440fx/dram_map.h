// Which memory addresses the 82441FX sends to DRAM and which to PCI, from its register values. No SystemC in
// here. 82441FX 290549: PAM 3.2.18, FDHC 3.2.20, SMRAM 3.2.24 and the system address map, chapter 4.1.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace southgate::chipset {

struct DramMapInputs {
    std::uint64_t dram_size = 0;        // bytes
    std::array<std::uint8_t, 7> pam{};  // 59h-5Fh
    std::uint8_t hole = 0;              // FDHC bits 7:6: 0 none, 1 512-640 KiB, 2 15-16 MiB
    bool smram = false;                 // A0000h-BFFFFh is DRAM for this initiator

    bool operator==(const DramMapInputs&) const = default;
};

// A range of addresses that all go the same way. Bytes of DRAM are at address - `delta` of the DRAM array.
struct DramSpan {
    std::uint64_t first, last;
    bool read_dram, write_dram;  // otherwise PCI
    std::uint64_t delta;

    bool same_way(const DramSpan& other) const {
        return read_dram == other.read_dram && write_dram == other.write_dram && delta == other.delta;
    }
    bool operator==(const DramSpan&) const = default;
};

class DramMap {
  public:
    static constexpr std::uint64_t four_gib = std::uint64_t{1} << 32;

    // DRAM below 4 GiB: all of it up to 3.5 GiB; of more, 3 GiB, and the rest starts at 4 GiB. (The 82441FX
    // itself ends at 1 GiB; this is the layout PC emulators and their firmware agree on.)
    static constexpr std::uint64_t dram_below_4g(std::uint64_t dram_size) {
        return dram_size <= 0xe000'0000 ? dram_size : 0xc000'0000;
    }

    DramMap() { set({}); }
    // True if anything changed; changes() then holds the address ranges that go another way than before.
    bool set(const DramMapInputs& inputs);
    const DramSpan& find(std::uint64_t address) const;

    struct Range {
        std::uint64_t first, last;
        bool operator==(const Range&) const = default;
    };
    const std::vector<Range>& changes() const { return changes_; }
    const std::vector<DramSpan>& spans() const { return spans_; }

  private:
    void build();
    void append(std::uint64_t first, std::uint64_t last, bool read_dram, bool write_dram,
                std::uint64_t delta);
    void compare(const std::vector<DramSpan>& before);

    DramMapInputs inputs_{.dram_size = 1};
    std::vector<DramSpan> spans_, previous_;  // cover the 64-bit space without gaps
    std::vector<Range> changes_;
    mutable std::size_t recent_ = 0;
};

}  // namespace southgate::chipset
