#include "sim/pio/kvm/probe.h"

#include <fmt/format.h>

#include <functional>
#include <optional>

#include "cpu_model/kvm/host_system.h"
#include "cpu_model/kvm/system.h"
#include "sim/pio/kvm/host_run.h"
#include "sim/pio/kvm/model_run.h"

namespace southgate::pio {

namespace {

constexpr std::uint64_t on_instruction = 0x8000, behind = 0x8002;
constexpr std::uint64_t before = 0x7788, merged = 0x775a;

// Runs a scenario on whatever is probed; nullopt if it did not come back.
using Run = std::function<std::optional<Observation>(const Scenario&, bool quirk_out_7e)>;

Scenario guest(GuestMode mode, std::initializer_list<std::uint8_t> code, std::initializer_list<const char*> script) {
    Scenario s;
    s.guest.mode = mode;
    s.guest.code = code;
    s.port_is_in = s.guest.code[0] == 0xe4;
    s.port_length = 2;
    for (const char* line : script) s.script.push_back(*parse_action(line));
    return s;
}

class Prober {
  public:
    Prober(GuestMode mode, const Run& run) : run_(run) { result_.mode = mode; }

    ModeProbes probe() {
        const bool wide = result_.mode == GuestMode::long64;
        const auto out = seen("P1", "OUT: rip at the exit", {0xe6, 0x80, 0xf4}, {"run"});
        note(out ? place(out->stops[0].rip) : "");
        const auto in = seen("P2", "IN: rip at the exit", {0xe4, 0x80, 0xf4}, {"run"});
        note(in ? place(in->stops[0].rip) : "");
        const auto same = seen("P3", "IN, same registers written, completed", {0xe4, 0x80, 0xf4}, {"run", "set-regs", "drain"});
        note(same ? end(*same) : "");
        const auto quirk = seen("P4", "OUT to 7Eh: rip at the exit, with the quirk and without", {0xe6, 0x7e, 0xf4}, {"run"});
        const auto plain = run(guest(result_.mode, {0xe6, 0x7e, 0xf4}, {"run"}), false);
        note(quirk && plain ? place(quirk->stops[0].rip) + ", " + place(plain->stops[0].rip) : "");
        const auto step = seen("P5", "OUT under single step: the debug exit behind it", {0xe6, 0x80, 0xf4},
                               {"single-step on", "run", "drain"});
        const bool stepped = step && step->stops[1].reason == cpu::ExitReason::debug && step->rip == behind;
        note(step ? stepped ? "there" : "missing" : "");
        std::optional<Observation> moved;
        if (!wide) {
            moved = seen("P6", "IN, CS base moved, completed", {0xe4, 0x80, 0xf4}, {"run", "move-cs 1000:10000", "drain"});
            note(moved ? end(*moved) : "");
        }
        conclude(out, in, same, quirk, plain, stepped, moved);
        probe_advance();
        probe_control_change();
        return std::move(result_);
    }

  private:
    std::optional<Observation> run(const Scenario& s, bool quirk) {
        auto observation = run_(s, quirk);
        // A probe's script has one stop for each run or drain.
        if (observation && observation->stop_count == 0) return std::nullopt;
        return observation;
    }
    std::optional<Observation> seen(const char* name, const char* what, std::initializer_list<std::uint8_t> code,
                                    std::initializer_list<const char*> script) {
        result_.probes.push_back({name, what, {}});
        return run(guest(result_.mode, code, script), true);
    }
    void note(std::string text) { result_.probes.back().seen = text.empty() ? "did not come back" : std::move(text); }

    static std::string place(std::uint64_t rip) {
        if (rip == on_instruction) return "on it";
        return rip == behind ? "behind it" : fmt::format("{:X}", rip);
    }
    static std::string end(const Observation& o) {
        return fmt::format("rip {}, data {}", place(o.rip), o.rax == merged ? "there" : o.rax == before ? "lost" : "wrong");
    }

    void conclude(const std::optional<Observation>& out, const std::optional<Observation>& in,
                  const std::optional<Observation>& same, const std::optional<Observation>& quirk,
                  const std::optional<Observation>& plain, bool stepped, const std::optional<Observation>& moved) {
        if (!out || !in || !same || !quirk || !plain) return;
        const std::uint64_t out_rip = out->stops[0].rip, in_rip = in->stops[0].rip;
        const char* column = nullptr;
        if (out_rip == behind && in_rip == behind) column = "SB";
        else if (out_rip == behind && in_rip == on_instruction) column = "FE";
        else if (out_rip == on_instruction && in_rip == on_instruction) {
            if (same->rip == on_instruction) column = "AW";
            else if (moved && moved->rip == behind) column = "CA";  // or RC, RV: told apart by the scenarios only
            else column = quirk->stops[0].rip == behind ? "LQ" : "LR";
        }
        if (!column) return;
        result_.path.column = *parse_column(column);
        const bool emulator = result_.path.column == *parse_column("FE");
        result_.conclusive = emulator ? same->rip == behind && same->rax == before && !stepped
                                      : result_.path.column != *parse_column("SB") ? stepped : !stepped;
        // The quirk can be switched off: no rip at the exit may depend on it but on the fast path.
        if (emulator) result_.conclusive &= quirk->stops[0].rip == behind && plain->stops[0].rip == behind;
    }

    // The same linear address as another base and rip: whoever adds a length goes on there.
    void probe_advance() {
        if (result_.mode != GuestMode::real16) return;
        const auto split = seen("P7", "OUT, the same place written as 0400:4000, completed", {0xe6, 0x80, 0xf4},
                                {"run", "move-split 0400:4000", "drain"});
        note(split ? fmt::format("rip {:X}", split->rip) : "");
        if (split && split->rip == behind) result_.path.advance = cpu::PioAdvance::absolute;
    }

    void probe_control_change() {
        Scenario s = guest(result_.mode, {0xe4, 0x80, 0xf4}, {"run", "nothing", "drain"});
        constexpr std::uint64_t task_switched = 8;
        s.script[1].kind = ActionKind::write_cr0;
        s.script[1].value = initial_state(s.guest).sregs.cr0 ^ task_switched;
        result_.probes.push_back({"H1", "IN, CR0.TS changed, completed", {}});
        const auto changed = run(s, true);
        note(changed ? end(*changed) : "");
        result_.path.drops_on_control_change = changed && changed->rip == on_instruction && changed->rax == before;
    }

    const Run& run_;
    ModeProbes result_;
};

}  // namespace

std::array<ModeProbes, guest_modes.size()> probe_host() {
    if (const std::string why = cpu::kvm::host_unavailable(); !why.empty()) throw cpu::kvm::Unavailable(why);
    const Run run = [](const Scenario& s, bool quirk) -> std::optional<Observation> {
        const HostRun r = run_on_host(s, {.disable_quirk_out_7e = !quirk});
        return r.kind == HostRun::Kind::seen ? std::optional(r.observation) : std::nullopt;
    };
    std::array<ModeProbes, guest_modes.size()> result;
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = Prober(guest_modes[i], run).probe();
    // How a skip moves rip is the processor's, and seen in real mode only.
    for (ModeProbes& m : result) m.path.advance = result[0].path.advance;
    return result;
}

ModeProbes probe_model(GuestMode mode, const HostPath& path) {
    ModelRun model;
    const Run run = [&](const Scenario& s, bool quirk) -> std::optional<Observation> {
        HostPath now = path;
        if (!quirk && columns[now.column].quirk) now.column = *parse_column("LR");
        return model.run(s, now);
    };
    return Prober(mode, run).probe();
}

}  // namespace southgate::pio
