#include "sim/run/monitor.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <thread>

#include "chipset/clock.h"
#include "platform/events/text_log.h"

namespace southgate::sim {

namespace {

volatile std::sig_atomic_t interrupted = 0;

}  // namespace

void handle_signals() {
    std::signal(SIGINT, [](int) { interrupted = 1; });
    std::signal(SIGTERM, [](int) { interrupted = 1; });
    std::signal(SIGPIPE, SIG_IGN);
}

Monitor::Monitor(const sc_core::sc_module_name& name, const RunOptions& options, Machine machine)
    : sc_module(name),
      options_(options),
      machine_(std::move(machine)),
      matchers_(consoles, TextMatcher(options.stop_at)),
      dialogue_(options.dialogue),
      keys_(options.keys.begin(), options.keys.end()),
      start_(Clock::now()),
      progress_(isatty(STDERR_FILENO) == 1) {
    std::stable_sort(keys_.begin(), keys_.end(),
                     [](const auto& a, const auto& b) { return a.at_ps < b.at_ps; });
    SC_HAS_PROCESS(Monitor);
    SC_METHOD(tick);
}

void Monitor::add_serial(SerialEnd& end, std::function<void(std::span<const std::uint8_t>)> receive) {
    serial_.push_back({&end, std::move(receive)});
}

void Monitor::console_byte(unsigned console, std::uint8_t byte) {
    // Firmware may show the same on both serial ports; a dialogue is one on COM1.
    if (console >= Dialogue::consoles && !options_.dialogue.empty()) return;
    if (!dialogue_.done()) return dialogue_.console_byte(console, byte);
    if (!matching()) return;
    if (const auto text = matchers_[console].feed(byte); !text.empty())
        finish({exit_ok, fmt::format("'{}' appeared on a console", text)});
}

void Monitor::finish(Outcome outcome) {
    if (outcome_) return;
    outcome_ = std::move(outcome);
    if (outcome_->status == exit_limit && !dialogue_.done())
        outcome_->why += fmt::format("; '{}' has not appeared", dialogue_.awaited());
    machine_.stop();
}

void Monitor::tick() {
    if (outcome_) return;
    const std::uint64_t now = chipset::to_picoseconds(sc_core::sc_time_stamp());
    while (!keys_.empty() && keys_.front().at_ps <= now) {
        machine_.type(keys_.front().text);
        keys_.pop_front();
    }
    for (auto& serial : serial_)
        if (const auto bytes = serial.end->poll(); !bytes.empty()) serial.receive(bytes);
    for (auto* sink : outputs_) sink->flush();
    const bool typed = type_answers();
    if (matching() && ++ticks_ % screen_intervals == 0) search_screen();
    check_host(now);
    if (!typed) check_idle();
    if (options_.max_time_ps && now >= *options_.max_time_ps)
        finish({exit_limit, fmt::format("--max-time: {} of simulated time are over",
                                        platform::format_time(*options_.max_time_ps))});
    if (outcome_) return;

    std::uint64_t next = now + interval_ps;
    if (options_.max_time_ps) next = std::min(next, *options_.max_time_ps);
    if (!keys_.empty()) next = std::min(next, keys_.front().at_ps);
    next_trigger(chipset::from_picoseconds(next - now));
}

// The answers wait for a tick: the text comes out of the guest's OUT, in which its UART is busy.
bool Monitor::type_answers() {
    const std::string answers = dialogue_.take_answers();
    if (answers.empty()) return false;
    machine_.receive({reinterpret_cast<const std::uint8_t*>(answers.data()), answers.size()});
    return true;
}

void Monitor::search_screen() {
    const auto screen = machine_.screen();
    if (!screen) return;
    if (const auto text = matchers_[0].find_in(*screen); !text.empty())
        finish({exit_ok, fmt::format("'{}' appeared on the screen", text)});
}

void Monitor::check_host(std::uint64_t now) {
    if (interrupted) finish({exit_interrupted, "interrupted"});
    const double wall = std::chrono::duration<double>(Clock::now() - start_).count();
    if (options_.max_wall > 0 && wall >= options_.max_wall)
        finish({exit_limit, fmt::format("--max-wall: {} s of real time are over", options_.max_wall)});
    if (options_.realtime) pace(now);
    if (progress_ && wall >= next_progress_) show_progress(now, wall);
}

// The machine has come to rest: nothing but this method would ever run again.
void Monitor::check_idle() {
    if (!keys_.empty() || !machine_.waiting() || sc_core::sc_pending_activity()) return;
    for (const auto& serial : serial_)
        if (serial.end->has_input()) return;
    finish({options_.has_stop_condition() || !dialogue_.done() ? exit_limit : exit_ok,
            "the guest stopped for good: every processor waits and no event is left"});
}

void Monitor::pace(std::uint64_t now) {
    const auto due = start_ + std::chrono::duration_cast<Clock::duration>(
                                  std::chrono::duration<double>(static_cast<double>(now) * 1e-12));
    std::this_thread::sleep_until(due);
}

void Monitor::show_progress(std::uint64_t now, double wall) {
    fmt::print(stderr, "\r{} simulated, {} million instructions, {:.0f} s\033[K", platform::format_time(now),
               machine_.instructions() / 1'000'000, wall);
    progress_shown_ = true;
    next_progress_ = wall + 0.5;
}

void Monitor::clear_progress() {
    if (progress_shown_) fmt::print(stderr, "\r\033[K");
    progress_shown_ = false;
}

}  // namespace southgate::sim
