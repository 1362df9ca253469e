// MMX and SSE behaviour that the host cannot show: availability, faults of memory operands, the x87 registers
// behind MMX, FXSAVE images, MMIO.
#include <gtest/gtest.h>

#include "tests/cpu_model/simd/simd_machine.h"

namespace southgate::cpu::test {
namespace {

constexpr int ud = 6, nm = 7, gp = 13, pf = 14, mf = 16, xm = 19;
using Bytes = std::vector<std::uint8_t>;

class SimdTest : public testing::Test {
  protected:
    void SetUp() override {
        FpuState f;
        f.fcw = 0x37f;
        f.ftw = 0xffff;
        m_.cpu().set_fpu(f);
    }
    FpuState fpu() { return m_.cpu().fpu(); }
    int run(const Bytes& bytes, unsigned n = 1, std::uint32_t offset = 0) {
        const std::uint32_t at = m_.add_code(bytes);
        GeneralRegisters r = m_.cpu().regs();
        r.rip = at;
        r.gpr[static_cast<unsigned>(Gpr::rsi)] = r.gpr[static_cast<unsigned>(Gpr::rdi)] =
            SimdMachine::operand + offset;
        r.gpr[static_cast<unsigned>(Gpr::rsp)] = SimdMachine::stack;
        m_.cpu().set_regs(r);
        m_.cpu().run({n, false});
        return m_.vector();
    }
    // Paging on, identity, with the operand's page but not the next one.
    void map_one_page() {
        constexpr std::uint32_t directory = 0x20000, table = 0x21000;
        m_.poke<std::uint32_t>(directory, table | 3);
        for (unsigned n = 0; n < 256; n++) m_.poke<std::uint32_t>(table + 4 * n, n << 12 | 3);
        m_.poke<std::uint32_t>(table + 4 * ((SimdMachine::operand >> 12) + 1), 0);
        SpecialRegisters s = m_.cpu().sregs();
        s.cr3 = directory;
        s.cr0 |= 0x80000000;
        m_.cpu().set_sregs(s);
    }

