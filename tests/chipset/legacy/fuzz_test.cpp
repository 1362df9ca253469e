// Random accesses, pins, resets and time against every device of the folder, all wired together: nothing may
// crash, and debug accesses may change nothing.
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

#include "chipset/legacy/debug_console.h"
#include "chipset/legacy/debug_exit.h"
#include "chipset/legacy/dma8237.h"
#include "chipset/legacy/pic8259.h"
#include "chipset/legacy/pit8254.h"
#include "chipset/legacy/post_port.h"
#include "chipset/legacy/rtc146818.h"
#include "chipset/legacy/uart16550.h"
#include "tests/chipset/harness.h"

namespace southgate::chipset {
namespace {

using namespace sc_core;

struct Machine {
    Machine() {
        pit.out0.bind(pic.irq(0));
        rtc.irq.bind(pic.irq(8));
        uart.irq.bind(pic.irq(4));
        timed_uart.irq.bind(pic.irq(3));
        pic.intr.bind(intr.in);
        post.on_code([](std::uint8_t, const sc_time&) {});
        dma.on_port_80([this](std::uint8_t code, const sc_time& at) { post.post(code, at); });
        for (auto* target : {&pic.master, &pic.slave, &pic.elcr, &pic.inta, &pit.socket, &dma.dma1, &dma.dma2,
                             &dma.pages, &rtc.socket, &uart.socket, &timed_uart.socket, &post.socket,
                             &console.socket, &exit_port.socket})
            sockets.push_back(std::make_unique<test::Initiator>(*target));
        for (auto* pin :
             {&pic.pcirst, &pit.pcirst, &dma.pcirst, &rtc.pcirst, &uart.pcirst, &timed_uart.pcirst})
            resets.push_back(std::make_unique<test::LineDriver>(*pin));
        for (unsigned n = 1; n < 16; ++n)
            if (n != 3 && n != 4 && n != 8) irqs.push_back(std::make_unique<test::LineDriver>(pic.irq(n)));
        irqs.push_back(std::make_unique<test::LineDriver>(pit.gate2));
        test::run();
    }
    InterruptController pic{"pic"};
    Timer8254 pit{"pit", {.reset_to_mode3 = true}};
    DmaController dma{"dma"};
    RealTimeClock rtc{"rtc"};
    Uart16550 uart{"uart"};
    Uart16550 timed_uart{"timed_uart", {.timing = true}};
    PostPort post{"post"};
    DebugConsole console{"console"};
    DebugExit exit_port{"exit"};
    test::LineProbe intr;
    std::vector<std::unique_ptr<test::Initiator>> sockets;
    std::vector<std::unique_ptr<test::LineDriver>> resets, irqs;
};

TEST(LegacyFuzz, NothingCrashes) {
    Machine machine;
    std::mt19937 random(20260101);
    const auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    for (unsigned step = 0; step < 60000; ++step) {
        test::Initiator& socket = *machine.sockets[pick(machine.sockets.size())];
        const unsigned size = 1u << pick(4);
        const std::uint64_t offset = pick(16) ? pick(0x20) : random();
        socket.delay = sc_time(static_cast<double>(pick(2000)), SC_NS);
        switch (pick(16)) {
            case 0:
                // Keeps the number of timer edges small whatever was programmed.
                test::run(sc_time(static_cast<double>(1 + pick(100)), SC_US));
                break;
            case 1:
                machine.irqs[pick(machine.irqs.size())]->set(pick(2) != 0);
                break;
            case 2:
                if (pick(20) == 0) machine.resets[pick(machine.resets.size())]->pulse();
                break;
            case 3: {
                const std::vector<std::uint8_t> text(pick(5), static_cast<std::uint8_t>(step));
                machine.uart.receive(text);
                machine.timed_uart.receive(text);
                break;
            }
            case 4:
                machine.uart.set_modem_inputs(static_cast<std::uint8_t>(random()));
                break;
            case 5: {
                const std::uint64_t once = socket.peek(offset, size);
                ASSERT_EQ(socket.peek(offset, size), once) << "a debug read had a side effect";
                break;
            }
            case 6:
            case 7:
            case 8:
            case 9:
                socket.read(offset, size);
                break;
            default:
                socket.write(offset, static_cast<std::uint64_t>(random()) << 32 | random(), size);
                break;
        }
    }
}

TEST(LegacyFuzz, LongTimesDoNotOverflow) {
    Machine machine;
    std::mt19937 random(5);
    for (unsigned step = 0; step < 3000; ++step) {
        for (auto& socket : machine.sockets) {
            socket->delay = sc_time(static_cast<double>(random() % 90) * 86400, SC_SEC);
            if (random() % 2) socket->read(random() % 0x20);
        }
    }
}

}  // namespace
}  // namespace southgate::chipset
