// A bare processor with 1 MiB of RAM, for tests that run a few instructions from hand-set state.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <memory>
#include <vector>

#include "cpu_model/interpreter/interpreter.h"
#include "cpu_model/vcpu.h"

namespace southgate::cpu::test {

class RecordingBus : public Bus {
  public:
    void read(std::uint64_t, void* data, unsigned size) override { std::memset(data, 0xff, size); }
    void write(std::uint64_t, const void*, unsigned) override {}
    std::uint8_t interrupt_acknowledge() override { return vector; }
    void smm_changed(bool in_smm) override { smm.push_back(in_smm); }
    void apic_base_written(std::uint64_t value) override { apic_base.push_back(value); }
    void reset_vector_entered(std::uint64_t from) override { restarts.push_back(from); }
    std::uint8_t read_cr8() override { return cr8; }
    void write_cr8(std::uint8_t value) override { cr8 = value; }
    bool read_x2apic(unsigned index, std::uint64_t& value) override {
        value = 0x1000 + index;
        return index == 2;
    }
    bool write_x2apic(unsigned index, std::uint64_t value) override {
        x2apic_writes.push_back({index, value});
        return index == 8;
    }
    void write_tsc_deadline(std::uint64_t clock) override { deadlines.push_back(clock); }
    bool tsc_deadline_armed() override { return !deadlines.empty() && deadlines.back() != 0; }
    void ferr_changed(bool asserted) override {
        ferr.push_back(asserted);
        if (on_ferr) on_ferr(asserted);
    }

    std::uint8_t vector = 0x40, cr8 = 0;
    std::vector<bool> smm, ferr;
    std::function<void(bool)> on_ferr;
    std::vector<std::uint64_t> apic_base, deadlines, restarts;
    std::vector<std::pair<unsigned, std::uint64_t>> x2apic_writes;
};

// Where the protected-mode set-up of Machine keeps its tables and code.
namespace layout {
inline constexpr std::uint32_t gdt = 0x1000, idt = 0x2000, tss = 0x3000, other_tss = 0x3200,
                               small_tss = 0x3400, handlers = 0x5000, code = 0x10000, user_code = 0x11000,
                               stack0 = 0x80000, stack3 = 0x70000, stack = 0x60000;
// Selectors.
inline constexpr std::uint16_t code0 = 0x08, data0 = 0x10, code3 = 0x1b, data3 = 0x23, task = 0x28,
                               other_task = 0x30, gate = 0x38, code16 = 0x40, data16 = 0x48,
                               conforming = 0x50, small_task = 0x58, ldt = 0x60, task_gate = 0x68,
                               absent = 0x70, free = 0x78;
}  // namespace layout

class Machine : public ::testing::Test {
  protected:
    explicit Machine(const CpuModel& model = {}) : ram_(1u << 20 | 4096) {
        auto address = reinterpret_cast<std::uintptr_t>(ram_.data());
        memory = ram_.data() + (4096 - address % 4096) % 4096;
        cpu = make_interpreter(bus, model);
        const MemorySlot slot{0, 1u << 20, memory};
        cpu->set_memory_map({&slot, 1});
    }

    template <class T>
    void put(std::uint32_t at, T value) {
        std::memcpy(memory + at, &value, sizeof value);
        cpu->memory_written(memory + at, sizeof value);
    }
    template <class T>
    T get(std::uint32_t at) const {
        T value;
        std::memcpy(&value, memory + at, sizeof value);
        return value;
    }
    void code(std::uint32_t at, std::initializer_list<int> bytes) {
        for (const int b : bytes) put(at++, static_cast<std::uint8_t>(b));
    }

