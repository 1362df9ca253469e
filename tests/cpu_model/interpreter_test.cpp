// The interpreter through the contract, on snippets of machine code.
#include "cpu_model/interpreter/interpreter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <vector>

namespace southgate::cpu {
namespace {

class TestBus final : public Bus {
  public:
    void read(std::uint64_t physical, void* data, unsigned size) override {
        reads.push_back({physical, size});
        if (on_access) on_access();
        std::memset(data, 0xff, size);
        std::memcpy(data, &value, std::min<std::size_t>(size, sizeof value));
    }
    void write(std::uint64_t physical, const void* data, unsigned size) override {
        std::uint64_t v = 0;
        std::memcpy(&v, data, size);
        writes.push_back({physical, v});
        if (on_access) on_access();
    }
    std::uint8_t interrupt_acknowledge() override { return vector; }
    void smm_changed(bool) override {}
    void apic_base_written(std::uint64_t) override {}
    std::uint8_t read_cr8() override { return 0; }
    void write_cr8(std::uint8_t) override {}

    std::vector<std::pair<std::uint64_t, unsigned>> reads;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> writes;
    std::uint64_t value = 0x1122334455667788;
    std::uint8_t vector = 0x20;
    std::function<void()> on_access;
};

class InterpreterTest : public testing::Test {
  protected:
    InterpreterTest() : storage_((2 << 20) + 4096), cpu_(bus_) {
        ram_ = reinterpret_cast<std::uint8_t*>((reinterpret_cast<std::uintptr_t>(storage_.data()) + 4095) & ~4095ul);
        const MemorySlot slot{0, 2 << 20, ram_};
        cpu_.set_memory_map({&slot, 1});
    }

    void code(std::uint32_t at, std::initializer_list<unsigned> bytes) {
        for (const unsigned b : bytes) ram_[at++] = static_cast<std::uint8_t>(b);
    }
    // Real mode at 0000:at.
    void real_mode(std::uint32_t at) {
        SpecialRegisters s = cpu_.sregs();
        s.seg[1].base = 0;
        s.seg[1].selector = 0;
        cpu_.set_sregs(s);
        set_ip(at);
    }
    // Flat 32-bit protected mode, CPL 0.
    void protected_mode(std::uint32_t at) {
        SpecialRegisters s = cpu_.sregs();
        s.cr0 |= 1;
        for (SegmentRegister& r : s.seg) r = {0, 0xffffffff, 0xc093, 0x10};
        s.seg[1] = {0, 0xffffffff, 0xc09b, 8};
        s.idtr = {0x8000, 0x7ff};
        s.gdtr = {0x7000, 0xff};
        cpu_.set_sregs(s);
        descriptor(8, 0x00cf9b000000ffff);
        descriptor(0x10, 0x00cf93000000ffff);
        set_ip(at);
        set(Gpr::rsp, 0x9000);
    }
    void descriptor(unsigned selector, std::uint64_t value) { std::memcpy(ram_ + 0x7000 + selector, &value, 8); }
    void gate(unsigned vector, std::uint32_t at) {
        const std::uint64_t g = (std::uint64_t{at & 0xffff0000} << 32) | 0x00008e0000080000 | (at & 0xffff);
        std::memcpy(ram_ + 0x8000 + vector * 8, &g, 8);
    }
    void set_ip(std::uint64_t ip) {
        GeneralRegisters r = cpu_.regs();
        r.rip = ip;
        cpu_.set_regs(r);
    }
    void set(Gpr g, std::uint64_t v) {
        GeneralRegisters r = cpu_.regs();
        r.gpr[static_cast<unsigned>(g)] = v;
        cpu_.set_regs(r);
    }
    std::uint64_t get(Gpr g) const { return cpu_.regs().gpr[static_cast<unsigned>(g)]; }
    std::uint64_t ip() const { return cpu_.regs().rip; }
    std::uint64_t flags() const { return cpu_.regs().rflags; }
    std::uint32_t load32(std::uint32_t at) const {
        std::uint32_t v;
        std::memcpy(&v, ram_ + at, 4);
        return v;
    }
    Exit run(std::uint64_t n = 1000) { return cpu_.run({n, false}); }

