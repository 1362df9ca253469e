// What the 64-bit processor has beyond the P6: XSAVE, SMAP, UMIP, INVPCID, MOVBE, random numbers; and that CPUID says so.
#include "tests/cpu_model/system/long_machine.h"

namespace southgate::cpu::test {
namespace {

constexpr std::uint64_t osxsave = 1u << 18, smap = 1u << 21, umip = 1u << 11, pcide = 1u << 17, ac = 1u << 18;
constexpr std::uint32_t area = 0x40000;
constexpr unsigned mxcsr_at = 24, st0_at = 32, xmm0_at = 160, header_at = 512;

class Features : public LongMachine {
  protected:
    void set_cr4(std::uint64_t bits) {
        SpecialRegisters s = cpu->sregs();
        s.cr4 = 0x20 | bits;
        cpu->set_sregs(s);
    }
    void at_code() {
        wake();
        set_rip(layout::code);
    }
    void edx_eax(std::uint64_t value) {
        set_gpr(Gpr::rax, value & 0xffffffff);
        set_gpr(Gpr::rdx, value >> 32);
    }
    void long_mode_with(std::uint64_t bits) {
        long_mode();
        set_cr4(bits);
        set_gpr(Gpr::rbx, area);
        set_gpr(Gpr::rcx, 0);
    }
};

constexpr auto xsave = {0x0f, 0xae, 0x23}, xrstor = {0x0f, 0xae, 0x2b}, xsaveopt = {0x0f, 0xae, 0x33};  // [rbx]
constexpr auto xgetbv = {0x0f, 0x01, 0xd0}, xsetbv = {0x0f, 0x01, 0xd1};

TEST(CpuidLeaves, OfTheLongModeProcessor) {
    CpuModel m = CpuModel::x86_64();
    m.tsc_hz = 2'500'000'000;
    m.crystal_hz = 1'000'000'000;
    m.apic_id = 3;
    const CpuidTable t{m};
    EXPECT_EQ(t.read(0, true).eax, 0x15u);
    EXPECT_EQ(t.read(0x15, true), (CpuidResult{2, 5, 1'000'000'000, 0})) << "TSC = crystal * 5 / 2";
    EXPECT_EQ(t.read(0xb, true, 0), (CpuidResult{0, 1, 0x100, 3}));
    EXPECT_EQ(t.read(0xb, true, 1), (CpuidResult{0, 1, 0x201, 3}));
    EXPECT_EQ(t.read(0xb, true, 2), (CpuidResult{0, 0, 2, 3}));
    EXPECT_EQ(t.read(0xd, true, 0), (CpuidResult{3, 576, 576, 0}));
    EXPECT_EQ(t.read(0xd, true, 1).eax, 1u) << "XSAVEOPT";
    EXPECT_EQ(t.read(0xd, true, 2), CpuidResult{});
    EXPECT_EQ(t.read(4, true, 0).eax & 0xff, 0x21u) << "L1 data";
    EXPECT_EQ(t.read(4, true, 3).eax & 0x1f, 0u);
    EXPECT_EQ(t.read(7, true, 1), CpuidResult{});
    EXPECT_EQ(t.read(0x16, true), CpuidResult{});
    EXPECT_EQ(t.read(1, true, 0, true).ecx & 0x0c000000u, 0x0c000000u) << "XSAVE, OSXSAVE";
    EXPECT_EQ(t.read(1, true, 0, false).ecx & 0x0c000000u, 0x04000000u);
}

// Software multiplies the numerator by the crystal's kHz in 32 bits.
TEST(CpuidLeaves, FrequenciesOnlyWhereSoftwareCanComputeWithThem) {
    const auto leaf = [](std::uint64_t tsc_hz, std::uint64_t crystal_hz) {
        CpuModel m = CpuModel::x86_64();
        m.tsc_hz = tsc_hz;
        m.crystal_hz = crystal_hz;
        const CpuidTable t{m};
        EXPECT_EQ(t.read(0, true).eax, t.read(0x15, true).eax ? 0x15u : 0xdu);
        return t.read(0x15, true);
    };
    EXPECT_EQ(leaf(2'300'000'000, 1'000'000'000), (CpuidResult{10, 23, 1'000'000'000, 0}));
    EXPECT_EQ(leaf(2'345'678'000, 1'000'000'000), CpuidResult{}) << "1172839 / 500000";
    EXPECT_EQ(leaf(2'345'678'000, 24'000'000), CpuidResult{}) << "1172839 / 12000";
    EXPECT_EQ(leaf(4'294'000'000, 1'000'000'000), (CpuidResult{500, 2147, 1'000'000'000, 0}));
    EXPECT_EQ(leaf(4'294'000'001, 1'000'000'000), CpuidResult{});
    EXPECT_EQ(leaf(2'000'000'000, 5'000'000'000), CpuidResult{}) << "ECX has 32 bits";
    EXPECT_EQ(leaf(1'000'000'000, 0), CpuidResult{});
}

TEST_F(Features, ExtendedControlRegister) {
    long_mode_with(0);
    EXPECT_EQ(fault_of(xgetbv), 6) << "CR4.OSXSAVE is clear";
    long_mode_with(osxsave);
    EXPECT_EQ(fault_of(xgetbv), -1);
    EXPECT_EQ(reg64(Gpr::rax), 1u) << "after reset";
    const auto attempt = [this](std::uint64_t value, std::uint32_t index = 0) {
        long_mode_with(osxsave);
        edx_eax(value);
        set_gpr(Gpr::rcx, index);
        return fault_of(xsetbv);
    };
    EXPECT_EQ(attempt(3), -1);
    EXPECT_EQ(cpu->fpu().xcr0, 3u);
    EXPECT_EQ(attempt(2), 13) << "x87 cannot be switched off";
    EXPECT_EQ(attempt(7), 13) << "no AVX";
    EXPECT_EQ(attempt(1, 1), 13) << "no XCR1";
    long_user_mode();
    set_cr4(osxsave);
    edx_eax(3);
    set_gpr(Gpr::rcx, 0);
    EXPECT_EQ(fault_of(xsetbv), 13) << "privileged";
    cpu->reset(false);
    EXPECT_EQ(cpu->fpu().xcr0, 1u);
}

TEST_F(Features, XsaveWritesTheComponentsItIsAskedFor) {
    for (const auto& instruction : {xsave, xsaveopt}) {
        long_mode_with(osxsave);
        FpuState f = cpu->fpu();
        f.xcr0 = 3;
        f.mxcsr = 0x1fbf;
        f.st[0].fill(0x11);
        f.xmm[0].fill(0x22);
        cpu->set_fpu(f);
        std::memset(memory + area, 0x99, 640);
        put<std::uint64_t>(area + header_at, 0);
        edx_eax(2);
        EXPECT_EQ(fault_of(instruction), -1);
        EXPECT_EQ(get<std::uint64_t>(area + header_at), 2u);
        EXPECT_EQ(get<std::uint64_t>(area + header_at + 8), 0x9999999999999999u) << "the rest of the header is not written";
        EXPECT_EQ(get<std::uint64_t>(area), 0x9999999999999999u) << "x87 was not asked for";
        EXPECT_EQ(get<std::uint32_t>(area + mxcsr_at), 0x1fbfu);
        EXPECT_EQ(get<std::uint64_t>(area + st0_at), 0x9999999999999999u);
        EXPECT_EQ(get<std::uint64_t>(area + xmm0_at), 0x2222222222222222u);
        at_code();
        edx_eax(1);
        EXPECT_EQ(fault_of(instruction), -1);
        EXPECT_EQ(get<std::uint64_t>(area + header_at), 3u) << "bits of other components stay";
        EXPECT_EQ(get<std::uint16_t>(area), f.fcw);
        EXPECT_EQ(get<std::uint64_t>(area + st0_at), 0x1111111111111111u);
    }
}

TEST_F(Features, XrstorLoadsOrInitialises) {
    long_mode_with(osxsave);
    FpuState f = cpu->fpu();
    f.xcr0 = 3;
    f.st[0].fill(0x11);
    f.xmm[0].fill(0x22);
    cpu->set_fpu(f);
    std::memset(memory + area, 0, 640);
    put<std::uint16_t>(area, 0x027f);
    put<std::uint32_t>(area + mxcsr_at, 0x1f80);
    put<std::uint64_t>(area + st0_at, 0x3333333333333333);
    put<std::uint64_t>(area + header_at, 1);
    edx_eax(3);
    EXPECT_EQ(fault_of(xrstor), -1);
    EXPECT_EQ(cpu->fpu().fcw, 0x027fu);
    EXPECT_EQ(cpu->fpu().st[0][0], 0x33u);
    EXPECT_EQ(cpu->fpu().xmm[0][0], 0u) << "not in the image: initialised";
    put<std::uint64_t>(area + header_at, 0);
    at_code();
    edx_eax(1);
    EXPECT_EQ(fault_of(xrstor), -1);
    EXPECT_EQ(cpu->fpu().fcw, 0x037fu);
    EXPECT_EQ(cpu->fpu().ftw, 0xffffu);
    EXPECT_EQ(cpu->fpu().st[0][0], 0u);
}

TEST_F(Features, XrstorFaults) {
    const auto attempt = [this](unsigned at, std::uint64_t value, unsigned misaligned = 0) {
        long_mode_with(osxsave);
        FpuState f = cpu->fpu();
        f.xcr0 = 3;
        cpu->set_fpu(f);
        std::memset(memory + area, 0, 640);
        put<std::uint64_t>(area + at, value);
        set_gpr(Gpr::rbx, area + misaligned);
        edx_eax(3);
        return fault_of(xrstor);
    };
    EXPECT_EQ(attempt(header_at, 3), -1);
    EXPECT_EQ(attempt(header_at, 4), 13) << "a component that is not enabled";
    EXPECT_EQ(attempt(header_at + 8, 1), 13) << "compacted form";
    EXPECT_EQ(attempt(header_at + 16, 1), 13) << "reserved";
    EXPECT_EQ(attempt(mxcsr_at, 0x10000), 13) << "MXCSR";
    EXPECT_EQ(attempt(header_at, 3, 16), 13) << "alignment";
    long_mode_with(osxsave);
    SpecialRegisters s = cpu->sregs();
    s.cr0 |= 8;
    cpu->set_sregs(s);
    EXPECT_EQ(fault_of(xrstor), 7) << "CR0.TS";
}

TEST_F(Features, SupervisorModeAccessPrevention) {
    const auto load = {0x48, 0x8b, 0x03};  // mov rax, [rbx]
    const auto supervisor_pages = [this](std::uint64_t bits) {
        long_mode_with(bits);
        for (unsigned page = 0; page < 256; ++page) page_entry(layout64::table, page, page << 12 | 3);
        page_entry(layout64::table, area >> 12, area | 7);
        set_cr4(0);
        set_cr4(bits);
    };
    supervisor_pages(smap);
    EXPECT_EQ(fault_of(load), 14);
    EXPECT_EQ(stack_qword(0), 1u) << "present, read, supervisor";
    supervisor_pages(smap);
    code(layout::code, {0x0f, 0x01, 0xcb, 0x48, 0x8b, 0x03, 0x0f, 0x01, 0xca, 0x48, 0x89, 0x03});  // stac load clac store
    EXPECT_EQ(run_to_handler(), 14);
    EXPECT_EQ(stack_qword(0), 3u) << "the store behind CLAC, not the load";
    EXPECT_EQ(stack_qword(1), layout::code + 9u);
    supervisor_pages(smap);
    set_flags(2 | ac);
    EXPECT_EQ(fault_of(load), -1) << "EFLAGS.AC";
    supervisor_pages(0);
    EXPECT_EQ(fault_of(load), -1) << "CR4.SMAP is clear";
    long_user_mode();
    EXPECT_EQ(fault_of({0x0f, 0x01, 0xcb}), 6) << "STAC is for ring 0";
}

// An implicit access of ring 3 code to a user page: AC does not help.
TEST_F(Features, SmapCoversDescriptorTables) {
    long_user_mode();
    for (unsigned page = 0; page < 256; ++page) page_entry(layout64::table, page, page << 12 | 7);
    set_cr4(0);
    set_cr4(smap);
    set_flags(2 | ac);
    code(layout::user_code, {0x8e, 0xd8});  // mov ds, eax
    set_gpr(Gpr::rax, layout64::data3);
    const Exit e = run();
    EXPECT_EQ(e.reason, ExitReason::shutdown) << "the handlers' tables are in user pages too";
}

TEST_F(Features, UserModeInstructionPrevention) {
    const auto sgdt = {0x0f, 0x01, 0x03}, sidt = {0x0f, 0x01, 0x0b}, sldt = {0x0f, 0x00, 0xc0}, str = {0x0f, 0x00, 0xc8},
               smsw = {0x0f, 0x01, 0xe0};
    for (const auto& bytes : {sgdt, sidt, sldt, str, smsw}) {
        long_user_mode();
        set_cr4(umip);
        set_gpr(Gpr::rbx, area);
        EXPECT_EQ(fault_of(bytes), 13);
        long_user_mode();
        set_gpr(Gpr::rbx, area);
        code(layout::user_code, bytes);
        run(1);
        EXPECT_EQ(rip(), layout::user_code + 3u) << "without CR4.UMIP";
        long_mode_with(umip);
        EXPECT_EQ(fault_of(bytes), -1) << "ring 0";
    }
}

TEST_F(Features, Invpcid) {
    const auto invpcid = {0x66, 0x0f, 0x38, 0x82, 0x03};  // invpcid rax, [rbx]
    const auto attempt = [this, invpcid](std::uint64_t type, std::uint64_t pcid, std::uint64_t linear, std::uint64_t bits) {
        long_mode_with(bits);
        put<std::uint64_t>(area, pcid);
        put<std::uint64_t>(area + 8, linear);
        set_gpr(Gpr::rax, type);
        return fault_of(invpcid);
    };
    for (const std::uint64_t type : {0u, 1u, 2u, 3u}) EXPECT_EQ(attempt(type, 5, 0x1000, pcide), type < 4 ? -1 : 13);
    EXPECT_EQ(attempt(4, 0, 0, pcide), 13);
    EXPECT_EQ(attempt(0, 5, 0, 0), 13) << "a PCID without CR4.PCIDE";
    EXPECT_EQ(attempt(0, 0x1000, 0, pcide), 13) << "reserved";
    EXPECT_EQ(attempt(0, 0, 0x800000000000, pcide), 13) << "not canonical";
    // The translation is gone.
    long_mode_with(0);
    put<std::uint64_t>(area, 0);
    put<std::uint64_t>(area + 8, 0x50000);
    put<std::uint64_t>(0x50000, 1);
    put<std::uint64_t>(0x51000, 2);
    code(layout::code, {0x48, 0x8b, 0x0c, 0x25, 0, 0, 5, 0});            // mov rcx, [50000h]
    code(layout::code + 8, {0x48, 0x89, 0x3e});                          // mov [rsi], rdi
    code(layout::code + 11, {0x66, 0x0f, 0x38, 0x82, 0x03});             // invpcid rax, [rbx]
    code(layout::code + 16, {0x48, 0x8b, 0x14, 0x25, 0, 0, 5, 0, 0xf4});  // mov rdx, [50000h]
    set_gpr(Gpr::rsi, layout64::table + 8 * 0x50);
    set_gpr(Gpr::rdi, 0x51007);
    set_gpr(Gpr::rax, 0);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(reg64(Gpr::rcx), 1u);
    EXPECT_EQ(reg64(Gpr::rdx), 2u);
}

TEST_F(Features, RandomNumbersRepeatFromTheSeed) {
    const auto numbers = [](std::uint64_t seed, std::uint8_t apic_id) {
        RecordingBus bus;
        CpuModel m = CpuModel::x86_64();
        m.random_seed = seed;
        m.apic_id = apic_id;
        auto cpu = make_interpreter(bus, m);
        std::vector<std::uint8_t> ram(8192);
        auto* page = ram.data() + (4096 - reinterpret_cast<std::uintptr_t>(ram.data()) % 4096) % 4096;
        // rdrand eax; rdseed ebx; rdrand cx; hlt, in real mode with 66h prefixes
        const std::uint8_t bytes[] = {0x66, 0x0f, 0xc7, 0xf0, 0x66, 0x0f, 0xc7, 0xfb, 0x0f, 0xc7, 0xf1, 0xf4};
        std::copy(std::begin(bytes), std::end(bytes), page + 0xff0);
        const MemorySlot slot{0xfffff000, 4096, page};
        cpu->set_memory_map({&slot, 1});
        Budget budget;
        budget.instructions = 10;
        EXPECT_EQ(cpu->run(budget).reason, ExitReason::hlt);
        const GeneralRegisters r = cpu->regs();
        EXPECT_EQ(r.rflags & 0x8d5, 1u) << "CF, nothing else";
        return std::array{r.gpr[0], r.gpr[3], r.gpr[1]};
    };
    EXPECT_EQ(numbers(1, 0), numbers(1, 0));
    EXPECT_NE(numbers(1, 0), numbers(2, 0));
    EXPECT_NE(numbers(1, 0), numbers(1, 1)) << "processors differ";
    const auto n = numbers(1, 0);
    EXPECT_NE(n[0], n[1]);
}

TEST_F(Features, MovbeAndClflushopt) {
    long_mode_with(0);
    put<std::uint64_t>(area, 0x0102030405060708);
    EXPECT_EQ(fault_of({0x48, 0x0f, 0x38, 0xf0, 0x03}), -1);  // movbe rax, [rbx]
    EXPECT_EQ(reg64(Gpr::rax), 0x0807060504030201u);
    at_code();
    EXPECT_EQ(fault_of({0x66, 0x0f, 0x38, 0xf1, 0x03}), -1);  // movbe [rbx], ax
    EXPECT_EQ(get<std::uint16_t>(area), 0x0102u);
    at_code();
    EXPECT_EQ(fault_of({0x66, 0x0f, 0xae, 0x3b}), -1);  // clflushopt [rbx]
    at_code();
    set_gpr(Gpr::rbx, 0x200000);
    EXPECT_EQ(fault_of({0x66, 0x0f, 0xae, 0x3b}), 14);
}

class ApicMsrs : public Features {
  protected:
    bool wrmsr(std::uint32_t index, std::uint64_t value) {
        const std::uint64_t base = cpu->sregs().apic_base;
        long_mode();
        SpecialRegisters s = cpu->sregs();
        s.apic_base = base;
        cpu->set_sregs(s);
        set_msr(index, value);
        return fault_of({0x0f, 0x30}) == -1;
    }
    bool rdmsr(std::uint32_t index) {
        long_mode();
        set_gpr(Gpr::rcx, index);
        return fault_of({0x0f, 0x32}) == -1;
    }
    std::uint64_t result() const { return reg64(Gpr::rdx) << 32 | reg64(Gpr::rax); }
};

TEST_F(ApicMsrs, X2ApicModeIsEnteredAndLeftInOrder) {
    constexpr std::uint64_t off = 0xfee00100, xapic = 0xfee00900, x2apic = 0xfee00d00, invalid = 0xfee00500;
    EXPECT_FALSE(rdmsr(0x802)) << "xAPIC mode";
    EXPECT_FALSE(wrmsr(0x1b, invalid));
    EXPECT_TRUE(wrmsr(0x1b, x2apic));
    EXPECT_EQ(bus.apic_base.back(), x2apic);
    EXPECT_FALSE(wrmsr(0x1b, xapic)) << "only by switching it off";
    EXPECT_FALSE(wrmsr(0x1b, invalid));
    EXPECT_TRUE(rdmsr(0x802));
    EXPECT_EQ(result(), 0x1002u);
    EXPECT_FALSE(rdmsr(0x803)) << "as the local APIC says";
    EXPECT_TRUE(wrmsr(0x808, 0x1'0000'0020));
    EXPECT_EQ(bus.x2apic_writes.back(), (std::pair<unsigned, std::uint64_t>{8, 0x1'0000'0020}));
    EXPECT_FALSE(wrmsr(0x80e, 0));
    EXPECT_TRUE(wrmsr(0x1b, off));
    EXPECT_FALSE(wrmsr(0x1b, x2apic)) << "xAPIC mode comes first";
    EXPECT_TRUE(wrmsr(0x1b, xapic));
    EXPECT_FALSE(wrmsr(0x808, 0));
}

TEST_F(ApicMsrs, TscDeadlineFollowsTheClockBehindTheTsc) {
    constexpr std::uint32_t deadline = 0x6e0, tsc = 0x10;
    cpu->set_clock(1000);
    cpu->set_ticks_per_instruction(0);
    EXPECT_TRUE(wrmsr(deadline, 5000));
    EXPECT_EQ(bus.deadlines.back(), 5000u);
    EXPECT_TRUE(wrmsr(tsc, 3000)) << "the TSC is 2000 ahead of its clock now";
    EXPECT_EQ(bus.deadlines.back(), 3000u);
    EXPECT_TRUE(rdmsr(deadline));
    EXPECT_EQ(result(), 5000u) << "as it was written";
    EXPECT_TRUE(wrmsr(deadline, 2000));
    EXPECT_EQ(bus.deadlines.back(), 1000u) << "one that has passed is due now";
    EXPECT_TRUE(wrmsr(deadline, 0));
    EXPECT_EQ(bus.deadlines.back(), 0u);
    EXPECT_TRUE(rdmsr(deadline));
    EXPECT_EQ(result(), 0u);
    EXPECT_TRUE(wrmsr(deadline, ~std::uint64_t{0}));
    EXPECT_GT(bus.deadlines.back(), std::uint64_t{1} << 63);
}

class WithoutFeatures : public Machine {};

TEST_F(WithoutFeatures, TheirInstructionsAreUndefined) {
    for (const auto& bytes : std::initializer_list<std::initializer_list<int>>{
             {0x0f, 0xae, 0x23}, {0x0f, 0x01, 0xd0}, {0x0f, 0x01, 0xcb}, {0x66, 0x0f, 0x38, 0x82, 0x03},
             {0x0f, 0xc7, 0xf0}, {0x0f, 0xc7, 0xf8}, {0x0f, 0x38, 0xf0, 0x03}, {0x66, 0x0f, 0xae, 0x3b},
             {0x0f, 0x38, 0xc8, 0xc1}}) {
        protected_mode();
        code(layout::code, bytes);
        EXPECT_EQ(run_to_handler(), 6) << std::hex << bytes.begin()[1] << ' ' << bytes.begin()[2];
    }
}

}  // namespace
}  // namespace southgate::cpu::test
