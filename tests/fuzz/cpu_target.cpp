// Any bytes as code, state and memory of the interpreter: real mode, 16- and 32-bit protected mode, paging,
// PAE, V86, SMM, long mode; one processor or two that share memory; exits answered at random, lines pulled at random.
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <vector>

#include "cpu_model/decode/code_sharing.h"
#include "cpu_model/interpreter/interpreter.h"
#include "cpu_model/pio/policy.h"
#include "input.h"

using namespace southgate::cpu;
using southgate::fuzz::Input;

namespace {

constexpr std::uint32_t ram_size = 0x20000, code_at = 0x8000, gdt_at = 0x1000, idt_at = 0x2000,
                        tss_at = 0x3000, directory_at = 0x4000, table_at = 0x5000, pdpt_at = 0x6000,
                        pae_directory_at = 0x18000, pml4_at = 0x19000, long_pdpt_at = 0x1a000,
                        long_idt_at = 0x1b000, shadow_at = 0x100000, rom_at = 0x110000;
constexpr unsigned rounds = 24;
constexpr std::uint64_t round_budget = 64;

// The memory is the process's one; every input starts from the same contents.
alignas(4096) std::uint8_t ram[ram_size];
alignas(4096) std::uint8_t extra[0x2000];

template <class T>
void put(std::uint32_t at, T value) {
    std::memcpy(ram + at, &value, sizeof value);
}

enum class Start : std::uint8_t {
    real, protected16, protected32, user32, paging, pae, v86, smm, long64, user64, compatibility, count
};

bool is_long(Start start) { return start >= Start::long64; }

class Platform final : public Bus {
  public:
    explicit Platform(Input& input) : input_(input) {}
    void attach(Vcpu* cpu) { cpu_ = cpu; }

    void read(std::uint64_t physical, void* data, unsigned size) override {
        check(physical, size);
        const auto value = input_.take<std::uint64_t>();
        std::memcpy(data, &value, size);
        act(static_cast<std::uint8_t>(value));
    }
    void write(std::uint64_t physical, const void* data, unsigned size) override {
        check(physical, size);
        std::uint64_t value = 0;
        std::memcpy(&value, data, size);
        act(static_cast<std::uint8_t>(value ^ physical));
    }
    std::uint8_t interrupt_acknowledge() override {
        cpu_->set_intr(false);
        return input_.take<std::uint8_t>();
    }
    void smm_changed(bool) override {}
    void apic_base_written(std::uint64_t) override {}
    std::uint8_t read_cr8() override { return 0; }
    void write_cr8(std::uint8_t) override {}
    bool read_x2apic(unsigned index, std::uint64_t& value) override {
        value = index;
        return index & 1;
    }
    bool write_x2apic(unsigned index, std::uint64_t value) override {
        act(static_cast<std::uint8_t>(value));
        return index & 1;
    }
    void write_tsc_deadline(std::uint64_t clock) override { deadline_ = clock; }
    bool tsc_deadline_armed() override { return deadline_ != 0; }
    void ferr_changed(bool asserted) override {
        if (asserted == ferr_) std::abort();
        ferr_ = asserted;
        act(input_.take<std::uint8_t>());
    }
    bool ferr() const { return ferr_; }

    // What devices and a chipset do, inside a Bus call or between runs.
    void act(std::uint8_t what) {
        switch (what) {
            case 0x01:
                cpu_->request_exit();
                break;
            case 0x02:
                cpu_->set_intr(true);
                break;
            case 0x03:
                cpu_->pulse_nmi();
                break;
            case 0x04:
                cpu_->pulse_smi();
                break;
            case 0x05:
                cpu_->pulse_init();
                break;
            case 0x06:
                cpu_->set_a20m(true);
                break;
            case 0x07:
                cpu_->set_a20m(false);
                break;
            case 0x08:
                map(true);
                break;
            case 0x09:
                map(false);
                break;
            case 0x0a:
                cpu_->memory_written(ram, ram_size);
                break;
            case 0x0b:
                cpu_->reset(false);
                break;
            case 0x0c:
                cpu_->set_ignne(true);
                break;
            case 0x0d:
                cpu_->set_ignne(false);
                break;
            default:
                break;
        }
    }
    // RAM, a write-only and a read-only slot, and the RAM once more below 4 GiB.
    void map(bool all) {
        std::vector<MemorySlot> slots{{0, ram_size, ram, true, true, false}};
        if (all) {
            slots.push_back({shadow_at, 0x1000, extra, false, true, false});
            slots.push_back({rom_at, 0x1000, extra + 0x1000, true, false, true});
        }
        slots.push_back({0xffff0000, 0x10000, ram, true, all, false});
        cpu_->set_memory_map(slots);
    }

