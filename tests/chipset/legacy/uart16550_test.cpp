#include "chipset/legacy/uart16550.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/chipset/harness.h"

namespace southgate::chipset {
namespace {

using namespace sc_core;
using test::run;

enum Port : unsigned { kData, kIer, kIir, kLcr, kMcr, kLsr, kMsr, kScr };

struct Bench {
    explicit Bench(const Uart16550::Config& config = {})
        : uart("uart", config), port(uart.socket), reset(uart.pcirst) {
        uart.irq.bind(irq.in);
        uart.on_transmit([this](std::uint8_t character) {
            sent.push_back(static_cast<char>(character));
            sent_at.push_back(sc_time_stamp());
        });
        run();
    }
    void receive(const std::string& text) {
        const std::vector<std::uint8_t> bytes(text.begin(), text.end());
        uart.receive(bytes);
    }
    unsigned read(unsigned offset) { return static_cast<unsigned>(port.read(offset)); }

    Uart16550 uart;
    test::Initiator port;
    test::LineDriver reset;
    test::LineProbe irq;
    std::string sent;
    std::vector<sc_time> sent_at;
};

TEST(Uart16550, ResetStateOfEveryRegister) {
    Bench bench;
    EXPECT_EQ(bench.read(kIer), 0x00u);
    EXPECT_EQ(bench.read(kIir), 0x01u);
    EXPECT_EQ(bench.read(kLcr), 0x00u);
    EXPECT_EQ(bench.read(kMcr), 0x00u);
    EXPECT_EQ(bench.read(kLsr), 0x60u);
    EXPECT_EQ(bench.read(kMsr), 0xb0u);
}

TEST(Uart16550, RegistersReadBackWhatTheyStore) {
    Bench bench;
    for (const auto& [offset, mask] :
         std::vector<std::pair<unsigned, unsigned>>{{kIer, 0x0f}, {kLcr, 0x7f}, {kMcr, 0x1f}, {kScr, 0xff}}) {
        bench.port.write(offset, 0x55);
        EXPECT_EQ(bench.read(offset), 0x55u & mask) << offset;
        bench.port.write(offset, 0x7f);
        EXPECT_EQ(bench.read(offset), 0x7fu & mask) << offset;
        bench.port.write(offset, 0);
    }
    bench.port.write(kLcr, 0x83);
    bench.port.write(kData, 0x01);
    bench.port.write(kIer, 0x02);
    EXPECT_EQ(bench.port.read(0, 2), 0x0201u);
    bench.port.write(kLcr, 0x03);
    EXPECT_EQ(bench.read(kIer), 0x00u);
    bench.port.write(kIir, 0x01);
    EXPECT_EQ(bench.read(kIir), 0xc1u);
}

TEST(Uart16550, TransmitsAtOnceWithoutTiming) {
    Bench bench;
    bench.port.write(kLcr, 0x03);
    for (const char c : std::string("hi\xff")) bench.port.write(kData, static_cast<std::uint8_t>(c));
    EXPECT_EQ(bench.sent, "hi\xff");
    EXPECT_EQ(bench.read(kLsr), 0x60u);
    bench.port.write(kLcr, 0x00);
    bench.port.write(kData, 0xff);
    EXPECT_EQ(bench.sent.back(), '\x1f') << "5-bit characters";
}

TEST(Uart16550, TransmitterInterrupt) {
    Bench bench;
    bench.port.write(kMcr, 0x08);
    bench.port.write(kIer, 0x02);
    EXPECT_TRUE(bench.irq.level()) << "the holding register is empty already";
    EXPECT_EQ(bench.read(kIir), 0x02u);
    EXPECT_FALSE(bench.irq.level());
    EXPECT_EQ(bench.read(kIir), 0x01u);
    bench.port.write(kData, 'x');
    EXPECT_EQ(bench.irq.rises(), 2u);
    bench.port.write(kData, 'y');
    EXPECT_EQ(bench.irq.rises(), 3u) << "each character makes an edge";
}

TEST(Uart16550, Out2GatesTheInterruptPin) {
    Bench bench;
    bench.port.write(kIer, 0x02);
    EXPECT_FALSE(bench.irq.level());
    bench.port.write(kMcr, 0x08);
    EXPECT_TRUE(bench.irq.level());
}

TEST(Uart16550, ReceivesWithoutLosingCharacters) {
    Bench bench;
    bench.port.write(kMcr, 0x08);
    bench.port.write(kIer, 0x01);
    const std::string text(100, 'a');
    bench.receive(text + "z");
    EXPECT_TRUE(bench.irq.level());
    std::string got;
    while (bench.read(kLsr) & 1) {
        EXPECT_EQ(bench.read(kIir), 0x04u);
        got.push_back(static_cast<char>(bench.read(kData)));
    }
    EXPECT_EQ(got, text + "z");
    EXPECT_FALSE(bench.irq.level());
    EXPECT_EQ(bench.read(kData), static_cast<unsigned>('z')) << "an empty receiver shows its last character";
}

TEST(Uart16550, FifoTriggerLevelAndTimeout) {
    Bench bench;
    bench.port.write(kIir, 0x81);  // trigger 8
    bench.port.write(kMcr, 0x08);
    bench.port.write(kIer, 0x01);
    bench.receive("12345678");
    EXPECT_EQ(bench.read(kIir), 0xc4u);
    bench.read(kData);
    EXPECT_EQ(bench.read(kIir), 0xccu) << "below the trigger: character timeout";
    while (bench.read(kLsr) & 1) bench.read(kData);
    EXPECT_EQ(bench.read(kIir), 0xc1u);
    bench.receive("x");
    bench.port.write(kIir, 0x03);
    EXPECT_EQ(bench.read(kLsr) & 1, 0u) << "FCR bit 1 empties the receiver";
}

TEST(Uart16550, TimedTransmissionTakesBitTimes) {
    Bench bench({.timing = true});
    bench.port.write(kLcr, 0x83);
    bench.port.write(kData, 1);
    bench.port.write(kIer, 0);
    bench.port.write(kLcr, 0x03);  // 115200 8N1: 10 bits
    bench.port.write(kIir, 0x01);
    const sc_time character = from_picoseconds((160ull * kPicosecondsPerSecond + 1843199) / 1843200);
    for (unsigned i = 0; i < 20; ++i) bench.port.write(kData, 'a' + i);
    EXPECT_EQ(bench.read(kLsr), 0x00u);
    run(sc_time(10, SC_MS));
    EXPECT_EQ(bench.sent, "abcdefghijklmnopq") << "one in the shift register, 16 in the FIFO, the rest lost";
    for (unsigned i = 0; i < bench.sent_at.size(); ++i) EXPECT_EQ(bench.sent_at[i], character * (i + 1));
    EXPECT_EQ(bench.read(kLsr), 0x60u);
}

TEST(Uart16550, TimedThreInterruptWhenTheFifoEmpties) {
    Bench bench({.timing = true});
    bench.port.write(kMcr, 0x08);
    bench.port.write(kLcr, 0x1b);  // 9600 8E1: 11 bits
    bench.port.write(kIer, 0x02);
    bench.read(kIir);
    const sc_time character = from_picoseconds((176ull * 12 * kPicosecondsPerSecond + 1843199) / 1843200);
    bench.port.write(kData, 'a');
    bench.port.write(kData, 'b');
    EXPECT_EQ(bench.read(kLsr), 0x00u);
    bench.read(kIir);
    const std::size_t before = bench.irq.edges.size();
    run(character - sc_time(1, SC_PS));
    EXPECT_EQ(bench.irq.edges.size(), before);
    run(sc_time(2, SC_PS));  // sc_start stops before the events of its last moment
    EXPECT_EQ(bench.irq.edges.size(), before + 1);
    EXPECT_EQ(bench.read(kLsr), 0x20u);
    run(character);
    EXPECT_EQ(bench.read(kLsr), 0x60u);
}

TEST(Uart16550, TimedReceiverOverrunsASlowGuest) {
    Bench bench({.timing = true});
    bench.port.write(kLcr, 0x03);
    bench.port.write(kMcr, 0x08);
    bench.port.write(kIer, 0x04);
    bench.receive("ab");
    run(sc_time(10, SC_MS));
    EXPECT_TRUE(bench.irq.level());
    EXPECT_EQ(bench.read(kIir), 0x06u);
    EXPECT_EQ(bench.read(kLsr), 0x63u);
    EXPECT_EQ(bench.read(kLsr), 0x61u);
    EXPECT_EQ(bench.read(kData), static_cast<unsigned>('b'));
}

TEST(Uart16550, TimedCharacterTimeoutAfterFourCharacters) {
    Bench bench({.timing = true});
    bench.port.write(kLcr, 0x03);
    bench.port.write(kMcr, 0x08);
    bench.port.write(kIir, 0xc1);
    bench.port.write(kIer, 0x01);
    const sc_time character = from_picoseconds((160ull * 12 * kPicosecondsPerSecond + 1843199) / 1843200);
    bench.receive("a");
    run(5 * character - sc_time(1, SC_PS));
    EXPECT_FALSE(bench.irq.level());
    run(sc_time(2, SC_PS));  // sc_start stops before the events of its last moment
    EXPECT_TRUE(bench.irq.level());
    EXPECT_EQ(bench.read(kIir), 0xccu);
}

TEST(Uart16550, LoopbackOfDataAndModemLines) {
    Bench bench;
    bench.port.write(kLcr, 0x03);
    bench.port.write(kMcr, 0x1a);  // loopback, RTS, OUT2: Linux' 8250 probe
    EXPECT_EQ(bench.read(kMsr) & 0xf0, 0x90u);
    bench.port.write(kMcr, 0x15);
    EXPECT_EQ(bench.read(kMsr) & 0xf0, 0x60u);
    bench.port.write(kMcr, 0x10);
    EXPECT_EQ(bench.read(kMsr), 0x06u) << "DSR changed, RI had its trailing edge";
    bench.port.write(kData, 'L');
    EXPECT_EQ(bench.sent, "");
    EXPECT_EQ(bench.read(kLsr) & 1, 1u);
    EXPECT_EQ(bench.read(kData), static_cast<unsigned>('L'));
}

TEST(Uart16550, ModemStatusInterrupt) {
    Bench bench;
    bench.port.write(kMcr, 0x08);
    bench.port.write(kIer, 0x08);
    bench.uart.set_modem_inputs(0x30);
    EXPECT_TRUE(bench.irq.level());
    EXPECT_EQ(bench.read(kIir), 0x00u);
    EXPECT_EQ(bench.port.peek(kMsr), 0x38u);
    EXPECT_EQ(bench.read(kMsr), 0x38u);
    EXPECT_FALSE(bench.irq.level());
    EXPECT_EQ(bench.read(kMsr), 0x30u);
}

TEST(Uart16550, HardResetKeepsDivisorAndScratch) {
    Bench bench;
    bench.port.write(kLcr, 0x80);
    bench.port.write(kData, 0x34);
    bench.port.write(kIer, 0x12);
    bench.port.write(kLcr, 0x03);
    bench.port.write(kIer, 0x0f);
    bench.port.write(kIir, 0x01);
    bench.port.write(kMcr, 0x0b);
    bench.port.write(kScr, 0x77);
    bench.receive("x");
    bench.reset.pulse();
    EXPECT_FALSE(bench.irq.level());
    EXPECT_EQ(bench.read(kIer), 0x00u);
    EXPECT_EQ(bench.read(kIir), 0x01u);
    EXPECT_EQ(bench.read(kLcr), 0x00u);
    EXPECT_EQ(bench.read(kMcr), 0x00u);
    EXPECT_EQ(bench.read(kLsr), 0x60u);
    EXPECT_EQ(bench.read(kScr), 0x77u);
    bench.port.write(kLcr, 0x80);
    EXPECT_EQ(bench.port.read(0, 2), 0x1234u);
}

}  // namespace
}  // namespace southgate::chipset
