#include "chipset/legacy/kbc_keys.h"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>

namespace southgate::chipset {

namespace {

struct NamedKey {
    std::string_view name;
    Key key;
};

constexpr NamedKey kModifiers[] = {{"ctrl", {0x1d}}, {"alt", {0x38}}, {"shift", {0x2a}}};

constexpr NamedKey kNamedKeys[] = {
    {"esc", {0x01}},        {"backspace", {0x0e}},   {"tab", {0x0f}},       {"enter", {0x1c}},
    {"space", {0x39}},      {"f1", {0x3b}},          {"f2", {0x3c}},        {"f3", {0x3d}},
    {"f4", {0x3e}},         {"f5", {0x3f}},          {"f6", {0x40}},        {"f7", {0x41}},
    {"f8", {0x42}},         {"f9", {0x43}},          {"f10", {0x44}},       {"f11", {0x57}},
    {"f12", {0x58}},        {"home", {0x47, true}},  {"up", {0x48, true}},  {"pgup", {0x49, true}},
    {"left", {0x4b, true}}, {"right", {0x4d, true}}, {"end", {0x4f, true}}, {"down", {0x50, true}},
    {"pgdn", {0x51, true}}, {"ins", {0x52, true}},   {"del", {0x53, true}}, {"pause", kPauseKey},
};

// Set 1 codes 02h..35h row by row, unshifted and shifted; a blank stands for a key that is no character.
constexpr std::string_view kPlain = "1234567890-=\b\tqwertyuiop[]\n asdfghjkl;'` \\zxcvbnm,./";
constexpr std::string_view kShifted = "!@#$%^&*()_+\b\tQWERTYUIOP{}\n ASDFGHJKL:\"~ |ZXCVBNM<>?";
constexpr std::uint8_t kFirstCode = 0x02;

struct Stroke {
    Key key;
    bool shift = false;
};

std::optional<Stroke> character_key(char character) {
    if (character == ' ') return Stroke{{0x39}};
    if (const auto at = kPlain.find(character); at != kPlain.npos)
        return Stroke{{static_cast<std::uint8_t>(kFirstCode + at)}};
    if (const auto at = kShifted.find(character); at != kShifted.npos)
        return Stroke{{static_cast<std::uint8_t>(kFirstCode + at)}, true};
    return std::nullopt;
}

template <std::size_t N>
std::optional<Key> find(const NamedKey (&table)[N], std::string_view name) {
    const auto* found =
        std::find_if(std::begin(table), std::end(table), [&](auto& entry) { return entry.name == name; });
    return found == std::end(table) ? std::nullopt : std::optional(found->key);
}

void append(std::vector<KeyEvent>& events, std::vector<Key> held, const Stroke& stroke) {
    if (stroke.shift) held.push_back({0x2a});
    held.push_back(stroke.key);
    for (const Key& key : held) events.push_back({key, true});
    for (auto key = held.rbegin(); key != held.rend(); ++key) events.push_back({*key, false});
}

// The inside of <...>: modifiers joined by dashes, then a key.
void append_named(std::vector<KeyEvent>& events, std::string_view name) {
    std::vector<Key> held;
    std::string_view rest = name;
    for (auto dash = rest.find('-'); dash != rest.npos && dash + 1 < rest.size(); dash = rest.find('-')) {
        const auto modifier = find(kModifiers, rest.substr(0, dash));
        if (!modifier) break;
        held.push_back(*modifier);
        rest.remove_prefix(dash + 1);
    }
    if (rest == "lt" || rest == "gt") return append(events, held, *character_key(rest == "lt" ? '<' : '>'));
    if (const auto key = find(kNamedKeys, rest)) return append(events, held, {*key});
    if (const auto modifier = find(kModifiers, rest)) return append(events, held, {*modifier});
    if (rest.size() == 1)
        if (const auto stroke = character_key(rest[0])) return append(events, held, *stroke);
    throw std::invalid_argument("unknown key <" + std::string(name) + ">");
}

}  // namespace

std::vector<KeyEvent> keys_from_text(std::string_view text) {
    std::vector<KeyEvent> events;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '<') {
            const auto end = text.find('>', i);
            if (end == text.npos)
                throw std::invalid_argument("key name without closing '>': " + std::string(text.substr(i)));
            append_named(events, text.substr(i + 1, end - i - 1));
            i = end;
        } else if (const auto stroke = character_key(text[i])) {
            append(events, {}, *stroke);
        } else {
            throw std::invalid_argument("no key types the character with code " +
                                        std::to_string(static_cast<unsigned char>(text[i])));
        }
    }
    return events;
}

std::vector<KeyEvent> keys_from_scancodes(std::span<const std::uint8_t> set1) {
    std::vector<KeyEvent> events;
    bool extended = false;
    for (std::size_t i = 0; i < set1.size(); ++i) {
        const std::uint8_t byte = set1[i];
        if (byte == 0xe0) {
            extended = true;
        } else if (byte == 0xe1) {  // Pause: E1 1D 45, and E1 9D C5 for its release
            if (i + 2 >= set1.size()) break;
            events.push_back({kPauseKey, !(set1[i + 1] & 0x80)});
            i += 2;
        } else {
            events.push_back({{static_cast<std::uint8_t>(byte & 0x7f), extended}, !(byte & 0x80)});
            extended = false;
        }
    }
    return events;
}

}  // namespace southgate::chipset
