// The CPU module on its own: time, waiting targets, DMI, lines and resets, with a scripted vCPU behind the
// contract.
#include "platform/cpu_module.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "fake_vcpu.h"
#include "platform/memory.h"

namespace southgate::platform::test {
namespace {

using sc_core::SC_NS;
using sc_core::sc_time;
using sc_core::SC_US;

using Program = std::vector<Op>;

constexpr std::uint64_t period = 10'000;  // ps an instruction

// An I/O target that records accesses and does what a test asks for, as somebody else's module might.
struct Device : sc_core::sc_module {
    struct Access {
        std::uint64_t address, time_ps;
        bool write;
    };
    tlm::tlm_target_socket<32> socket{"socket"};
    chipset::LineOut init{"init"}, cpurst{"cpurst"}, intr{"intr"}, ignne{"ignne"};
    chipset::LineIn ferr{"ferr"};
    std::vector<Access> accesses;
    std::vector<chipset::SpecialCycle::Kind> cycles;
    std::vector<std::uint64_t> acknowledged_ps;
    std::function<void(Access, sc_time& delay)> react;
    sc_core::sc_event timer;

    explicit Device(const sc_core::sc_module_name& name) : sc_module(name), adapter_(*this) {
        socket.bind(adapter_);
        SC_HAS_PROCESS(Device);
        SC_METHOD(expired);
        sensitive << timer;
        dont_initialize();
    }
    void expired() { intr.set(true); }

  private:
    struct Adapter : tlm::tlm_fw_transport_if<> {
        explicit Adapter(Device& device) : device(device) {}
        void b_transport(tlm::tlm_generic_payload& trans, sc_time& delay) override {
            const std::uint64_t now = (sc_core::sc_time_stamp() + delay).value();
            trans.set_response_status(tlm::TLM_OK_RESPONSE);
            chipset::SpecialCycle* special = nullptr;
            trans.get_extension(special);
            if (special) {
                device.cycles.push_back(special->kind);
                if (special->kind == chipset::SpecialCycle::Kind::interrupt_acknowledge) {
                    device.acknowledged_ps.push_back(now);
                    *trans.get_data_ptr() = 0x20;
                    device.intr.set(false);
                } else if (device.react) {
                    device.react({0, now, false}, delay);
                }
                return;
            }
            if (trans.is_read()) *trans.get_data_ptr() = 0x5a;
            const Access access{trans.get_address(), now, trans.is_write()};
            device.accesses.push_back(access);
            if (device.react) device.react(access, delay);
        }
        unsigned transport_dbg(tlm::tlm_generic_payload&) override { return 0; }
        bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi&) override { return false; }
        tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload&, tlm::tlm_phase&, sc_time&) override {
            return tlm::TLM_COMPLETED;
        }
        Device& device;
    } adapter_;
};

// Sends addresses behind the RAM to `mmio` when something is bound there.
struct Bus : sc_core::sc_module, tlm::tlm_fw_transport_if<>, tlm::tlm_bw_transport_if<> {
    tlm::tlm_target_socket<32> in{"in"};
    tlm::tlm_initiator_socket<32> ram{"ram"};
    tlm::tlm_initiator_socket<32, tlm::tlm_base_protocol_types, 1, sc_core::SC_ZERO_OR_MORE_BOUND> mmio{
        "mmio"};

    explicit Bus(const sc_core::sc_module_name& name) : sc_module(name) {
        in.bind(*static_cast<tlm::tlm_fw_transport_if<>*>(this));
        ram.bind(*static_cast<tlm::tlm_bw_transport_if<>*>(this));
        mmio.bind(*static_cast<tlm::tlm_bw_transport_if<>*>(this));
    }
    void b_transport(tlm::tlm_generic_payload& trans, sc_time& delay) override {
        if (trans.get_address() >= 0x10000 && mmio.size())
            mmio->b_transport(trans, delay);
        else
            ram->b_transport(trans, delay);
    }
    unsigned transport_dbg(tlm::tlm_generic_payload& trans) override { return ram->transport_dbg(trans); }
    bool get_direct_mem_ptr(tlm::tlm_generic_payload& trans, tlm::tlm_dmi& dmi) override {
        return ram->get_direct_mem_ptr(trans, dmi);
    }
    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload&, tlm::tlm_phase&, sc_time&) override {
        return tlm::TLM_ACCEPTED;
    }
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload&, tlm::tlm_phase&, sc_time&) override {
        return tlm::TLM_ACCEPTED;
    }
    void invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) override {
        in->invalidate_direct_mem_ptr(first, last);
    }
};

struct Bench {
    FakeVcpu* vcpu = nullptr;
    CpuModule cpu;
    Device device{"device"};
    Ram ram{"ram", 64 << 10};
    Bus bus{"bus"};

