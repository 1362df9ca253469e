#include "guest.h"

#include <array>
#include <initializer_list>
#include <random>
#include <span>
#include <vector>

namespace southgate::sim::test {
namespace {

// As base.asm has it.
constexpr std::uint32_t base = 0xf0000, random_part = 0x400, entries = 0xe800, resume = 0x3000;
constexpr std::uint32_t longest_item = 64;

constexpr std::uint16_t ports[] = {
    0x000,  0x008,  0x00d,  0x020,  0x021,  0x040,  0x041,  0x042,  0x043,  0x060,  0x061,  0x064,  0x070,  0x071,
    0x080,  0x081,  0x087,  0x092,  0x0a0,  0x0a1,  0x0b2,  0x0b3,  0x0c0,  0x0d6,  0x0f0,  0x170,  0x171,  0x176,
    0x177,  0x1ce,  0x1cf,  0x1f0,  0x1f1,  0x1f2,  0x1f3,  0x1f4,  0x1f5,  0x1f6,  0x1f7,  0x2f8,  0x2fb,  0x376,
    0x3b4,  0x3c0,  0x3c4,  0x3c5,  0x3c8,  0x3c9,  0x3ce,  0x3cf,  0x3d4,  0x3d5,  0x3f6,  0x3f8,  0x3f9,  0x3fa,
    0x3fb,  0x3fc,  0x3fd,  0x402,  0x4d0,  0x4d1,  0x510,  0x511,  0x514,  0x518,  0x600,  0x604,  0x608,  0xae00,
    0xafe0, 0xb000, 0xb004, 0xb008, 0xb028, 0xc000, 0xc001, 0xc002, 0xc004, 0xc008, 0xcf8,  0xcf9,  0xcfc,  0xcfd,
    0xcfe,  0xcff,  0x5658};
constexpr std::uint32_t memory[] = {0x00010000, 0x00020000, 0x000a0000, 0x000b8000, 0x000c0000, 0x000e0000,
                                    0x00100000, 0x07fffffe, 0x08000000, 0xe0000000, 0xfd000000, 0xfebf0000,
                                    0xfec00000, 0xfed00000, 0xfee00000, 0xfff00000, 0xffff0000, 0xfffffffc};
constexpr std::uint32_t registers[] = {0x000, 0x010, 0x020, 0x0b0, 0x0d0, 0x0e0, 0x0f0, 0x100, 0x108, 0x10c,
                                       0x120, 0x140, 0x300, 0x310, 0x320, 0x350, 0x370, 0x380, 0x390, 0x3e0};
constexpr std::uint32_t msrs[] = {0x010, 0x017, 0x01b, 0x03a, 0x09e, 0x174, 0x176, 0x200, 0x201, 0x250, 0x277,
                                  0x2ff, 0x6e0, 0x802, 0x808, 0x80b, 0x80f, 0x830, 0x832, 0x838, 0x83e, 0xc0000080};

class Writer {
  public:
    explicit Writer(std::uint32_t seed) : random_(seed) {}

    std::uint32_t below(std::uint32_t n) { return random_() % n; }
    template <typename T>
    std::uint32_t any(const T& values) {
        return static_cast<std::uint32_t>(values[below(static_cast<std::uint32_t>(std::size(values)))]);
    }
    void bytes(std::initializer_list<std::uint8_t> values) { code_.append(values.begin(), values.end()); }
    void imm32(std::uint32_t v) {
        for (unsigned i = 0; i < 4; ++i) code_ += static_cast<char>(v >> (8 * i));
    }
    void mov(std::uint8_t reg, std::uint32_t v) {  // 0 EAX, 1 ECX, 2 EDX, 3 EBX, 6 ESI, 7 EDI
        bytes({static_cast<std::uint8_t>(0xb8 + reg)});
        imm32(v);
    }
    void pick(std::initializer_list<std::initializer_list<std::uint8_t>> forms) {
        bytes(forms.begin()[below(static_cast<std::uint32_t>(forms.size()))]);
    }
    std::uint32_t value();
    void item();

    std::string code_;

  private:
    void port();
    void pci();
    void device_memory();
    void string();
    void msr();

