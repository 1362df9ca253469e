// Looks at the run from outside at fixed intervals of simulated time: limits, key strokes to type, serial
// input and output, screens to search, pacing and progress. The interval does not depend on the host, so it cannot
// change a run.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <systemc>
#include <vector>

#include "sim/run/console.h"
#include "sim/run/dialogue.h"
#include "sim/run/options.h"
#include "sim/run/outcome.h"
#include "sim/run/text_matcher.h"

namespace southgate::sim {

class Monitor : public sc_core::sc_module {
  public:
    // What the monitor needs of the machine.
    struct Machine {
        std::function<void()> stop;                    // ends the simulation
        std::function<bool()> waiting;                 // every CPU is halted or shut down
        std::function<void(const std::string&)> type;  // types keys
        std::function<void(std::span<const std::uint8_t>)> receive;  // characters arrive at COM1
        std::function<std::uint64_t()> instructions;
        std::function<std::optional<std::string>()> screen;  // text on the screen, if there is one
    };

    Monitor(const sc_core::sc_module_name& name, const RunOptions& options, Machine machine);

    // A byte on the console of this number (0 to 2).
    void console_byte(unsigned console, std::uint8_t byte);
    // A serial line whose input goes to `receive`.
    void add_serial(SerialEnd& end, std::function<void(std::span<const std::uint8_t>)> receive);
    // Output to pass on at each look.
    void add_output(ByteSink& sink) { outputs_.push_back(&sink); }
    // No progress line: the guest's output goes to the same terminal.
    void quiet() { progress_ = false; }

    // Ends the run; the first call decides.
    void finish(Outcome outcome);
    const std::optional<Outcome>& outcome() const { return outcome_; }
    // Removes the progress line.
    void clear_progress();

  private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::uint64_t interval_ps = 1'000'000'000;  // 1 ms
    static constexpr unsigned screen_intervals = 20;
    static constexpr unsigned consoles = 3;  // the debug console, COM1, COM2

    void tick();
    bool matching() const { return !options_.stop_at.empty() && dialogue_.done(); }
    // Whether anything was typed.
    bool type_answers();
    void search_screen();
    void check_host(std::uint64_t now);
    void check_idle();
    void pace(std::uint64_t now);
    void show_progress(std::uint64_t now, double wall);

    const RunOptions& options_;
    Machine machine_;
    std::vector<TextMatcher> matchers_;  // one for each console: their bytes interleave
    Dialogue dialogue_;
    struct Serial {
        SerialEnd* end;
        std::function<void(std::span<const std::uint8_t>)> receive;
    };
    std::vector<Serial> serial_;
    std::vector<ByteSink*> outputs_;
    std::deque<TimedKeys> keys_;  // by time
    std::optional<Outcome> outcome_;
    Clock::time_point start_;
    double next_progress_ = 2;  // seconds of real time
    bool progress_, progress_shown_ = false;
    unsigned ticks_ = 0;
};

// SIGINT and SIGTERM end the run in good order from now on; SIGPIPE is ignored.
void handle_signals();

}  // namespace southgate::sim
