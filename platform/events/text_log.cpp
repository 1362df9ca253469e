#include "platform/events/text_log.h"

#include <fmt/format.h>

namespace southgate::platform {

std::string format_time(std::uint64_t ps) {
    const auto seconds = [&](double unit, const char* name) {
        return fmt::format("{:.3f} {}", ps / unit, name);
    };
    if (ps >= 1'000'000'000'000) return seconds(1e12, "s");
    if (ps >= 1'000'000'000) return seconds(1e9, "ms");
    if (ps >= 1'000'000) return seconds(1e6, "us");
    if (ps >= 1'000) return seconds(1e3, "ns");
    return ps == 0 ? "0" : fmt::format("{} ps", ps);
}

std::string format_access(const cpu::PioEvent& pio) {
    if (pio.direction == cpu::Direction::in) return fmt::format("in {:X}h", pio.port);
    return fmt::format("out {:X}h <- {:0{}X}h", pio.port, pio.data, pio.size * 2);
}

namespace {

struct Describe {
    std::string operator()(const PioHappened& e) const {
        return fmt::format("{} at {:08X}, rip shown {:X}, now {:X}", format_access(e.pio), e.pio.snapshot,
                           e.pio.visible_rip, e.pio.rip);
    }
    std::string operator()(const LineChanged& e) const {
        return fmt::format("{} {}", e.line, e.asserted ? "asserted" : "released");
    }
    std::string operator()(const ResetRequested& e) const {
        return fmt::format("{} requested at {:08X} in {} mode", e.reset_source, e.linear_rip, e.mode);
    }
    std::string operator()(const FirstFetch& e) const {
        return fmt::format("{:08X} after {}", e.linear_rip, name_of(e.kind));
    }
    std::string operator()(const CpuActivityChanged& e) const {
        std::string text = fmt::format("at {:08X}", e.linear_rip);
        for (unsigned i = 0; i < e.triple_fault.count; ++i)
            text += fmt::format("{} {}", i ? "," : " by", name_of(e.triple_fault.exceptions[i]));
        return text;
    }
    std::string operator()(const RegisterWritten& e) const {
        return fmt::format("{} {:X} -> {:X}", e.name, e.before, e.after);
    }
    std::string operator()(const Noted& e) const { return fmt::format("{} {:X}", e.key, e.value); }
};

}  // namespace

std::string TextLog::format(const Event& event) {
    return fmt::format("{:>14} {:>12} {:<16} {:<28} {}{}", format_time(event.time_ps), event.instructions,
                       kind_of(event), event.source, std::visit(Describe{}, event.payload),
                       event.cpu ? fmt::format(" (CPU {})", *event.cpu) : "");
}

void TextLog::take(const Event& event) { fmt::print(out_, "{}\n", format(event)); }

}  // namespace southgate::platform
