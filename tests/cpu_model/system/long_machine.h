// A 64-bit processor in long mode, for tests that run a few instructions from hand-set state.
#pragma once

#include "tests/cpu_model/system/machine.h"

namespace southgate::cpu::test {

// Where LongMachine keeps what layout does not name.
namespace layout64 {
inline constexpr std::uint32_t pml4 = 0x20000, pdpt = 0x21000, directory = 0x22000, table = 0x23000,
                               ist1 = 0x90000, system_call = 0x12000, code32 = 0x13000, ldt_at = 0x3800,
                               gate_target = 0x14000;
// The same megabyte once more, in the upper half of the address space.
inline constexpr std::uint64_t high = 0xffff800000000000;
// Selectors. code32_3, data3 and code3 lie as SYSRET wants them.
inline constexpr std::uint16_t code0 = 0x08, data0 = 0x10, code32_3 = 0x1b, data3 = 0x23, code3 = 0x2b, tss = 0x30,
                               ldt = 0x40, gate = 0x50, code32_0 = 0x60, conforming = 0x68, both_sizes = 0x70,
                               sysenter = 0x78, code64_absent = 0xa8;
}  // namespace layout64

class LongMachine : public Machine {
  protected:
    explicit LongMachine(const CpuModel& model = CpuModel::x86_64()) : Machine(model) {}

    void idt_gate64(unsigned vector, std::uint16_t selector, std::uint64_t offset, unsigned access, unsigned ist = 0) {
        const std::uint32_t at = layout::idt + 16 * vector;
        write_gate(at, selector, static_cast<std::uint32_t>(offset), access, ist);
        put<std::uint64_t>(at + 8, offset >> 32);
    }
    void system_descriptor64(std::uint16_t selector, std::uint64_t base, std::uint32_t limit, unsigned access) {
        descriptor(selector, static_cast<std::uint32_t>(base), limit, access, 0);
        put<std::uint64_t>(layout::gdt + selector + 8, base >> 32);
    }
    void call_gate64(std::uint16_t selector, std::uint16_t code, std::uint64_t offset, unsigned access) {
        write_gate(layout::gdt + selector, code, static_cast<std::uint32_t>(offset), access);
        put<std::uint64_t>(layout::gdt + selector + 8, offset >> 32);
    }
    void page_entry(std::uint32_t table, unsigned index, std::uint64_t value) {
        put<std::uint64_t>(table + 8 * index, value);
    }

    // Tables only: GDT, IDT with a HLT of its own for each vector, TSS, identity pages for everybody.
    void long_mode_tables() {
        using namespace layout64;
        descriptor(code0, 0, 0xfffff, 0x9b, 0xa);
        descriptor(data0, 0, 0xfffff, 0x93, 0xc);
        descriptor(code32_3, 0, 0xfffff, 0xfb, 0xc);
        descriptor(data3, 0, 0xfffff, 0xf3, 0xc);
        descriptor(code3, 0, 0xfffff, 0xfb, 0xa);
        descriptor(code32_0, 0, 0xfffff, 0x9b, 0xc);
        descriptor(conforming, 0, 0xfffff, 0x9f, 0xa);
        descriptor(both_sizes, 0, 0xfffff, 0x9b, 0xe);
        descriptor(code64_absent, 0, 0xfffff, 0x1b, 0xa);
        system_descriptor64(layout64::tss, layout::tss, 0xff, 0x8b);
        system_descriptor64(layout64::ldt, ldt_at, 0xff, 0x82);
        call_gate64(layout64::gate, code0, gate_target, 0xec);
        put<std::uint64_t>(layout::tss + 4, layout::stack0);
        put<std::uint64_t>(layout::tss + 0x24, ist1);
        put<std::uint16_t>(layout::tss + 0x66, 0x68);
        for (unsigned v = 0; v < 256; ++v) {
            idt_gate64(v, code0, layout::handlers + 16 * v, v == 0x40 ? 0xee : 0x8e);
            put<std::uint8_t>(layout::handlers + 16 * v, 0xf4);
        }
        page_entry(pml4, 0, pdpt | 7);
        page_entry(pml4, 256, pdpt | 7);
        page_entry(pdpt, 0, directory | 7);
        page_entry(directory, 0, table | 7);
        for (unsigned page = 0; page < 256; ++page) page_entry(table, page, page << 12 | 7);
    }

    static SegmentRegister code64(std::uint16_t selector) {
        return {0, 0xffffffff, 0xa09b | (selector & 3u) << 5, selector};
    }

    // 64-bit mode at ring 0, interrupts off, at layout::code.
    void long_mode() {
        wake();
        long_mode_tables();
        SpecialRegisters s = cpu->sregs();
        s.cr0 = 0x80010011;
        s.cr3 = layout64::pml4;
        s.cr4 = 0x20;
        s.efer = 0xd01;  // SCE, LME, LMA, NXE
        s.gdtr = {layout::gdt, 0xff};
        s.idtr = {layout::idt, 0xfff};
        s.tr = {layout::tss, 0xff, 0x8b, layout64::tss};
        s.ldtr = {0, 0, SegmentRegister::unusable, 0};
        for (SegmentRegister& r : s.seg) r = flat(layout64::data0, 3);
        s.seg[static_cast<unsigned>(Seg::cs)] = code64(layout64::code0);
        cpu->set_sregs(s);
        ModelSpecificRegisters m = cpu->msrs();
        m.star = 0x0018000800000000;
        m.lstar = layout64::system_call;
        m.sfmask = 0x700;
        m.sysenter_cs = layout64::sysenter;
        cpu->set_msrs(m);
        GeneralRegisters r;
        r.rip = layout::code;
        r.gpr[static_cast<unsigned>(Gpr::rsp)] = layout::stack;
        cpu->set_regs(r);
    }
    // As above, then ring 3 at layout::user_code.
    void long_user_mode() {
        long_mode();
        SpecialRegisters s = cpu->sregs();
        for (SegmentRegister& r : s.seg) r = flat(layout64::data3, 3);
        s.seg[static_cast<unsigned>(Seg::cs)] = code64(layout64::code3);
        cpu->set_sregs(s);
        GeneralRegisters r = cpu->regs();
        r.rip = layout::user_code;
        r.gpr[static_cast<unsigned>(Gpr::rsp)] = layout::stack3;
        cpu->set_regs(r);
    }

    std::uint64_t reg64(Gpr r) const { return cpu->regs().gpr[static_cast<unsigned>(r)]; }
    std::uint64_t rip() const { return cpu->regs().rip; }
    // The n-th quadword above RSP.
    std::uint64_t stack_qword(unsigned n) const {
        return get<std::uint64_t>(static_cast<std::uint32_t>(reg64(Gpr::rsp)) + 8 * n);
    }
    // Expects the handler of `vector`, and its error code on the stack.
    void expect_fault(int vector, std::uint64_t error) {
        EXPECT_EQ(run_to_handler(), vector);
        EXPECT_EQ(stack_qword(0), error);
    }
    // Runs `bytes`; the vector of the fault, -1 when they get through to the HLT behind.
    int fault_of(std::initializer_list<int> bytes) {
        auto at = static_cast<std::uint32_t>(rip());
        code(at, bytes);
        code(at + static_cast<std::uint32_t>(bytes.size()), {0xf4});
        return run_to_handler();
    }
    void set_msr(std::uint32_t index, std::uint64_t value) {
        set_gpr(Gpr::rcx, index);
        set_gpr(Gpr::rax, value & 0xffffffff);
        set_gpr(Gpr::rdx, value >> 32);
    }
};

}  // namespace southgate::cpu::test
