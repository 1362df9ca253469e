// Hardware task switches (SDM vol. 3A chapter 7).
#include "tests/cpu_model/system/machine.h"

namespace southgate::cpu::test {
namespace {

using namespace layout;

class TaskSwitches : public Machine {
  protected:
    static constexpr std::uint32_t task_code = 0x14000, task_stack = 0x50000;

    void SetUp() override {
        protected_mode();
        put<std::uint32_t>(other_tss + 0x20, task_code);
        put<std::uint32_t>(other_tss + 0x24, 2);
        for (unsigned i = 0; i < 8; ++i) put<std::uint32_t>(other_tss + 0x28 + 4 * i, 0x1000 + i);
        put<std::uint32_t>(other_tss + 0x38, task_stack);
        for (unsigned i = 0; i < 6; ++i) put<std::uint16_t>(other_tss + 0x48 + 4 * i, i == 1 ? code0 : data0);
        put<std::uint16_t>(other_tss + 0x66, 0x68);
    }
    void transfer(int opcode, std::uint16_t selector) {
        put(layout::code, static_cast<std::uint8_t>(opcode));
        put<std::uint32_t>(layout::code + 1, 0);
        put<std::uint16_t>(layout::code + 5, selector);
    }
};

TEST_F(TaskSwitches, JumpToTss) {
    transfer(0xea, other_task);
    set_gpr(Gpr::rbx, 0xb0b);
    run(1);
    EXPECT_EQ(cpu->regs().rip, task_code);
    EXPECT_EQ(reg(Gpr::rax), 0x1000u);
    EXPECT_EQ(reg(Gpr::rsp), task_stack);
    EXPECT_EQ(cpu->sregs().tr.selector, other_task);
    EXPECT_EQ(access_byte(task), 0x89) << "old task no longer busy";
    EXPECT_EQ(access_byte(other_task), 0x8b);
    EXPECT_NE(cpu->sregs().cr0 & 8, 0u) << "TS";
    EXPECT_EQ(flags() & 0x4000, 0u) << "not nested";
    EXPECT_EQ(get<std::uint32_t>(tss + 0x20), layout::code + 7);
    EXPECT_EQ(get<std::uint32_t>(tss + 0x34), 0xb0bu);
    EXPECT_EQ(get<std::uint16_t>(tss + 0x4c), code0);
}

TEST_F(TaskSwitches, CallNestsAndIretReturns) {
    transfer(0x9a, other_task);
    code(task_code, {0xcf, 0x90});  // iretd
    run(1);
    EXPECT_EQ(cpu->regs().rip, task_code);
    EXPECT_NE(flags() & 0x4000, 0u) << "NT";
    EXPECT_EQ(get<std::uint16_t>(other_tss), task) << "back link";
    EXPECT_EQ(access_byte(task), 0x8b) << "a nested task's caller stays busy";
    EXPECT_EQ(access_byte(other_task), 0x8b);
    run(1);
    EXPECT_EQ(cpu->regs().rip, layout::code + 7);
    EXPECT_EQ(cpu->sregs().tr.selector, task);
    EXPECT_EQ(access_byte(other_task), 0x89);
    EXPECT_EQ(access_byte(task), 0x8b);
    EXPECT_EQ(get<std::uint32_t>(other_tss + 0x24) & 0x4000, 0u) << "NT cleared in the saved image";
    EXPECT_EQ(get<std::uint32_t>(other_tss + 0x20), task_code + 1);
}

TEST_F(TaskSwitches, FaultThroughTaskGatePushesErrorCode) {
    idt_gate(13, other_task, 0, 0x85);
    code(layout::code, {0xcd, 0x40});
    idt_gate(0x40, data0, 0, 0x8e);
    code(task_code, {0xf4});
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(reg(Gpr::rsp), task_stack - 4);
    EXPECT_EQ(stack_dword(0), data0);
    EXPECT_EQ(get<std::uint32_t>(tss + 0x20), layout::code) << "the faulting instruction restarts";
    EXPECT_NE(flags() & 0x4000, 0u);
}

TEST_F(TaskSwitches, TaskGateInGdt) {
    write_gate(gdt + task_gate, other_task, 0, 0x85);
    transfer(0x9a, task_gate);
    run(1);
    EXPECT_EQ(cpu->regs().rip, task_code);
}

TEST_F(TaskSwitches, BusyTaskCannotBeEntered) {
    transfer(0xea, task);
    EXPECT_EQ(run_to_handler(), 13);
    EXPECT_EQ(stack_dword(0), task);
}

TEST_F(TaskSwitches, ShortTssIsInvalid) {
    descriptor(other_task, other_tss, 0x66, 0x89, 0);
    transfer(0xea, other_task);
    EXPECT_EQ(run_to_handler(), 10);
    EXPECT_EQ(stack_dword(0), other_task);
    EXPECT_EQ(access_byte(other_task), 0x89) << "nothing committed";
    EXPECT_EQ(cpu->sregs().tr.selector, task);
}

TEST_F(TaskSwitches, AbsentTss) {
    descriptor(other_task, other_tss, 0x67, 0x09, 0);
    transfer(0xea, other_task);
    EXPECT_EQ(run_to_handler(), 11);
}

TEST_F(TaskSwitches, FaultsAfterTheCommitBelongToTheNewTask) {
    put<std::uint16_t>(other_tss + 0x54, code16 | 4);  // DS: no LDT
    transfer(0xea, other_task);
    EXPECT_EQ(run_to_handler(), 10);
    EXPECT_EQ(stack_dword(0), code16 | 4u);
    EXPECT_EQ(stack_dword(1), task_code) << "EIP of the new task";
    EXPECT_EQ(cpu->sregs().tr.selector, other_task);
    EXPECT_EQ(reg(Gpr::rax), 0x1000u);
}

TEST_F(TaskSwitches, IretWithBadBackLink) {
    set_flags(0x4002);
    put<std::uint16_t>(tss, other_task);  // available, must be busy
    code(layout::code, {0xcf});
    EXPECT_EQ(run_to_handler(), 10);
    EXPECT_EQ(stack_dword(0), other_task);
}

TEST_F(TaskSwitches, SixteenBitTss) {
    descriptor(small_task, small_tss, 0x2b, 0x81, 0);
    put<std::uint16_t>(small_tss + 0x0e, 0x4000);
    put<std::uint16_t>(small_tss + 0x10, 2);
    put<std::uint16_t>(small_tss + 0x12, 0xaaaa);
    put<std::uint16_t>(small_tss + 0x1a, 0x6000);
    for (unsigned i = 0; i < 4; ++i) put<std::uint16_t>(small_tss + 0x22 + 2 * i, i == 1 ? code16 : data16);
    put<std::uint16_t>(small_tss + 0x2a, 0);
    transfer(0x9a, small_task);
    run(1);
    EXPECT_EQ(cpu->regs().rip, 0x4000u);
    EXPECT_EQ(reg(Gpr::rax) & 0xffff, 0xaaaau);
    EXPECT_EQ(reg(Gpr::rsp) & 0xffff, 0x6000u);
    EXPECT_EQ(segment(Seg::fs).selector, 0);
    EXPECT_EQ(get<std::uint16_t>(small_tss), task);
}

TEST_F(TaskSwitches, DebugTrapBit) {
    put<std::uint16_t>(other_tss + 0x64, 1);
    transfer(0xea, other_task);
    EXPECT_EQ(run_to_handler(), 1);
    EXPECT_EQ(stack_dword(0), task_code);
    EXPECT_NE(cpu->debug_regs().dr6 & 0x8000, 0u) << "BT";
}

TEST_F(TaskSwitches, LocalBreakpointsEnd) {
    DebugRegisters d = cpu->debug_regs();
    d.dr7 = 0x400 | 0x103;
    d.dr[0] = 0x99999;
    cpu->set_debug_regs(d);
    transfer(0xea, other_task);
    run(1);
    EXPECT_EQ(cpu->debug_regs().dr7, 0x402u);
}

TEST_F(TaskSwitches, SelfFaultingTaskChainsEnd) {
    // A fault handler task whose own segments are bad: the processor must come to rest.
    put<std::uint16_t>(other_tss + 0x4c, data0);
    for (const unsigned v : {8u, 10u, 11u, 12u, 13u}) idt_gate(v, other_task, 0, 0x85);
    transfer(0xea, other_task);
    EXPECT_EQ(run().reason, ExitReason::shutdown);
}

}  // namespace
}  // namespace southgate::cpu::test
