// Entering and leaving long mode, its control registers and segments (SDM vol. 3A 2.2, 9.8.5).
#include "tests/cpu_model/system/long_machine.h"

namespace southgate::cpu::test {
namespace {

using namespace layout64;
using layout::stack;
using layout::user_code;

class LongSystem : public LongMachine {};

TEST_F(LongSystem, RealModeToSixtyFourBitsAndBack) {
    real_mode();
    long_mode_tables();
    put<std::uint16_t>(0x7e00, 0xff);
    put<std::uint32_t>(0x7e02, layout::gdt);
    code(0x7c00, {0x66, 0x0f, 0x01, 0x16, 0x00, 0x7e,      // lgdt [7e00h]
                  0x0f, 0x20, 0xc0, 0x66, 0x83, 0xc8, 1,   // mov eax, cr0; or eax, 1
                  0x0f, 0x22, 0xc0,                        // mov cr0, eax
                  0x66, 0xea, 0x00, 0x30, 0x01, 0x00, code32_0, 0});
    code(code32, {0xb8, 0x20, 0, 0, 0, 0x0f, 0x22, 0xe0,   // mov cr4, PAE
                  0xb8, 0, 0, 2, 0, 0x0f, 0x22, 0xd8,      // mov cr3, pml4
                  0xb9, 0x80, 0, 0, 0xc0, 0x0f, 0x32,      // EFER
                  0x0d, 0, 1, 0, 0, 0x0f, 0x30,            // LME
                  0x0f, 0x20, 0xc0, 0x0d, 0, 0, 0, 0x80, 0x0f, 0x22, 0xc0,  // cr0.PG
                  0xea, 0x00, 0x00, 0x01, 0x00, code0, 0});
    code(layout::code, {0x48, 0xb8, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,  // mov rax, 1122334455667788h
                        0xf4,
                        0xff, 0x2c, 0x25, 0x00, 0x70, 0x00, 0x00});                  // jmp far [7000h]
    put<std::uint32_t>(0x7000, code32 + 0x100);
    put<std::uint16_t>(0x7004, code32_0);
    code(code32 + 0x100, {0x0f, 0x20, 0xc0, 0x25, 0xff, 0xff, 0xff, 0x7f, 0x0f, 0x22, 0xc0, 0xf4});
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(reg64(Gpr::rax), 0x1122334455667788u);
    EXPECT_EQ(cpu->sregs().efer, 0x500u);
    EXPECT_EQ(rip(), layout::code + 11u);
    wake();
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(cpu->sregs().efer, 0x100u) << "PG off: LMA off, LME stays";
    EXPECT_EQ(rip(), code32 + 0x10cu);
}

TEST_F(LongSystem, ActivationChecks) {
    const auto activate = [this](auto change) {
        protected_mode();
        SpecialRegisters s = cpu->sregs();
        s.cr3 = pml4;
        s.cr4 = 0x20;
        s.efer = 0x100;
        change(s);
        cpu->set_sregs(s);
        set_gpr(Gpr::rax, 0x80000011);
        code(layout::code, {0x0f, 0x22, 0xc0, 0xf4});
        return run_to_handler();
    };
    EXPECT_EQ(activate([](SpecialRegisters& s) { s.cr4 = 0; }), 13) << "without PAE";
    EXPECT_EQ(activate([](SpecialRegisters& s) { s.seg[static_cast<unsigned>(Seg::cs)].attributes |= SegmentRegister::l; }),
              13)
        << "CS.L";
    EXPECT_EQ(activate([](SpecialRegisters& s) { s.tr.attributes = 0x83; }), 13) << "16-bit TSS";
    EXPECT_EQ(cpu->sregs().efer, 0x100u);
}

TEST_F(LongSystem, RefusedChangesOfMode) {
    long_mode();
    set_gpr(Gpr::rax, 0x10011);
    EXPECT_EQ(fault_of({0x0f, 0x22, 0xc0}), 13) << "PG in 64-bit mode";
    long_mode();
    set_gpr(Gpr::rax, 0x180010011);
    EXPECT_EQ(fault_of({0x0f, 0x22, 0xc0}), 13) << "upper half of CR0";
    long_mode();
    set_gpr(Gpr::rax, 0);
    EXPECT_EQ(fault_of({0x0f, 0x22, 0xe0}), 13) << "CR4.PAE";
    long_mode();
    set_gpr(Gpr::rax, 0x1020);
    EXPECT_EQ(fault_of({0x0f, 0x22, 0xe0}), 13) << "LA57 does not exist";
    long_mode();
    set_gpr(Gpr::rax, std::uint64_t{1} << 40 | pml4);
    EXPECT_EQ(fault_of({0x0f, 0x22, 0xd8}), 13) << "CR3 beyond MAXPHYADDR";
    long_mode();
    set_msr(0xc0000080, 0xc01);
    EXPECT_EQ(fault_of({0x0f, 0x30}), 13) << "EFER.LME while paging";
    long_mode();
    set_msr(0xc0000080, 0x1d01);
    EXPECT_EQ(fault_of({0x0f, 0x30}), 13) << "undefined EFER bit";
    long_mode();
    set_msr(0xc0000080, 0x101);
    EXPECT_EQ(fault_of({0x0f, 0x30}), -1);
    EXPECT_EQ(cpu->sregs().efer, 0x501u) << "LMA is the processor's";
}

TEST_F(LongSystem, Cr8IsTheTaskPriority) {
    long_mode();
    set_gpr(Gpr::rax, 9);
    EXPECT_EQ(fault_of({0x44, 0x0f, 0x22, 0xc0, 0x44, 0x0f, 0x20, 0xc3}), -1);  // mov cr8, rax; mov rbx, cr8
    EXPECT_EQ(bus.cr8, 9u);
    EXPECT_EQ(reg64(Gpr::rbx), 9u);
    EXPECT_EQ(cpu->sregs().cr8, 9u);
    long_mode();
    set_gpr(Gpr::rax, 16);
    EXPECT_EQ(fault_of({0x44, 0x0f, 0x22, 0xc0}), 13);
    bus.cr8 = 0;
}

TEST_F(LongSystem, DebugRegistersHaveNoUpperHalf) {
    long_mode();
    set_gpr(Gpr::rax, 0x100000400);
    EXPECT_EQ(fault_of({0x0f, 0x23, 0xf8}), 13);
    long_mode();
    set_gpr(Gpr::rax, high);
    EXPECT_EQ(fault_of({0x0f, 0x23, 0xc0}), -1);
    EXPECT_EQ(cpu->debug_regs().dr[0], high);
}

TEST_F(LongSystem, FsAndGsBases) {
    long_mode();
    put<std::uint32_t>(0x9100, 0xcafe);
    set_msr(0xc0000101, high + 0x9000);
    // wrmsr; mov ebx, gs:[100h]; swapgs; rdmsr
    EXPECT_EQ(fault_of({0x0f, 0x30, 0x65, 0x8b, 0x1c, 0x25, 0, 1, 0, 0, 0x0f, 0x01, 0xf8}), -1);
    EXPECT_EQ(reg64(Gpr::rbx), 0xcafeu);
    EXPECT_EQ(cpu->msrs().kernel_gs_base, high + 0x9000);
    EXPECT_EQ(segment(Seg::gs).base, 0u);
    for (const std::uint32_t msr : {0xc0000100u, 0xc0000101u, 0xc0000102u, 0xc0000082u, 0x175u, 0x176u}) {
        long_mode();
        set_msr(msr, 0x0000800000000000);
        EXPECT_EQ(fault_of({0x0f, 0x30}), 13) << std::hex << msr;
    }
    long_user_mode();
    code(user_code, {0x0f, 0x01, 0xf8});
    expect_fault(13, 0);
    long_mode();
    EXPECT_EQ(fault_of({0xf3, 0x0f, 0xae, 0xd0}), 6) << "WRFSBASE without CR4.FSGSBASE";
}

TEST_F(LongSystem, BasesOfDataSegmentsAreIgnored) {
    long_mode();
    SpecialRegisters s = cpu->sregs();
    for (const Seg r : {Seg::ds, Seg::es, Seg::ss}) {
        s.seg[static_cast<unsigned>(r)].base = 0x1000;
        s.seg[static_cast<unsigned>(r)].limit = 0;
    }
    cpu->set_sregs(s);
    put<std::uint32_t>(0x9100, 0xbeef);
    EXPECT_EQ(fault_of({0x8b, 0x1c, 0x25, 0, 0x91, 0, 0, 0x50}), -1);  // mov ebx, [9100h]; push rax
    EXPECT_EQ(reg64(Gpr::rbx), 0xbeefu);
    EXPECT_EQ(reg64(Gpr::rsp), stack - 8u);
}

TEST_F(LongSystem, NullStackSegment) {
    long_mode();
    set_gpr(Gpr::rax, 0);
    EXPECT_EQ(fault_of({0x8e, 0xd0, 0x50}), -1);  // mov ss, ax; push rax
    EXPECT_EQ(cpl(), 0u);
    long_mode();
    set_gpr(Gpr::rax, 1);
    EXPECT_EQ(fault_of({0x8e, 0xd0}), 13) << "RPL";
    long_user_mode();
    set_gpr(Gpr::rax, 3);
    code(user_code, {0x8e, 0xd0});
    expect_fault(13, 0);
}

TEST_F(LongSystem, PageFaultErrorCodes) {
    const auto attempt = [this](bool user, std::uint64_t entry, std::initializer_list<int> bytes) {
        user ? long_user_mode() : long_mode();
        page_entry(table, 0x30, entry);
        code(user ? user_code : layout::code, bytes);
        EXPECT_EQ(run_to_handler(), 14);
        page_entry(table, 0x30, 0x30007);
        EXPECT_EQ(cpu->sregs().cr2, 0x30000u);
        const std::uint64_t error = stack_qword(0);
        SpecialRegisters s = cpu->sregs();
        s.cr3 = 0;
        cpu->set_sregs(s);  // drops the TLB
        return error;
    };
    const std::initializer_list<int> load = {0x8a, 0x04, 0x25, 0, 0, 3, 0}, store = {0x88, 0x04, 0x25, 0, 0, 3, 0},
                                     jump = {0xe9, 0xfb, 0xff, 0x01, 0x00}, user_jump = {0xe9, 0xfb, 0xef, 0x01, 0x00};
    constexpr std::uint64_t nx = std::uint64_t{1} << 63;
    EXPECT_EQ(attempt(false, 0, load), 0u);
    EXPECT_EQ(attempt(false, 0, store), 2u);
    EXPECT_EQ(attempt(false, 0, jump), 16u);
    EXPECT_EQ(attempt(false, 0x30005, store), 3u);
    EXPECT_EQ(attempt(false, 0x30007 | nx, jump), 17u);
    EXPECT_EQ(attempt(false, 0x30007 | std::uint64_t{1} << 45, load), 9u);
    EXPECT_EQ(attempt(true, 0, load), 4u);
    EXPECT_EQ(attempt(true, 0x30003, load), 5u);
    EXPECT_EQ(attempt(true, 0x30005, store), 7u);
    EXPECT_EQ(attempt(true, 0x30007 | nx, user_jump), 21u);
}

TEST_F(LongSystem, PortsAskTheBitmapOfTheWideTss) {
    long_user_mode();
    SpecialRegisters s = cpu->sregs();
    s.tr.base = high + layout::tss;
    cpu->set_sregs(s);
    put<std::uint8_t>(layout::tss + 0x68 + 0x60 / 8, 0xfe);
    code(user_code, {0xe4, 0x60, 0xe4, 0x61});
    EXPECT_EQ(run().reason, ExitReason::pio);
    expect_fault(13, 0);
}

TEST_F(LongSystem, InitLeavesLongMode) {
    long_mode();
    set_gpr(Gpr::r15, 0x1234);
    ASSERT_TRUE(cpu->take_init_now());
    const SpecialRegisters s = cpu->sregs();
    EXPECT_EQ(s.efer, 0u);
    EXPECT_EQ(s.cr0, 0x10u);
    EXPECT_EQ(s.cr4, 0u);
    EXPECT_EQ(cpu->linear_rip(), 0xfffffff0u);
    EXPECT_EQ(reg64(Gpr::r15), 0u);
    EXPECT_EQ(cpu->msrs().lstar, layout64::system_call) << "MSRs survive INIT";
    long_mode();
    cpu->reset(false);
    EXPECT_EQ(cpu->sregs().efer, 0u);
    EXPECT_EQ(cpu->msrs().lstar, 0u);
}

TEST_F(LongSystem, SmiAndBack) {
    long_user_mode();
    GeneralRegisters r = cpu->regs();
    for (unsigned i = 0; i < gpr_count; ++i)
        if (i != static_cast<unsigned>(Gpr::rsp)) r.gpr[i] = 0x1111111111111111u * (i + 1);
    r.rip = high + user_code;
    r.rflags = 0x246;
    cpu->set_regs(r);
    SpecialRegisters s = cpu->sregs();
    s.seg[static_cast<unsigned>(Seg::gs)].base = high + 0x9000;
    s.tr.base = high + layout::tss;
    s.gdtr.base = high + layout::gdt;
    cpu->set_sregs(s);
    code(user_code, {0xcd, 0x40});
    code(0x38000, {0x0f, 0xaa});
    const ArchState before = cpu->state();
    cpu->pulse_smi();
    Budget entry;
    cpu->run(entry);
    run(1);
    EXPECT_EQ(get<std::uint32_t>(0x3fefc), 0x20064u);
    EXPECT_EQ(get<std::uint32_t>(0x3ff00), 0x30000u);
    EXPECT_EQ(get<std::uint64_t>(0x3ff78), high + user_code);
    EXPECT_EQ(get<std::uint64_t>(0x3fed0), 0xd01u);
    EXPECT_EQ(cpu->regs(), before.regs);
    EXPECT_EQ(cpu->sregs(), before.sregs);
    EXPECT_FALSE(cpu->events().in_smm);
    EXPECT_EQ(run_to_handler(), 0x40);
}

TEST_F(LongSystem, ResumeToHalfALongModeShutsDown) {
    for (const auto& [offset, value] : {std::pair{0xff48u, std::uint64_t{0}},  // CR4.PAE clear
                                        {0xff58u, std::uint64_t{0x11}},        // CR0.PG clear
                                        {0xfed0u, std::uint64_t{0x400}},       // LMA without LME
                                        {0xfed0u, std::uint64_t{0x100}},       // LME and PG without LMA
                                        {0xfed0u, std::uint64_t{0x2500}}}) {   // undefined bit
        long_mode();
        code(0x38000, {0x90, 0x0f, 0xaa});
        cpu->pulse_smi();
        Budget entry;
        cpu->run(entry);
        run(1);
        ASSERT_TRUE(cpu->events().in_smm);
        put<std::uint64_t>(0x30000 + offset, value);
        EXPECT_EQ(run().reason, ExitReason::shutdown) << std::hex << offset << ' ' << value;
        cpu->reset(false);
    }
}

TEST_F(LongSystem, CpuidAnnouncesWhatRuns) {
    const CpuidTable t{CpuModel::x86_64()};
    EXPECT_EQ(t.read(0x80000001, true).edx & 0x20100800u, 0x20100800u) << "LM, NX, SYSCALL";
    EXPECT_EQ(t.read(0x80000008, true).eax, 0x3028u) << "40 physical, 48 linear bits";
    EXPECT_EQ(t.read(0x40000000, true), CpuidResult{});
    EXPECT_EQ(t.read(0x4000ff00, true), CpuidResult{});
    long_mode();
    set_gpr(Gpr::rax, 0xffffffff80000008);
    EXPECT_EQ(fault_of({0x0f, 0xa2}), -1);
    EXPECT_EQ(reg64(Gpr::rax), 0x3028u) << "results are zero-extended";
}

TEST_F(LongSystem, Rdtscp) {
    long_mode();
    ModelSpecificRegisters m = cpu->msrs();
    m.tsc_aux = 77;
    cpu->set_msrs(m);
    EXPECT_EQ(fault_of({0x0f, 0x01, 0xf9}), -1);
    EXPECT_EQ(reg64(Gpr::rcx), 77u);
}

CpuModel with_options() {
    CpuModel m = CpuModel::x86_64();
    m.features_ecx |= feature_ecx::pcid;
    m.features7_ebx |= feature7::fsgsbase | feature7::smep;
    return m;
}

class LongOptions : public LongMachine {
  protected:
    LongOptions() : LongMachine(with_options()) {}
};

TEST_F(LongOptions, BaseInstructions) {
    long_mode();
    SpecialRegisters s = cpu->sregs();
    s.cr4 |= 0x10000;
    cpu->set_sregs(s);
    set_gpr(Gpr::rax, high + 0x9000);
    // wrfsbase rax; rdfsbase rbx; wrgsbase eax; rdgsbase ecx; hlt
    code(layout::code, {0xf3, 0x48, 0x0f, 0xae, 0xd0, 0xf3, 0x48, 0x0f, 0xae, 0xc3, 0xf3, 0x0f, 0xae, 0xd8, 0xf3, 0x0f,
                        0xae, 0xc9, 0xf4});
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(segment(Seg::fs).base, high + 0x9000);
    EXPECT_EQ(reg64(Gpr::rbx), high + 0x9000);
    EXPECT_EQ(segment(Seg::gs).base, 0x9000u);
    EXPECT_EQ(reg64(Gpr::rcx), 0x9000u);
}

TEST_F(LongOptions, PcidRules) {
    const auto attempt = [this](std::uint64_t cr3, std::uint64_t cr4, std::uint64_t old_cr4) {
        long_mode();
        SpecialRegisters s = cpu->sregs();
        s.cr3 = cr3;
        s.cr4 = old_cr4;
        cpu->set_sregs(s);
        set_gpr(Gpr::rax, cr4);
        set_gpr(Gpr::rbx, std::uint64_t{1} << 63 | pml4 | 5);
        code(layout::code, {0x0f, 0x22, 0xe0, 0x0f, 0x22, 0xdb, 0xf4});  // mov cr4, rax; mov cr3, rbx; hlt
        return run_to_handler();
    };
    EXPECT_EQ(attempt(pml4, 0x20020, 0x20), -1);
    EXPECT_EQ(cpu->sregs().cr3, pml4 | 5) << "bit 63 is not kept";
    EXPECT_EQ(attempt(pml4 | 8, 0x20020, 0x20), 13) << "PCID must be 0 to switch it on";
    EXPECT_EQ(attempt(pml4, 0x20, 0x20), 13) << "bit 63 of CR3 without PCIDE";
}

TEST_F(LongOptions, SupervisorModeExecutionPrevention) {
    long_mode();
    set_gpr(Gpr::rax, 0x100020);
    idt_gate64(14, code0, layout::handlers + 16 * 14, 0x8e, 1);
    page_entry(table, layout::handlers >> 12, layout::handlers | 3);
    page_entry(table, layout::code >> 12, layout::code | 7);
    code(layout::code, {0x0f, 0x22, 0xe0, 0xf4});
    EXPECT_EQ(run_to_handler(), 14);
    EXPECT_EQ(stack_qword(0), 17u);
}

}  // namespace
}  // namespace southgate::cpu::test
