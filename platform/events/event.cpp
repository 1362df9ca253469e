#include "platform/events/event.h"

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
    }
    return "";
}

}  // namespace southgate::platform
