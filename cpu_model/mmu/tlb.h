// Software TLB: linear page -> host memory, apart for each privilege of an access.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <vector>

namespace southgate::cpu {

struct CodePage;

inline constexpr unsigned page_bits = 12;
inline constexpr std::uint64_t page_size = 1u << page_bits;
inline constexpr std::uint64_t page_mask = ~(page_size - 1);
inline constexpr unsigned tlb_size = 256;
inline constexpr std::uint64_t no_tag = ~std::uint64_t{0};  // equals no page address

// A tag is the linear page address, so that ((lin + size - 1) & page_mask) == tag fails for accesses that cross pages.
// Set low bits keep a present translation off the fast path.
struct TlbEntry {
    static constexpr std::uint64_t code = 1;    // in write_tag: the page holds decoded code
    static constexpr std::uint64_t slow = 2;    // no host memory for this access, or a data breakpoint in the page
    static constexpr std::uint64_t global = 1;  // in physical
    static constexpr unsigned shift_bit = 1;    // in physical: log2 of the page's size in bytes, 5 bits

    std::uint64_t read_tag = no_tag;
    std::uint64_t write_tag = no_tag;
    std::uintptr_t addend = 0;   // host address - linear address
    std::uint64_t physical = 0;  // page address, with `global` and the page's size

    unsigned shift() const { return physical >> shift_bit & 31; }
};
static_assert(sizeof(TlbEntry) == 32);

// The tag holds a translation of this page, fast or not.
constexpr bool tag_present(std::uint64_t tag, std::uint64_t linear) {
    return !(tag & 0x800) && (tag & page_mask) == (linear & page_mask);
}

struct ExecEntry {
    std::uint64_t tag = no_tag;
    CodePage* page = nullptr;
    bool global = false;
    std::uint8_t shift = page_bits;  // log2 of the page's size in bytes
};

inline constexpr unsigned exec_tlb_size = 64;

// A superset of the linear addresses put into it.
class RegionSet {
  public:
    // The page of 2^shift bytes around this address.
    void add(std::uint64_t linear, unsigned shift) {
        if (shift > region_bits) huge_.set(linear >> huge_bits & (huge_.size() - 1));
        else regions_.set(linear >> region_bits & (regions_.size() - 1));
    }
    bool may_contain(std::uint64_t linear) const {
        return regions_[linear >> region_bits & (regions_.size() - 1)] || in_huge_page(linear);
    }
    // In a page of 1 GiB.
    bool in_huge_page(std::uint64_t linear) const { return huge_[linear >> huge_bits & (huge_.size() - 1)]; }
    void clear() { *this = {}; }

  private:
    static constexpr unsigned region_bits = 22, huge_bits = 30;
    std::bitset<4096> regions_;
    std::bitset<512> huge_;
};

struct Mmu {
    std::array<std::array<TlbEntry, tlb_size>, 3> data{};  // by Privilege (mmu/access.h)
    std::array<std::array<ExecEntry, exec_tlb_size>, 2> exec{};  // [user]
    // Entries in use, so that flushing clears only these: first index * size + second index.
    std::vector<std::uint16_t> data_filled, exec_filled;
    RegionSet large_pages;     // entries made from large pages
    RegionSet jumps;           // blocks in the jump cache
    bool local_supervisor_code = false;  // below CPL 3, code was fetched by a translation that is not global
    std::uint64_t a20_mask = ~std::uint64_t{0};
    std::uint64_t physical_mask = 0xfffffffff;  // by MAXPHYADDR (SDM vol. 3A 4.1.4)
};

}  // namespace southgate::cpu
