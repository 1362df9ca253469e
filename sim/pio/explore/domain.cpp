#include "sim/pio/explore/domain.h"

#include <algorithm>

namespace southgate::pio::explore {
namespace {

using cpu::Direction;

constexpr std::uint16_t port = 0x92;
constexpr auto in = Direction::in;
constexpr auto out = Direction::out;

constexpr std::array<PioTraits, pio_kind_count> pio_traits{{
    {"OUT 92h, AL", out, 1, 0xe6, port, true, false, false},
    {"OUT DX, AL", out, 1, 0xee, port, false, false, false},
    {"OUT 92h, AX", out, 2, 0xe7, port, true, false, false},
    {"OUT DX, AX", out, 2, 0xef, port, false, false, false},
    {"OUT 92h, EAX", out, 4, 0xe7, port, true, false, false},
    {"OUT DX, EAX", out, 4, 0xef, port, false, false, false},
    {"IN AL, 92h", in, 1, 0xe4, port, true, false, false},
    {"IN AL, DX", in, 1, 0xec, port, false, false, false},
    {"IN AX, 92h", in, 2, 0xe5, port, true, false, false},
    {"IN AX, DX", in, 2, 0xed, port, false, false, false},
    {"IN EAX, 92h", in, 4, 0xe5, port, true, false, false},
    {"IN EAX, DX", in, 4, 0xed, port, false, false, false},
    {"OUT 7Eh, AL", out, 1, 0xe6, 0x7e, true, false, false},
    {"OUT DX (7Eh), AL", out, 1, 0xee, 0x7e, false, false, false},
    {"OUTSB", out, 1, 0x6e, port, false, true, false},
    {"INSB", in, 1, 0x6c, port, false, true, false},
    {"REP OUTSB", out, 1, 0x6e, port, false, true, true},
    {"REP INSB", in, 1, 0x6c, port, false, true, true},
}};

constexpr std::array<std::string_view, place_kind_count> place_names{
    "plain", "reset-offset", "zero-offset", "64k-edge", "4g-edge", "wrapped-base", "ap-vector", "relocated-vector",
    "high-half", "above-4g", "reset-vector"};

constexpr std::array<std::string_view, condition_count> condition_names{"none", "after-sti", "trap-flag",
                                                                        "guest-debug"};

constexpr std::array<std::string_view, intent_count> intent_names{
    "same-regs", "same-sregs", "write-rax", "write-rcx", "zero-rcx", "clear-events", "step-on", "drain",
    "migrate", "restore", "rewind", "skip-self", "move-rip", "alias-rip", "move-base", "move-split",
    "rewrite-code", "reset", "reset-sregs-first", "take-init", "relocated-reset", "ap-start", "ap-start-alias"};

bool is_16_bit(GuestMode mode) { return mode == GuestMode::real16 || mode == GuestMode::protected16; }

// Instructions that stand for the others where condition and place vary: one of each group.
bool representative(PioKind kind) {
    switch (kind) {
        case PioKind::out_imm_1:
        case PioKind::in_imm_1:
        case PioKind::out_7e_imm:
        case PioKind::outsb:
        case PioKind::insb:
        case PioKind::rep_outsb:
        case PioKind::rep_insb: return true;
        default: return false;
    }
}

}  // namespace

const PioTraits& traits(PioKind kind) { return pio_traits[static_cast<unsigned>(kind)]; }

std::vector<std::uint8_t> encode(PioKind kind, GuestMode mode) {
    const PioTraits& t = traits(kind);
    std::vector<std::uint8_t> bytes;
    if (t.repeated) bytes.push_back(0xf3);
    if (t.size > 1 && (t.size == 2) != is_16_bit(mode)) bytes.push_back(0x66);
    bytes.push_back(t.opcode);
    if (t.immediate) bytes.push_back(static_cast<std::uint8_t>(t.port));
    return bytes;
}

std::string_view name_of(PlaceKind kind) { return place_names[static_cast<unsigned>(kind)]; }
std::string_view name_of(Condition condition) { return condition_names[static_cast<unsigned>(condition)]; }
std::string_view name_of(Intent intent) { return intent_names[static_cast<unsigned>(intent)]; }

std::optional<Place> place(PlaceKind kind, GuestMode mode, std::uint64_t length) {
    const bool long64 = mode == GuestMode::long64, bits16 = is_16_bit(mode);
    switch (kind) {
        case PlaceKind::plain: return Place{0, 0x8000};
        case PlaceKind::reset_offset: return Place{long64 ? 0u : 0x10000u, 0xfff0};
        case PlaceKind::zero_offset:
            if (long64) return std::nullopt;  // linear 0 is page 0
            return Place{0x8000, 0};
        case PlaceKind::edge_64k:
            if (!bits16) return std::nullopt;
            return Place{0x10000, 0x10000 - length};
        case PlaceKind::edge_4g:
            return bits16 ? Place{0xffff0000, 0x10000 - length} : Place{0, 0x100000000 - length};
        case PlaceKind::wrapped_base:
            if (long64) return std::nullopt;
            return Place{0xffffc000, 0xc000};
        case PlaceKind::ap_vector:
            if (long64) return std::nullopt;
            return Place{0x9a000, 0};
        case PlaceKind::relocated_vector:
            if (long64) return std::nullopt;
            return Place{0xb0000, 0xfff0};
        case PlaceKind::high_half:
            if (!long64) return std::nullopt;
            return Place{0, 0xffff800000008000};
        case PlaceKind::above_4g:
            if (!long64) return std::nullopt;
            return Place{0, 0x1fffffff0};
        case PlaceKind::reset_vector: return bits16 ? Place{0xffff0000, 0xfff0} : Place{0, 0xfffffff0};
    }
    return std::nullopt;
}

std::vector<Intent> simpler(Intent intent) {
    using enum Intent;
    switch (intent) {
        case same_sregs: return {same_regs};
        case write_rax: return {same_regs};
        case write_rcx: return {same_regs, write_rax};
        case zero_rcx: return {same_regs, write_rax, write_rcx};
        case restore: return {same_regs, same_sregs};
        case alias_rip: return {move_rip};
        case skip_self: return {move_rip};
        case move_split: return {same_regs, same_sregs};
        case reset: return {zero_rcx};
        case reset_sregs_first: return {reset};
        case take_init: return {reset};
        case relocated_reset: return {reset};
        case ap_start: return {reset};
        case ap_start_alias: return {reset, ap_start};
        default: return {};
    }
}

bool valid(const Start& start) {
    if (!place(start.place, start.mode, encode(start.pio, start.mode).size())) return false;
    if (start.condition == Condition::none) return true;
    return start.place == PlaceKind::plain && representative(start.pio);
}

std::vector<Start> all_starts(const std::vector<GuestMode>& modes) {
    std::vector<Start> starts;
    for (const GuestMode mode : guest_modes) {
        if (!modes.empty() && std::find(modes.begin(), modes.end(), mode) == modes.end()) continue;
        for (unsigned c = 0; c < condition_count; c++)
            for (unsigned p = 0; p < place_kind_count; p++)
                for (unsigned k = 0; k < pio_kind_count; k++) {
                    const Start start{mode, static_cast<Condition>(c), static_cast<PlaceKind>(p),
                                      static_cast<PioKind>(k)};
                    if (valid(start)) starts.push_back(start);
                }
    }
    return starts;
}

bool applicable(const Sequence& sequence) {
    using enum Intent;
    const bool starts_long = sequence.start.mode == GuestMode::long64;
    bool code64 = starts_long, rewritten = false;
    bool step = sequence.start.condition == Condition::guest_debug;
    for (unsigned n = 0; n < sequence.depth; n++) {
        switch (sequence.intents[n]) {
            case write_rcx:
            case zero_rcx:
                if (sequence.start.pio != PioKind::rep_insb) return false;
                break;
            case step_on:
                if (step) return false;
                step = true;
                break;
            case alias_rip:
                if (!code64) return false;
                break;
            case move_split:
                if (code64) return false;
                break;
            case rewrite_code:
                if (rewritten) return false;
                rewritten = true;
                break;
            case restore: code64 = starts_long; break;
            case reset:
            case reset_sregs_first:
            case take_init:
            case relocated_reset:
            case ap_start:
            case ap_start_alias: code64 = false; break;
            default: break;
        }
    }
    return true;
}

}  // namespace southgate::pio::explore
