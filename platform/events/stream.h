// The event stream of a machine: collects what the CPU module, the port-I/O unit and the chipset report, and
// hands it to the sinks in order. Nothing is built while there is no sink.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "chipset/observer.h"
#include "cpu_model/pio/policy.h"
#include "platform/events/event.h"

namespace southgate::platform {

class EventStream : public chipset::Observer, public cpu::PioObserver {
  public:
    // Where the stream reads the CPU's time and state. All callable at any moment, inside transactions too.
    struct Clock {
        std::function<std::uint64_t()> time_ps;
        std::function<std::uint64_t()> instructions;
        std::function<std::uint64_t()> linear_rip;
        std::function<std::string_view()> mode;
        std::function<bool()> in_port_io;
    };

    EventStream() = default;
    ~EventStream() override;
    EventStream(const EventStream&) = delete;
    EventStream& operator=(const EventStream&) = delete;

    void set_clock(Clock clock, std::string_view cpu_name);
    // Registers with the chipset on the first call. The sink must outlive the stream's use.
    void add_sink(EventSink& sink);
    bool listening() const { return !sinks_.empty(); }
    void finish();

    // From the CPU module.
    void first_fetch(CpuReset kind, std::uint64_t linear_rip);
    void cpu_activity(CpuActivity activity, std::uint64_t linear_rip);

    // cpu::PioObserver
    void pio_exit(const cpu::PioEvent& e) override;
    void pio_complete(const cpu::PioEvent& e) override;
    void pio_cancel(const cpu::PioEvent& e) override;
    // chipset::Observer
    void register_written(const char* device, const chipset::RegisterInfo& info, std::uint64_t before,
                          std::uint64_t after, const sc_core::sc_time& at) override;
    void line_changed(const char* device, const char* line, bool asserted,
                      const sc_core::sc_time& at) override;
    void reset_requested(const char* device, const char* source, const sc_core::sc_time& at) override;
    void note(const char* device, const char* key, std::uint64_t value, const sc_core::sc_time& at) override;

  private:
    void emit(std::uint64_t time_ps, std::string_view source, EventPayload payload);

    std::vector<EventSink*> sinks_;
    Clock clock_;
    std::string cpu_name_;
};

}  // namespace southgate::platform