    // GDT entry of `selector`. access: the byte at +5; flags: G=8, D=4 in the high nibble of +6.
    void descriptor(std::uint16_t selector, std::uint32_t base, std::uint32_t limit, unsigned access,
                    unsigned flags) {
        const std::uint32_t at = layout::gdt + (selector & 0xfff8u);
        put<std::uint32_t>(at, (limit & 0xffff) | base << 16);
        put<std::uint32_t>(at + 4, (base >> 16 & 0xff) | access << 8 | (limit & 0xf0000) | flags << 20 |
                                       (base & 0xff000000));
    }
    // Any gate: type in the low bits of `access`, with P and DPL.
    void write_gate(std::uint32_t at, std::uint16_t selector, std::uint32_t offset, unsigned access,
                    unsigned count = 0) {
        put<std::uint32_t>(at, std::uint32_t{selector} << 16 | (offset & 0xffff));
        put<std::uint32_t>(at + 4, (offset & 0xffff0000) | access << 8 | count);
    }
    void idt_gate(unsigned vector, std::uint16_t selector, std::uint32_t offset, unsigned access) {
        write_gate(layout::idt + 8 * vector, selector, offset, access);
    }
    std::uint8_t access_byte(std::uint16_t selector) const {
        return memory[layout::gdt + (selector & 0xfff8u) + 5];
    }

    static SegmentRegister flat(std::uint16_t selector, std::uint32_t type) {
        const std::uint32_t dpl = selector & 3u;
        return {0, 0xffffffff, 0xc090 | type | dpl << 5, selector};
    }

    // Flat 32-bit protected mode at ring 0, interrupts off, at layout::code; every vector leads through a
    // 32-bit interrupt gate to a HLT of its own at handlers + 16 * vector.
    void protected_mode() {
        using namespace layout;
        descriptor(code0, 0, 0xfffff, 0x9b, 0xc);
        descriptor(data0, 0, 0xfffff, 0x93, 0xc);
        descriptor(code3, 0, 0xfffff, 0xfb, 0xc);
        descriptor(data3, 0, 0xfffff, 0xf3, 0xc);
        descriptor(task, tss, 0xff, 0x8b, 0);
        descriptor(other_task, other_tss, 0x67, 0x89, 0);
        descriptor(code16, 0, 0xffff, 0x9b, 0);
        descriptor(data16, 0, 0xffff, 0x93, 0);
        descriptor(conforming, 0, 0xfffff, 0x9f, 0xc);
        descriptor(small_task, small_tss, 0x2b, 0x81, 0);
        descriptor(absent, 0, 0xfffff, 0x13, 0xc);
        put<std::uint32_t>(tss + 4, stack0);
        put<std::uint16_t>(tss + 8, data0);
        put<std::uint16_t>(tss + 0x66, 0x68);
        for (unsigned v = 0; v < 256; ++v) {
            idt_gate(v, code0, handlers + 16 * v, 0x8e);
            put<std::uint8_t>(handlers + 16 * v, 0xf4);
        }
        wake();
        SpecialRegisters s = cpu->sregs();
        s.cr0 = 0x11;
        s.cr4 = 0;
        s.gdtr = {gdt, 0xff};
        s.idtr = {idt, 0x7ff};
        s.tr = {tss, 0xff, 0x8b, task};
        s.ldtr = {0, 0, SegmentRegister::unusable, 0};
        for (SegmentRegister& r : s.seg) r = flat(data0, 3);
        s.seg[static_cast<unsigned>(Seg::cs)] = flat(code0, 0xb);
        cpu->set_sregs(s);
        GeneralRegisters r;
        r.rip = layout::code;
        r.gpr[static_cast<unsigned>(Gpr::rsp)] = stack;
        cpu->set_regs(r);
    }
    // As above, then ring 3 at layout::user_code.
    void user_mode(unsigned iopl = 0) {
        protected_mode();
        SpecialRegisters s = cpu->sregs();
        for (SegmentRegister& r : s.seg) r = flat(layout::data3, 3);
        s.seg[static_cast<unsigned>(Seg::cs)] = flat(layout::code3, 0xb);
        cpu->set_sregs(s);
        GeneralRegisters r = cpu->regs();
        r.rip = layout::user_code;
        r.gpr[static_cast<unsigned>(Gpr::rsp)] = layout::stack3;
        r.rflags = 2 | iopl << 12;
        cpu->set_regs(r);
    }
    // From protected_mode() by IRETD to V86 code at 1000:0100, its stack at 2000:8000.
    static constexpr std::uint32_t v86_code = 0x10100, v86_stack = 0x28000, v86_flag = 1u << 17;
    void enter_v86(std::uint32_t eflags) {
        const std::uint32_t frame[9] = {0x100,  0x1000, eflags | v86_flag, 0x8000, 0x2000,
                                        0x3000, 0x4000, 0x5000,            0x6000};
        for (unsigned i = 0; i < 9; ++i) put<std::uint32_t>(layout::stack - 36 + 4 * i, frame[i]);
        set_gpr(Gpr::rsp, layout::stack - 36);
        code(layout::code + 0x200, {0xcf});
        set_rip(layout::code + 0x200);
        run(1);
    }
    // Real mode at 0:7C00, stack at 0:7000, every IVT entry to a HLT at 0:handlers + 16 * vector.
    void real_mode() {
        for (unsigned v = 0; v < 256; ++v) {
            put<std::uint16_t>(4 * v, static_cast<std::uint16_t>(layout::handlers + 16 * v));
            put<std::uint16_t>(4 * v + 2, 0);
            put<std::uint8_t>(layout::handlers + 16 * v, 0xf4);
        }
        wake();
        SpecialRegisters s = cpu->sregs();
        s.cr0 = 0x10;
        s.idtr = {0, 0x3ff};
        s.gdtr = {layout::gdt, 0xff};
        for (SegmentRegister& r : s.seg) r = {0, 0xffff, 0x93, 0};
        cpu->set_sregs(s);
        GeneralRegisters r;
        r.rip = 0x7c00;
        r.gpr[static_cast<unsigned>(Gpr::rsp)] = 0x7000;
        cpu->set_regs(r);
    }