  private:
    static void check(std::uint64_t physical, unsigned size) {
        if (size == 0 || size > 8 || (physical & 0xfff) + size > 0x1000) std::abort();
    }
    Input& input_;
    Vcpu* cpu_ = nullptr;
    std::uint64_t deadline_ = 0;
    bool ferr_ = false;
};

SegmentRegister segment(std::uint16_t selector, std::uint64_t base, std::uint32_t limit,
                        std::uint32_t attributes) {
    return {base, limit, attributes, selector};
}

// Descriptors of every kind, an IDT of gates, a TSS, page tables with holes.
void fill_memory(Input& input) {
    // What runs off the input's code meets port I/O and strings: IN, REP INSB, OUT, OUTSW, REP MOVSB, HLT.
    static constexpr std::uint8_t filler[] = {0xe4, 0x60, 0xf3, 0x6c, 0xe6, 0x92, 0x6f, 0xf3, 0xa4, 0xf4};
    for (std::size_t i = 0; i < sizeof ram; ++i) ram[i] = filler[i % sizeof filler];
    std::memset(extra, 0x90, sizeof extra);
    std::memset(ram, 0, 0x7000);
    const std::uint64_t gdt[] = {0,
                                 0x00cf9b000000ffff,
                                 0x00cf93000000ffff,
                                 0x00cffb000000ffff,
                                 0x00cff3000000ffff,
                                 0x00009b000000ffff,
                                 0x000093000000ffff,
                                 0x00008b003000006f,
                                 0x000089003000006f,
                                 0x00008c0000088000,
                                 0x0000ec0000088000,
                                 0x0000850000380000,
                                 0x000096000000fff0,
                                 0x0000820010000fff,
                                 0x00af9b000000ffff,  // 70h: 64-bit code
                                 0x00affb000000ffff,
                                 0x00008b003000006f,  // 80h: 64-bit TSS
                                 0,
                                 0x0000ec0000708000,  // 90h: 64-bit call gate
                                 0};
    std::memcpy(ram + gdt_at, gdt, sizeof gdt);
    for (std::uint32_t v = 0; v < 256; ++v) {
        put<std::uint32_t>(v * 4, v & 1 ? code_at + v : 0x08000000 | (code_at + v));
        put<std::uint64_t>(idt_at + v * 8,
                           0x0000ee0000080000u | (code_at + v * 2) | (v & 1 ? 0x0000010000000000u : 0));
    }
    put<std::uint32_t>(tss_at + 4, 0x7f00);
    put<std::uint16_t>(tss_at + 8, 0x10);
    put<std::uint16_t>(tss_at + 102, 0x68);
    for (std::uint32_t page = 0; page < 0x400; ++page)
        put<std::uint32_t>(table_at + page * 4, page % 7 == 6 ? 0 : (page % 32) << 12 | (page & 1 ? 7 : 3));
    put<std::uint32_t>(directory_at, table_at | 7);
    put<std::uint32_t>(directory_at + 4, 0x00000087);
    put<std::uint32_t>(directory_at + 0xffc, 0xffc00083);
    // PAE: the first 4 MiB and the last 2 MiB as large pages.
    std::memset(ram + pae_directory_at, 0, 0x1000);
    put<std::uint64_t>(pdpt_at, pae_directory_at | 1);
    put<std::uint64_t>(pdpt_at + 24, pae_directory_at | 1);
    put<std::uint64_t>(pae_directory_at, 0x87);
    put<std::uint64_t>(pae_directory_at + 8, 0x85);
    put<std::uint64_t>(pae_directory_at + 0xff8, 0xffe00083);
    // Long mode: the first 4 MiB, at both ends of the address space.
    std::memset(ram + pml4_at, 0, 0x3000);
    put<std::uint64_t>(pml4_at, long_pdpt_at | 7);
    put<std::uint64_t>(pml4_at + 0xff8, long_pdpt_at | 7);
    put<std::uint64_t>(long_pdpt_at, pae_directory_at | 7);
    put<std::uint64_t>(long_pdpt_at + 8, 0x83);
    put<std::uint64_t>(long_pdpt_at + 0xff0, pae_directory_at | 7);
    put<std::uint64_t>(long_pdpt_at + 0xff8, pae_directory_at | 7);
    for (std::uint32_t v = 0; v < 256; ++v) {
        put<std::uint64_t>(long_idt_at + v * 16,
                           0x0000ee0000700000u | (code_at + v * 2) | (v & 1 ? 0x0000010000000000u : 0) |
                               (v % 5 == 4 ? 0x0000000100000000u : 0));
        put<std::uint64_t>(long_idt_at + v * 16 + 8, v % 7 == 6 ? 0xffffffffu : 0);
    }
    // Patches anywhere.
    for (unsigned n = input.take<std::uint8_t>() % 16; n != 0; --n) {
        const std::uint32_t at = input.take<std::uint16_t>() * 2u % (ram_size - 4);
        put<std::uint32_t>(at, input.take<std::uint32_t>());
    }
}

SpecialRegisters special(const Vcpu& cpu, Start start, Input& input) {
    SpecialRegisters s = cpu.sregs();
    const bool real = start == Start::real || start == Start::smm;
    const bool user = start == Start::user32;
    const bool narrow = start == Start::protected16;
    for (SegmentRegister& r : s.seg)
        r = real || start == Start::v86 ? segment(0, 0, 0xffff, start == Start::v86 ? 0xf3 : 0x93)
            : narrow                    ? segment(0x30, 0, 0xffff, 0x93)
            : user                      ? segment(0x23, 0, 0xffffffff, 0xc0f3)
                                        : segment(0x10, 0, 0xffffffff, 0xc093);
    SegmentRegister& cs = s.seg[static_cast<unsigned>(Seg::cs)];
    if (real)
        cs.attributes = 0x9b;
    else if (start == Start::v86)
        cs.attributes = 0xf3;
    else if (narrow)
        cs = segment(0x28, 0, 0xffff, 0x9b);
    else if (user)
        cs = segment(0x1b, 0, 0xffffffff, 0xc0fb);
    else
        cs = segment(0x08, 0, 0xffffffff, 0xc09b);
    s.gdtr = {gdt_at, 0x6f};
    s.idtr = real ? DescriptorTable{0, 0x3ff} : DescriptorTable{idt_at, 0x7ff};
    s.ldtr = segment(0x68, gdt_at, 0x6f, 0x82);
    s.tr = segment(0x38, tss_at, 0x6f, 0x8b);
    s.cr0 = real ? 0x10 : 0x11;
    const auto bits = input.take<std::uint8_t>();
    s.cr4 = (bits & 1 ? 0x10u : 0) | (bits & 2 ? 1u : 0) | (bits & 4 ? 2u : 0) | (bits & 8 ? 8u : 0) |
            (bits & 16 ? 0x80u : 0);
    if (bits & 32) s.cr0 |= 0x10000;
    if (bits & 64) s.cr0 |= 0x40000;
    if (input.take<std::uint8_t>() & 1) s.cr0 |= 0x20;  // NE
    if (start == Start::paging || start == Start::pae || (bits & 128 && !real)) {
        s.cr0 |= 0x80000000;
        s.cr3 = directory_at;
    }
    if (start == Start::pae) {
        s.cr3 = pdpt_at;
        s.cr4 |= 0x20;
    }
    if (is_long(start)) {
        const bool user_code = start != Start::long64;
        for (SegmentRegister& r : s.seg) r = segment(user_code ? 0x23 : 0x10, 0, 0xffffffff, user_code ? 0xc0f3 : 0xc093);
        cs = start == Start::long64   ? segment(0x70, 0, 0xffffffff, 0xa09b)
             : start == Start::user64 ? segment(0x7b, 0, 0xffffffff, 0xa0fb)
                                      : segment(0x1b, 0, 0xffffffff, 0xc0fb);
        s.cr0 |= 0x80000000;
        s.cr3 = pml4_at;
        s.cr4 |= 0x20;
        // OSFXSR and OSXMMEXCPT, UMIP, FSGSBASE, PCIDE, OSXSAVE, SMEP, SMAP.
        const auto more = input.take<std::uint8_t>();
        s.cr4 |= (more & 1 ? 0x600u : 0) | (more & 2 ? 0x800u : 0) | (more & 4 ? 0x10000u : 0) | (more & 8 ? 0x20000u : 0) |
                 (more & 16 ? 0x40000u : 0) | (more & 32 ? 0x100000u : 0) | (more & 64 ? 0x200000u : 0);
        if (s.cr4 & 0x20000) s.cr3 |= input.take<std::uint16_t>() & 0xfff;  // a PCID
        s.efer = 0xd01;
        s.gdtr.limit = 0x9f;
        s.idtr = {long_idt_at, 0xfff};
        s.tr = segment(0x80, tss_at, 0x6f, 0x8b);
    }
    return s;
}

// Whatever the platform is asked for gets an answer; sometimes the state is jammed while I/O pends.
bool answer(const Exit& exit, Vcpu& cpu, Platform& platform, Input& input) {
    switch (exit.reason) {
        case ExitReason::pio: {
            const std::size_t bytes = std::size_t{exit.pio.size} * exit.pio.count;
            if (bytes == 0 || bytes > 1024) std::abort();
            if (exit.pio.direction == Direction::in) input.take(exit.pio.data, bytes);
            switch (input.take<std::uint8_t>() % 16) {
                case 0:
                    cpu.reset(false);
                    break;
                case 1:
                    cpu.take_init_now();
                    break;
                case 2:
                    cpu.set_regs(cpu.regs());
                    break;
                case 3: {
                    GeneralRegisters r = cpu.regs();
                    r.rip += input.take<std::uint8_t>();
                    r.gpr[1] = input.take<std::uint16_t>();
                    cpu.set_regs(r);
                    break;
                }
                default:
                    platform.act(input.take<std::uint8_t>());
                    break;
            }
            return true;
        }
        case ExitReason::hlt:
            if (input.take<std::uint8_t>() & 1)
                cpu.pulse_nmi();
            else
                cpu.set_intr(true);
            return true;
        case ExitReason::frozen:
            switch (input.take<std::uint8_t>() % 4) {
                case 0:
                    cpu.pulse_nmi();
                    break;
                case 1:
                    cpu.set_ignne(true);
                    break;
                default:
                    cpu.set_intr(true);
                    break;
            }
            return true;
        case ExitReason::shutdown:
            cpu.pulse_init();
            return (input.take<std::uint8_t>() & 1) != 0;
        case ExitReason::wait_for_sipi:
            cpu.start_up(8);
            return true;
        case ExitReason::internal_error:
            std::abort();
        default:
            return true;
    }
}

CpuModel model_for(Start start, std::uint8_t options, std::uint8_t more, unsigned number) {
    CpuModel model = is_long(start) || (options & 32) ? CpuModel::x86_64() : CpuModel{};
    if (more & 4) model.features_ecx |= feature_ecx::x2apic | feature_ecx::tsc_deadline;
    model.apic_id = static_cast<std::uint8_t>(number);
    model.bootstrap = number == 0;
    return model;
}

void use_x2apic(Vcpu& cpu) {
    SpecialRegisters s = cpu.sregs();
    s.apic_base |= 0xc00;
    cpu.set_sregs(s);
}

// State, registers and devices as the input wants them.
void set_up(Vcpu& cpu, Platform& platform, Start start, std::uint8_t options, Input& input) {
    platform.map(true);
    cpu.set_pio_policy(static_cast<PioPolicyKind>(options % 7), (options & 8) != 0);
    cpu.set_sregs(special(cpu, start, input));
    GeneralRegisters r;
    for (unsigned i = 0; i < gpr_count; ++i) {
        r.gpr[i] = input.take<std::uint16_t>() * (options & 16 ? 0x10001u : 1u);
        if (is_long(start) && (i & 1) != 0) r.gpr[i] |= 0xffffffff80000000;
    }
    r.rip = code_at;
    r.rflags = 2 | (input.take<std::uint16_t>() & 0x7fd5) | (start == Start::v86 ? 0x20000u : 0);
    r.rflags |= (input.take<std::uint8_t>() & 0x18u) << 16;  // VIF, VIP
    cpu.set_regs(r);
    if (start == Start::v86) cpu.set_sregs(special(cpu, start, input));
    // SYSCALL and SYSENTER lead into the code, SYSRET and SYSEXIT to the segments behind.
    ModelSpecificRegisters m = cpu.msrs();
    m.star = 0x0013000800000000;
    m.lstar = m.sysenter_eip = code_at + 0x20;
    m.sfmask = input.take<std::uint16_t>();
    m.sysenter_cs = 8;
    m.sysenter_esp = 0x7e00;
    cpu.set_msrs(m);
    // Some exceptions unmasked, perhaps one that pends.
    FpuState fpu = cpu.fpu();
    fpu.fcw = static_cast<std::uint16_t>(0x340 | (input.take<std::uint8_t>() & 0x3f));
    fpu.ftw = input.take<std::uint16_t>();
    if ((input.take<std::uint8_t>() & 3) == 0) fpu.fsw = 0x8084;
    cpu.set_fpu(fpu);
    if (start == Start::smm) {
        EventState events = cpu.events();
        events.in_smm = true;
        events.smbase = 0;  // entry at code_at, save area at FE00h
        cpu.set_events(events);
    }
    if (options & 32) {
        DebugRegisters d = cpu.debug_regs();
        d.dr = {code_at + 4, 0x9000, 0x7ff0, 0x60};
        d.dr7 = 0x400 | input.take<std::uint32_t>();
        cpu.set_debug_regs(d);
    }
    cpu.set_single_step((options & 0xc0) == 0xc0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(data, size);
    const auto start = static_cast<Start>(input.take<std::uint8_t>() % static_cast<unsigned>(Start::count));
    const auto options = input.take<std::uint8_t>();
    const auto more = input.take<std::uint8_t>();
    fill_memory(input);

    CodeSharing sharing;
    Platform platforms[2]{Platform(input), Platform(input)};
    std::vector<std::unique_ptr<Vcpu>> cpus;
    const unsigned count = more & 1 ? 2 : 1;
    for (unsigned n = 0; n < count; ++n) {
        cpus.push_back(make_interpreter(platforms[n], model_for(start, options, more, n), count > 1 ? &sharing : nullptr));
        platforms[n].attach(cpus[n].get());
        set_up(*cpus[n], platforms[n], start, options, input);
        if (more & 2) use_x2apic(*cpus[n]);
    }
    // Half of what is left is code, the rest answers what the code asks for.
    input.take(ram + code_at, std::min<std::size_t>(input.left() / 2, 0x4000));
    for (const auto& cpu : cpus) cpu->memory_written(ram, sizeof ram);

    for (unsigned round = 0; round < rounds; ++round) {
        const unsigned n = round % count;
        const Exit exit = cpus[n]->run({round_budget, false});
        // A batch of INS that completes may exceed the budget, nothing else.
        if (exit.retired > round_budget + 1024) std::abort();
        // FERR# is the summary flag while CR0.NE is 0.
        const bool pends = (cpus[n]->fpu().fsw & 0x80) != 0 && (cpus[n]->sregs().cr0 & 0x20) == 0;
        if (pends != platforms[n].ferr()) std::abort();
        if (!answer(exit, *cpus[n], platforms[n], input)) break;
        platforms[n].act(input.take<std::uint8_t>());
    }
    for (const auto& cpu : cpus) {
        const ArchState state = cpu->state();
        cpu->set_sregs(state.sregs);
        cpu->set_regs(state.regs);
    }
    return 0;
}
