#include "platform/events/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "platform/events/text_log.h"

namespace southgate::platform {

namespace {

// Lines that belong to the story of a reset; interrupts do not.
constexpr std::array<std::string_view, 10> reset_lines{"init",      "cpurst",        "pcirst",      "rstdrv",
                                                       "pltrst",    "power_good",    "powered_off", "rcin",
                                                       "sys_reset", "resume_well_ok"};

// Sources that pull INIT# alone. With a personality that makes them reset the machine, no INIT# comes and the
// lines go to the latest request.
bool makes_init(std::string_view source) {
    return source == "port92" || source == "cf9-soft" || source == "shutdown" || source.starts_with("kbc-") ||
           source == "trc-soft" || source == "init";
}

bool is_reset_line(std::string_view line) {
    return std::find(reset_lines.begin(), reset_lines.end(), line) != reset_lines.end();
}

}  // namespace

std::string_view name_of(PioFate fate) {
    switch (fate) {
        case PioFate::none:
            return "none pending";
        case PioFate::pending:
            return "never re-entered";
        case PioFate::completed_before_exit:
            return "completed before the exit";
        case PioFate::completed_before_line:
            return "completed before the line came";
        case PioFate::completed_after_reset:
            return "completed after the reset";
        case PioFate::dropped:
            return "dropped";
    }
    return "";
}

void ResetTimeline::open(const Event& event, std::string_view source) {
    recording_ = records_.size() < capacity_;
    if (!recording_) return;
    ResetRecord& r = records_.emplace_back();
    r.number = static_cast<unsigned>(resets_);
    r.reset_source = source;
    r.device = event.source;
    r.requested_ps = event.time_ps;
    r.requested_instructions = event.instructions;
    r.since_ps = event.time_ps - std::min(last_fetch_ps_, event.time_ps);
    r.since_instructions = event.instructions - std::min(last_fetch_instructions_, event.instructions);
}

void ResetTimeline::port_io(const Event& event, const PioHappened& e) {
    LastPio& last = last_pio_[event.cpu.value_or(0)];
    if (e.step == PioStep::exit) {
        last = {e.pio};
        return;
    }
    last.done = true;
    // The latest request that came from a port I/O of this CPU still open.
    ResetRecord* r = nullptr;
    for (std::size_t i = records_.size(); recording_ && !r && i-- > 0;)
        if (records_[i].fate == PioFate::pending && records_[i].cpu == event.cpu)
            r = &records_[i];
        else if (records_[i].fetched)
            break;
    if (!r) return;
    if (e.step == PioStep::cancel)
        r->fate = PioFate::dropped;
    else
        r->fate = r->taken ? PioFate::completed_after_reset : PioFate::completed_before_line;
}

void ResetTimeline::take(const Event& event) {
    if (const auto* pio = std::get_if<PioHappened>(&event.payload)) {
        port_io(event, *pio);
    } else if (const auto* cpu = std::get_if<CpuActivityChanged>(&event.payload)) {
        activity(event, *cpu);
    } else if (const auto* line_changed = std::get_if<LineChanged>(&event.payload)) {
        line(event, *line_changed);
    } else if (const auto* request = std::get_if<ResetRequested>(&event.payload)) {
        const bool power_on = request->reset_source == "power-on" && records_.empty();
        if (!power_on) ++resets_;
        open(event, request->reset_source);
        if (ResetRecord* r = current()) {
            r->mode = request->mode;
            r->cause_rip = request->linear_rip;
            r->cpu = event.cpu;
            if (request->reset_source == "shutdown") r->triple_fault = std::exchange(last_triple_fault_, {});
            const auto last = last_pio_.find(event.cpu.value_or(0));
            if (request->in_port_io && last != last_pio_.end()) {
                r->pio = last->second.pio;
                r->fate = last->second.done ? PioFate::completed_before_exit : PioFate::pending;
            }
        }
    } else if (const auto* fetch = std::get_if<FirstFetch>(&event.payload)) {
        if (fetch->kind == CpuReset::start_up)
            started(event, *fetch);
        else
            first_fetch(event, *fetch);
    }
}

void ResetTimeline::activity(const Event& event, const CpuActivityChanged& e) {
    if (e.activity == CpuActivity::shutdown) {
        last_triple_fault_ = e.triple_fault;
    } else if (e.activity == CpuActivity::reset) {
        for (auto r = records_.rbegin(); r != records_.rend() && !r->fetched; ++r)
            if (!r->pio || r->cpu == event.cpu) r->taken = true;
    } else if (e.activity == CpuActivity::reset_vector) {
        if (restarts_.size() < capacity_)
            restarts_.push_back({records_.size(), event.time_ps, event.cpu, e.linear_rip,
                                 event.instructions - std::min(last_fetch_instructions_, event.instructions),
                                 event.time_ps - std::min(last_fetch_ps_, event.time_ps)});
        last_fetch_ps_ = event.time_ps;
        last_fetch_instructions_ = event.instructions;
    }
}

void ResetTimeline::started(const Event& event, const FirstFetch& e) {
    for (auto r = records_.rbegin(); recording_ && r != records_.rend(); ++r) {
        if (!r->fetched) continue;
        r->started.push_back({event.cpu.value_or(0), e.linear_rip, event.time_ps});
        return;
    }
}

// The record a line or a first fetch belongs to: the oldest request still on its way that leads to this kind
// of reset. A request that comes while another is under way (software often tries the next method at once)
// waits its turn.
ResetRecord* ResetTimeline::owner(bool init) {
    for (std::size_t i = first_open_; recording_ && i < records_.size(); ++i)
        if (!records_[i].fetched && makes_init(records_[i].reset_source) == init) return &records_[i];
    return current();
}

void ResetTimeline::line(const Event& event, const LineChanged& e) {
    if (!is_reset_line(e.line)) return;
    // The second edge of a pulse goes to the record that has the first. Power that fails is a first edge: the
    // rise at power-on is no pulse.
    const bool power_fails = e.line == "power_good" && !e.asserted;
    for (auto r = records_.rbegin(); r != records_.rend() && !power_fails; ++r) {
        for (auto& pulse : r->lines) {
            if (pulse.line != e.line || pulse.back_ps || pulse.level == e.asserted) continue;
            pulse.back_ps = event.time_ps;
            return;
        }
        if (r->fetched && static_cast<std::size_t>(records_.rend() - r) <= first_open_) break;
    }
    // A release whose first edge was before the recording says nothing.
    if (!e.asserted && e.line != "power_good") return;
    if (ResetRecord* r = owner(e.line == "init" || e.line == "rcin"))
        r->lines.push_back({std::string(e.line), e.asserted, event.time_ps, std::nullopt});
}

void ResetTimeline::first_fetch(const Event& event, const FirstFetch& e) {
    last_fetch_ps_ = event.time_ps;
    last_fetch_instructions_ = event.instructions;
    ResetRecord* r = owner(e.kind == CpuReset::init);
    if (!r || r->fetched) {
        // A chipset that does not report its sources, or a CPU without one.
        if (e.kind != CpuReset::power_on) ++resets_;
        open(event, name_of(e.kind));
        r = current();
        if (!r) return;
    }
    r->fetched = true;
    r->kind = e.kind;
    r->fetch_rip = e.linear_rip;
    r->fetch_ps = event.time_ps;
    r->fetch_instructions = event.instructions;
    if (e.kind == CpuReset::init) return;
    // RESET# overtakes whatever else was on its way.
    for (std::size_t i = first_open_; i < records_.size(); ++i)
        if (!records_[i].fetched) records_[i].overtaken_by = r->number;
    first_open_ = records_.size();
}

namespace {

void format_reset(std::string& text, const ResetRecord& r) {
    const auto out = std::back_inserter(text);
    fmt::format_to(out, "#{:<3} {:>12}  {:<18}", r.number, format_time(r.requested_ps), r.reset_source);
    if (r.number == 0) {
        fmt::format_to(out, "power-on");
    } else {
        fmt::format_to(out, "{} instructions, {} after the previous start", r.since_instructions,
                       format_time(r.since_ps));
    }
    fmt::format_to(out, "\n     cause      ");
    if (r.pio) {
        fmt::format_to(out, "{} at {:08X}, {} mode{}\n", format_access(*r.pio), r.pio->snapshot, r.mode,
                       r.cpu ? fmt::format(", CPU {}", *r.cpu) : "");
        fmt::format_to(out, "     port I/O   snapshot {:08X}, rip at the exit {:X}: {}\n",
                       r.pio->snapshot, r.pio->visible_rip, name_of(r.fate));
    } else if (r.number == 0) {
        fmt::format_to(out, "power supply\n");
    } else {
        std::string cause = r.triple_fault.count ? "triple fault" : r.device;
        for (unsigned i = 0; i < r.triple_fault.count; ++i)
            cause += fmt::format("{} {}", i ? "," : "", name_of(r.triple_fault.exceptions[i]));
        fmt::format_to(out, "{}, CPU{} at {:08X}, {} mode; no port I/O pending\n", cause,
                       r.cpu ? fmt::format(" {}", *r.cpu) : "", r.cause_rip, r.mode);
    }
    if (!r.lines.empty()) {
        fmt::format_to(out, "     lines      ");
        for (std::size_t i = 0; i < r.lines.size(); ++i) {
            const LinePulse& l = r.lines[i];
            if (i) fmt::format_to(out, ", ");
            fmt::format_to(out, "{} {} +{}", l.line, l.level ? "on" : "off",
                           format_time(l.at_ps - std::min(l.at_ps, r.requested_ps)));
            if (l.back_ps) fmt::format_to(out, " for {}", format_time(*l.back_ps - l.at_ps));
        }
        fmt::format_to(out, "\n");
    }
    fmt::format_to(out, "     first fetch ");
    if (r.fetched) {
        fmt::format_to(out, "{:08X} after {}, +{}", r.fetch_rip, name_of(r.kind),
                       format_time(r.fetch_ps - std::min(r.fetch_ps, r.requested_ps)));
        const std::uint64_t ran = r.fetch_instructions - r.requested_instructions;
        // The port I/O itself counts as one.
        const std::uint64_t own =
            r.fate == PioFate::completed_before_line || r.fate == PioFate::completed_after_reset;
        if (ran > own)
            fmt::format_to(out, ", {} more instruction{} before it", ran - own,
                           ran - own == 1 ? "" : "s");
        fmt::format_to(out, "\n");
    } else {
        if (r.overtaken_by)
            fmt::format_to(out, "none: overtaken by #{}\n", *r.overtaken_by);
        else
            fmt::format_to(out, "none\n");
    }
    constexpr std::size_t per_line = 4;
    for (std::size_t i = 0; i < r.started.size(); ++i) {
        const auto& cpu = r.started[i];
        fmt::format_to(out, "{}CPU {} at {:08X} +{}", i % per_line ? ", " : "     started    ", cpu.cpu, cpu.rip,
                       format_time(cpu.ps - std::min(cpu.ps, r.fetch_ps)));
        if (i % per_line == per_line - 1 || i + 1 == r.started.size()) fmt::format_to(out, "\n");
    }
}

void format_restart(std::string& text, const Restart& r) {
    fmt::format_to(std::back_inserter(text),
                   "{:<4} {:>12}  {:<18}{} instructions, {} after the previous start\n"
                   "     cause      far transfer at {:08X} to F000:FFF0, real mode{}; no line moved, nothing was reset\n",
                   "-", format_time(r.at_ps), "jump", r.since_instructions, format_time(r.since_ps), r.from_rip,
                   r.cpu ? fmt::format(", CPU {}", *r.cpu) : "");
}

}  // namespace

std::string ResetTimeline::format() const {
    std::string text = fmt::format("reset timeline: {} reset{}\n", resets_, resets_ == 1 ? "" : "s");
    auto restart = restarts_.begin();
    for (std::size_t i = 0; i <= records_.size(); ++i) {
        for (; restart != restarts_.end() && restart->before == i; ++restart) format_restart(text, *restart);
        if (i < records_.size()) format_reset(text, records_[i]);
    }
    if (resets_ + 1 > records_.size() && !records_.empty() && records_.size() >= capacity_)
        text += fmt::format("{} more resets not kept\n", resets_ + 1 - records_.size());
    return text;
}

}  // namespace southgate::platform
