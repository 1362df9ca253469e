// Two-byte opcodes of every map, with and without the prefixes that select MMX and SSE instructions, on any
// state.
#include <algorithm>
#include <cstdlib>
#include <memory>

#include "cpu_model/interpreter/interpreter.h"
#include "input.h"

using namespace southgate::cpu;
using southgate::fuzz::Input;

namespace {

constexpr std::uint32_t ram_size = 0x20000, code_at = 0x8000, handlers_at = 0x7000;
constexpr unsigned rounds = 8, instructions = 48;
constexpr std::uint64_t round_budget = 64;

alignas(4096) std::uint8_t ram[ram_size];

class Platform final : public Bus {
  public:
    void read(std::uint64_t physical, void* data, unsigned size) override {
        check(physical, size);
        std::memset(data, static_cast<int>(physical & 0xff), size);
    }
    void write(std::uint64_t physical, const void*, unsigned size) override { check(physical, size); }
    std::uint8_t interrupt_acknowledge() override { return 0x20; }
    void smm_changed(bool) override {}
    void apic_base_written(std::uint64_t) override {}
    std::uint8_t read_cr8() override { return 0; }
    void write_cr8(std::uint8_t) override {}

  private:
    // 16-byte operands come in pieces that fit a bus.
    static void check(std::uint64_t physical, unsigned size) {
        if (size == 0 || size > 8 || (physical & 0xfff) + size > 0x1000) std::abort();
    }
};

void write_code(Input& input) {
    std::uint32_t at = code_at;
    for (unsigned n = 0; n < instructions; n++) {
        const auto shape = input.take<std::uint8_t>();
        static constexpr std::uint8_t prefixes[] = {0x66, 0xf3, 0xf2};
        if (shape & 3) ram[at++] = prefixes[(shape & 3) - 1];
        ram[at++] = 0x0f;
        if ((shape & 0x30) == 0x20) ram[at++] = 0x38;
        if ((shape & 0x30) == 0x30) ram[at++] = 0x3a;
        // Opcode, ModRM, SIB or displacement, immediate: too many bytes become instructions of their own.
        at += static_cast<std::uint32_t>(input.take(ram + at, 2 + (shape >> 6)));
    }
    ram[at] = 0xf4;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(data, size);
    const auto options = input.take<std::uint8_t>();
    std::memset(ram, 0x90, sizeof ram);
    // Real mode: every vector leads to a HLT.
    for (std::uint32_t v = 0; v < 256; v++) {
        const std::uint32_t vector = handlers_at;
        std::memcpy(ram + 4 * v, &vector, 4);
    }
    ram[handlers_at] = 0xf4;

    Platform platform;
    CpuModel model;
    model.add_simd();
    auto cpu = make_interpreter(platform, model);
    const MemorySlot slot{0, ram_size, ram, true, true, false};
    cpu->set_memory_map({&slot, 1});

    SpecialRegisters s = cpu->sregs();
    const bool flat = options & 1;
    for (SegmentRegister& r : s.seg)
        r = flat ? SegmentRegister{0, 0xffffffff, 0xc093, 0x10} : SegmentRegister{0, 0xffff, 0x93, 0};
    s.seg[static_cast<unsigned>(Seg::cs)] =
        flat ? SegmentRegister{0, 0xffffffff, 0xc09b, 8} : SegmentRegister{0, 0xffff, 0x9b, 0};
    s.idtr = {0, 0x3ff};
    s.cr0 = flat ? 0x31 : 0x30;
    if (options & 0x30) s.cr4 |= 0x600;
    if ((options & 0x0e) == 2) s.cr0 |= 8;
    cpu->set_sregs(s);

    FpuState f;
    input.take(f.xmm[0].data(), 16);
    f.xmm[1] = f.xmm[0];
    f.mxcsr = input.take<std::uint32_t>();
    f.fcw = input.take<std::uint16_t>();
    f.fsw = input.take<std::uint16_t>();
    f.ftw = input.take<std::uint16_t>();
    cpu->set_fpu(f);
    GeneralRegisters r;
    // Near the end of the RAM, or anywhere.
    for (unsigned n = 0; n < 8; n++)
        r.gpr[n] = options & 0x40 ? input.take<std::uint32_t>() : ram_size - 64 + input.take<std::uint8_t>();
    r.rip = code_at;
    r.rflags = 2;
    write_code(input);

    for (unsigned round = 0; round < rounds; round++) {
        cpu->set_regs(r);
        const Exit exit = cpu->run({round_budget, false});
        if (exit.reason == ExitReason::internal_error || exit.retired > round_budget + 1024) std::abort();
        if (exit.reason == ExitReason::shutdown) break;
        // Go on behind an instruction that faulted: the code is as good from any byte.
        r.rip += 1 + input.take<std::uint8_t>() % 16;
    }
    if (cpu->fpu().mxcsr > 0xffff) std::abort();
    // Nothing of the guest's controls stays behind on the host.
    if ((__builtin_ia32_stmxcsr() & 0xffc0) != 0x1f80) std::abort();
    return 0;
}
