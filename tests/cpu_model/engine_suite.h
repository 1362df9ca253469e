// The contract test suite: every engine behind cpu_model/vcpu.h runs it. A new engine adds itself to
// engines().
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "cpu_model/pio/policy.h"
#include "cpu_model/vcpu.h"
#include "memory.h"
#include "segments.h"
#include "test_bus.h"

namespace southgate::cpu::test {

// What an engine may lack; a test that needs it says so with SOUTHGATE_NEEDS and is skipped there.
enum class Ability : std::uint8_t {
    exact_budgets,   // stops after exactly the instructions it was given, and counts them
    choose_policy,   // set_pio_policy()
    platform_clock,  // the time-stamp counter is the platform's
    tell_strings,    // PioExit::string and linear_rip are exact, observers hear of completions
    prompt_interrupts,  // INTR is taken at the first instruction boundary that allows it
    legacy_paging,      // 32-bit paging: a software KVM (kvm_pvm) runs none
};

struct Engine {
    std::string name;
    std::function<std::unique_ptr<Vcpu>(Bus&)> make;
    std::vector<Ability> lacks{};
    // Why this host cannot run it, or nothing. Asked for each test, so that the list of tests is the same everywhere.
    std::function<std::string()> unavailable = [] { return std::string(); };

    bool has(Ability ability) const { return std::ranges::find(lacks, ability) == lacks.end(); }
};

#define SOUTHGATE_NEEDS(ability) \
    if (!GetParam().has(Ability::ability)) GTEST_SKIP() << GetParam().name << " lacks " #ability
inline void PrintTo(const Engine& engine, std::ostream* out) { *out << engine.name; }
std::vector<Engine> engines();

// A machine of one engine, 1 MiB of RAM at 0 and 64 KiB of (writable) flash below 4 GiB, filled with HLT.
class EngineTest : public testing::TestWithParam<Engine> {
  protected:
    static constexpr std::uint64_t start = 0x8000;  // where real_mode() and flat_mode() begin
    static constexpr std::uint64_t many = 100'000;

    EngineTest();
    void SetUp() override;

    // Real mode, CS = 0, rip = start, the rest of the state as after reset but with zero segments, SP =
    // 7000h.
    void real_mode(const std::vector<std::uint8_t>& code);
    // 32-bit protected mode, flat segments, CPL 0, paging off; GDT at 500h, IDT at 600h with limit 0.
    void flat_mode(const std::vector<std::uint8_t>& code);

    // 64-bit mode, CPL 0. Linear addresses mean their low 32 bits, by 2 MiB pages: below 8 GiB and from
    // FFFF800000000000h on; the tables fill the last 24 KiB of RAM.
    void long_mode(const std::vector<std::uint8_t>& code);

    Exit run(std::uint64_t instructions = many) { return cpu->run({instructions, false}); }
    Exit drain() { return cpu->run({0, true}); }  // immediate_exit

    std::uint64_t reg(Gpr r) const { return cpu->regs().gpr[static_cast<unsigned>(r)]; }
    std::uint64_t rip() const { return cpu->regs().rip; }
    void set_reg(Gpr r, std::uint64_t value);
    void set_rip(std::uint64_t value);
    // Running again (after HLT, say), with nothing pending.
    void wake_up();
    void rewrite_regs() { cpu->set_regs(cpu->regs()); }
    // What a platform does to reset the processor by the state interfaces alone (KVM_SET_REGS,
    // KVM_SET_SREGS).
    void jam_reset();
    SegmentRegister cs() const { return cpu->sregs().seg[static_cast<unsigned>(Seg::cs)]; }
    // Real-mode interrupt vector.
    void set_vector(unsigned vector, std::uint16_t segment, std::uint16_t offset);

    TestBus bus;
    Memory ram{0x100000};
    Memory flash{0x10000};
    std::unique_ptr<Vcpu> cpu;
    std::vector<MemorySlot> slots;
};

#define SOUTHGATE_ENGINE_SUITE(suite)                                      \
    INSTANTIATE_TEST_SUITE_P(Engines, suite, testing::ValuesIn(engines()), \
                             [](const testing::TestParamInfo<Engine>& info) { return info.param.name; })

}  // namespace southgate::cpu::test