    SimdMachine m_;
};

const Bytes paddb_mmx{0x0f, 0xfc, 0xc1}, paddb_xmm{0x66, 0x0f, 0xfc, 0xc1}, addps{0x0f, 0x58, 0xc1},
    emms{0x0f, 0x77}, ldmxcsr{0x0f, 0xae, 0x16}, stmxcsr{0x0f, 0xae, 0x1e}, fxsave{0x0f, 0xae, 0x06},
    fxrstor{0x0f, 0xae, 0x0e}, sfence{0x0f, 0xae, 0xf8}, movnti{0x0f, 0xc3, 0x06},
    popcnt{0xf3, 0x0f, 0xb8, 0xc1}, pshufb_mmx{0x0f, 0x38, 0x00, 0xc1},
    pshufb_xmm{0x66, 0x0f, 0x38, 0x00, 0xc1};

TEST_F(SimdTest, EmulationAndTaskSwitched) {
    m_.poke<std::uint32_t>(SimdMachine::operand, 0x1f80);
    for (const Bytes& code : {paddb_mmx, paddb_xmm, addps, emms, ldmxcsr, stmxcsr, pshufb_mmx, pshufb_xmm}) {
        m_.set_cr0(SimdMachine::cr0_em | SimdMachine::cr0_ts, 0);
        EXPECT_EQ(run(code), ud);
        m_.set_cr0(SimdMachine::cr0_ts, SimdMachine::cr0_em);
        EXPECT_EQ(run(code), nm);
        m_.set_cr0(0, SimdMachine::cr0_ts);
        EXPECT_EQ(run(code), -1);
    }
    // FXSAVE: #NM for both; MOVNTI, fences and POPCNT do not care.
    for (const std::uint64_t bit : {SimdMachine::cr0_em, SimdMachine::cr0_ts}) {
        m_.set_cr0(bit, SimdMachine::cr0_em | SimdMachine::cr0_ts);
        EXPECT_EQ(run(fxsave), nm);
        EXPECT_EQ(run(fxrstor), nm);
        for (const Bytes& code : {sfence, movnti, popcnt}) EXPECT_EQ(run(code), -1);
    }
}

TEST_F(SimdTest, WithoutOsfxsr) {
    m_.set_cr4(0, SimdMachine::cr4_osfxsr);
    m_.set_cr0(SimdMachine::cr0_ts, 0);
    for (const Bytes& code : {paddb_xmm, addps, ldmxcsr, stmxcsr, pshufb_xmm}) EXPECT_EQ(run(code), ud);
    m_.set_cr0(0, SimdMachine::cr0_ts);
    for (const Bytes& code : {paddb_mmx, emms, pshufb_mmx, sfence, movnti}) EXPECT_EQ(run(code), -1);
}

TEST(SimdFeatures, WhatIsNotAnnouncedIsUndefined) {
    CpuModel p6;
    SimdMachine plain(p6);
    plain.set_cr4(0, ~std::uint64_t{0});
    for (const Bytes& code :
         {paddb_mmx, paddb_xmm, addps, emms, ldmxcsr, fxsave, sfence, movnti, popcnt, pshufb_mmx}) {
        plain.step(plain.add_code(code));
        EXPECT_EQ(plain.vector(), ud);
    }
    CpuModel sse2;
    sse2.features |= feature::mmx | feature::fxsr | feature::sse | feature::sse2;
    SimdMachine some(sse2);
    for (const Bytes& code :
         {pshufb_mmx, pshufb_xmm, popcnt, Bytes{0x66, 0x0f, 0x38, 0x17, 0xc0}, Bytes{0xdb, 0x0e}}) {
        some.step(some.add_code(code));
        EXPECT_EQ(some.vector(), ud);
    }
    some.step(some.add_code(paddb_xmm));
    EXPECT_EQ(some.vector(), -1);
}

TEST_F(SimdTest, UnmaskedExceptions) {
    // divps xmm0, xmm1 with 0 / 0 in one lane and 1 / 0 in another.
    FpuState f = fpu();
    f.mxcsr = 0x1f80 & ~0x0200u;  // ZE unmasked
    const std::uint32_t one = 0x3f800000;
    std::memcpy(f.xmm[0].data() + 4, &one, 4);
    const auto before = f.xmm;
    m_.cpu().set_fpu(f);
    const Bytes divps{0x0f, 0x5e, 0xc1};
    EXPECT_EQ(run(divps), xm);
    EXPECT_EQ(fpu().mxcsr, 0x1d85u);  // IE, masked, and ZE
    EXPECT_EQ(fpu().xmm, before);
    m_.set_cr4(0, SimdMachine::cr4_osxmmexcpt);
    EXPECT_EQ(run(divps), ud);
    f.mxcsr = 0x1f80;
    m_.cpu().set_fpu(f);
    EXPECT_EQ(run(divps), -1);
    EXPECT_EQ(fpu().mxcsr, 0x1f85u);
}

TEST_F(SimdTest, ExceptionsDoNotLeakBetweenGuestAndHost) {
    // 1 / 3 is inexact; afterwards FLAGS are cleared by LDMXCSR and an exact operation leaves them so.
    FpuState f = fpu();
    const std::uint32_t one = 0x3f800000, three = 0x40400000;
    std::memcpy(f.xmm[0].data(), &one, 4);
    std::memcpy(f.xmm[1].data(), &three, 4);
    m_.cpu().set_fpu(f);
    EXPECT_EQ(run({0xf3, 0x0f, 0x5e, 0xc1}), -1);
    EXPECT_EQ(fpu().mxcsr, 0x1fa0u);
    m_.poke<std::uint32_t>(SimdMachine::operand, 0x1f80);
    EXPECT_EQ(run(ldmxcsr), -1);
    EXPECT_EQ(run({0xf3, 0x0f, 0x58, 0xc9}), -1);  // addss xmm1, xmm1
    EXPECT_EQ(fpu().mxcsr, 0x1f80u);
    EXPECT_EQ(__builtin_ia32_stmxcsr() & 0xffc0, 0x1f80u);
}

TEST_F(SimdTest, MxcsrReservedBits) {
    m_.poke<std::uint32_t>(SimdMachine::operand, 0x10000 | 0x1f80);
    EXPECT_EQ(run(ldmxcsr), gp);
    EXPECT_EQ(fpu().mxcsr, 0x1f80u);
    m_.poke<std::uint32_t>(SimdMachine::operand, 0xffff);
    EXPECT_EQ(run(ldmxcsr), -1);
    EXPECT_EQ(fpu().mxcsr, 0xffffu);
    EXPECT_EQ(run(stmxcsr, 1, 5), -1);
    EXPECT_EQ(m_.peek<std::uint32_t>(SimdMachine::operand + 5), 0xffffu);
    FpuState f = fpu();
    f.mxcsr = 0xffffffff;
    m_.cpu().set_fpu(f);
    EXPECT_EQ(fpu().mxcsr, 0xffffu);
}

TEST_F(SimdTest, Alignment) {
    for (const Bytes& code : {Bytes{0x66, 0x0f, 0xfc, 0x06},
                              {0x0f, 0x28, 0x06},
                              {0x0f, 0x29, 0x06},
                              {0x0f, 0x58, 0x06},
                              {0x66, 0x0f, 0x7f, 0x06},
                              {0x66, 0x0f, 0xe7, 0x06},
                              {0x66, 0x0f, 0x38, 0x00, 0x06},
                              fxsave,
                              fxrstor}) {
        EXPECT_EQ(run(code, 1, 8), gp);
        EXPECT_EQ(run(code, 1, 0), -1);
    }
    for (const Bytes& code : {Bytes{0x0f, 0x10, 0x06},
                              {0x0f, 0x11, 0x06},
                              {0xf3, 0x0f, 0x6f, 0x06},
                              {0xf2, 0x0f, 0xf0, 0x06},
                              {0x0f, 0xfc, 0x06},
                              {0xf2, 0x0f, 0x58, 0x06},
                              {0x66, 0x0f, 0x3a, 0x63, 0x06, 0}})
        EXPECT_EQ(run(code, 1, 1), -1);
}

TEST_F(SimdTest, OperandsAcrossPagesAreAllOrNothing) {
    map_one_page();
    constexpr std::uint32_t end = 0x1000;
    FpuState f = fpu();
    for (unsigned n = 0; n < 16; n++) f.xmm[0][n] = static_cast<std::uint8_t>(n + 1);
    m_.cpu().set_fpu(f);
    m_.poke<std::uint64_t>(SimdMachine::operand + end - 8, 0xcccccccccccccccc);
    EXPECT_EQ(run({0x0f, 0x11, 0x06}, 1, end - 8), pf);  // movups [esi], xmm0
    EXPECT_EQ(m_.peek<std::uint64_t>(SimdMachine::operand + end - 8), 0xccccccccccccccccu);
    EXPECT_EQ(m_.cpu().sregs().cr2, SimdMachine::operand + end);
    EXPECT_EQ(run({0x0f, 0x10, 0x06}, 1, end - 8), pf);
    EXPECT_EQ(fpu().xmm, f.xmm);
    EXPECT_EQ(run({0x0f, 0x11, 0x06}, 1, end - 16), -1);
    EXPECT_EQ(m_.peek<std::uint64_t>(SimdMachine::operand + end - 8), 0x100f0e0d0c0b0a09u);
    EXPECT_EQ(run(fxsave, 1, end - 256), pf);
    // MASKMOVDQU touches the pages of selected bytes only.
    f.xmm[1] = {};
    f.xmm[1][2] = 0x80;
    m_.cpu().set_fpu(f);
    EXPECT_EQ(run({0x66, 0x0f, 0xf7, 0xc1}, 1, end - 4), -1);
    EXPECT_EQ(m_.peek<std::uint32_t>(SimdMachine::operand + end - 4), 0x10030e0du);
    f.xmm[1][4] = 0x80;
    m_.cpu().set_fpu(f);
    EXPECT_EQ(run({0x66, 0x0f, 0xf7, 0xc1}, 1, end - 4), pf);
    // CLFLUSH translates.
    m_.poke<std::uint8_t>(SimdMachine::operand, 1);
    EXPECT_EQ(run({0x0f, 0xae, 0x3e}, 1, end), pf);
    EXPECT_EQ(run({0x0f, 0xae, 0x3e}, 1, 0), -1);
}

TEST_F(SimdTest, SegmentLimit) {
    SpecialRegisters s = m_.cpu().sregs();
    s.seg[static_cast<unsigned>(Seg::ds)].limit = SimdMachine::operand + 14;
    s.seg[static_cast<unsigned>(Seg::ds)].attributes = 0x4093;
    m_.cpu().set_sregs(s);
    EXPECT_EQ(run({0x0f, 0x10, 0x06}), gp);
    EXPECT_EQ(run({0x0f, 0x6f, 0x06}), -1);
    EXPECT_EQ(run({0x0f, 0x6f, 0x06}, 1, 8), gp);
    EXPECT_EQ(run({0x66, 0x0f, 0xf7, 0xc1}), gp);
}

TEST_F(SimdTest, MmxRegistersAreTheSignificands) {
    // fld1: R7; movd mm7, eax.
    run({0xd9, 0xe8});
    EXPECT_EQ(fpu().fsw & 0x3800, 0x3800);
    GeneralRegisters r = m_.cpu().regs();
    r.gpr[0] = 0x12345678;
    m_.cpu().set_regs(r);
    EXPECT_EQ(run({0x0f, 0x6e, 0xf0}), -1);  // movd mm6, eax
    FpuState f = fpu();
    EXPECT_EQ(f.fsw & 0x3800, 0);  // TOP 0
    EXPECT_EQ(f.ftw, 0);           // all valid
    EXPECT_EQ(f.st[6], (std::array<std::uint8_t, 16>{0x78, 0x56, 0x34, 0x12, 0, 0, 0, 0, 0xff, 0xff}));
    EXPECT_EQ(f.st[7], (std::array<std::uint8_t, 16>{0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x3f}));
    // FNSTENV reads the tags from the contents: R7 valid, R6 special, the others zero.
    run({0xd9, 0x36});
    EXPECT_EQ(m_.peek<std::uint16_t>(SimdMachine::operand + 8), 0x2555);
    EXPECT_EQ(run(emms), -1);
    EXPECT_EQ(fpu().ftw, 0xffff);
    EXPECT_EQ(fpu().st, f.st);
}

TEST_F(SimdTest, PendingX87Exception) {
    FpuState f = fpu();
    f.fcw = 0x37e;
    f.fsw = 0x8081;
    m_.cpu().set_fpu(f);
    for (const Bytes& code :
         {paddb_mmx, emms, Bytes{0x0f, 0x2a, 0xc1}, {0xf3, 0x0f, 0xd6, 0xc1}, {0xf2, 0x0f, 0xd6, 0xc1}}) {
        EXPECT_EQ(run(code), mf);
        EXPECT_EQ(fpu(), f);
    }
    for (const Bytes& code : {paddb_xmm, addps, Bytes{0x66, 0x0f, 0x2a, 0x06}, fxsave})
        EXPECT_EQ(run(code), -1);
    m_.set_cr0(0, SimdMachine::cr0_ne);
    EXPECT_EQ(run(paddb_mmx), -1);
}

TEST_F(SimdTest, FxsaveImage) {
    FpuState f;
    f.fcw = 0x36f, f.fsw = 0x3921, f.ftw = 0x1fff, f.ip = 0x12345, f.cs = 0xabcd, f.dp = 0x6789a,
    f.ds = 0x4321;
    f.opcode = 0x57a, f.mxcsr = 0x9fc1;
    f.st[6] = {1, 2, 3, 4, 5, 6, 7, 0x88, 0xff, 0x3f};  // the rest of st is empty: R7 valid by its tag, zero
    f.ftw = 0x4fff;                                     // R7 zero, R6 valid
    for (unsigned n = 0; n < 16; n++)
        for (unsigned b = 0; b < 16; b++) f.xmm[n][b] = static_cast<std::uint8_t>(16 * n + b);
    m_.cpu().set_fpu(f);
    for (unsigned n = 0; n < 512; n++) m_.poke<std::uint8_t>(SimdMachine::operand + n, 0xcc);
    EXPECT_EQ(run(fxsave), -1);
    auto word = [this](unsigned at) { return m_.peek<std::uint16_t>(SimdMachine::operand + at); };
    auto dword = [this](unsigned at) { return m_.peek<std::uint32_t>(SimdMachine::operand + at); };
    EXPECT_EQ(word(0), 0x36f);
    EXPECT_EQ(word(2), 0x3921);
    EXPECT_EQ(word(4), 0x00c0);  // one bit for each register
    EXPECT_EQ(word(6), 0x57a);
    EXPECT_EQ(dword(8), 0x12345u);
    EXPECT_EQ(dword(12), 0xabcdu);
    EXPECT_EQ(dword(16), 0x6789au);
    EXPECT_EQ(dword(20), 0x4321u);
    EXPECT_EQ(dword(24), 0x9fc1u);
    EXPECT_EQ(dword(28), 0xffffu);
    // TOP is 7: ST(0) is R7, ST(7) is R6.
    EXPECT_EQ(dword(32), 0u);
    EXPECT_EQ(dword(32 + 7 * 16), 0x04030201u);
    EXPECT_EQ(dword(160), 0x03020100u);
    EXPECT_EQ(dword(160 + 7 * 16 + 12), 0x7f7e7d7cu);
    EXPECT_EQ(dword(288), 0xccccccccu);  // XMM8-15 are left alone outside 64-bit mode
    EXPECT_EQ(dword(508), 0xccccccccu);
    EXPECT_EQ(fpu(), f);
    // And back.
    FpuState empty;
    for (unsigned n = 8; n < 16; n++) empty.xmm[n] = f.xmm[n];
    m_.cpu().set_fpu(empty);
    EXPECT_EQ(run(fxrstor), -1);
    EXPECT_EQ(fpu(), f);
    m_.poke<std::uint32_t>(SimdMachine::operand + 24, 0x10000);
    EXPECT_EQ(run(fxrstor), gp);
    EXPECT_EQ(fpu(), f);
}

TEST_F(SimdTest, MmioInPiecesOfEight) {
    // Above the RAM the test bus reads as ones.
    const std::uint32_t beyond = SimdMachine::size - SimdMachine::operand;
    EXPECT_EQ(run({0x66, 0x0f, 0x6f, 0x0e}, 1, beyond), -1);  // movdqa xmm1, [esi]
    FpuState f = fpu();
    EXPECT_EQ(f.xmm[1][0], 0xff);
    EXPECT_EQ(f.xmm[1][15], 0xff);
    EXPECT_EQ(m_.cpu().statistics().mmio_reads, 1u);
    EXPECT_EQ(run({0x0f, 0x11, 0x0e}, 1, beyond - 3), -1);
    EXPECT_EQ(m_.peek<std::uint8_t>(SimdMachine::size - 1), 0xff);
}

// 64-bit mode: XMM8-15 too; with REX.W whole pointers and no selectors.
TEST_F(SimdTest, FxsaveImageOf64BitMode) {
    m_.enter_long_mode();
    FpuState f;
    f.fcw = 0x37f, f.ftw = 0xffff, f.ip = 0x123456789a, f.cs = 0xabcd, f.dp = 0xffff800000001000,
    f.ds = 0x4321;
    for (unsigned n = 0; n < 16; n++) f.xmm[n].fill(static_cast<std::uint8_t>(n + 1));
    for (const bool wide : {false, true}) {
        SCOPED_TRACE(wide);
        m_.cpu().set_fpu(f);
        for (unsigned n = 0; n < 512; n++) m_.poke<std::uint8_t>(SimdMachine::operand + n, 0xcc);
        run(wide ? Bytes{0x48, 0x0f, 0xae, 0x06} : fxsave);
        auto qword = [this](unsigned at) { return m_.peek<std::uint64_t>(SimdMachine::operand + at); };
        EXPECT_EQ(qword(8), wide ? 0x123456789au : 0x0000abcd3456789au);
        EXPECT_EQ(qword(16), wide ? 0xffff800000001000u : 0x0000432100001000u);
        EXPECT_EQ(qword(160 + 15 * 16 + 8), 0x1010101010101010u);
        EXPECT_EQ(qword(416), 0xccccccccccccccccu);
        m_.cpu().set_fpu(FpuState{});
        run(wide ? Bytes{0x48, 0x0f, 0xae, 0x0e} : fxrstor);
        FpuState want = f;
        if (wide)
            want.cs = want.ds = 0;
        else
            want.ip &= 0xffffffff, want.dp &= 0xffffffff;
        EXPECT_EQ(fpu(), want);
    }
}

// The TLB tags such pages in the low bits of their address; alignment is checked all the same.
TEST_F(SimdTest, AlignmentInPagesOffTheFastPath) {
    const std::uint32_t beyond = SimdMachine::size - SimdMachine::operand;
    EXPECT_EQ(run({0x0f, 0x28, 0x06}, 1, beyond), -1);
    for (unsigned n = 1; n < 16; n++) EXPECT_EQ(run({0x0f, 0x28, 0x06}, 1, beyond + n), gp) << n;
    // The page that the code is in.
    const std::uint32_t code = SimdMachine::code - SimdMachine::operand;
    EXPECT_EQ(run({0x0f, 0x29, 0x06}, 1, code), -1);
    for (unsigned n = 1; n < 16; n++) EXPECT_EQ(run({0x0f, 0x29, 0x06}, 1, code + n), gp) << n;
}

TEST_F(SimdTest, FisttpTruncates) {
    // fldpi; fisttp dword [esi]
    EXPECT_EQ(run({0xd9, 0xeb, 0xdb, 0x0e}, 2), -1);
    EXPECT_EQ(m_.peek<std::uint32_t>(SimdMachine::operand), 3u);
    EXPECT_EQ(fpu().ftw, 0xffff);
}

// Code that a store rewrites behind itself: the new bytes run.
TEST_F(SimdTest, StoresInvalidateCode) {
    const std::uint32_t at =
        m_.add_code({0x0f, 0x11, 0x06, 0x40, 0x90, 0x90, 0x90, 0x90});  // movups [esi], xmm0; inc eax
    FpuState f = fpu();
    f.xmm[0] = {0x0f, 0x11, 0x06, 0x48, 0x90, 0x90, 0x90, 0x90,
                0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90};  // dec eax
    m_.cpu().set_fpu(f);
    GeneralRegisters r = m_.cpu().regs();
    r.rip = at;
    r.gpr[0] = 10;
    r.gpr[static_cast<unsigned>(Gpr::rsi)] = at;
    m_.cpu().set_regs(r);
    m_.cpu().run({2, false});
    EXPECT_EQ(m_.cpu().regs().gpr[0], 9u);
}

}  // namespace
}  // namespace southgate::cpu::test