    explicit Bench(Program program, CpuConfig config = {})
        : cpu("cpu", config, [&](cpu::Bus& bus) {
              auto engine = std::make_unique<FakeVcpu>(bus, std::move(program));
              vcpu = engine.get();
              return engine;
          }) {
        cpu.io.bind(device.socket);
        cpu.memory.bind(bus.in);
        bus.ram.bind(ram.socket);
        device.init(cpu.init);
        device.cpurst(cpu.cpurst);
        device.intr(cpu.intr);
        device.ignne(cpu.ignne);
        cpu.ferr(device.ferr);
    }
};

TEST(CpuModule, LocalTimeOfAnAccessIsItsInstructionTime) {
    Bench b(Program{{Op::nop}, {Op::nop}, {Op::out, 0x80}, {Op::nop}, {Op::out, 0x81}, {Op::hlt}});
    sc_core::sc_start(1, SC_US);
    ASSERT_EQ(b.device.accesses.size(), 2u);
    EXPECT_EQ(b.device.accesses[0].time_ps, 2 * period);
    EXPECT_EQ(b.device.accesses[1].time_ps, 4 * period);
    EXPECT_EQ(b.cpu.instructions(), 6u);
}

TEST(CpuModule, PortAccessesDoNotWait) {
    std::vector<Op> program(1000, {Op::out, 0x80});
    program.push_back({Op::hlt});
    Bench b(program);
    b.device.react = [](Device::Access, sc_time& delay) { delay += sc_time(7, SC_NS); };
    sc_core::sc_start(1, sc_core::SC_MS);
    ASSERT_EQ(b.device.accesses.size(), 1000u);
    EXPECT_EQ(b.device.accesses[999].time_ps, 999 * (period + 7'000));
    EXPECT_EQ(b.cpu.counters().synchronisations, 0u);
}

TEST(CpuModule, InterruptIsTakenAtTheFirstBoundaryAfterItsTime) {
    Bench b(Program{{Op::nop}, {Op::jump, 0}});
    b.device.timer.notify(sc_time(123'456, sc_core::SC_PS));
    sc_core::sc_start(1, SC_US);
    ASSERT_EQ(b.vcpu->vectors.size(), 1u);
    EXPECT_EQ(b.vcpu->vectors[0], 0x20);
    EXPECT_EQ(b.device.acknowledged_ps[0], 130'000u);
}

TEST(CpuModule, ADeviceMayScheduleSomethingNearerThanTheQuantum) {
    Bench b(Program{{Op::out, 0x40}, {Op::nop}, {Op::jump, 1}});
    b.device.react = [&](Device::Access, sc_time& delay) {
        b.device.timer.notify(delay + sc_time(55, SC_NS));
    };
    sc_core::sc_start(5, SC_US);
    ASSERT_EQ(b.device.acknowledged_ps.size(), 1u);
    EXPECT_EQ(b.device.acknowledged_ps[0], 60'000u);
}

TEST(CpuModule, AMemoryMappedDeviceMayDoSoInsideARun) {
    Bench b(Program{{Op::nop}, {Op::store, 0x20000}, {Op::nop}, {Op::jump, 2}});
    Device timer("timer");
    timer.react = [&](Device::Access, sc_time& delay) { b.device.timer.notify(delay + sc_time(55, SC_NS)); };
    b.bus.mmio.bind(timer.socket);
    sc_core::sc_start(5, SC_US);
    ASSERT_EQ(timer.accesses.size(), 1u);
    EXPECT_EQ(timer.accesses[0].time_ps, period);
    ASSERT_EQ(b.device.acknowledged_ps.size(), 1u);
    EXPECT_EQ(b.device.acknowledged_ps[0], 70'000u);
}

TEST(CpuModule, SomebodyElsesTargetMayWait) {
    Bench b(Program{{Op::nop}, {Op::out, 0x80}, {Op::out, 0x81}, {Op::hlt}});
    b.device.react = [&](Device::Access access, sc_time& delay) {
        if (access.address != 0x80) return;
        sc_core::wait(delay + sc_time(100, SC_NS));
        delay = sc_time(3, SC_NS);
    };
    sc_core::sc_start(1, SC_US);
    ASSERT_EQ(b.device.accesses.size(), 2u);
    EXPECT_EQ(b.device.accesses[1].time_ps, period + 100'000 + 3'000 + period);
}

TEST(CpuModule, HaltedTimeIsSkippedAndEndsExactly) {
    Bench b(Program{{Op::hlt}, {Op::out, 0x80}, {Op::hlt}});
    b.device.timer.notify(sc_time(2, sc_core::SC_SEC));
    sc_core::sc_start(3, sc_core::SC_SEC);
    ASSERT_EQ(b.device.accesses.size(), 1u);
    EXPECT_EQ(b.device.accesses[0].time_ps, 2'000'000'000'000u);
    EXPECT_EQ(b.cpu.instructions(), 3u);
}

TEST(CpuModule, DirectMemoryIsAskedForOnceAndDroppedOnRequest) {
    Bench b(Program{{Op::store, 0x123, 7}, {Op::load, 0x123}, {Op::out, 0x80}, {Op::load, 0x124}, {Op::hlt}});
    b.device.react = [&](Device::Access, sc_time&) {
        ASSERT_EQ(b.vcpu->slots.size(), 1u);
        EXPECT_EQ(b.vcpu->slots[0].size, 64u << 10);
        b.ram.socket->invalidate_direct_mem_ptr(0, 0xfff);
    };
    sc_core::sc_start(1, SC_US);
    EXPECT_EQ(b.vcpu->loaded, (std::vector<std::uint64_t>{7, 0}));
    EXPECT_EQ(b.cpu.counters().memory_transactions, 2u);  // the store, and the load after the invalidation
    EXPECT_EQ(b.cpu.counters().dmi_grants, 2u);
    EXPECT_EQ(b.vcpu->slots.size(), 1u);  // merged again
}

TEST(CpuModule, InitInsideAPortAccessIsTakenWhileItPends) {
    Bench b(Program{{Op::nop}, {Op::out, 0x92, 1}, {Op::hlt}});
    b.device.react = [&](Device::Access, sc_time&) {
        if (b.device.accesses.size() == 1) b.device.init.pulse();
    };
    sc_core::sc_start(1, SC_US);
    EXPECT_EQ(b.vcpu->inits_while_pending, 1u);
    EXPECT_EQ(b.vcpu->writes_while_pending, 1u);  // the registers are of the platform's writing
    EXPECT_EQ(b.vcpu->dropped, 1u);
    EXPECT_EQ(b.vcpu->completed, 1u);  // the second time round
    EXPECT_EQ(b.device.accesses.size(), 2u);
}

TEST(CpuModule, AStartUpIpiInsideAPortAccessIsTakenWithItsInit) {
    Bench b(Program{{Op::nop}, {Op::out, 0x92, 1}, {Op::hlt}, {Op::nop}, {Op::nop}, {Op::out, 0x80, 1}, {Op::hlt}});
    b.vcpu->waits_after_init = true;
    b.device.react = [&](Device::Access, sc_time&) {
        if (b.device.accesses.size() > 1) return;
        b.device.init.pulse();
        b.cpu.start_up(4);
        b.cpu.start_up(3);  // ignored: it waits no longer
    };
    std::vector<CpuReset> starts;
    b.cpu.on_start([&](CpuReset kind) { starts.push_back(kind); });
    sc_core::sc_start(1, SC_US);
    EXPECT_EQ(b.vcpu->inits_while_pending, 1u);
    EXPECT_EQ(b.vcpu->start_ups_while_pending, 1u);
    EXPECT_EQ(b.vcpu->dropped, 1u);
    EXPECT_EQ(starts, (std::vector{CpuReset::power_on, CpuReset::start_up}));
    ASSERT_EQ(b.device.accesses.size(), 2u);
    EXPECT_EQ(b.device.accesses[1].address, 0x80u);
    EXPECT_EQ(b.device.accesses[1].time_ps, 2 * period);  // one instruction before each
}

// A policy that drops every completion, or the emulator's endless INS: no time passes in the guest, but in the machine.
TEST(CpuModule, APortAccessThatNeverEndsDoesNotStopTime) {
    CpuConfig config;
    config.ahead_ps = 100 * period;
    Bench b(Program{{Op::out, 0x80, 1}, {Op::hlt}}, config);
    b.vcpu->forgets_completions = true;
    sc_core::sc_start(100.0 * period, sc_core::SC_PS);
    ASSERT_GE(b.device.accesses.size(), 100u);
    EXPECT_EQ(b.device.accesses[99].time_ps, 99 * period);
}

TEST(CpuModule, InitLaterFindsThePortAccessCompleted) {
    Bench b(Program{{Op::out, 0x92, 1}, {Op::nop}, {Op::jump, 1}});
    unsigned pulses = 0;
    struct Later : sc_core::sc_module {
        sc_core::sc_event event;
        std::function<void()> action;
        explicit Later(const sc_core::sc_module_name& name) : sc_module(name) {
            SC_HAS_PROCESS(Later);
            SC_METHOD(run);
            sensitive << event;
            dont_initialize();
        }
        void run() { action(); }
    } later("later");
    later.action = [&] { b.device.init.pulse(); };
    b.device.react = [&](Device::Access, sc_time& delay) {
        if (pulses++ == 0) later.event.notify(delay + sc_time(45, SC_NS));
    };
    sc_core::sc_start(200, SC_NS);
    EXPECT_EQ(b.vcpu->inits_while_pending, 0u);
    EXPECT_EQ(b.vcpu->dropped, 0u);
    EXPECT_EQ(b.vcpu->inits, 1u);
    ASSERT_EQ(b.device.accesses.size(), 2u);
    EXPECT_EQ(b.device.accesses[1].time_ps, 50'000u);
}

TEST(CpuModule, ResetHoldsTheCpuUntilItsRelease) {
    Bench b(Program{{Op::nop}, {Op::out, 0x64, 1}, {Op::hlt}});
    b.device.react = [&](Device::Access, sc_time&) {
        if (b.device.accesses.size() == 1) b.device.cpurst.set(true);
    };
    sc_core::sc_start(2, sc_core::SC_MS);
    EXPECT_EQ(b.device.accesses.size(), 1u);
    b.device.cpurst.set(false);
    sc_core::sc_start(1, sc_core::SC_MS);
    EXPECT_EQ(b.vcpu->resets, 2u);
    EXPECT_EQ(b.vcpu->power_ups, 1u);
    ASSERT_EQ(b.device.accesses.size(), 2u);
    EXPECT_EQ(b.device.accesses[1].time_ps, 2'000'000'000u + period);
    EXPECT_EQ(b.vcpu->dropped, 1u);  // the line came while it was pending
}

TEST(CpuModule, ShutdownIsAnnouncedOnceAndLeftByInit) {
    Bench b(Program{{Op::triple_fault}});
    unsigned shutdowns = 0;
    b.device.react = [&](Device::Access, sc_time&) {
        if (++shutdowns == 1) b.device.init.pulse();
    };
    b.device.timer.notify(sc_time(100, SC_NS));  // INTR does not leave shutdown
    sc_core::sc_start(1, SC_US);
    EXPECT_EQ(shutdowns, 2u);
    EXPECT_EQ(b.vcpu->inits, 1u);
    EXPECT_TRUE(b.cpu.is_waiting());
    EXPECT_TRUE(b.vcpu->vectors.empty());
}

TEST(CpuModule, AFrozenCpuWaitsForInterruptsAndIgnne) {
    Bench b(Program{{Op::ferr, 0, 1}, {Op::fwait}, {Op::out, 0x80}, {Op::hlt}});
    std::vector<std::uint64_t> ferr_ps;
    b.device.ferr.on_change([&](bool) { ferr_ps.push_back(b.cpu.local_time_ps()); });
    b.device.timer.notify(sc_time(1, SC_US));
    sc_core::sc_start(2, SC_US);
    EXPECT_EQ(ferr_ps, std::vector<std::uint64_t>{0});
    EXPECT_TRUE(b.cpu.ferr.level());
    EXPECT_TRUE(b.cpu.is_waiting());
    EXPECT_EQ(b.vcpu->vectors.size(), 1u);  // taken, and the program goes on waiting
    EXPECT_EQ(b.cpu.instructions(), 1u);
    EXPECT_TRUE(b.device.cycles.size() == 1);  // the interrupt acknowledge, no halt cycle
    b.device.ignne.set(true);
    sc_core::sc_start(1, SC_US);
    ASSERT_EQ(b.device.accesses.size(), 1u);
    EXPECT_EQ(b.device.accesses[0].time_ps, 2'000'000u + period);
}

TEST(CpuModule, AFrozenCpuWithInterruptsOffCostsNothing) {
    Bench b(Program{{Op::ferr, 0, 1}, {Op::fwait}, {Op::hlt}});
    b.vcpu->interrupts_enabled = false;
    b.device.timer.notify(sc_time(1, SC_US));
    sc_core::sc_start(1'000, sc_core::SC_SEC);
    EXPECT_TRUE(b.cpu.is_waiting());
    EXPECT_EQ(b.cpu.instructions(), 1u);
    EXPECT_TRUE(b.vcpu->vectors.empty());
    EXPECT_LT(b.cpu.counters().synchronisations, 4u);
    b.device.cpurst.set(true);
    sc_core::sc_start(1, SC_US);
    EXPECT_FALSE(b.cpu.ferr.level());
    b.device.cpurst.set(false);
    sc_core::sc_start(1, SC_US);
    EXPECT_TRUE(b.cpu.ferr.level());  // the program again
}

TEST(CpuModule, InstructionLimitIsExact) {
    Bench b(Program{{Op::nop}, {Op::jump, 0}});
    bool reached = false;
    b.cpu.scheduler().limit_instructions(1'234'567, [&] { reached = true; });
    sc_core::sc_start();
    EXPECT_TRUE(reached);
    EXPECT_EQ(b.cpu.instructions(), 1'234'567u);
}

}  // namespace
}  // namespace southgate::platform::test
