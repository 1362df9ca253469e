#include "engine_suite.h"

#include <algorithm>
#include <cstring>

#include "cpu_model/interpreter/interpreter.h"
#include "cpu_model/kvm/host_system.h"
#include "cpu_model/kvm/kvm_vcpu.h"
#include "kvm/fake_kernel.h"

namespace southgate::cpu::test {

namespace {

void real_segments(SpecialRegisters& s) {
    for (SegmentRegister& segment : s.seg) segment = real_segment(0);
    s.seg[static_cast<unsigned>(Seg::cs)] = real_segment(0, true);
    s.gdtr = {0, 0xffff};
    s.idtr = {0, 0xffff};
    s.cr0 = 0x60000010;
    s.cr3 = s.cr4 = s.efer = 0;
}

}  // namespace

std::vector<Engine> engines() {
    std::vector<Engine> all{{"interpreter", [](Bus& bus) { return make_interpreter(bus); }}};
    // The host's own, with what docs/kvm.md says a kernel does otherwise.
    all.push_back({"kvm",
                   [](Bus& bus) {
                       kvm::KvmConfig config;
                       config.instruction_time_ps = 10'000'000;  // a second for run(): hosts may be emulated
                       return kvm::make_kvm(bus, config);
                   },
                   {Ability::exact_budgets, Ability::choose_policy, Ability::platform_clock, Ability::tell_strings,
                    Ability::prompt_interrupts, Ability::legacy_paging},
                   kvm::host_unavailable});
    // The same engine on a kernel made of the interpreter: exact in time, the emulator's path for every port.
    all.push_back({"kvm_on_fake_kernel",
                   [](Bus& bus) {
                       return std::make_unique<kvm::KvmVcpu>(bus, kvm::KvmConfig{}, std::make_shared<FakeKernel>());
                   },
                   {Ability::choose_policy, Ability::platform_clock, Ability::tell_strings}});
    return all;
}

EngineTest::EngineTest() {
    std::memset(ram.data(), 0xf4, ram.size());
    std::memset(ram.data(), 0, 0x1000);
    std::memset(flash.data(), 0xf4, flash.size());
    if (!GetParam().unavailable().empty()) return;
    cpu = GetParam().make(bus);
    slots = {ram.slot(0), flash.slot(0xffff0000)};
    cpu->set_memory_map(slots);
}

void EngineTest::SetUp() {
    if (!cpu) GTEST_SKIP() << GetParam().unavailable();
}

void EngineTest::real_mode(const std::vector<std::uint8_t>& code) {
    std::copy(code.begin(), code.end(), ram.data() + start);
    cpu->memory_written(ram.data() + start, code.size());
    wake_up();
    SpecialRegisters s = cpu->sregs();
    real_segments(s);
    cpu->set_sregs(s);
    GeneralRegisters r;
    r.rip = start;
    r.gpr[static_cast<unsigned>(Gpr::rsp)] = 0x7000;
    cpu->set_regs(r);
}

void EngineTest::flat_mode(const std::vector<std::uint8_t>& code) {
    real_mode(code);
    ram.put<std::uint64_t>(0x508, 0x00cf9b000000ffff);
    ram.put<std::uint64_t>(0x510, 0x00cf93000000ffff);
    SpecialRegisters s = cpu->sregs();
    for (SegmentRegister& segment : s.seg) segment = wide_segment(0x10, false, 0);
    s.seg[static_cast<unsigned>(Seg::cs)] = wide_segment(0x08, true, 0);
    s.gdtr = {0x500, 0x17};
    s.idtr = {0x600, 0};
    s.cr0 = 0x11;
    cpu->set_sregs(s);
}

void EngineTest::long_mode(const std::vector<std::uint8_t>& code) {
    flat_mode(code);
    constexpr std::uint64_t present_writable = 3, large = 0x80, pml4 = 0xfa000, pdpt = 0xfb000, directories = 0xfc000;
    std::memset(ram.data() + pml4, 0, 0x6000);
    ram.put<std::uint64_t>(pml4, pdpt | present_writable);
    ram.put<std::uint64_t>(pml4 + 256 * 8, pdpt | present_writable);
    for (unsigned i = 0; i < 8; ++i)
        ram.put<std::uint64_t>(pdpt + i * 8, (directories + i % 4 * 0x1000) | present_writable);
    for (unsigned i = 0; i < 2048; ++i)
        ram.put<std::uint64_t>(directories + i * 8, std::uint64_t{i} << 21 | large | present_writable);
    ram.put<std::uint64_t>(0x508, 0x00af9b000000ffff);
    SpecialRegisters s = cpu->sregs();
    SegmentRegister& cs = s.seg[static_cast<unsigned>(Seg::cs)];
    cs.attributes = (cs.attributes & ~SegmentRegister::db) | SegmentRegister::l;
    s.cr0 = 0x80000011;
    s.cr3 = pml4;
    s.cr4 = 0x20;
    s.efer = 0x500;
    cpu->set_sregs(s);
}

void EngineTest::set_reg(Gpr r, std::uint64_t value) {
    GeneralRegisters regs = cpu->regs();
    regs.gpr[static_cast<unsigned>(r)] = value;
    cpu->set_regs(regs);
}

void EngineTest::set_rip(std::uint64_t value) {
    GeneralRegisters regs = cpu->regs();
    regs.rip = value;
    cpu->set_regs(regs);
}

void EngineTest::wake_up() {
    EventState events;
    events.smbase = cpu->events().smbase;
    cpu->set_events(events);
}

void EngineTest::jam_reset() {
    GeneralRegisters regs;
    regs.gpr[static_cast<unsigned>(Gpr::rdx)] = 0x600;
    regs.rip = 0xfff0;
    cpu->set_regs(regs);
    SpecialRegisters s = cpu->sregs();
    real_segments(s);
    s.seg[static_cast<unsigned>(Seg::cs)] = {0xffff0000, 0xffff, 0x9b, 0xf000};
    cpu->set_sregs(s);
}

void EngineTest::set_vector(unsigned vector, std::uint16_t segment, std::uint16_t offset) {
    ram.put<std::uint16_t>(vector * 4, offset);
    ram.put<std::uint16_t>(vector * 4 + 2, segment);
}

}  // namespace southgate::cpu::test
