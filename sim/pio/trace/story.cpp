#include "sim/pio/trace/story.h"

#include <fmt/format.h>

namespace southgate::pio {

namespace {

using cpu::ExitReason;

std::string transfer(const cpu::PioExit& pio, std::uint32_t data) {
    const bool in = pio.direction == cpu::Direction::in;
    std::string text = pio.string ? (in ? "INS" : "OUTS") : (in ? "IN" : "OUT");
    text += pio.count == 1 ? fmt::format(", {} byte{}", pio.size, pio.size == 1 ? "" : "s")
                           : fmt::format(", {} elements of {} byte{}", pio.count, pio.size, pio.size == 1 ? "" : "s");
    return text + fmt::format(" {} port {:X}; {} {:0{}X}", in ? "from" : "to", pio.port,
                              in ? "userspace supplies" : "userspace gets", data, 2 * pio.size);
}

std::string exit_text(const cpu::Exit& exit, std::uint32_t data) {
    switch (exit.reason) {
        case ExitReason::pio: return "exit: " + transfer(exit.pio, data);
        case ExitReason::hlt: return "exit: halted";
        case ExitReason::shutdown: return "exit: shutdown";
        case ExitReason::budget_end: return "returns without an exit";
        case ExitReason::interrupt_window: return "exit: interrupt window";
        case ExitReason::debug: return "exit: debug, one instruction was stepped over";
        case ExitReason::internal_error: return "exit: internal error";
        case ExitReason::wait_for_sipi: return "returns: the processor is not started";
        case ExitReason::pause: return "returns: the guest waits for another processor";
        case ExitReason::frozen: return "exit: waits behind an x87 exception";
    }
    return {};
}

std::string seen(const Step& s) {
    return fmt::format("rip {:X} (linear {:X}), RAX {:X}, RCX {:X}{}", s.rip, s.linear, s.rax, s.rcx,
                       s.shadow ? ", interrupt shadow" : "");
}

}  // namespace

std::string describe_start(const Scenario& s) {
    std::string code;
    for (const std::uint8_t byte : s.guest.code) code += fmt::format("{}{:02X}", code.empty() ? "" : " ", byte);
    return fmt::format("{}, CS base {:X}, rip {:X}, RAX {:X}; code {}", name_of(s.guest.mode), s.guest.cs_base,
                       s.guest.rip, s.guest.rax, code);
}

std::vector<std::string> describe(const Step& s) {
    std::vector<std::string> lines;
    const bool enters = s.exit.has_value();
    lines.push_back((enters ? "re-entry: " : "userspace: ") + to_string(s.action));
    if (s.fate == Step::Fate::completed && s.early) {
        lines.push_back("  port I/O completed before the exit");
    } else if (s.fate != Step::Fate::none) {
        lines.push_back(fmt::format("  linear rip at the exit {:X}, at the re-entry {:X}", s.snapshot, s.found));
        lines.push_back(s.fate == Step::Fate::completed ? "  port I/O completed" : "  port I/O dropped");
    }
    if (enters) lines.push_back("  " + exit_text(*s.exit, s.data));
    if (s.repeats > 0) lines.push_back(fmt::format("  and again, {} times: it never gets past this", s.repeats));
    lines.push_back("  " + seen(s));
    return lines;
}

}  // namespace southgate::pio
