// Memory by the contract: slots, the Bus behind them, changes of the map, code that changes.
#include <algorithm>
#include <cstring>
#include <vector>

#include "engine_suite.h"

namespace southgate::cpu::test {
namespace {

class ContractMemory : public EngineTest {
  protected:
    static constexpr std::uint64_t hole = 0x200000;
};

TEST_P(ContractMemory, OutsideEverySlotIsTheBus) {
    // MOV EAX, [EBX]; MOV [EBX+4], CX; MOV DL, [EBX+9]
    flat_mode({0x8b, 0x03, 0x66, 0x89, 0x4b, 0x04, 0x8a, 0x53, 0x09, 0xf4});
    set_reg(Gpr::rbx, hole);
    set_reg(Gpr::rcx, 0x1234);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(reg(Gpr::rax), 0xffffffffu);
    EXPECT_EQ(bus.accesses, (std::vector<BusAccess>{
                                {false, hole, 4, 0}, {true, hole + 4, 2, 0x1234}, {false, hole + 9, 1, 0}}));
}

TEST_P(ContractMemory, BusAccessesNeverCrossAPage) {
    flat_mode({0x89, 0x03, 0xf4});
    set_reg(Gpr::rbx, hole + 0xffe);
    set_reg(Gpr::rax, 0x44332211);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    std::uint64_t written = 0;
    for (const BusAccess& a : bus.accesses) {
        EXPECT_TRUE(a.write);
        EXPECT_EQ(a.physical >> 12, (a.physical + a.size - 1) >> 12);
        written += a.size;
    }
    EXPECT_EQ(written, 4u);
}

TEST_P(ContractMemory, StringsReachTheBusElementByElement) {
    SOUTHGATE_NEEDS(exact_budgets);
    flat_mode({0xf3, 0x66, 0xab, 0xf4});  // REP STOSW
    set_reg(Gpr::rdi, hole - 4);
    set_reg(Gpr::rcx, 3);
    set_reg(Gpr::rax, 0xabcd);
    EXPECT_EQ(run().retired, 4u);
    EXPECT_EQ(bus.accesses,
              (std::vector<BusAccess>{
                  {true, hole - 4, 2, 0xabcd}, {true, hole - 2, 2, 0xabcd}, {true, hole, 2, 0xabcd}}));
}

TEST_P(ContractMemory, ReadOnlySlots) {
    Memory rom(0x1000);
    rom.put<std::uint32_t>(0, 0x11223344);
    MemorySlot slot = rom.slot(hole);
    slot.writable = false;
    for (const bool drop : {true, false}) {
        slot.drop_writes = drop;
        slots = {ram.slot(0), slot, flash.slot(0xffff0000)};
        cpu->set_memory_map(slots);
        bus.accesses.clear();
        flat_mode({0x89, 0x0b, 0x8b, 0x03, 0xf4});  // MOV [EBX], ECX; MOV EAX, [EBX]
        set_reg(Gpr::rbx, hole);
        set_reg(Gpr::rcx, 0x55);
        EXPECT_EQ(run().reason, ExitReason::hlt);
        EXPECT_EQ(reg(Gpr::rax), 0x11223344u);
        EXPECT_EQ(bus.accesses.size(), drop ? 0u : 1u);
    }
}

TEST_P(ContractMemory, WriteOnlySlots) {
    Memory shadow(0x1000);
    MemorySlot slot = shadow.slot(hole);
    slot.readable = false;
    slots = {ram.slot(0), slot, flash.slot(0xffff0000)};
    cpu->set_memory_map(slots);
    flat_mode({0x89, 0x0b, 0x8b, 0x03, 0xf4});
    set_reg(Gpr::rbx, hole);
    set_reg(Gpr::rcx, 0x55);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(shadow.get<std::uint32_t>(0), 0x55u);
    EXPECT_EQ(reg(Gpr::rax), 0xffffffffu);
    ASSERT_EQ(bus.accesses.size(), 1u);
    EXPECT_FALSE(bus.accesses[0].write);
}

TEST_P(ContractMemory, NewMapTakesEffectAtOnce) {
    SOUTHGATE_NEEDS(exact_budgets);
    Memory other(0x100000);
    real_mode({0x40, 0xeb, 0xfd});
    run(10);
    other.put(start, {0x43, 0xeb, 0xfd});
    set_rip(start);
    slots = {other.slot(0), flash.slot(0xffff0000)};
    cpu->set_memory_map(slots);
    const std::uint64_t ax = reg(Gpr::rax);
    run(10);
    EXPECT_EQ(reg(Gpr::rax), ax);
    EXPECT_EQ(reg(Gpr::rbx), 5u);
    // And back again: the old code is still the old code.
    slots = {ram.slot(0), flash.slot(0xffff0000)};
    cpu->set_memory_map(slots);
    run(10);
    EXPECT_EQ(reg(Gpr::rax), ax + 5);
    EXPECT_EQ(reg(Gpr::rbx), 5u);
}

TEST_P(ContractMemory, MapChangeInsideABusCall) {
    // A write to a device flips the map; the instruction behind it comes from the new one.
    Memory other(0x100000);
    std::memcpy(other.data(), ram.data(), ram.size());
    flat_mode({0x89, 0x03, 0x40, 0xf4});
    std::memcpy(other.data(), ram.data(), ram.size());
    other[start + 2] = 0x41;  // INC ECX
    set_reg(Gpr::rbx, hole);
    bus.on_access = [&] {
        const MemorySlot map[] = {other.slot(0), flash.slot(0xffff0000)};
        cpu->set_memory_map(map);
    };
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(reg(Gpr::rax), 0u);
    EXPECT_EQ(reg(Gpr::rcx), 1u);
}

TEST_P(ContractMemory, SelfModifyingCode) {
    // MOV BYTE [8007h], 43h (INC BX) replaces INC AX two instructions ahead.
    real_mode({0xc6, 0x06, 0x07, 0x80, 0x43, 0x90, 0x90, 0x40, 0xf4});
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(reg(Gpr::rax), 0u);
    EXPECT_EQ(reg(Gpr::rbx), 1u);
    // The same code again, now that it was executed.
    ram[start + 7] = 0x40;
    cpu->memory_written(ram.data() + start + 7, 1);
    wake_up();
    set_rip(start);
    set_reg(Gpr::rbx, 0);
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(reg(Gpr::rax), 0u);
    EXPECT_EQ(reg(Gpr::rbx), 1u);
}

// Other instructions of any length in the same place, again and again: nothing of the old ones may survive.
TEST_P(ContractMemory, ReplacedCodeIsDecodedAfresh) {
    real_mode({0xf4});
    const std::vector<std::uint8_t> versions[] = {
        {0x84, 0xc0, 0x40, 0xf4},        // TEST AL, AL; INC AX
        {0x43, 0x43, 0x43, 0xf4},        // INC BX, three times
        {0xa8, 0x01, 0x43, 0xf4},        // TEST AL, 1; INC BX
        {0xa8, 0x02, 0x41, 0xf4},        // TEST AL, 2; INC CX
        {0x05, 0x10, 0x00, 0xf4},        // ADD AX, 10h
        {0x05, 0x20, 0x00, 0xf4},        // ADD AX, 20h
    };
    const GeneralRegisters zero;
    for (int round = 0; round < 4; ++round) {
        GeneralRegisters r = zero;
        for (const auto& version : versions) {
            std::copy(version.begin(), version.end(), ram.data() + start);
            cpu->memory_written(ram.data() + start, version.size());
            wake_up();
            r.rip = start;
            cpu->set_regs(r);
            ASSERT_EQ(run().reason, ExitReason::hlt);
            r = cpu->regs();
        }
        EXPECT_EQ(reg(Gpr::rax), 0x31u);
        EXPECT_EQ(reg(Gpr::rbx), 4u);
        EXPECT_EQ(reg(Gpr::rcx), 1u);
    }
}

TEST_P(ContractMemory, StringsThatOverwriteTheCodeAhead) {
    // REP STOSB over the INC AX behind it.
    real_mode({0xf3, 0xaa, 0x40, 0x40, 0xf4});
    for (int round = 0; round < 3; ++round) {
        wake_up();
        ram.put(start, {0xf3, 0xaa, 0x40, 0x40, 0xf4});
        cpu->memory_written(ram.data() + start, 5);
        GeneralRegisters r;
        r.rip = start;
        r.gpr[static_cast<unsigned>(Gpr::rax)] = 0x43;
        r.gpr[static_cast<unsigned>(Gpr::rcx)] = 2;
        r.gpr[static_cast<unsigned>(Gpr::rdi)] = start + 2;
        cpu->set_regs(r);
        EXPECT_EQ(run().reason, ExitReason::hlt);
        EXPECT_EQ(reg(Gpr::rax), 0x43u);
        EXPECT_EQ(reg(Gpr::rbx), 2u);
    }
}

TEST_P(ContractMemory, DmaIntoCode) {
    SOUTHGATE_NEEDS(exact_budgets);
    real_mode({0x40, 0xeb, 0xfd});
    run(100);
    ram[start] = 0x43;
    cpu->memory_written(ram.data() + start, 1);
    set_rip(start);
    run(2);
    EXPECT_EQ(reg(Gpr::rbx), 1u);
}

SOUTHGATE_ENGINE_SUITE(ContractMemory);

}  // namespace
}  // namespace southgate::cpu::test