    std::mt19937 random_;
};

// Small numbers, single bits, all ones, addresses of PCI registers and anything.
std::uint32_t Writer::value() {
    switch (below(10)) {
        case 0:
        case 1:
        case 2:
            return below(256);
        case 3:
        case 4:
            return 1u << below(32);
        case 5:
            return 0xffffffff;
        case 6:
            return 0x80000000 | (below(4) << 11) | (below(4) << 8) | (below(64) << 2);
        default:
            return random_();
    }
}

void Writer::port() {
    std::uint32_t port = any(ports);
    // A reset is one thing among many, not every other one.
    const bool resets = port == 0xcf9 || port == 0x92 || port == 0x64 || port == 0x604 || port == 0xb004;
    if (resets && below(4)) port = 0x1f7;
    mov(2, port);
    mov(0, resets ? below(256) : value());
    pick({{0xee}, {0xef}, {0x66, 0xef}, {0xec}, {0xed}, {0x66, 0xed}});
}

void Writer::pci() {
    mov(2, 0xcf8);
    mov(0, 0x80000000 | (below(4) << 11) | (below(4) << 8) | (below(64) << 2));
    bytes({0xef});
    mov(2, 0xcfc + below(4));
    mov(0, value());
    pick({{0xee}, {0xef}, {0x66, 0xef}, {0xed}});
}

void Writer::device_memory() {
    mov(3, any(memory) + (below(2) ? any(registers) : below(0x1000)));
    mov(0, value());
    pick({{0x89, 3}, {0x88, 3}, {0x66, 0x89, 3}, {0x8b, 3}, {0x8a, 3}, {0x87, 3}, {0xf0, 0x01, 3}});
}

void Writer::string() {
    mov(6, any(memory));
    mov(7, any(memory));
    mov(1, below(3) ? below(32) : below(2048));
    mov(2, any(ports));
    pick({{0xf3, 0x6c}, {0xf3, 0x6d}, {0xf3, 0x6e}, {0xf3, 0x6f}, {0xf3, 0xa4}, {0xf3, 0xa5}, {0xf3, 0xaa}, {0xf3, 0xab}});
}

void Writer::msr() {
    mov(1, any(msrs));
    mov(0, value());
    mov(2, below(3) ? 0 : value());
    pick({{0x0f, 0x30}, {0x0f, 0x32}});
}

void Writer::item() {
    const std::uint32_t kind = below(100);
    if (kind < 40) {
        port();
    } else if (kind < 60) {
        pci();
    } else if (kind < 78) {
        device_memory();
    } else if (kind < 82) {
        string();
    } else if (kind < 86) {
        msr();
    } else if (kind < 90) {
        pick({{0xfa}, {0xfb}, {0x90}, {0xfc}, {0xfd}});
    } else if (kind < 93) {  // time passes
        bytes({0xfb});
        mov(1, below(3000));
        bytes({0xe2, 0xfe});
    } else if (kind < 94) {  // a halt that nothing ends is the end of the guest
        bytes({0xfb});
        if (!below(20)) bytes({0xf4});
    } else if (kind < 96) {
        bytes({0xcd, static_cast<std::uint8_t>(below(256))});
    } else if (kind < 98) {
        for (unsigned i = 0; i < 6; ++i) bytes({static_cast<std::uint8_t>(below(256))});
    } else {
        bytes({0x0f, 0x31});
    }
}

void put32(std::string& image, std::uint32_t at, std::uint32_t v) {
    for (unsigned i = 0; i < 4; ++i) image[at + i] = static_cast<char>(v >> (8 * i));
}

}  // namespace

std::string hostile_guest(const std::string& frame, std::uint32_t seed) {
    Writer w(seed);
    std::vector<std::uint32_t> starts;
    while (w.code_.size() < entries - random_part - 2 * longest_item) {
        starts.push_back(base + random_part + static_cast<std::uint32_t>(w.code_.size()));
        // mov dword [resume], the next item
        w.bytes({0xc7, 0x05});
        w.imm32(resume);
        const auto next = static_cast<std::uint32_t>(w.code_.size());
        w.imm32(0);
        w.item();
        put32(w.code_, next, base + random_part + static_cast<std::uint32_t>(w.code_.size()));
    }
    w.bytes({0xe9});  // from the start again
    w.imm32(0u - static_cast<std::uint32_t>(w.code_.size()) - 4);
    std::string image = frame;
    image.replace(random_part, w.code_.size(), w.code_);
    for (std::uint32_t i = 0; i < 64; ++i) put32(image, entries + 4 * i, w.any(starts));
    return image;
}

}  // namespace southgate::sim::test
