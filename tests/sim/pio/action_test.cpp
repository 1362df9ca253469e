// Actions: text and back, and what each does to a vCPU.
#include <gtest/gtest.h>

#include "cpu_model/interpreter/interpreter.h"
#include "sim/pio/lab/action.h"

namespace southgate::pio {
namespace {

constexpr const char* texts[] = {
    "nothing", "get-state", "set-regs", "set-sregs", "write-rip 8002", "add-rip 2", "write-rax AABBCCDD",
    "write-rcx 9", "write-cr0 60000018", "reset", "reset sregs-first", "reset dirty", "relocated-reset", "start-up-state",
    "move-cs 1000:10000", "move-split 0400:4000", "rewrite-code 90 90", "patch-behind 66 90", "mp-state runnable",
    "mp-state halted", "mp-state init-received", "mp-state uninitialized", "start-up 9A", "init", "queue-irq 40",
    "queue-nmi", "clear-events", "single-step on", "single-step off", "migrate", "run", "drain",
};

TEST(Action, TextRoundTrips) {
    std::array<bool, action_kinds> covered{};
    for (const char* text : texts) {
        const auto action = parse_action(text);
        ASSERT_TRUE(action) << text;
        EXPECT_EQ(to_string(*action), text);
        covered[static_cast<unsigned>(action->kind)] = true;
    }
    for (unsigned kind = 0; kind < action_kinds; ++kind) EXPECT_TRUE(covered[kind]) << kind;
}

TEST(Action, BadTextIsNone) {
    for (const char* text :
         {"", "fly", "reset ", "reset twice", "write-rip", "write-rip ", "write-rip xyz", "write-rip 10000000000000000",
          "queue-irq 100", "start-up 100", "move-cs 1000", "move-cs 10000:0", "move-split :", "rewrite-code",
          "rewrite-code 100", "rewrite-code 1 2 3 4 5 6 7 8 9", "rewrite-code 90  90", "mp-state asleep", "run 5",
          "single-step", "RESET"})
        EXPECT_FALSE(parse_action(text)) << text;
}

TEST(Action, HelpNamesEveryForm) {
    for (const char* text : texts) {
        const std::string name = std::string(text).substr(0, std::string(text).find(' '));
        EXPECT_NE(action_help().find(name), std::string_view::npos) << name;
    }
}

class ActionTest : public testing::Test {
  protected:
    ActionTest() : machine([](cpu::Bus& bus) { return cpu::make_interpreter(bus); }) {
        guest.code = {0xe4, 0x92, 0xf4};
        prepare(machine.cpu(), machine.memory, guest);
        EXPECT_EQ(act("run")->reason, cpu::ExitReason::pio);
    }
    std::optional<cpu::Exit> act(const char* text) { return apply(*parse_action(text), machine, 0x8000); }
    cpu::SegmentRegister cs() const { return machine.cpu().sregs().seg[static_cast<unsigned>(cpu::Seg::cs)]; }
    std::uint64_t rax() const { return machine.cpu().regs().gpr[0]; }