    std::vector<std::uint8_t> storage_;
    std::uint8_t* ram_;
    TestBus bus_;
    Interpreter cpu_;
};

TEST_F(InterpreterTest, StartsAtTheResetVector) {
    EXPECT_EQ(cpu_.linear_rip(), 0xfffffff0u);
    const SpecialRegisters s = cpu_.sregs();
    EXPECT_EQ(s.seg[1].selector, 0xf000);
    EXPECT_EQ(s.seg[1].base, 0xffff0000u);
}

TEST_F(InterpreterTest, RunsSixteenBitCode) {
    // mov ax, 1234h; mov bl, ah; add bx, ax; hlt
    code(0x1000, {0xb8, 0x34, 0x12, 0x88, 0xe3, 0x01, 0xc3, 0xf4});
    real_mode(0x1000);
    set(Gpr::rbx, 0);
    const Exit e = run();
    EXPECT_EQ(e.reason, ExitReason::hlt);
    EXPECT_EQ(e.retired, 4u);
    EXPECT_EQ(get(Gpr::rax) & 0xffff, 0x1234u);
    EXPECT_EQ(get(Gpr::rbx) & 0xffff, 0x1246u);
    EXPECT_EQ(ip(), 0x1008u);
    EXPECT_EQ(run().reason, ExitReason::hlt);
}

TEST_F(InterpreterTest, LoopsInFlatCode) {
    // xor eax, eax; mov ecx, 10; l: add eax, ecx; dec ecx; jnz l; hlt
    code(0x1000, {0x31, 0xc0, 0xb9, 10, 0, 0, 0, 0x01, 0xc8, 0x49, 0x75, 0xfb, 0xf4});
    protected_mode(0x1000);
    const Exit e = run();
    EXPECT_EQ(e.reason, ExitReason::hlt);
    EXPECT_EQ(e.retired, 2u + 30 + 1);
    EXPECT_EQ(get(Gpr::rax), 55u);
    EXPECT_NE(flags() & 0x40, 0u);
}

TEST_F(InterpreterTest, StopsExactlyAtTheBudget) {
    code(0x1000, {0x31, 0xc0, 0xb9, 10, 0, 0, 0, 0x01, 0xc8, 0x49, 0x75, 0xfb, 0xf4});
    protected_mode(0x1000);
    const GeneralRegisters start = cpu_.regs();
    GeneralRegisters whole[34];
    std::uint64_t total = 0;
    while (true) {
        const Exit e = run(1);
        if (e.reason == ExitReason::hlt) break;
        ASSERT_EQ(e.retired, 1u);
        ASSERT_LT(total, 33u);
        whole[++total] = cpu_.regs();
    }
    EXPECT_EQ(total, 33u);
    // Any other split ends in the same states.
    for (std::uint64_t n = 2; n < 33; n++) {
        cpu_.set_events({});
        protected_mode(0x1000);
        cpu_.set_regs(start);
        const Exit e = run(n);
        ASSERT_EQ(e.retired, n);
        EXPECT_EQ(cpu_.regs().rip, whole[n].rip) << n;
        EXPECT_EQ(cpu_.regs().gpr, whole[n].gpr) << n;
        EXPECT_EQ(cpu_.regs().rflags, whole[n].rflags) << n;
    }
}

TEST_F(InterpreterTest, ModifiesTheNextInstructionOfItsOwnBlock) {
    // mov byte [100Ah+...], imm: patches the immediate of the mov eax behind it; twice through a loop
    // 1000: inc byte [1007h]; 1006: mov eax, 0; 100B: dec ecx; 100C: jnz 1000; hlt
    code(0x1000, {0xfe, 0x05, 0x07, 0x10, 0, 0, 0xb8, 0, 0, 0, 0, 0x49, 0x75, 0xf2, 0xf4});
    protected_mode(0x1000);
    set(Gpr::rcx, 5);
    const Exit e = run();
    EXPECT_EQ(e.reason, ExitReason::hlt);
    EXPECT_EQ(e.retired, 21u);
    EXPECT_EQ(get(Gpr::rax), 5u);
}

TEST_F(InterpreterTest, SeesCodeWrittenFromOutside) {
    code(0x1000, {0xb8, 1, 0, 0, 0, 0xf4});
    protected_mode(0x1000);
    run();
    EXPECT_EQ(get(Gpr::rax), 1u);
    ram_[0x1001] = 2;
    cpu_.memory_written(ram_ + 0x1001, 1);
    set_ip(0x1000);
    EventState events = cpu_.events();
    events.activity = ActivityState::running;
    cpu_.set_events(events);
    run();
    EXPECT_EQ(get(Gpr::rax), 2u);
}

TEST_F(InterpreterTest, ExecutesAcrossPages) {
    // mov eax, 12345678h starting 2 bytes before the page end, data access crossing at 2FFEh
    code(0x1ffe, {0xb8, 0x78, 0x56, 0x34, 0x12, 0xa3, 0xfe, 0x2f, 0, 0, 0x8b, 0x1d, 0xfe, 0x2f, 0, 0, 0xf4});
    protected_mode(0x1ffe);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(get(Gpr::rax), 0x12345678u);
    EXPECT_EQ(get(Gpr::rbx), 0x12345678u);
    EXPECT_EQ(load32(0x2ffe), 0x12345678u);
}

TEST_F(InterpreterTest, TimesMmioExactly) {
    // nop; nop; mov eax, [F0000000h]; nop; mov [F0000004h], eax; nop; hlt
    code(0x1000, {0x90, 0x90, 0xa1, 0, 0, 0, 0xf0, 0x90, 0xa3, 4, 0, 0, 0xf0, 0x90, 0xf4});
    protected_mode(0x1000);
    std::vector<std::uint64_t> when;
    bus_.on_access = [&] { when.push_back(cpu_.retired_in_run()); };
    const Exit e = run();
    EXPECT_EQ(e.retired, 7u);
    EXPECT_EQ(when, (std::vector<std::uint64_t>{2, 4}));
    ASSERT_EQ(bus_.writes.size(), 1u);
    EXPECT_EQ(bus_.writes[0], (std::pair<std::uint64_t, std::uint64_t>{0xf0000004, 0x55667788}));
}

TEST_F(InterpreterTest, HonoursRequestExitRightAfterTheAccess) {
    code(0x1000, {0x90, 0x90, 0xa1, 0, 0, 0, 0xf0, 0x90, 0x90, 0x90, 0xf4});
    protected_mode(0x1000);
    bus_.on_access = [&] { cpu_.request_exit(); };
    const Exit e = run();
    EXPECT_EQ(e.reason, ExitReason::budget_end);
    EXPECT_EQ(e.retired, 3u);
    EXPECT_EQ(ip(), 0x1007u);
}

TEST_F(InterpreterTest, LeavesForPortIoAndCompletesIt) {
    // mov al, 5; out 80h, al; in al, 61h; hlt
    code(0x1000, {0xb0, 5, 0xe6, 0x80, 0xe4, 0x61, 0xf4});
    protected_mode(0x1000);
    Exit e = run();
    ASSERT_EQ(e.reason, ExitReason::pio);
    EXPECT_EQ(e.retired, 1u);
    EXPECT_EQ(e.pio.direction, Direction::out);
    EXPECT_EQ(e.pio.port, 0x80);
    EXPECT_EQ(e.pio.data[0], 5);
    EXPECT_EQ(ip(), 0x1002u);
    e = run();
    ASSERT_EQ(e.reason, ExitReason::pio);
    EXPECT_EQ(e.retired, 1u);
    EXPECT_EQ(e.pio.direction, Direction::in);
    e.pio.data[0] = 0x5a;
    e = run();
    EXPECT_EQ(e.reason, ExitReason::hlt);
    EXPECT_EQ(e.retired, 2u);
    EXPECT_EQ(get(Gpr::rax) & 0xff, 0x5au);
}

TEST_F(InterpreterTest, RestartsFaultsInTheMiddleOfABlock) {
    // inc eax; inc eax; mov ebx, [ecx] with paging-free #GP by a short DS; the handler ends in hlt
    code(0x1000, {0x40, 0x40, 0x0f, 0x0b, 0x40});
    code(0x2000, {0xf4});
    protected_mode(0x1000);
    gate(6, 0x2000);
    set(Gpr::rax, 0);
    const Exit e = run();
    EXPECT_EQ(e.reason, ExitReason::hlt);
    EXPECT_EQ(e.retired, 4u);  // the fault counts as one
    EXPECT_EQ(get(Gpr::rax), 2u);
    EXPECT_EQ(load32(0x9000 - 12), 0x1002u);
}

TEST_F(InterpreterTest, TakesAnInterruptBehindTheStiShadow) {
    // sti; inc eax; inc eax; hlt
    code(0x1000, {0xfb, 0x40, 0x40, 0xf4});
    code(0x2000, {0xf4});
    protected_mode(0x1000);
    gate(0x20, 0x2000);
    set(Gpr::rax, 0);
    cpu_.set_intr(true);
    const Exit e = run();
    EXPECT_EQ(e.reason, ExitReason::hlt);
    EXPECT_EQ(get(Gpr::rax), 1u);
    EXPECT_EQ(load32(0x9000 - 12), 0x1002u);
}

TEST_F(InterpreterTest, CallsReturnsAndTakesSoftwareInterrupts) {
    // call 1010h; int 30h; hlt    1010: inc eax; ret     2000: add eax, 10h; iret
    code(0x1000, {0xe8, 0x0b, 0, 0, 0, 0xcd, 0x30, 0xf4});
    code(0x1010, {0x40, 0xc3});
    code(0x2000, {0x83, 0xc0, 0x10, 0xcf});
    protected_mode(0x1000);
    gate(0x30, 0x2000);
    set(Gpr::rax, 0);
    const Exit e = run();
    EXPECT_EQ(e.reason, ExitReason::hlt);
    EXPECT_EQ(get(Gpr::rax), 0x11u);
    EXPECT_EQ(e.retired, 7u);
    EXPECT_EQ(get(Gpr::rsp), 0x9000u);
}

TEST_F(InterpreterTest, FaultsAtTheEndOfASixteenBitSegment) {
    // The last byte of the segment is a NOP; ip becomes 10000h and the fetch faults (#GP through the real-mode IVT).
    code(0xffff, {0x90});
    code(0x2000, {0xf4});
    const std::uint16_t vector13[] = {0x2000, 0};
    std::memcpy(ram_ + 13 * 4, vector13, 4);
    SpecialRegisters s = cpu_.sregs();
    s.idtr = {0, 0x3ff};
    cpu_.set_sregs(s);
    real_mode(0xffff);
    set(Gpr::rsp, 0x9000);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(ip(), 0x2001u);
}

TEST_F(InterpreterTest, StepsOneInstructionAtATime) {
    code(0x1000, {0x40, 0x40, 0xf4});
    protected_mode(0x1000);
    cpu_.set_single_step(true);
    Exit e = run();
    EXPECT_EQ(e.reason, ExitReason::debug);
    EXPECT_EQ(e.retired, 1u);
    EXPECT_EQ(ip(), 0x1001u);
}

TEST_F(InterpreterTest, PagesWithAccessedAndDirtyBits) {
    // Page directory at 10000h, one table at 11000h mapping 4 MiB identically but page 5 -> 6.
    auto put = [&](std::uint32_t at, std::uint32_t v) { std::memcpy(ram_ + at, &v, 4); };
    put(0x10000, 0x11003);
    for (std::uint32_t n = 0; n < 512; n++) put(0x11000 + n * 4, n * 0x1000 | 3);
    put(0x11000 + 5 * 4, 0x6003);
    // mov eax, [5000h]; mov [5004h], eax; hlt
    code(0x1000, {0xa1, 0, 0x50, 0, 0, 0xa3, 4, 0x50, 0, 0, 0xf4});
    put(0x6000, 0xcafe);
    protected_mode(0x1000);
    SpecialRegisters s = cpu_.sregs();
    s.cr0 |= 0x80000000;
    s.cr3 = 0x10000;
    cpu_.set_sregs(s);
    EXPECT_EQ(run(1).retired, 1u);
    EXPECT_EQ(load32(0x11014), 0x6023u);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(load32(0x11014), 0x6063u);
    EXPECT_EQ(load32(0x6004), 0xcafeu);
}

}  // namespace
}  // namespace southgate::cpu
