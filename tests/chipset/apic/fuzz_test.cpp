// Random accesses, pins, messages, resets and time against two local APICs and an I/O APIC: nothing may
// crash, and debug accesses may change nothing.
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

#include "chipset/apic/io_apic.h"
#include "tests/chipset/apic/apic_bench.h"

namespace southgate::chipset {
namespace {

using namespace sc_core;
using namespace test;

TEST(ApicFuzz, NothingCrashes) {
    ApicBus bus;
    std::vector<std::unique_ptr<ApicBench>> cpus;
    for (std::uint8_t id = 0; id < 2; ++id)
        cpus.push_back(std::make_unique<ApicBench>(bus, LocalApic::Config{.id = id}));
    IoApic io("ioapic", bus, {.version = 0x20});
    Initiator io_port(io.socket);
    LineDriver io_reset(io.pcirst);
    std::vector<std::unique_ptr<LineDriver>> irqs;
    for (unsigned n = 0; n < IoApic::kPins; ++n) irqs.push_back(std::make_unique<LineDriver>(io.irq(n)));
    run();

    std::mt19937 random(82093);
    const auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    for (unsigned step = 0; step < 80000; ++step) {
        ApicBench& cpu = *cpus[pick(2)];
        Initiator& socket = pick(3) ? cpu.port : io_port;
        const unsigned size = 1u << pick(4);
        std::uint64_t offset = pick(0x40) * 0x10;
        if (pick(8) == 0) offset = pick(0x1008);
        socket.delay = sc_time(static_cast<double>(pick(2000)), SC_NS);
        switch (pick(16)) {
            case 0:
                // Short, since a hostile timer may expire every nanosecond.
                run(sc_time(static_cast<double>(1 + pick(300)), SC_NS));
                break;
            case 1:
                irqs[pick(irqs.size())]->set(pick(2) != 0);
                break;
            case 2:
                cpu.lint0.set(pick(2) != 0);
                cpu.lint1.set(pick(2) != 0);
                break;
            case 3:
                if (pick(40) == 0) cpu.cpurst.pulse();
                if (pick(40) == 0) cpu.init_in.pulse();
                if (pick(40) == 0) io_reset.pulse();
                if (pick(40) == 0) cpu.apic.set_base(pick(3) * 0x400 + 0x400);
                break;
            case 10: {
                const sc_time now = sc_time_stamp() + socket.delay;
                std::uint64_t value = random();
                const auto index = static_cast<unsigned>(pick(0x102));
                if (pick(2)) cpu.apic.read_msr(index, value, now);
                else cpu.apic.write_msr(index, pick(2) ? value : value & 0xfff, now);
                if (pick(4) == 0) cpu.apic.set_deadline(now.value() + pick(3) * 1000, now.value());
                break;
            }
            case 4:
                if (cpu.intr.level()) cpu.apic.acknowledge(sc_time_stamp() + socket.delay);
                cpu.apic.set_cr8(static_cast<std::uint8_t>(random()));
                break;
            case 5: {
                const std::uint64_t once = socket.peek(offset, size);
                ASSERT_EQ(socket.peek(offset, size), once) << "a debug read had a side effect";
                break;
            }
            case 6:
            case 7:
                socket.read(offset, size);
                break;
            case 8:
                cpu.enable();
                break;
            case 9:
                io_port.write(0, pick(0x50), 4);
                io_port.write(0x10, random(), 4);
                break;
            default:
                socket.write(offset, static_cast<std::uint64_t>(random()) << 32 | random(), size);
                break;
        }
    }
}

}  // namespace
}  // namespace southgate::chipset
