#include "platform/events/event.h"

#include <fmt/format.h>

#include <array>

namespace southgate::platform {

namespace {

struct KindName {
    std::string_view operator()(const PioHappened& e) const {
        switch (e.step) {
            case PioStep::exit:
                return "pio.exit";
            case PioStep::complete:
                return "pio.complete";
            case PioStep::cancel:
                return "pio.cancel";
        }
        return "pio";
    }
    std::string_view operator()(const LineChanged&) const { return "line"; }
    std::string_view operator()(const ResetRequested&) const { return "reset"; }
    std::string_view operator()(const FirstFetch&) const { return "cpu.first_fetch"; }
    std::string_view operator()(const CpuActivityChanged& e) const { return name_of(e.activity); }
    std::string_view operator()(const RegisterWritten&) const { return "register.write"; }
    std::string_view operator()(const Noted&) const { return "note"; }
};

}  // namespace

std::string_view kind_of(const Event& event) { return std::visit(KindName{}, event.payload); }

std::string_view name_of(CpuReset kind) {
    switch (kind) {
        case CpuReset::init:
            return "init";
        case CpuReset::reset:
            return "reset";
        case CpuReset::power_on:
            return "power-on";
        case CpuReset::start_up:
            return "start-up";
    }
    return "";
}

std::string_view name_of(CpuActivity activity) {
    switch (activity) {
        case CpuActivity::shutdown:
            return "cpu.shutdown";
        case CpuActivity::halt:
            return "cpu.halt";
        case CpuActivity::smm_enter:
            return "cpu.smm_enter";
        case CpuActivity::smm_leave:
            return "cpu.smm_leave";
        case CpuActivity::held:
            return "cpu.held";
        case CpuActivity::reset:
            return "cpu.reset";
        case CpuActivity::wait_for_sipi:
            return "cpu.wait_for_sipi";
        case CpuActivity::reset_vector:
            return "cpu.reset_vector";
        case CpuActivity::frozen:
            return "cpu.frozen";
    }
    return "";
}

std::string name_of(const cpu::TripleFault::Exception& exception) {
    // SDM vol. 3A table 6-1.
    constexpr std::array<std::string_view, 20> names{"DE", "DB", "NMI", "BP", "OF", "BR", "UD", "NM", "DF", "9",
                                                     "TS", "NP", "SS",  "GP", "PF", "15", "MF", "AC", "MC", "XM"};
    std::string name = exception.vector < names.size() ? fmt::format("#{}", names[exception.vector])
                                                       : fmt::format("#{}", exception.vector);
    if (exception.has_error_code) name += fmt::format("({:X}h)", exception.error_code);
    return name;
}

}  // namespace southgate::platform
