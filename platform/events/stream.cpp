#include "platform/events/stream.h"

#include "chipset/registers/register.h"

namespace southgate::platform {

EventStream::~EventStream() {
    if (chipset::observer == this) chipset::observer = nullptr;
}

void EventStream::set_clock(Clock clock, std::string_view cpu_name) {
    clock_ = std::move(clock);
    cpu_name_ = cpu_name;
}

void EventStream::add_sink(EventSink& sink) {
    sinks_.push_back(&sink);
    chipset::observer = this;
}

void EventStream::finish() {
    for (auto* sink : sinks_) sink->finish(clock_.time_ps(), clock_.instructions());
}

void EventStream::emit(std::uint64_t time_ps, std::string_view source, EventPayload payload) {
    if (sinks_.empty()) return;
    const Event event{time_ps, clock_.instructions(), source, std::move(payload)};
    for (auto* sink : sinks_) sink->take(event);
}

void EventStream::first_fetch(CpuReset kind, std::uint64_t linear_rip) {
    emit(clock_.time_ps(), cpu_name_, FirstFetch{kind, linear_rip});
}

void EventStream::cpu_activity(CpuActivity activity, std::uint64_t linear_rip) {
    emit(clock_.time_ps(), cpu_name_, CpuActivityChanged{activity, linear_rip});
}

void EventStream::pio_exit(const cpu::PioEvent& e) {
    emit(clock_.time_ps(), cpu_name_, PioHappened{PioStep::exit, e});
}
void EventStream::pio_complete(const cpu::PioEvent& e) {
    emit(clock_.time_ps(), cpu_name_, PioHappened{PioStep::complete, e});
}
void EventStream::pio_cancel(const cpu::PioEvent& e) {
    emit(clock_.time_ps(), cpu_name_, PioHappened{PioStep::cancel, e});
}

void EventStream::register_written(const char* device, const chipset::RegisterInfo& info,
                                   std::uint64_t before, std::uint64_t after, const sc_core::sc_time& at) {
    emit(at.value(), device, RegisterWritten{info.name, info.offset, before, after});
}

void EventStream::line_changed(const char* device, const char* line, bool asserted,
                               const sc_core::sc_time& at) {
    emit(at.value(), device, LineChanged{line, asserted});
}

void EventStream::reset_requested(const char* device, const char* source, const sc_core::sc_time& at) {
    emit(at.value(), device, ResetRequested{source, clock_.mode(), clock_.linear_rip(), clock_.in_port_io()});
}

void EventStream::note(const char* device, const char* key, std::uint64_t value, const sc_core::sc_time& at) {
    emit(at.value(), device, Noted{key, value});
}

}  // namespace southgate::platform