    Exit run(std::uint64_t instructions = 100) {
        Budget budget;
        budget.instructions = instructions;
        return cpu->run(budget);
    }
    // Runs to a HLT and tells whose handler it was; -1 if none.
    int run_to_handler() {
        const Exit e = run();
        if (e.reason != ExitReason::hlt) return -1;
        const std::uint64_t at = cpu->regs().rip - 1 - layout::handlers;
        return at % 16 == 0 && at / 16 < 256 ? static_cast<int>(at / 16) : -1;
    }

    std::uint32_t reg(Gpr r) const {
        return static_cast<std::uint32_t>(cpu->regs().gpr[static_cast<unsigned>(r)]);
    }
    void set_gpr(Gpr r, std::uint64_t value) {
        GeneralRegisters g = cpu->regs();
        g.gpr[static_cast<unsigned>(r)] = value;
        cpu->set_regs(g);
    }
    void set_rip(std::uint64_t rip) {
        GeneralRegisters g = cpu->regs();
        g.rip = rip;
        cpu->set_regs(g);
    }
    void set_flags(std::uint64_t flags) {
        GeneralRegisters g = cpu->regs();
        g.rflags = flags;
        cpu->set_regs(g);
    }
    SegmentRegister segment(Seg s) const { return cpu->sregs().seg[static_cast<unsigned>(s)]; }
    unsigned cpl() const { return segment(Seg::ss).attributes >> 5 & 3; }
    std::uint32_t flags() const { return static_cast<std::uint32_t>(cpu->regs().rflags); }
    // The n-th dword above ESP, SS base 0.
    std::uint32_t stack_dword(unsigned n) const { return get<std::uint32_t>(reg(Gpr::rsp) + 4 * n); }
    std::uint16_t stack_word(unsigned n) const { return get<std::uint16_t>(reg(Gpr::rsp) + 2 * n); }

    RecordingBus bus;
    std::uint8_t* memory = nullptr;
    std::unique_ptr<Vcpu> cpu;

    // Nothing is pending, nothing halted.
    void wake() {
        Budget completion;
        completion.immediate_exit = true;
        cpu->run(completion);
        EventState e = cpu->events();
        e.activity = ActivityState::running;
        cpu->set_events(e);
    }

  private:
    std::vector<std::uint8_t> ram_;
};

}  // namespace southgate::cpu::test
