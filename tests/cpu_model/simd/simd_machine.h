// A processor with MMX and SSE in flat 32-bit protected mode or 64-bit mode that runs single instructions.
#pragma once

#include "tests/cpu_model/fpu/fpu_machine.h"
#include "tests/cpu_model/simd/native_simd.h"

namespace southgate::cpu::test {

class SimdMachine : public FpuMachine {
  public:
    static constexpr std::uint64_t cr4_osfxsr = 1u << 9, cr4_osxmmexcpt = 1u << 10;

    static CpuModel model() {
        CpuModel m;
        m.add_simd();
        return m;
    }
    explicit SimdMachine(const CpuModel& m = model()) : FpuMachine(m) {
        set_cr4(cr4_osfxsr | cr4_osxmmexcpt, 0);
    }

    // 64-bit mode, memory mapped where it is; exceptions have no handlers then.
    void enter_long_mode() {
        constexpr std::uint32_t pml4 = 0x1000, pdpt = 0x2000, directory = 0x3000;
        poke<std::uint64_t>(pml4, pdpt | 3);
        poke<std::uint64_t>(pdpt, directory | 3);
        poke<std::uint64_t>(directory, 0x83);  // 2 MiB
        SpecialRegisters s = cpu().sregs();
        s.cr3 = pml4;
        s.cr4 |= 1u << 5;
        s.efer = 0x500;
        s.cr0 |= 0x80000000;
        s.seg[static_cast<unsigned>(Seg::cs)].attributes = 0xa09b;
        cpu().set_sregs(s);
        wide_ = true;
    }

    void set_cr4(std::uint64_t set, std::uint64_t clear) {
        SpecialRegisters s = cpu().sregs();
        s.cr4 = (s.cr4 & ~clear) | set;
        cpu().set_sregs(s);
    }

    // ESI and EDI point to the memory, `offset` bytes into it.
    SimdState run(std::uint32_t at, const SimdState& before, unsigned offset) {
        FpuState f;
        f.fcw = before.fcw;
        f.fsw = before.fsw;
        f.ftw = 0;
        for (unsigned n = 0; n < 8; n++)
            if (!(before.ftw >> n & 1)) f.ftw = static_cast<std::uint16_t>(f.ftw | 3u << 2 * n);
        f.mxcsr = before.mxcsr;
        for (unsigned n = 0; n < 8; n++) std::memcpy(f.st[n].data(), before.st[n].data(), 10);
        f.xmm = before.xmm;
        cpu().set_fpu(f);
        std::memcpy(ram(operand), before.memory.data(), before.memory.size());
        GeneralRegisters r = cpu().regs();
        for (unsigned n = 0; n < 16; n++)
            r.gpr[n] = wide_ ? before.gpr[n] : static_cast<std::uint32_t>(before.gpr[n]);
        r.gpr[static_cast<unsigned>(Gpr::rsi)] = r.gpr[static_cast<unsigned>(Gpr::rdi)] = operand + offset;
        r.gpr[static_cast<unsigned>(Gpr::rsp)] = stack;
        r.rflags = 2 | before.flags;
        r.rip = at;
        cpu().set_regs(r);
        cpu().run({1, false});

        SimdState after = before;
        f = cpu().fpu();
        after.fcw = f.fcw;
        after.fsw = f.fsw;
        after.ftw = 0;
        for (unsigned n = 0; n < 8; n++)
            if (((f.ftw >> 2 * n) & 3) != 3) after.ftw = static_cast<std::uint8_t>(after.ftw | 1u << n);
        after.mxcsr = f.mxcsr;
        // R0-R7 are ST(0)-ST(7) with TOP 0.
        const unsigned top = f.fsw >> 11 & 7;
        for (unsigned i = 0; i < 8; i++) std::memcpy(after.st[i].data(), f.st[(top + i) & 7].data(), 10);
        after.xmm = f.xmm;
        std::memcpy(after.memory.data(), ram(operand), after.memory.size());
        r = cpu().regs();
        for (unsigned n = 0; n < 16; n++) after.gpr[n] = r.gpr[n];
        after.flags = r.rflags & 0x8d5;
        after.vector = vector();
        return after;
    }

  private:
    bool wide_ = false;
};

}  // namespace southgate::cpu::test
