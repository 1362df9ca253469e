// What a chipset tells whoever listens: register writes, line changes, reset causes. Costs one test of a pointer
// while nobody does. SystemC runs one simulation a process, so there is one listener.
#pragma once

#include <cstdint>
#include <systemc>

namespace southgate::chipset {

struct RegisterInfo;

class Observer {
  public:
    virtual ~Observer() = default;
    // A guest write reached a declared register. `device` is the hierarchical SystemC name.
    virtual void register_written(const char* device, const RegisterInfo& info, std::uint64_t before,
                                  std::uint64_t after, const sc_core::sc_time& at) = 0;
    // A line of interest (reset lines, INIT#, SMI#, NMI, A20M#, power-good, INTR) changed.
    virtual void line_changed(const char* device, const char* line, bool asserted,
                              const sc_core::sc_time& at) = 0;
    // A reset source fired; the lines it pulls follow as line_changed. `source` is a stable identifier such as
    // "port92", "cf9-soft", "cf9-hard", "cf9-full", "kbc-pulse", "kbc-output-port", "shutdown", "s5",
    // "s3", "power-button", "reset-button", "power-on", "wake", "trc-soft", "trc-hard".
    virtual void reset_requested(const char* device, const char* source, const sc_core::sc_time& at) = 0;
    // Free text for a person, e.g. a POST code. `key` is a stable identifier.
    virtual void note(const char* device, const char* key, std::uint64_t value, const sc_core::sc_time& at) = 0;
};

inline Observer* observer = nullptr;

}  // namespace southgate::chipset
