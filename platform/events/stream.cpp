#include "platform/events/stream.h"

#include "chipset/registers/register.h"

namespace southgate::platform {

// --- one CPU ---

void CpuEvents::activate() { stream_.active_ = this; }

void CpuEvents::emit(EventPayload payload) {
    stream_.emit(clock_.time_ps(), name_, number_, std::move(payload));
}

void CpuEvents::first_fetch(CpuReset kind, std::uint64_t linear_rip) { emit(FirstFetch{kind, linear_rip}); }

void CpuEvents::cpu_activity(CpuActivity activity, std::uint64_t linear_rip, const cpu::TripleFault& triple_fault) {
    emit(CpuActivityChanged{activity, linear_rip, triple_fault});
}

void CpuEvents::line_changed(std::string_view line, bool asserted) { emit(LineChanged{line, asserted}); }

void CpuEvents::pio_exit(const cpu::PioEvent& e) { emit(PioHappened{PioStep::exit, e}); }
void CpuEvents::pio_complete(const cpu::PioEvent& e) { emit(PioHappened{PioStep::complete, e}); }
void CpuEvents::pio_cancel(const cpu::PioEvent& e) { emit(PioHappened{PioStep::cancel, e}); }

// --- the stream ---

EventStream::~EventStream() {
    if (chipset::observer == this) chipset::observer = nullptr;
}

CpuEvents& EventStream::add_cpu(std::string_view name, std::optional<unsigned> number,
                                CpuEvents::Clock clock) {
    CpuEvents& cpu =
        *cpus_.emplace_back(std::make_unique<CpuEvents>(*this, name, number, std::move(clock)));
    if (!active_) active_ = &cpu;
    return cpu;
}

void EventStream::add_sink(EventSink& sink) {
    sinks_.push_back(&sink);
    chipset::observer = this;
}

void EventStream::finish() {
    for (auto* sink : sinks_) sink->finish(active_->clock_.time_ps(), active_->clock_.instructions());
}

void EventStream::emit(std::uint64_t time_ps, std::string_view source, std::optional<unsigned> cpu,
                       EventPayload payload) {
    if (sinks_.empty()) return;
    const Event event{time_ps, active_->clock_.instructions(), source, std::move(payload), cpu};
    for (auto* sink : sinks_) sink->take(event);
}

void EventStream::emit_from_chipset(const sc_core::sc_time& at, const char* device, EventPayload payload) {
    const bool caused = active_->number_ && active_->clock_.in_access();
    emit(at.value(), device, caused ? active_->number_ : std::nullopt, std::move(payload));
}

void EventStream::register_written(const char* device, const chipset::RegisterInfo& info,
                                   std::uint64_t before, std::uint64_t after, const sc_core::sc_time& at) {
    emit_from_chipset(at, device, RegisterWritten{info.name, info.offset, before, after});
}

void EventStream::line_changed(const char* device, const char* line, bool asserted,
                               const sc_core::sc_time& at) {
    emit_from_chipset(at, device, LineChanged{line, asserted});
}

void EventStream::reset_requested(const char* device, const char* source, const sc_core::sc_time& at) {
    const CpuEvents::Clock& cpu = active_->clock_;
    emit_from_chipset(at, device, ResetRequested{source, cpu.mode(), cpu.linear_rip(), cpu.in_port_io()});
}

void EventStream::note(const char* device, const char* key, std::uint64_t value, const sc_core::sc_time& at) {
    emit_from_chipset(at, device, Noted{key, value});
}

}  // namespace southgate::platform