    Guest guest;
    Machine machine;
};

TEST_F(ActionTest, JamsLeaveThePowerOnState) {
    for (const char* jam : {"reset", "reset sregs-first", "reset dirty"}) {
        act(jam);
        EXPECT_EQ(machine.cpu().linear_rip(), 0xfffffff0u) << jam;
        EXPECT_EQ(cs().selector, 0xf000);
        EXPECT_EQ(rax(), 0u);
        EXPECT_EQ(machine.cpu().regs().rflags, 2u);
    }
    act("relocated-reset");
    EXPECT_EQ(machine.cpu().linear_rip(), 0xbfff0u);
    act("start-up-state");
    EXPECT_EQ(machine.cpu().linear_rip(), 0x9a000u);
}

TEST_F(ActionTest, RegistersOneByOne) {
    act("write-rip 9000");
    act("add-rip 10");
    act("write-rax 1122334455667788");
    act("write-rcx 5");
    const cpu::GeneralRegisters regs = machine.cpu().regs();
    EXPECT_EQ(regs.rip, 0x9010u);
    EXPECT_EQ(regs.gpr[0], 0x1122334455667788u);
    EXPECT_EQ(regs.gpr[1], 5u);
    act("move-split 0400:4000");
    EXPECT_EQ(machine.cpu().linear_rip(), 0x8000u);
    EXPECT_EQ(cs().selector, 0x400);
    act("move-cs 1000:10000");
    EXPECT_EQ(machine.cpu().linear_rip(), 0x14000u);
}

TEST_F(ActionTest, DevicesServeAndTheDrainCompletes) {
    EXPECT_EQ(machine.devices.reads, 1u);
    const auto exit = act("drain");
    ASSERT_TRUE(exit);
    EXPECT_EQ(exit->reason, cpu::ExitReason::budget_end);
    EXPECT_EQ(rax(), 0x775au);
}

TEST_F(ActionTest, MigrationLeavesWhatPendsBehind) {
    act("write-rax AA00");
    act("migrate");
    act("drain");
    EXPECT_EQ(rax(), 0xaa00u);
    EXPECT_EQ(machine.cpu().regs().rip, 0x8000u);
    EXPECT_EQ(act("run")->reason, cpu::ExitReason::pio);
}

TEST_F(ActionTest, CodeIsRewrittenInPlace) {
    act("rewrite-code 90 90");
    act("patch-behind 66 90");
    EXPECT_EQ(*machine.memory.at(0x8000), 0x90);
    EXPECT_EQ(*machine.memory.at(0x7ffe), 0x66);
}

TEST_F(ActionTest, EventsAndActivity) {
    act("queue-irq 40");
    EXPECT_TRUE(machine.cpu().events().interrupt_queued);
    EXPECT_EQ(machine.cpu().events().interrupt_vector, 0x40);
    act("queue-nmi");
    EXPECT_TRUE(machine.cpu().events().nmi_pending);
    act("clear-events");
    EXPECT_EQ(machine.cpu().events(), cpu::EventState{});
    act("mp-state uninitialized");
    EXPECT_EQ(act("run")->reason, cpu::ExitReason::wait_for_sipi);
    EXPECT_EQ(rax(), 0x7788u);
    act("start-up 9A");
    EXPECT_EQ(act("run")->reason, cpu::ExitReason::hlt);
    EXPECT_EQ(machine.cpu().linear_rip(), 0x9a001u);
    EXPECT_EQ(rax(), 0x775au);
}

// Every mode starts on its instruction and takes a breakpoint through its own tables.
TEST(Guest, EveryModeRuns) {
    for (const GuestMode mode : guest_modes) {
        SCOPED_TRACE(name_of(mode));
        EXPECT_EQ(parse_guest_mode(name_of(mode)), mode);
        Machine machine([](cpu::Bus& bus) { return cpu::make_interpreter(bus); });
        Guest guest;
        guest.mode = mode;
        guest.code = {0xe6, 0x80, 0xcc};
        prepare(machine.cpu(), machine.memory, guest);
        EXPECT_EQ(machine.cpu().linear_rip(), 0x8000u);
        EXPECT_EQ(machine.run({64, false}).reason, cpu::ExitReason::pio);
        EXPECT_EQ(machine.run({64, false}).reason, cpu::ExitReason::hlt);
        EXPECT_EQ(machine.cpu().linear_rip(), layout::handlers + 3 + 1);
    }
    EXPECT_FALSE(parse_guest_mode("real"));
}

TEST(Guest, AliasesOfLongMode) {
    EXPECT_EQ(physical_address(GuestMode::long64, 0xffff800000008000), 0x8000u);
    EXPECT_EQ(physical_address(GuestMode::long64, 0x1fffffff0), 0xfffffff0u);
    EXPECT_EQ(physical_address(GuestMode::long64, 0x100000000), 0u);
    EXPECT_EQ(linear_address(GuestMode::long64, 0x10000, 0x8000), 0x8000u);
    EXPECT_EQ(linear_address(GuestMode::real16, 0xffff0000, 0x18000), 0x8000u);
}

}  // namespace
}  // namespace southgate::pio
