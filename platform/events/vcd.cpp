#include "platform/events/vcd.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace southgate::platform {

namespace {

// Identifiers of printable characters (IEEE 1364 18.2.1).
std::string identifier(std::uint32_t index) {
    std::string id;
    do {
        id.push_back(static_cast<char>('!' + index % 94));
        index /= 94;
    } while (index);
    return id;
}

}  // namespace

VcdFile::VcdFile(const std::string& path) : path_(path) {
    if (!std::ofstream(path)) throw std::runtime_error(path + ": cannot be created");
}

void VcdFile::change(const Event& event, std::string_view name, unsigned width, std::uint32_t value,
                     std::uint32_t initial) {
    const std::string key = fmt::format("{} {}", event.source, name);
    auto [at, added] = index_.try_emplace(key, static_cast<std::uint32_t>(signals_.size()));
    if (added) signals_.push_back({std::string(event.source), std::string(name), width, initial});
    changes_.push_back({event.time_ps, at->second, value});
}

void VcdFile::take(const Event& event) {
    if (const auto* line = std::get_if<LineChanged>(&event.payload)) {
        change(event, line->line, 1, line->asserted, !line->asserted);
    } else if (const auto* pio = std::get_if<PioHappened>(&event.payload)) {
        if (pio->step == PioStep::exit) change(event, "pio_port", 16, pio->pio.port, 0);
        change(event, "pio_pending", 1, pio->step == PioStep::exit, 0);
    } else if (const auto* cpu = std::get_if<CpuActivityChanged>(&event.payload)) {
        if (cpu->activity == CpuActivity::smm_enter || cpu->activity == CpuActivity::smm_leave)
            change(event, "smm", 1, cpu->activity == CpuActivity::smm_enter, 0);
        else if (cpu->activity == CpuActivity::held || cpu->activity == CpuActivity::shutdown)
            change(event, "running", 1, 0, 1);
    } else if (std::holds_alternative<FirstFetch>(event.payload)) {
        change(event, "running", 1, 1, 0);
    }
}

void VcdFile::finish(std::uint64_t time_ps, std::uint64_t) {
    std::stable_sort(changes_.begin(), changes_.end(),
                     [](const Change& a, const Change& b) { return a.time_ps < b.time_ps; });
    std::ofstream out(path_);
    out << "$version southgate $end\n$timescale 1 ps $end\n";
    for (std::uint32_t i = 0; i < signals_.size(); ++i) {
        const Signal& s = signals_[i];
        out << fmt::format("$scope module {} $end\n$var wire {} {} {} $end\n$upscope $end\n", s.module,
                           s.width, identifier(i), s.name);
    }
    out << "$enddefinitions $end\n#0\n$dumpvars\n";
    const auto value = [&](std::uint32_t signal, std::uint32_t v) {
        if (signals_[signal].width == 1)
            out << (v ? '1' : '0') << identifier(signal) << '\n';
        else
            out << fmt::format("b{:b} {}\n", v, identifier(signal));
    };
    for (std::uint32_t i = 0; i < signals_.size(); ++i) value(i, signals_[i].initial);
    out << "$end\n";
    std::uint64_t at = 0;
    for (const Change& c : changes_) {
        if (c.time_ps != at) out << '#' << (at = c.time_ps) << '\n';
        value(c.signal, c.value);
    }
    out << '#' << std::max(at, time_ps) << '\n';
    out.flush();
    if (!out) throw std::runtime_error(path_ + ": writing failed");
}

}  // namespace southgate::platform
