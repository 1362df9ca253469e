// A processor in flat 32-bit protected mode that runs single x87 instructions.
#pragma once

#include <cstring>
#include <span>
#include <vector>

#include "cpu_model/interpreter/interpreter.h"
#include "tests/cpu_model/fpu/native_x87.h"

namespace southgate::cpu::test {

class NoBus final : public Bus {
  public:
    void read(std::uint64_t, void* data, unsigned size) override { std::memset(data, 0xff, size); }
    void write(std::uint64_t, const void*, unsigned) override {}
    std::uint8_t interrupt_acknowledge() override { return 0; }
    void smm_changed(bool) override {}
    void apic_base_written(std::uint64_t) override {}
    std::uint8_t read_cr8() override { return 0; }
    void write_cr8(std::uint8_t) override {}
};

class FpuMachine {
  public:
    static constexpr std::uint32_t size = 1 << 20, operand = 0x80000, code = 0x10000, idt = 0x8000,
                                   gdt = 0x7000, handlers = 0x9000, stack = 0x7000;

    explicit FpuMachine(const CpuModel& model = {}) : storage_(size + 4096), cpu_(bus_, model) {
        const auto address = reinterpret_cast<std::uintptr_t>(storage_.data());
        ram_ = storage_.data() + ((4096 - address % 4096) & 4095);
        const MemorySlot slot{0, size, ram_};
        cpu_.set_memory_map({&slot, 1});
        SpecialRegisters s = cpu_.sregs();
        s.cr0 = (s.cr0 | cr0_pe | cr0_ne) & ~std::uint64_t{cr0_em | cr0_ts};
        for (SegmentRegister& r : s.seg) r = {0, 0xffffffff, 0xc093, 0x10};
        s.seg[static_cast<unsigned>(Seg::cs)] = {0, 0xffffffff, 0xc09b, 8};
        s.gdtr = {gdt, 0xff};
        s.idtr = {idt, 0x7ff};
        cpu_.set_sregs(s);
        poke<std::uint64_t>(gdt + 8, 0x00cf9b000000ffff);
        poke<std::uint64_t>(gdt + 0x10, 0x00cf93000000ffff);
        // Every vector has a handler of its own.
        for (unsigned v = 0; v < 32; v++)
            poke<std::uint64_t>(idt + 8 * v, 0x00008e0000080000 | (handlers + 16 * v));
    }

    template <class T>
    void poke(std::uint32_t at, T value) {
        std::memcpy(ram_ + at, &value, sizeof value);
    }
    template <class T>
    T peek(std::uint32_t at) const {
        T v;
        std::memcpy(&v, ram_ + at, sizeof v);
        return v;
    }
    std::uint8_t* ram(std::uint32_t at) { return ram_ + at; }
    Interpreter& cpu() { return cpu_; }

    // Puts code where no other code is; returns its address.
    std::uint32_t add_code(std::span<const std::uint8_t> bytes) {
        const std::uint32_t at = next_;
        std::memcpy(ram_ + at, bytes.data(), bytes.size());
        next_ += static_cast<std::uint32_t>((bytes.size() + 15) & ~std::size_t{15});
        return at;
    }
    std::uint32_t add_code(std::initializer_list<std::uint8_t> bytes) { return add_code(std::vector(bytes)); }

    // Runs `n` instructions from `at`, ESI on the operand.
    void step(std::uint32_t at, unsigned n = 1) {
        GeneralRegisters r = cpu_.regs();
        r.rip = at;
        r.gpr[static_cast<unsigned>(Gpr::rsi)] = operand;
        r.gpr[static_cast<unsigned>(Gpr::rsp)] = stack;
        cpu_.set_regs(r);
        cpu_.run({n, false});
    }
    // The vector whose handler comes next, or -1.
    int vector() const {
        const std::uint64_t ip = cpu_.regs().rip;
        return ip >= handlers && ip < handlers + 16 * 32 ? static_cast<int>((ip - handlers) / 16) : -1;
    }

    X87 run(std::uint32_t at, const X87& before) {
        FpuState f = cpu_.fpu();
        f.fcw = before.fcw;
        f.fsw = before.fsw;
        f.ftw = before.ftw;
        const unsigned top = before.fsw >> 11 & 7;
        for (unsigned i = 0; i < 8; i++) std::memcpy(f.st[(top + i) & 7].data(), before.st[i].data(), 10);
        cpu_.set_fpu(f);
        std::memcpy(ram_ + operand, before.memory.data(), before.memory.size());
        GeneralRegisters r = cpu_.regs();
        r.rflags = 2 | before.flags;
        r.gpr[0] = before.ax;
        cpu_.set_regs(r);
        step(at);

        X87 after;
        f = cpu_.fpu();
        after.fcw = f.fcw;
        after.fsw = f.fsw;
        after.ftw = f.ftw;
        const unsigned now = f.fsw >> 11 & 7;
        for (unsigned i = 0; i < 8; i++) std::memcpy(after.st[i].data(), f.st[(now + i) & 7].data(), 10);
        std::memcpy(after.memory.data(), ram_ + operand, after.memory.size());
        after.flags = cpu_.regs().rflags & 0x8d5;
        after.ax = static_cast<std::uint16_t>(cpu_.regs().gpr[0]);
        return after;
    }

    static constexpr std::uint64_t cr0_pe = 1, cr0_mp = 2, cr0_em = 4, cr0_ts = 8, cr0_ne = 0x20;
    void set_cr0(std::uint64_t set, std::uint64_t clear) {
        SpecialRegisters s = cpu_.sregs();
        s.cr0 = (s.cr0 & ~clear) | set;
        cpu_.set_sregs(s);
    }

  private:
    std::vector<std::uint8_t> storage_;
    std::uint8_t* ram_;
    NoBus bus_;
    Interpreter cpu_;
    std::uint32_t next_ = code;
};

}  // namespace southgate::cpu::test
