// The event stream of a machine: collects what the CPU modules, their port-I/O units and the chipset report,
// and hands it to the sinks in order. Nothing is built while there is no sink.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chipset/observer.h"
#include "cpu_model/pio/policy.h"
#include "platform/events/event.h"

namespace southgate::platform {

class EventStream;

// What one CPU reports.
class CpuEvents : public cpu::PioObserver {
  public:
    // Where the stream reads the CPU's time and state. All callable at any moment, inside transactions too.
    struct Clock {
        std::function<std::uint64_t()> time_ps;
        std::function<std::uint64_t()> instructions;  // of the whole machine
        std::function<std::uint64_t()> linear_rip;
        std::function<std::string_view()> mode;
        std::function<bool()> in_port_io;
        std::function<bool()> in_access;  // inside run() or a transaction: what happens now is its doing
    };

    CpuEvents(EventStream& stream, std::string_view name, std::optional<unsigned> number, Clock clock)
        : stream_(stream), name_(name), number_(number), clock_(std::move(clock)) {}

    // From now on chipset events happen in this CPU's time.
    void activate();

    void first_fetch(CpuReset kind, std::uint64_t linear_rip);
    void cpu_activity(CpuActivity activity, std::uint64_t linear_rip, const cpu::TripleFault& triple_fault = {});
    // A pin of the CPU that no chipset module reports.
    void line_changed(std::string_view line, bool asserted);
    // cpu::PioObserver
    void pio_exit(const cpu::PioEvent& e) override;
    void pio_complete(const cpu::PioEvent& e) override;
    void pio_cancel(const cpu::PioEvent& e) override;

  private:
    friend class EventStream;
    void emit(EventPayload payload);

    EventStream& stream_;
    std::string name_;
    std::optional<unsigned> number_;
    Clock clock_;
};

class EventStream : public chipset::Observer {
  public:
    EventStream() = default;
    ~EventStream() override;
    EventStream(const EventStream&) = delete;
    EventStream& operator=(const EventStream&) = delete;

    // At least one CPU comes before the first event; the first is the active one. `number`: of a machine with
    // several.
    CpuEvents& add_cpu(std::string_view name, std::optional<unsigned> number, CpuEvents::Clock clock);
    // Registers with the chipset on the first call. The sink must outlive the stream's use.
    void add_sink(EventSink& sink);
    bool listening() const { return !sinks_.empty(); }
    void finish();

    // chipset::Observer
    void register_written(const char* device, const chipset::RegisterInfo& info, std::uint64_t before,
                          std::uint64_t after, const sc_core::sc_time& at) override;
    void line_changed(const char* device, const char* line, bool asserted,
                      const sc_core::sc_time& at) override;
    void reset_requested(const char* device, const char* source, const sc_core::sc_time& at) override;
    void note(const char* device, const char* key, std::uint64_t value, const sc_core::sc_time& at) override;

  private:
    friend class CpuEvents;
    void emit(std::uint64_t time_ps, std::string_view source, std::optional<unsigned> cpu,
              EventPayload payload);
    void emit_from_chipset(const sc_core::sc_time& at, const char* device, EventPayload payload);

    std::vector<EventSink*> sinks_;
    std::vector<std::unique_ptr<CpuEvents>> cpus_;
    CpuEvents* active_ = nullptr;
};

}  // namespace southgate::platform
