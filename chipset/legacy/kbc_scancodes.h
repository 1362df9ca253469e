// Scan codes of the IBM Enhanced (101/102-key) keyboard. IBM PS/2 Hardware Interface Technical Reference,
// "Keyboards": tables of scan code sets 1, 2 and 3; the 8042's translation of set 2 into set 1.
#pragma once

#include <array>
#include <cstdint>

namespace southgate::chipset {

// Set 1 make code -> set 2 make code, as the translation of the 8042 pairs them.
inline constexpr std::array<std::uint8_t, 128> kSet1ToSet2 = {
    0x00, 0x76, 0x16, 0x1e, 0x26, 0x25, 0x2e, 0x36, 0x3d, 0x3e, 0x46, 0x45, 0x4e, 0x55, 0x66, 0x0d,  // 00
    0x15, 0x1d, 0x24, 0x2d, 0x2c, 0x35, 0x3c, 0x43, 0x44, 0x4d, 0x54, 0x5b, 0x5a, 0x14, 0x1c, 0x1b,  // 10
    0x23, 0x2b, 0x34, 0x33, 0x3b, 0x42, 0x4b, 0x4c, 0x52, 0x0e, 0x12, 0x5d, 0x1a, 0x22, 0x21, 0x2a,  // 20
    0x32, 0x31, 0x3a, 0x41, 0x49, 0x4a, 0x59, 0x7c, 0x11, 0x29, 0x58, 0x05, 0x06, 0x04, 0x0c, 0x03,  // 30
    0x0b, 0x83, 0x0a, 0x01, 0x09, 0x77, 0x7e, 0x6c, 0x75, 0x7d, 0x7b, 0x6b, 0x73, 0x74, 0x79, 0x69,  // 40
    0x72, 0x7a, 0x70, 0x71, 0x7f, 0x60, 0x61, 0x78, 0x07, 0x0f, 0x17, 0x1f, 0x27, 0x2f, 0x37, 0x3f,  // 50
    0x47, 0x4f, 0x56, 0x5e, 0x08, 0x10, 0x18, 0x20, 0x28, 0x30, 0x38, 0x40, 0x48, 0x50, 0x57, 0x6f,  // 60
    0x13, 0x19, 0x39, 0x51, 0x53, 0x5c, 0x5f, 0x62, 0x63, 0x64, 0x65, 0x67, 0x68, 0x6a, 0x6d, 0x6e,  // 70
};

// Set 2 byte -> set 1 byte, command byte bit 6. 80h and up pass unchanged, except 83h and 84h.
inline constexpr std::array<std::uint8_t, 256> kSet2ToSet1 = [] {
    std::array<std::uint8_t, 256> table{};
    for (unsigned i = 0x80; i < 256; ++i) table[i] = static_cast<std::uint8_t>(i);
    for (unsigned i = 0; i < 128; ++i) table[kSet1ToSet2[i]] = static_cast<std::uint8_t>(i);
    table[0x00] = 0xff;  // overrun code
    table[0x02] = 0x41;
    table[0x84] = 0x54;
    return table;
}();

// Set 3 make codes of the keys whose code differs from set 2, by set 1 code; 0: as in set 2.
inline constexpr std::array<std::uint8_t, 128> kSet1ToSet3 = [] {
    std::array<std::uint8_t, 128> table{};
    table[0x01] = 0x08;  // Esc
    constexpr std::uint8_t function_keys[] = {0x07, 0x0f, 0x17, 0x1f, 0x27, 0x2f, 0x37, 0x3f, 0x47, 0x4f};
    for (unsigned i = 0; i < 10; ++i) table[0x3b + i] = function_keys[i];  // F1..F10
    table[0x57] = 0x56;                                                    // F11
    table[0x58] = 0x5e;                                                    // F12
    table[0x1d] = 0x11;                                                    // left Ctrl
    table[0x38] = 0x19;                                                    // left Alt
    table[0x3a] = 0x14;                                                    // Caps Lock
    table[0x2b] = 0x5c;                                                    // backslash
    table[0x45] = 0x76;                                                    // Num Lock
    table[0x46] = 0x5f;                                                    // Scroll Lock
    table[0x37] = 0x7e;                                                    // keypad *
    table[0x4a] = 0x84;                                                    // keypad -
    table[0x4e] = 0x7c;                                                    // keypad +
    table[0x56] = 0x13;                                                    // 102nd key
    return table;
}();

// Set 3 make codes of the keys with an E0h prefix in set 1, by their set 1 code; 0: no such key.
inline constexpr std::array<std::uint8_t, 128> kExtendedToSet3 = [] {
    std::array<std::uint8_t, 128> table{};
    table[0x1c] = 0x79;  // keypad Enter
    table[0x1d] = 0x58;  // right Ctrl
    table[0x35] = 0x77;  // keypad /
    table[0x37] = 0x57;  // Print Screen
    table[0x38] = 0x39;  // right Alt
    table[0x45] = 0x62;  // Pause
    table[0x47] = 0x6e;  // Home
    table[0x48] = 0x63;  // Up
    table[0x49] = 0x6f;  // Page Up
    table[0x4b] = 0x61;  // Left
    table[0x4d] = 0x6a;  // Right
    table[0x4f] = 0x65;  // End
    table[0x50] = 0x60;  // Down
    table[0x51] = 0x6d;  // Page Down
    table[0x52] = 0x67;  // Insert
    table[0x53] = 0x64;  // Delete
    table[0x5b] = 0x8b;  // left GUI
    table[0x5c] = 0x8c;  // right GUI
    table[0x5d] = 0x8d;  // Menu
    return table;
}();

}  // namespace southgate::chipset
