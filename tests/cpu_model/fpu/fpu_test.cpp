// x87 behaviour that the host cannot show: device-not-available, deferred exceptions, pointers, environments,
// faults of memory operands.
#include <gtest/gtest.h>

#include "tests/cpu_model/fpu/fpu_machine.h"

namespace southgate::cpu::test {
namespace {

constexpr int nm = 7, gp = 13, pf = 14, mf = 16;

class FpuTest : public testing::Test {
  protected:
    FpuState fpu() { return m_.cpu().fpu(); }
    // FNINIT with this control word.
    void initialise(std::uint16_t fcw = 0x37f) {
        FpuState f;
        f.fcw = fcw;
        f.fsw = 0;
        f.ftw = 0xffff;
        m_.cpu().set_fpu(f);
    }
    void run(std::initializer_list<std::uint8_t> bytes, unsigned n = 1) { m_.step(m_.add_code(bytes), n); }
    // FLDZ, FLD1, FDIVP: 1 / 0, here unmasked.
    void divide_by_zero() {
        initialise(0x37b);
        run({0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9}, 3);
    }
    SegmentRegister& segment(SpecialRegisters& s, Seg which) { return s.seg[static_cast<unsigned>(which)]; }

    FpuMachine m_;
};

TEST_F(FpuTest, EmAndTsRaiseDeviceNotAvailable) {
    for (const std::uint64_t bit : {FpuMachine::cr0_em, FpuMachine::cr0_ts}) {
        initialise();
        m_.set_cr0(bit, FpuMachine::cr0_em | FpuMachine::cr0_ts);
        for (const auto& code : {std::array<std::uint8_t, 2>{0xd9, 0xe8},
                                 {0xdb, 0xe3},
                                 {0xdb, 0xe2},
                                 {0xdf, 0xe0},
                                 {0xd9, 0x36},
                                 {0xd9, 0x3e},
                                 {0xdd, 0x36},
                                 {0xd8, 0x06},
                                 {0xdb, 0x0e}}) {
            run({code[0], code[1]});
            EXPECT_EQ(m_.vector(), nm) << std::hex << unsigned{code[0]} << ' ' << unsigned{code[1]};
        }
        EXPECT_EQ(fpu().ftw, 0xffff);
    }
}

TEST_F(FpuTest, WaitLooksAtMpAndTsTogether) {
    initialise();
    m_.set_cr0(FpuMachine::cr0_ts | FpuMachine::cr0_em, FpuMachine::cr0_mp);
    run({0x9b});
    EXPECT_EQ(m_.vector(), -1);
    m_.set_cr0(FpuMachine::cr0_mp, FpuMachine::cr0_ts);
    run({0x9b});
    EXPECT_EQ(m_.vector(), -1);
    m_.set_cr0(FpuMachine::cr0_ts, 0);
    run({0x9b});
    EXPECT_EQ(m_.vector(), nm);
}

TEST_F(FpuTest, UnmaskedExceptionWaitsForTheNextWaitingInstruction) {
    divide_by_zero();
    EXPECT_EQ(m_.vector(), -1);
    EXPECT_EQ(fpu().fsw, 0xb084);  // B, ES, ZE; TOP 6: nothing popped
    EXPECT_EQ(fpu().ftw, 0x1fff);  // ST(0) zero, ST(1) valid: operands kept
    run({0xdf, 0xe0});             // fnstsw ax
    EXPECT_EQ(m_.vector(), -1);
    EXPECT_EQ(m_.cpu().regs().gpr[0] & 0xffff, 0xb084u);
    run({0xd9, 0x3e});  // fnstcw
    EXPECT_EQ(m_.vector(), -1);
    for (const auto& code : {std::array<std::uint8_t, 2>{0xd9, 0xe8},
                             {0x9b, 0x90},
                             {0xd9, 0x2e},
                             {0xd9, 0x26},
                             {0xdd, 0x26},
                             {0xd9, 0xd0},
                             {0xd8, 0x06},
                             {0xdd, 0x1e},
                             {0xdd, 0xc0},
                             {0xd9, 0xc9}}) {
        run({code[0], code[1]});
        EXPECT_EQ(m_.vector(), mf) << std::hex << unsigned{code[0]} << ' ' << unsigned{code[1]};
    }
    EXPECT_EQ(fpu().fsw, 0xb084);
    run({0xdb, 0xe2});  // fnclex
    EXPECT_EQ(m_.vector(), -1);
    EXPECT_EQ(fpu().fsw, 0x3000);
    run({0x9b});
    EXPECT_EQ(m_.vector(), -1);
}

TEST_F(FpuTest, LoadingTheControlWordUnmasks) {
    initialise();
    run({0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9}, 3);
    EXPECT_EQ(fpu().fsw, 0x3804);
    m_.poke<std::uint16_t>(FpuMachine::operand, 0xe37b);
    run({0xd9, 0x2e});
    EXPECT_EQ(m_.vector(), -1);
    EXPECT_EQ(fpu().fcw, 0x37b | 0x40);  // bits 13 to 15 do not exist
    EXPECT_EQ(fpu().fsw, 0xb884);
    run({0x9b});
    EXPECT_EQ(m_.vector(), mf);
}

TEST_F(FpuTest, UnmaskedStoreLeavesMemoryAndStack) {
    initialise(0x37e);  // invalid operation unmasked
    m_.poke<std::uint64_t>(FpuMachine::operand, 0x1122334455667788);
    run({0xdd, 0x1e});  // fstp qword [esi], stack empty
    EXPECT_EQ(fpu().fsw, 0x80c1);
    EXPECT_EQ(m_.peek<std::uint64_t>(FpuMachine::operand), 0x1122334455667788u);
    initialise();
    run({0xdd, 0x1e});
    EXPECT_EQ(fpu().fsw, 0x0841);
    EXPECT_EQ(m_.peek<std::uint64_t>(FpuMachine::operand), 0xfff8000000000000u);
}

TEST_F(FpuTest, KeepsPointersOfTheLastNonControlInstruction) {
    initialise();
    const std::uint32_t at = m_.add_code({0x90, 0x36, 0xd9, 0x46, 0x10});  // nop; fld dword ss:[esi+16]
    m_.step(at, 2);
    FpuState f = fpu();
    EXPECT_EQ(f.ip, at + 1);  // prefixes included
    EXPECT_EQ(f.cs, 8);
    EXPECT_EQ(f.dp, FpuMachine::operand + 16);
    EXPECT_EQ(f.ds, 0x10);
    EXPECT_EQ(f.opcode, 0x146);
    const std::uint32_t add = m_.add_code({0xde, 0xc1, 0xd9, 0x3e, 0xdf, 0xe0});  // faddp; fnstcw; fnstsw
    m_.step(add, 3);
    f = fpu();
    EXPECT_EQ(f.ip, add);
    EXPECT_EQ(f.opcode, 0x6c1);
    EXPECT_EQ(f.dp, FpuMachine::operand + 16);  // no operand in memory: as before
    run({0xdb, 0xe3});
    EXPECT_EQ(fpu().ip, 0u);
    EXPECT_EQ(fpu().dp, 0u);
    EXPECT_EQ(fpu().opcode, 0);
}

class FpuEnvironment : public FpuTest {
  protected:
    void SetUp() override {
        FpuState f;
        f.fcw = 0x36f;
        f.fsw = 0x3921;
        f.ftw = 0x1fff;
        f.ip = 0x12345, f.cs = 0xabcd, f.dp = 0x6789a, f.ds = 0x4321, f.opcode = 0x57a;
        f.st[6] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        f.st[7] = {1, 2, 3, 4, 5, 6, 7, 0x88, 0xff, 0x3f};
        m_.cpu().set_fpu(f);
        for (unsigned n = 0; n < 120; n++) m_.poke<std::uint8_t>(FpuMachine::operand + n, 0xcc);
    }
    template <class T>
    std::vector<unsigned> stored() {
        std::vector<unsigned> v;
        for (unsigned n = 0; n < 7; n++) v.push_back(m_.peek<T>(FpuMachine::operand + n * sizeof(T)));
        return v;
    }
    // Real mode: data segments based on the operand, CS on the code.
    void real_mode(std::uint32_t code) {
        SpecialRegisters s = m_.cpu().sregs();
        s.cr0 &= ~std::uint64_t{1};
        for (SegmentRegister& r : s.seg) r = {0x80000, 0xffff, 0x93, 0x8000};
        segment(s, Seg::cs) = {code, 0xffff, 0x93, static_cast<std::uint16_t>(code >> 4)};
        m_.cpu().set_sregs(s);
    }
    void step_real(std::initializer_list<std::uint8_t> bytes) {
        const std::uint32_t at = m_.add_code(bytes);
        real_mode(at);
        GeneralRegisters r = m_.cpu().regs();
        r.rip = 0;
        r.gpr[static_cast<unsigned>(Gpr::rsi)] = 0;
        m_.cpu().set_regs(r);
        m_.cpu().run({1, false});
    }
};

TEST_F(FpuEnvironment, Protected32) {
    run({0xd9, 0x36});
    EXPECT_EQ(stored<std::uint32_t>(), (std::vector<unsigned>{0xffff036f, 0xffff3921, 0xffff1fff, 0x12345,
                                                              0x057aabcd, 0x6789a, 0xffff4321}));
    EXPECT_EQ(m_.peek<std::uint32_t>(FpuMachine::operand + 28), 0xccccccccu);
    EXPECT_EQ(fpu().fcw, 0x37f);  // everything masked afterwards
}
TEST_F(FpuEnvironment, Protected16) {
    run({0x66, 0xd9, 0x36});
    EXPECT_EQ(stored<std::uint16_t>(),
              (std::vector<unsigned>{0x36f, 0x3921, 0x1fff, 0x2345, 0xabcd, 0x789a, 0x4321}));
    EXPECT_EQ(m_.peek<std::uint32_t>(FpuMachine::operand + 14), 0xccccccccu);
}
// Linear addresses: ABCDh:12345h is BE015h, 4321h:6789Ah is AAAAAh.
TEST_F(FpuEnvironment, Real16) {
    step_real({0xd9, 0x34});
    EXPECT_EQ(stored<std::uint16_t>(),
              (std::vector<unsigned>{0x36f, 0x3921, 0x1fff, 0xe015, 0xb57a, 0xaaaa, 0xa000}));
}
TEST_F(FpuEnvironment, Real32) {
    step_real({0x66, 0xd9, 0x34});
    EXPECT_EQ(stored<std::uint32_t>(), (std::vector<unsigned>{0xffff036f, 0xffff3921, 0xffff1fff, 0xffffe015,
                                                              0xb57a, 0xffffaaaa, 0xa000}));
}
TEST_F(FpuEnvironment, SaveAndRestoreInEveryFormat) {
    const FpuState before = fpu();
    for (const bool wide : {false, true}) {
        m_.cpu().set_fpu(before);
        if (wide)
            run({0xdd, 0x36, 0xdd, 0x26}, 2);
        else
            run({0x66, 0xdd, 0x36, 0x66, 0xdd, 0x26}, 2);
        FpuState after = fpu();
        if (!wide) {
            // Half of each pointer, no opcode.
            EXPECT_EQ(after.ip, 0x2345u);
            EXPECT_EQ(after.opcode, 0);
            after.ip = before.ip, after.dp = before.dp, after.opcode = before.opcode;
        }
        EXPECT_EQ(after, before);
        EXPECT_EQ(m_.peek<std::uint64_t>(FpuMachine::operand + (wide ? 28 : 14)), 0x8807060504030201u);
    }
    step_real({0x66, 0xdd, 0x34});
    EXPECT_EQ(fpu().ftw, 0xffff);
    EXPECT_EQ(fpu().fcw, 0x37f);
    step_real({0x66, 0xdd, 0x24});
    EXPECT_EQ(fpu().st, before.st);
    EXPECT_EQ(fpu().ip, 0xbe015u);
    EXPECT_EQ(fpu().dp, 0xaaaaau);
    EXPECT_EQ(fpu().opcode, 0x57a);
}
TEST_F(FpuEnvironment, LoadedTagsFollowTheContents) {
    run({0xd9, 0x36});
    m_.poke<std::uint16_t>(FpuMachine::operand + 8, 0xebff);  // R7 empty, R6 "special", R5 "special"
    run({0xd9, 0x26});
    EXPECT_EQ(fpu().ftw, 0xd7ff);  // R6 and R5 hold zero
}
TEST_F(FpuEnvironment, LoadedFlagsBecomePending) {
    run({0xd9, 0x36});
    m_.poke<std::uint16_t>(FpuMachine::operand, 0x37e);
    m_.poke<std::uint16_t>(FpuMachine::operand + 4, 0x0001);  // IE without ES
    run({0xd9, 0x26});
    EXPECT_EQ(fpu().fsw, 0x8081);
    run({0xd9, 0x36});  // fnstenv stores it and masks
    EXPECT_EQ(m_.peek<std::uint16_t>(FpuMachine::operand + 4), 0x8081);
    EXPECT_EQ(fpu().fsw, 0x0001);
    run({0x9b});
    EXPECT_EQ(m_.vector(), -1);
}

// Operands that end behind the segment limit or on a missing page.
class FpuFaults : public FpuTest {
  protected:
    // Data segments end 4 bytes behind the operand's start.
    void limit_data() {
        SpecialRegisters s = m_.cpu().sregs();
        segment(s, Seg::ds).limit = FpuMachine::operand + 3;
        segment(s, Seg::ds).attributes = 0x4093;
        m_.cpu().set_sregs(s);
    }
    // Paging on, the page behind the operand's first 4 bytes missing.
    void map_all_but_next_page() {
        constexpr std::uint32_t directory = 0x20000, table = 0x21000;
        m_.poke<std::uint32_t>(directory, table | 3);
        for (unsigned n = 0; n < 256; n++) m_.poke<std::uint32_t>(table + 4 * n, n << 12 | 3);
        m_.poke<std::uint32_t>(table + 4 * (FpuMachine::operand >> 12), 0);
        SpecialRegisters s = m_.cpu().sregs();
        s.cr3 = directory;
        s.cr0 |= 0x80000000;
        m_.cpu().set_sregs(s);
    }
};

TEST_F(FpuFaults, ComeBeforeAnyChange) {
    // fstp tbyte, fbstp, fnsave, fnstenv, fld tbyte, frstor, fldenv, fstp qword; displacement -4 for the
    // paged half.
    const std::array<std::array<std::uint8_t, 2>, 8> codes{{{0xdb, 0x7e},
                                                            {0xdf, 0x76},
                                                            {0xdd, 0x76},
                                                            {0xd9, 0x76},
                                                            {0xdb, 0x6e},
                                                            {0xdd, 0x66},
                                                            {0xd9, 0x66},
                                                            {0xdd, 0x5e}}};
    for (const bool paged : {false, true}) {
        for (const auto& code : codes) {
            m_.set_cr0(0, 0x80000000);
            initialise();
            run({0xd9, 0xeb, 0xd9, 0xe8}, 2);  // fldpi; fld1
            const FpuState before = fpu();
            m_.poke<std::uint32_t>(FpuMachine::operand - 4, 0xcccccccc);
            m_.poke<std::uint32_t>(FpuMachine::operand, 0xcccccccc);
            const std::uint8_t displacement = paged ? 0xfc : 0;
            const std::uint32_t at = m_.add_code({code[0], code[1], displacement});
            if (paged)
                map_all_but_next_page();
            else
                limit_data();
            m_.step(at);
            EXPECT_EQ(m_.vector(), paged ? pf : gp)
                << std::hex << unsigned{code[0]} << ' ' << unsigned{code[1]};
            EXPECT_EQ(fpu(), before);
            EXPECT_EQ(m_.peek<std::uint32_t>(FpuMachine::operand - 4), 0xccccccccu);
            EXPECT_EQ(m_.peek<std::uint32_t>(FpuMachine::operand), 0xccccccccu);
            SpecialRegisters s = m_.cpu().sregs();
            segment(s, Seg::ds) = segment(s, Seg::es);
            m_.cpu().set_sregs(s);
        }
    }
}

TEST_F(FpuTest, ComputesInRealCode) {
    // fninit; fldpi; fld1; faddp; fmul st0; fistp dword [esi]: (pi + 1) squared is 17.15.
    run({0xdb, 0xe3, 0xd9, 0xeb, 0xd9, 0xe8, 0xde, 0xc1, 0xd8, 0xc8, 0xdb, 0x1e}, 6);
    EXPECT_EQ(m_.peek<std::uint32_t>(FpuMachine::operand), 17u);
    EXPECT_EQ(fpu().ftw, 0xffff);
    EXPECT_EQ(fpu().fsw & 0x38ff, 0x20);  // inexact
}

}  // namespace
}  // namespace southgate::cpu::test
