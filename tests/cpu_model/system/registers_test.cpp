// CPUID, model-specific registers, control registers.
#include "cpu_model/system/cpuid.h"
#include "tests/cpu_model/system/machine.h"

namespace southgate::cpu::test {
namespace {

using namespace layout;

TEST(Cpuid, DefaultIsAP6ThatAdvertisesWhatWorks) {
    const CpuidTable t{CpuModel{}};
    const CpuidResult vendor = t.read(0, true);
    EXPECT_EQ(vendor, (CpuidResult{2, 0x756e6547, 0x6c65746e, 0x49656e69}));  // "Genu" "ntel" "ineI"
    const CpuidResult features = t.read(1, true);
    EXPECT_EQ(features.eax, 0x663u);
    EXPECT_NE(features.edx & feature::cmov, 0u);
    EXPECT_EQ(features.edx & (feature::mmx | feature::sse), 0u);
    EXPECT_NE(features.edx & feature::apic, 0u);
    EXPECT_EQ(t.read(1, false).edx & feature::apic, 0u) << "mirrors IA32_APIC_BASE.EN";
    EXPECT_EQ(t.read(0x80000000, true).eax, 0x80000008u);
    EXPECT_EQ(t.read(0x80000008, true).eax, 0x2024u);
    char brand[49] = {};
    for (unsigned i = 0; i < 3; ++i) {
        const CpuidResult r = t.read(0x80000002 + i, true);
        std::memcpy(brand + 16 * i, &r, 16);
    }
    EXPECT_STREQ(brand, "southgate P6-class processor");
}

TEST(Cpuid, UnknownLeavesAreZero) {
    const CpuidTable t{CpuModel{}};
    for (const std::uint32_t leaf : {3u, 4u, 0xbu, 0x40000000u, 0x4000ff00u, 0x80000009u, 0xffffffffu})
        EXPECT_EQ(t.read(leaf, true), CpuidResult{}) << leaf;
}

TEST(Cpuid, ExtendedFamilyAndModel) {
    CpuModel m;
    m.family = 0x17;
    m.model = 0x31;
    m.stepping = 2;
    EXPECT_EQ(m.signature(), 0x00830f12u);
    EXPECT_EQ(m.reset_edx(), 0x30f12u);
}

class Registers : public Machine {
  protected:
    // RDMSR or WRMSR at ring 0; true: no fault.
    bool wrmsr(std::uint32_t index, std::uint64_t value) {
        protected_mode();
        set_gpr(Gpr::rcx, index);
        set_gpr(Gpr::rax, value & 0xffffffff);
        set_gpr(Gpr::rdx, value >> 32);
        code(layout::code, {0x0f, 0x30, 0xf4});
        return run_to_handler() != 13;
    }
    bool rdmsr(std::uint32_t index, std::uint64_t& value) {
        protected_mode();
        set_gpr(Gpr::rcx, index);
        code(layout::code, {0x0f, 0x32, 0xf4});
        if (run_to_handler() == 13) return false;
        value = std::uint64_t{reg(Gpr::rdx)} << 32 | reg(Gpr::rax);
        return true;
    }
    // MOV CRn, EAX at ring 0; true: no fault.
    bool mov_cr(unsigned n, std::uint32_t value) {
        protected_mode();
        set_gpr(Gpr::rax, value);
        code(layout::code, {0x0f, 0x22, 0xc0 | static_cast<int>(n) << 3, 0xf4});
        return run_to_handler() != 13;
    }
};

TEST_F(Registers, MtrrsKeepValidValuesOnly) {
    std::uint64_t v = 0;
    EXPECT_TRUE(rdmsr(0xfe, v));
    EXPECT_EQ(v, 0x508u);
    EXPECT_FALSE(wrmsr(0xfe, 0)) << "read-only";
    EXPECT_TRUE(wrmsr(0x2ff, 0xc06));
    EXPECT_FALSE(wrmsr(0x2ff, 0xc02)) << "reserved type";
    EXPECT_FALSE(wrmsr(0x2ff, 0x1000));
    EXPECT_TRUE(wrmsr(0x200, 0xe0000000 | 6));
    EXPECT_FALSE(wrmsr(0x200, 0x1000000000)) << "above MAXPHYADDR";
    EXPECT_TRUE(wrmsr(0x201, 0xfe0000800));
    EXPECT_FALSE(wrmsr(0x201, 0x400));
    EXPECT_FALSE(rdmsr(0x210, v));
    EXPECT_TRUE(wrmsr(0x26f, 0x0606060606060606));
    EXPECT_TRUE(rdmsr(0x26f, v));
    EXPECT_EQ(v, 0x0606060606060606u);
    EXPECT_FALSE(wrmsr(0x250, 0x02));
    EXPECT_EQ(cpu->msrs().mtrr_def_type, 0xc06u);
    EXPECT_EQ(cpu->msrs().mtrr_fixed[10], 0x0606060606060606u);
}

TEST_F(Registers, DebugControlOffersNothing) {
    std::uint64_t v = 1;
    EXPECT_TRUE(rdmsr(0x1d9, v));
    EXPECT_EQ(v, 0u);
    EXPECT_TRUE(wrmsr(0x1d9, 0));
    EXPECT_FALSE(wrmsr(0x1d9, 2));
}

TEST_F(Registers, Pat) {
    EXPECT_TRUE(wrmsr(0x277, 0x0001040500070406));
    EXPECT_FALSE(wrmsr(0x277, 0x0000000000000300));
    EXPECT_EQ(cpu->msrs().pat, 0x0001040500070406u);
}

TEST_F(Registers, ApicBase) {
    EXPECT_TRUE(wrmsr(0x1b, 0xfee00900 & ~0x800u));
    EXPECT_EQ(bus.apic_base, std::vector<std::uint64_t>{0xfee00100});
    EXPECT_FALSE(wrmsr(0x1b, 0xfee00d00)) << "no x2APIC";
    EXPECT_FALSE(wrmsr(0x1b, 0x1000000000 | 0x900));
    EXPECT_EQ(cpu->sregs().apic_base, 0xfee00100u);
}

TEST_F(Registers, FeatureControlLocks) {
    EXPECT_TRUE(wrmsr(0x3a, 4));
    EXPECT_TRUE(wrmsr(0x3a, 5));
    EXPECT_FALSE(wrmsr(0x3a, 5));
}

TEST_F(Registers, MachineCheckBanks) {
    std::uint64_t v = 0;
    EXPECT_TRUE(rdmsr(0x179, v));
    EXPECT_EQ(v, 0x105u);
    EXPECT_TRUE(wrmsr(0x400, ~std::uint64_t{0}));
    EXPECT_TRUE(wrmsr(0x401, 0));
    EXPECT_FALSE(wrmsr(0x401, 1));
    EXPECT_FALSE(rdmsr(0x414, v)) << "five banks";
}

TEST_F(Registers, UnknownAndForeignMsrsFault) {
    std::uint64_t v = 0;
    for (const std::uint32_t index : {0x12345u, 0xc0000080u, 0xc0010015u, 0x40000000u}) {
        EXPECT_FALSE(rdmsr(index, v)) << index;
        EXPECT_FALSE(wrmsr(index, 0)) << index;
    }
}

TEST_F(Registers, MicrocodeRevisionProtocol) {
    EXPECT_TRUE(wrmsr(0x8b, 0));
    protected_mode();
    set_gpr(Gpr::rax, 1);
    set_gpr(Gpr::rcx, 0x8b);
    code(layout::code,
         {0x0f, 0xa2, 0xb9, 0x8b, 0, 0, 0, 0x0f, 0x32, 0xf4});  // cpuid; mov ecx, 8bh; rdmsr; hlt
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(reg(Gpr::rdx), 1u);
}

TEST_F(Registers, TscWritesAreKept) {
    EXPECT_TRUE(wrmsr(0x10, 0x500000000));
    EXPECT_GE(cpu->tsc(), 0x500000000u);
    EXPECT_LT(cpu->tsc(), 0x500000100u);
}

TEST_F(Registers, MsrsNeedRing0) {
    user_mode();
    set_gpr(Gpr::rcx, 0x10);
    code(user_code, {0x0f, 0x32});
    EXPECT_EQ(run_to_handler(), 13);
}

TEST_F(Registers, Cr0Combinations) {
    EXPECT_TRUE(mov_cr(0, 0x60000011));
    EXPECT_FALSE(mov_cr(0, 0x20000011)) << "NW without CD";
    EXPECT_FALSE(mov_cr(0, 0x80000010)) << "PG without PE";
    EXPECT_TRUE(mov_cr(0, 0x11 | 0x1000ffc0));
    EXPECT_EQ(cpu->sregs().cr0, 0x11u) << "reserved bits stay 0, ET stays 1";
}

TEST_F(Registers, Cr4ReservedBits) {
    EXPECT_TRUE(mov_cr(4, 0xfb));
    EXPECT_EQ(cpu->sregs().cr4, 0xfbu);
    EXPECT_FALSE(mov_cr(4, 0x200)) << "FXSR is not advertised";
    EXPECT_FALSE(mov_cr(4, 0x2000));
    EXPECT_TRUE(mov_cr(4, 0));
}

TEST_F(Registers, LmswSetsButDoesNotClearPe) {
    protected_mode();
    set_gpr(Gpr::rax, 0xfffe);
    code(layout::code, {0x0f, 0x01, 0xf0, 0xf4});
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(cpu->sregs().cr0, 0x1fu);
}

TEST_F(Registers, PaeLoadsPointersAndChecksThem) {
    protected_mode();
    put<std::uint64_t>(0x20000, 0x1e7);  // reserved bits
    SpecialRegisters s = cpu->sregs();
    s.cr4 = 0x20;
    s.cr3 = 0x20000;
    cpu->set_sregs(s);
    set_gpr(Gpr::rax, 0x80000011);
    code(layout::code, {0x0f, 0x22, 0xc0});
    EXPECT_EQ(run_to_handler(), 13);
    EXPECT_EQ(cpu->sregs().cr0, 0x11u);
}

TEST_F(Registers, PaeChecksThePointersWhenCachingChanges) {
    protected_mode();
    put<std::uint64_t>(0x20000, 0x21001);
    put<std::uint64_t>(0x21000, 0x83);  // 2 MiB
    SpecialRegisters s = cpu->sregs();
    s.cr4 = 0x20;
    s.cr3 = 0x20000;
    cpu->set_sregs(s);
    set_gpr(Gpr::rax, 0x80000011);
    set_gpr(Gpr::rcx, 0x80010019);  // WP and TS
    set_gpr(Gpr::rbx, 0xc0010019);  // CD
    code(layout::code, {0x0f, 0x22, 0xc0,                           // mov cr0, eax
                        0xc6, 0x05, 0x18, 0x00, 0x02, 0x00, 0x03,   // mov byte [20018h], 3: a reserved bit in entry 3
                        0x0f, 0x22, 0xc1, 0x0f, 0x22, 0xc3});       // mov cr0, ecx / ebx
    EXPECT_EQ(run_to_handler(), 13);
    EXPECT_EQ(cpu->sregs().cr0, 0x80010019u);
}

}  // namespace
}  // namespace southgate::cpu::test
