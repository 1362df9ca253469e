// What the KVM engine does beyond the contract, on a kernel made of the interpreter.
#include <gtest/gtest.h>

#include "cpu_model/kvm/kvm_vcpu.h"
#include "kvm/fake_kernel.h"
#include "memory.h"
#include "segments.h"
#include "test_bus.h"

namespace southgate::cpu::test {
namespace {

class Fates final : public PioObserver {
  public:
    void pio_exit(const PioEvent&) override { text += "exit "; }
    void pio_complete(const PioEvent& e) override { text += "complete:" + std::to_string(e.rip) + " "; }
    void pio_cancel(const PioEvent& e) override { text += "cancel:" + std::to_string(e.rip) + " "; }
    std::string text;
};

class KvmEngine : public testing::Test {
  protected:
    static constexpr std::uint64_t start = 0x8000;

    KvmEngine() {
        kvm::KvmConfig config;
        config.report_completions = true;
        config.interpret_failures = true;
        FakeKernel::Config host;
        host.mode_change_drops_input = true;
        cpu = std::make_unique<kvm::KvmVcpu>(bus, config, std::make_shared<FakeKernel>(host));
        cpu->set_pio_observer(&fates);
    }

    void load(const std::vector<std::uint8_t>& code) {
        std::memset(ram.data(), 0xf4, ram.size());
        std::copy(code.begin(), code.end(), ram.data() + start);
        const MemorySlot slot = ram.slot(0);
        cpu->set_memory_map({&slot, 1});
        SpecialRegisters s = cpu->sregs();
        for (SegmentRegister& segment : s.seg) segment = real_segment(0);
        s.seg[static_cast<unsigned>(Seg::cs)] = real_segment(0, true);
        cpu->set_sregs(s);
        GeneralRegisters r;
        r.rip = start;
        cpu->set_regs(r);
    }
    Exit run() { return cpu->run({1000, false}); }

    TestBus bus;
    Memory ram{0x10000};
    Fates fates;
    std::unique_ptr<kvm::KvmVcpu> cpu;
};

TEST_F(KvmEngine, TellsThatAnOutIsOverAtItsExit) {
    load({0xe6, 0x92, 0xf4});
    EXPECT_EQ(run().reason, ExitReason::pio);
    EXPECT_EQ(fates.text, "exit complete:" + std::to_string(start + 2) + " ");
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(fates.text, "exit complete:" + std::to_string(start + 2) + " ");
}

TEST_F(KvmEngine, TellsThatAnInCompletedBehindItsEntry) {
    load({0xe4, 0x92, 0xf4});
    EXPECT_EQ(run().reason, ExitReason::pio);
    EXPECT_EQ(fates.text, "exit ");
    EXPECT_EQ(run().reason, ExitReason::hlt);
    EXPECT_EQ(fates.text, "exit complete:" + std::to_string(start + 2) + " ");
}

TEST_F(KvmEngine, TellsThatAnInWasDropped) {
    load({0xe4, 0x92, 0xf4});
    EXPECT_EQ(run().reason, ExitReason::pio);
    GeneralRegisters r = cpu->regs();
    r.rip = 0xfff0;
    cpu->set_regs(r);
    SpecialRegisters s = cpu->sregs();
    s.cr0 ^= 1u << 3;  // TS: this host then forgets what its emulator has pending
    cpu->set_sregs(s);
    const Exit exit = cpu->run({0, true});
    EXPECT_EQ(exit.reason, ExitReason::budget_end);
    EXPECT_EQ(exit.retired, 0u);
    EXPECT_EQ(fates.text, "exit cancel:" + std::to_string(0xfff0) + " ");
}

// A machine whose memory becomes known by being read: the first fetch finds no slot at all.
TEST_F(KvmEngine, StartsWithoutAnyMemory) {
    bus.read_value = 0xf4f4f4f4f4f4f4f4;  // HLT
    EXPECT_EQ(run().reason, ExitReason::hlt);
    ASSERT_FALSE(bus.accesses.empty());
    EXPECT_EQ(bus.accesses[0].physical, 0xfffffff0u);
}

}  // namespace
}  // namespace southgate::cpu::test
