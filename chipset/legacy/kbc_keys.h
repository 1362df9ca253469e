// Keys of a PC keyboard and how text becomes key strokes (US layout).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace southgate::chipset {

// A key by its make code in scan code set 1, with or without the E0h prefix; kPause stands for E1h 1Dh 45h.
struct Key {
    std::uint8_t code = 0;
    bool extended = false;

    bool operator==(const Key&) const = default;
};
inline constexpr Key kPauseKey{0x45, true};

struct KeyEvent {
    Key key;
    bool down = true;

    bool operator==(const KeyEvent&) const = default;
};

// Strokes that type `text`: printable ASCII, newline and tab, and names in angle brackets: <enter> <esc>
// <tab> <space> <backspace> <up> <down> <left> <right> <home> <end> <pgup> <pgdn> <ins> <del> <pause>
// <f1>..<f12> <lt> <gt>, with modifiers in front joined by a dash, as in <ctrl-alt-del>, <shift-tab>,
// <ctrl-c>. Throws std::invalid_argument with a one-line message that names the offending part.
std::vector<KeyEvent> keys_from_text(std::string_view text);

// Events of a byte sequence in scan code set 1 (E0h, E1h prefixes, bit 7 = release). An incomplete tail is
// dropped.
std::vector<KeyEvent> keys_from_scancodes(std::span<const std::uint8_t> set1);

}  // namespace southgate::chipset
