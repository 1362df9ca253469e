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
inline constexpr unsigned tlb_size = 1024;
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

inline constexpr unsigned exec_tlb_size = 512;

// A superset of the pages put into it.
class PageSet {
  public:
    // The page of 2^shift bytes around this address.
    void add(std::uint64_t linear, unsigned shift) {
        any_ = true;
        if (shift == page_bits) pages_.set(index(linear, page_bits));
        else if (shift <= region_bits) regions_.set(index(linear, region_bits));
        else huge_.set(index(linear, huge_bits));
    }
    bool may_contain(std::uint64_t linear) const {
        return any_ && (pages_[index(linear, page_bits)] || regions_[index(linear, region_bits)] ||
                        huge_[index(linear, huge_bits)]);
    }
    void clear() {
        if (any_) *this = {};
    }

  private:
    static constexpr unsigned region_bits = 22, huge_bits = 30, size = 4096;  // 2 and 4 MiB, 1 GiB
    static std::size_t index(std::uint64_t linear, unsigned shift) { return linear >> shift & (size - 1); }

    std::bitset<size> pages_, regions_, huge_;
    bool any_ = false;
};

struct Mmu {
    std::array<std::array<TlbEntry, tlb_size>, 3> data{};  // by Privilege (mmu/access.h)
    std::array<std::array<ExecEntry, exec_tlb_size>, 2> exec{};  // [user]
    // Entries in use, so that flushing clears only these: first index * size + second index.
    std::vector<std::uint16_t> data_filled, exec_filled;
    PageSet large_pages;             // entries made from large pages
    std::array<PageSet, 2> jumps{};  // [CPL 3]: pages of the blocks in the jump cache
    bool local_supervisor_code = false;  // below CPL 3, code was fetched by a translation that is not global
    std::uint64_t a20_mask = ~std::uint64_t{0};
    std::uint64_t physical_mask = 0xfffffffff;  // by MAXPHYADDR (SDM vol. 3A 4.1.4)
};

}  // namespace southgate::cpu
