// Runs random code twice, in blocks and one instruction at a time: registers, memory, time and exits must agree. Finds
// mistakes of what only whole blocks do: budgets, flag elimination, fusion, chaining, self-modifying code, restarts.
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include "cpu_model/interpreter/interpreter.h"

namespace southgate::cpu {
namespace {

constexpr std::size_t ram_size = 128 << 10;

// Accesses are logged with the time they happened, but for byte reads: code outside RAM is fetched by them, more often
// when it runs one instruction at a time.
class LogBus final : public Bus {
  public:
    void read(std::uint64_t physical, void* data, unsigned size) override {
        if (size > 1) note(physical * 2);
        const std::uint64_t v = (physical + 1) * 0x9e3779b97f4a7c15;
        std::memcpy(data, &v, size);
    }
    void write(std::uint64_t physical, const void* data, unsigned size) override {
        std::uint64_t v = 0;
        std::memcpy(&v, data, size);
        note(physical * 2 + 1 + v * 7919);
    }
    std::uint8_t interrupt_acknowledge() override { return 0x21; }
    void smm_changed(bool) override {}
    void apic_base_written(std::uint64_t) override {}
    std::uint8_t read_cr8() override { return 0; }
    void write_cr8(std::uint8_t) override {}

    void note(std::uint64_t v) {
        if (cpu) v += (base + cpu->retired_in_run()) << 20;
        sum = (sum ^ v) * 0x100000001b3;
        accesses++;
    }
    const Vcpu* cpu = nullptr;
    std::uint64_t base = 0, sum = 0, accesses = 0;
};

struct Machine {
    Machine() : storage(ram_size + 4096), cpu(bus) {
        ram = storage.data() + (4096 - reinterpret_cast<std::uintptr_t>(storage.data()) % 4096) % 4096;
        const MemorySlot slot{0, ram_size, ram};
        cpu.set_memory_map({&slot, 1});
        bus.cpu = &cpu;
    }
    // Runs `n` instructions at most; returns how many retired. Port data follows from the exit alone.
    std::uint64_t run(std::uint64_t n) {
        const Exit e = cpu.run({n, false});
        bus.base += e.retired;
        total += e.retired;
        reason = e.reason;
        exits += e.reason != ExitReason::budget_end;
        batch = e.reason == ExitReason::pio && e.pio.count > 1;
        if (e.reason == ExitReason::pio) {
            const std::size_t bytes = std::size_t{e.pio.size} * e.pio.count;
            for (std::size_t k = 0; k < bytes; k++) {
                if (e.pio.direction == Direction::in) e.pio.data[k] = static_cast<std::uint8_t>(e.pio.port + k * 31);
            }
        }
        return e.retired;
    }
    std::vector<std::uint8_t> storage;
    std::uint8_t* ram;
    LogBus bus;
    Interpreter cpu;
    std::uint64_t total = 0, exits = 0;
    ExitReason reason = ExitReason::budget_end;
    bool batch = false;
};

enum class Kind { real, protected32, protected16, paged, long64 };

// Code with a bias to what blocks are made of.
void fill_code(std::mt19937& random, std::uint8_t* at, std::size_t size, bool wild, bool long64) {
    static const std::vector<std::vector<std::uint8_t>> common = {
        {0x01, 0xc8}, {0x29, 0xd8}, {0x31, 0xd1}, {0x39, 0xf2}, {0x85, 0xc0}, {0x40}, {0x4b}, {0x11, 0xc2},
        {0x19, 0xcb}, {0xc1, 0xe0, 3}, {0xd1, 0xfa}, {0xd3, 0xe1}, {0x74, 0xf0}, {0x75, 2}, {0x72, 5}, {0x7c, 0xf8},
        {0x8b, 0x03}, {0x89, 0x06}, {0x88, 0x07}, {0x0f, 0xb6, 0xc8}, {0x9c}, {0x9d}, {0x50}, {0x58}, {0x53}, {0x5f},
        {0xeb, 1}, {0xe2, 0xf6}, {0xa4}, {0xaa}, {0xf3, 0xa4}, {0xf3, 0xab}, {0xf2, 0xae}, {0xf5}, {0xf9}, {0xfc},
        {0x83, 0xe1, 0x1f}, {0x81, 0xe6, 0xff, 0x7f}, {0x81, 0xe7, 0xff, 0x7f}, {0x83, 0x06, 1}, {0x0f, 0x94, 0xc0},
        {0x0f, 0x42, 0xc3}, {0xf7, 0xe3}, {0x0f, 0xaf, 0xc1}, {0xe8, 0, 0}, {0xc3}, {0x3b, 0x04}, {0x80, 0x3f, 0},
        {0xec}, {0xee}, {0xfb}, {0xfa}, {0xcd, 0x30}, {0xcf}, {0x8e, 0xd8}, {0x1e}, {0x1f}, {0x27}, {0x98}, {0x99}};
    for (std::size_t n = 0; n < size;) {
        if (random() % (wild ? 2 : 12) == 0) {
            at[n++] = static_cast<std::uint8_t>(random());
            continue;
        }
        if (long64 && random() % 2) at[n++] = static_cast<std::uint8_t>(0x40 | (random() & 15));
        if (long64 && random() % 24 == 0 && n + 6 < size) {  // mov eax, [rip + x]
            const std::uint32_t distance = random() % 0x8000 - 0x4000;
            at[n] = random() % 2 ? 0x8b : 0x89;
            at[n + 1] = 0x05;
            std::memcpy(at + n + 2, &distance, 4);
            n += 6;
            continue;
        }
        for (const std::uint8_t b : common[random() % common.size()])
            if (n < size) at[n++] = b;
    }
}

// 64-bit code: the first 160 KiB by 4 KiB pages, at 0 and at FFFF800000000000h; half of the registers point there.
void set_long_mode(Machine& m, std::mt19937& random, SpecialRegisters& s, GeneralRegisters& r) {
    constexpr std::uint64_t pml4 = 0x1a000, high = 0xffff800000000000;
    std::memset(m.ram + pml4, 0, 0x4000);
    const auto put = [&m](std::uint64_t at, std::uint64_t v) { std::memcpy(m.ram + at, &v, 8); };
    put(pml4, (pml4 + 0x1000) | 3);
    put(pml4 + 256 * 8, (pml4 + 0x1000) | 3);
    put(pml4 + 0x1000, (pml4 + 0x2000) | 3);
    put(pml4 + 0x2000, (pml4 + 0x3000) | 3);
    for (std::uint64_t n = 0; n < 64; n++) {
        std::uint64_t entry = (n % 40) << 12 | 3;
        if (n > 12 && random() % 6 == 0) entry &= ~(std::uint64_t{1} << (random() % 2));
        put(pml4 + 0x3000 + n * 8, entry);
    }
    put(0x1008, 0x00af9b000000ffff);
    s.seg[1].attributes = 0xa09b;
    s.idtr = {0x1e000, 0xfff};
    for (unsigned v = 0; v < 256; v++) {
        const std::uint64_t at = 0x4000 + random() % 0x3000;
        put(0x1e000 + v * 16, 0x00008e0000080000 | at);
        put(0x1e008 + v * 16, random() % 2 ? high >> 32 : 0);
    }
    s.cr0 |= 0x80010000;
    s.cr3 = pml4;
    s.cr4 |= 0x20;
    s.efer = 0x500;
    for (std::uint64_t& g : r.gpr)
        if (random() % 2) g |= high;
    if (random() % 2) r.rip |= high;
}

void prepare(Machine& m, std::uint32_t seed, Kind kind) {
    std::mt19937 random(seed);
    for (std::size_t n = 0; n < ram_size; n += 4) {
        const std::uint32_t v = random();
        std::memcpy(m.ram + n, &v, 4);
    }
    fill_code(random, m.ram + 0x4000, 0x4000, seed % 3 == 0, kind == Kind::long64);
    SpecialRegisters s = m.cpu.sregs();
    GeneralRegisters r = m.cpu.regs();
    for (std::uint64_t& g : r.gpr) g = random() % 0x10000;
    r.gpr[4] = 0x3ffc - random() % 64;
    r.rip = 0x4000 + random() % 0x3000;
    r.rflags = 2 | (random() & 0x8d5);
    if (kind == Kind::real) {
        for (SegmentRegister& g : s.seg) g = {0, 0xffff, 0x93, 0};
        s.seg[3].base = 0x10 * (random() % 0x800);
        s.idtr = {0, 0x3ff};
        for (unsigned v = 0; v < 256; v++) {
            const std::uint16_t vector[] = {static_cast<std::uint16_t>(0x4000 + random() % 0x3000), 0};
            std::memcpy(m.ram + v * 4, vector, 4);
        }
    } else {
        const std::uint32_t big = kind == Kind::protected16 ? 0 : 0x4000;
        s.cr0 |= 1;
        s.gdtr = {0x1000, 0x2f};
        s.idtr = {0x800, 0x7ff};
        for (SegmentRegister& g : s.seg) g = {0, 0xffffffff, 0x8093 | big, 0x10};
        s.seg[1] = {0, 0xffffffff, 0x809b | big, 8};
        const std::uint64_t code = kind == Kind::protected16 ? 0x008f9b000000ffff : 0x00cf9b000000ffff;
        const std::uint64_t data = kind == Kind::protected16 ? 0x008f93000000ffff : 0x00cf93000000ffff;
        const std::uint64_t table[] = {0, code, data, 0x0040930020007fff, 0x00cf97000000000f, 0};
        std::memcpy(m.ram + 0x1000, table, sizeof table);
        for (unsigned v = 0; v < 256; v++) {
            const std::uint64_t at = 0x4000 + random() % 0x3000;
            const std::uint64_t gate = (kind == Kind::protected16 ? 0x0000860000080000 : 0x00008e0000080000) | at;
            std::memcpy(m.ram + 0x800 + v * 8, &gate, 8);
        }
        if (kind == Kind::long64) set_long_mode(m, random, s, r);
        if (kind == Kind::paged) {
            s.cr0 |= 0x80010000;
            s.cr3 = 0x1a000;
            std::memset(m.ram + 0x1a000, 0, 0x2000);
            const std::uint32_t directory = 0x1b003;
            std::memcpy(m.ram + 0x1a000, &directory, 4);
            for (std::uint32_t n = 0; n < 64; n++) {
                std::uint32_t entry = (n % 40) << 12 | 3;
                if (n > 12 && random() % 6 == 0) entry &= ~(1u << (random() % 2));
                std::memcpy(m.ram + 0x1b000 + n * 4, &entry, 4);
            }
        }
    }
    m.cpu.set_sregs(s);
    m.cpu.set_regs(r);
}

class BlockEquivalence : public testing::TestWithParam<Kind> {};

TEST_P(BlockEquivalence, MatchesOneInstructionAtATime) {
    constexpr std::uint32_t rounds = 250;
    for (std::uint32_t seed = 0; seed < rounds; seed++) {
        Machine blocks, steps;
        prepare(blocks, seed, GetParam());
        prepare(steps, seed, GetParam());
        std::mt19937 random(seed);
        for (unsigned part = 0; part < 40; part++) {
            const bool intr = random() % 8 == 0;
            blocks.cpu.set_intr(intr);
            steps.cpu.set_intr(intr);
            blocks.run(1 + random() % 200);
            if (blocks.batch) break;  // one exit for what takes many one at a time
            while (steps.total < blocks.total || steps.exits < blocks.exits) {
                steps.run(1);
                ASSERT_LE(steps.exits, blocks.exits) << "seed " << seed << " part " << part;
            }
            ASSERT_EQ(steps.total, blocks.total) << "seed " << seed << " part " << part;
            ASSERT_EQ(steps.reason, blocks.reason) << "seed " << seed << " part " << part;
            const ArchState a = blocks.cpu.state(), b = steps.cpu.state();
            ASSERT_EQ(a.regs.rip, b.regs.rip) << "seed " << seed << " part " << part;
            ASSERT_EQ(a.regs.rflags, b.regs.rflags) << "seed " << seed << " part " << part;
            ASSERT_EQ(a.regs, b.regs) << "seed " << seed << " part " << part;
            ASSERT_EQ(a.sregs, b.sregs) << "seed " << seed << " part " << part;
            ASSERT_EQ(a.events, b.events) << "seed " << seed << " part " << part;
            ASSERT_EQ(a, b) << "seed " << seed << " part " << part;
            ASSERT_EQ(blocks.bus.accesses, steps.bus.accesses) << "seed " << seed << " part " << part;
            ASSERT_EQ(blocks.bus.sum, steps.bus.sum) << "seed " << seed << " part " << part;
            ASSERT_EQ(std::memcmp(blocks.ram, steps.ram, ram_size), 0) << "seed " << seed << " part " << part;
            if (blocks.reason == ExitReason::shutdown) break;
        }
    }
}

std::string name_of(const testing::TestParamInfo<Kind>& info) {
    static const char* const names[] = {"Real", "Protected32", "Protected16", "Paged", "Long64"};
    return names[static_cast<int>(info.param)];
}
INSTANTIATE_TEST_SUITE_P(Modes, BlockEquivalence,
                         testing::Values(Kind::real, Kind::protected32, Kind::protected16, Kind::paged,
                                         Kind::long64),
                         name_of);

}  // namespace
}  // namespace southgate::cpu
