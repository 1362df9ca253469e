// Keyboard, mouse and the text-to-keys helper on their own.
#include <gtest/gtest.h>

#include <stdexcept>

#include "chipset/legacy/kbc_keyboard.h"
#include "chipset/legacy/kbc_mouse.h"
#include "chipset/legacy/kbc_scancodes.h"

namespace southgate::chipset {
namespace {

using Bytes = std::vector<unsigned>;

template <class Device>
Bytes drain(Device& device) {
    Bytes bytes;
    while (device.has_data()) bytes.push_back(device.take());
    return bytes;
}

Bytes send(Ps2Keyboard& keyboard, std::initializer_list<std::uint8_t> bytes) {
    for (const std::uint8_t byte : bytes) keyboard.command(byte);
    return drain(keyboard);
}

Bytes type(Ps2Keyboard& keyboard, std::string_view text) {
    Bytes bytes;
    for (const KeyEvent& event : keys_from_text(text)) {
        EXPECT_TRUE(keyboard.key(event));
        for (const unsigned byte : drain(keyboard)) bytes.push_back(byte);
    }
    return bytes;
}

TEST(Keyboard, AnswersCommands) {
    Ps2Keyboard keyboard;
    EXPECT_EQ(send(keyboard, {0xff}), (Bytes{0xfa, 0xaa}));
    EXPECT_EQ(send(keyboard, {0xf2}), (Bytes{0xfa, 0xab, 0x83}));
    EXPECT_EQ(send(keyboard, {0xee}), Bytes{0xee});
    EXPECT_EQ(send(keyboard, {0xfe}), Bytes{0xee});
    EXPECT_EQ(send(keyboard, {0xed}), Bytes{0xfa});
    EXPECT_EQ(send(keyboard, {0x05}), Bytes{0xfa});
    EXPECT_EQ(keyboard.leds(), 5);
    EXPECT_EQ(send(keyboard, {0xf3}), Bytes{0xfa});
    EXPECT_EQ(send(keyboard, {0x2b}), Bytes{0xfa});
    EXPECT_EQ(send(keyboard, {0xf0}), Bytes{0xfa});
    EXPECT_EQ(send(keyboard, {0x00}), (Bytes{0xfa, 0x02}));
    EXPECT_EQ(send(keyboard, {0x12}), Bytes{0xfe});
}

TEST(Keyboard, CommandInsteadOfParameterIsTaken) {
    Ps2Keyboard keyboard;
    send(keyboard, {0xed});
    EXPECT_EQ(send(keyboard, {0xf5}), Bytes{0xfa});
    EXPECT_FALSE(keyboard.scanning());
    EXPECT_EQ(type(keyboard, "a"), Bytes{});
    send(keyboard, {0xf4});
    EXPECT_EQ(type(keyboard, "a"), (Bytes{0x1c, 0xf0, 0x1c}));
}

TEST(Keyboard, AnswersOvertakeScanCodes) {
    Ps2Keyboard keyboard;
    keyboard.key({{0x1e}, true});
    keyboard.command(0xed);
    EXPECT_EQ(drain(keyboard), (Bytes{0xfa, 0x1c}));
}

TEST(Keyboard, ScanCodeSets) {
    Ps2Keyboard keyboard;
    EXPECT_EQ(type(keyboard, "<del>"), (Bytes{0xe0, 0x71, 0xe0, 0xf0, 0x71}));
    EXPECT_EQ(type(keyboard, "<f7>"), (Bytes{0x83, 0xf0, 0x83}));
    EXPECT_EQ(type(keyboard, "<pause>"), (Bytes{0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77}));
    send(keyboard, {0xf0, 0x01});
    EXPECT_EQ(type(keyboard, "A"), (Bytes{0x2a, 0x1e, 0x9e, 0xaa}));
    EXPECT_EQ(type(keyboard, "<up>"), (Bytes{0xe0, 0x48, 0xe0, 0xc8}));
    send(keyboard, {0xf0, 0x03});
    EXPECT_EQ(type(keyboard, "<ctrl-up>"), (Bytes{0x11, 0x63, 0xf0, 0x11}));
    EXPECT_EQ(keyboard.scan_set(), 3u);
}

TEST(Keyboard, FullQueueRefuses) {
    Ps2Keyboard keyboard;
    int taken = 0;
    while (keyboard.key({{0x1e}, true}) && taken < 100) ++taken;
    EXPECT_EQ(taken, 9);
}

TEST(Keyboard, TranslationIsTheInverseOfTheKeyTable) {
    for (unsigned code = 1; code < 128; ++code) {
        EXPECT_EQ(kSet2ToSet1[kSet1ToSet2[code]], code);
    }
    EXPECT_EQ(kSet2ToSet1[0xfa], 0xfa);
    EXPECT_EQ(kSet2ToSet1[0xaa], 0xaa);
}

TEST(Keys, TextBecomesStrokes) {
    EXPECT_EQ(keys_from_text("a"), (std::vector<KeyEvent>{{{0x1e}, true}, {{0x1e}, false}}));
    EXPECT_EQ(keys_from_text("?"),
              (std::vector<KeyEvent>{{{0x2a}, true}, {{0x35}, true}, {{0x35}, false}, {{0x2a}, false}}));
    EXPECT_EQ(keys_from_text("\n"), keys_from_text("<enter>"));
    EXPECT_EQ(keys_from_text("<lt>"),
              (std::vector<KeyEvent>{{{0x2a}, true}, {{0x33}, true}, {{0x33}, false}, {{0x2a}, false}}));
    const std::uint8_t codes[] = {0x1d, 0x38, 0xe0, 0x53, 0xe0, 0xd3, 0xb8, 0x9d};
    EXPECT_EQ(keys_from_text("<ctrl-alt-del>"), keys_from_scancodes(codes));
    EXPECT_EQ(keys_from_text("<ctrl-->").size(), 4u);
    for (char c = ' '; c < 0x7f; ++c) {
        if (c != '<') {
            EXPECT_FALSE(keys_from_text(std::string(1, c)).empty()) << c;
        }
    }
}

TEST(Keys, BadTextIsNamed) {
    EXPECT_THROW(keys_from_text("<nosuchkey>"), std::invalid_argument);
    EXPECT_THROW(keys_from_text("<enter"), std::invalid_argument);
    EXPECT_THROW(keys_from_text("\x80"), std::invalid_argument);
    EXPECT_THROW(keys_from_text("<>"), std::invalid_argument);
}

TEST(Keys, PauseFromScanCodes) {
    const std::uint8_t codes[] = {0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5, 0xe1, 0x1d};
    EXPECT_EQ(keys_from_scancodes(codes), keys_from_text("<pause>"));
}

TEST(Mouse, ModesAndPackets) {
    Ps2Mouse mouse;
    const auto send = [&](std::uint8_t byte) {
        mouse.command(byte);
        return drain(mouse);
    };
    mouse.move(1, 1, 0);
    EXPECT_FALSE(mouse.has_data()) << "reporting is off after power-on";
    EXPECT_EQ(send(0xeb), (Bytes{0xfa, 0x08, 0x01, 0x01}));
    EXPECT_EQ(send(0xee), Bytes{0xfa});
    EXPECT_EQ(send(0xf4), Bytes{0xf4}) << "wrap mode echoes";
    EXPECT_EQ(send(0xec), Bytes{0xfa});
    EXPECT_EQ(send(0xf4), Bytes{0xfa});
    mouse.move(-300, 0, 4);
    EXPECT_EQ(drain(mouse), (Bytes{0x1c, 0x01, 0x00}));
    mouse.move(0, 0, 0);
    EXPECT_EQ(drain(mouse), (Bytes{0x18, 0xd3, 0x00}));
    EXPECT_EQ(send(0xf0), Bytes{0xfa});
    mouse.move(3, 3, 0);
    EXPECT_FALSE(mouse.has_data());
    EXPECT_EQ(send(0xea), Bytes{0xfa});
    EXPECT_EQ(send(0xe7), Bytes{0xfa});
    EXPECT_EQ(send(0xe9), (Bytes{0xfa, 0x30, 0x02, 100}));
    EXPECT_EQ(send(0xf6), Bytes{0xfa});
    EXPECT_EQ(send(0xaa), Bytes{0xfe});
}

}  // namespace
}  // namespace southgate::chipset
