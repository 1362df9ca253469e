// A reset controller with its keyboard controller and a probe on every line, for the tests of this folder.
#pragma once

#include <string>
#include <vector>

#include "chipset/legacy/kbc.h"
#include "chipset/observer.h"
#include "chipset/reset/reset_controller.h"
#include "tests/chipset/harness.h"

namespace southgate::chipset::test {

// Lets simulated time pass. What is due at the very end of it has not happened yet.
inline void run_for(double value, sc_core::sc_time_unit unit) { run(sc_core::sc_time(value, unit)); }
inline sc_core::sc_time ps(std::uint64_t value) { return sc_core::sc_time::from_value(value); }

// Times the edges of a line and writes "<name>+" or "<name>-" into a journal shared by all lines.
class JournalProbe : public sc_core::sc_module {
  public:
    LineIn in{"in"};
    JournalProbe(const sc_core::sc_module_name& name, LineOut& line, std::vector<std::string>& journal)
        : sc_module(name) {
        in.on_change([this, &journal](bool asserted) {
            (asserted ? rises : falls).push_back(sc_core::sc_time_stamp());
            journal.push_back(std::string(basename()) + (asserted ? "+" : "-"));
        });
        line.bind(in);
    }
    bool level() const { return in.level(); }
    std::vector<sc_core::sc_time> rises, falls;
};

class RecordingObserver : public Observer {
  public:
    RecordingObserver() { observer = this; }
    ~RecordingObserver() override { observer = nullptr; }
    void register_written(const char*, const RegisterInfo&, std::uint64_t, std::uint64_t,
                          const sc_core::sc_time&) override {}
    void line_changed(const char*, const char* line, bool asserted, const sc_core::sc_time&) override {
        lines.push_back(std::string(line) + (asserted ? "+" : "-"));
    }
    void reset_requested(const char*, const char* source, const sc_core::sc_time&) override {
        sources.emplace_back(source);
    }
    void note(const char*, const char*, std::uint64_t, const sc_core::sc_time&) override {}

    std::vector<std::string> sources, lines;
};

struct BoardConfig {
    ResetTiming timing = ResetTiming::zero();
    Personality personality = Personality::strict();
    Southbridge southbridge = Southbridge::piix;
    std::optional<std::uint64_t> wake_after_off = std::nullopt;
};

class Board {
  public:
    std::vector<std::string> journal;
    ResetController reset;
    KeyboardController kbc;
    Initiator p92{reset.port92}, cf9{reset.cf9}, kbd{kbc.socket};
    LineDriver shutdown{reset.shutdown}, s5{reset.s5}, s3{reset.s3}, wake{reset.wake},
        power_button{reset.power_button}, reset_button{reset.reset_button}, host_init{reset.host_init},
        host_reset{reset.host_reset};
    JournalProbe init{"init", reset.init, journal}, cpurst{"cpurst", reset.cpurst, journal},
        pcirst{"pcirst", reset.pcirst, journal}, rstdrv{"rstdrv", reset.rstdrv, journal},
        power_good{"power_good", reset.power_good, journal}, a20m{"a20m", reset.a20m, journal},
        powered_off{"powered_off", reset.powered_off, journal}, pwrbtn{"pwrbtn", reset.pwrbtn, journal};
    LineProbe irq1, irq12;
    RecordingObserver observed;
    std::vector<std::string> at_elaboration, at_power_on;

    // Elaborated, powered on, out of reset, everything recorded so far forgotten.
    explicit Board(const BoardConfig& config = {})
        : reset("reset", {config.southbridge, config.timing, config.personality, config.wake_after_off}),
          kbc("kbc", {config.timing, config.personality}) {
        kbc.rcin.bind(reset.rcin);
        kbc.a20gate.bind(reset.a20gate);
        kbc.irq1.bind(irq1.in);
        kbc.irq12.bind(irq12.in);
        reset.rstdrv.bind(kbc.rstdrv);
        reset.power_good.bind(kbc.power_good);
        run();
        at_elaboration = journal;
        reset.power_on();
        at_power_on = journal;
        run_for(400, sc_core::SC_MS);
        forget();
    }
    void forget() {
        journal.clear();
        observed.sources.clear();
        observed.lines.clear();
        for (JournalProbe* probe :
             {&init, &cpurst, &pcirst, &rstdrv, &power_good, &a20m, &powered_off, &pwrbtn}) {
            probe->rises.clear();
            probe->falls.clear();
        }
    }
};

using Journal = std::vector<std::string>;
inline const Journal kInitPulse{"init+", "init-"};
inline const Journal kHardReset{"pcirst+", "rstdrv+", "cpurst+", "pcirst-", "rstdrv-", "cpurst-"};

}  // namespace southgate::chipset::test
