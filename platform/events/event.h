// One thing that happened in the machine, as every sink sees it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "cpu_model/pio/policy.h"
#include "cpu_model/vcpu.h"

namespace southgate::platform {

enum class PioStep : std::uint8_t { exit, complete, cancel };

// A port I/O left the engine, was completed, or was dropped (cpu_model/pio/policy.h has the fields).
struct PioHappened {
    PioStep step;
    cpu::PioEvent pio;
};

// A line of interest changed its logical level.
struct LineChanged {
    std::string_view line;
    bool asserted;
};

// A reset source fired. `mode` and `linear_rip` are the CPU's at that moment; in_port_io: inside the
// transaction of its last port I/O.
struct ResetRequested {
    std::string_view reset_source;
    std::string_view mode;
    std::uint64_t linear_rip;
    bool in_port_io;
};

// What a CPU starts from: INIT, RESET# released, power-on, or a start-up IPI.
enum class CpuReset : std::uint8_t { init, reset, power_on, start_up };
struct FirstFetch {
    CpuReset kind;
    std::uint64_t linear_rip;
};

// `held`: stopped by RESET# or loss of power. `reset`: the state of INIT or RESET# was loaded; the first
// fetch follows. `wait_for_sipi`: an application processor waits behind its reset.
// `reset_vector`: real-mode code goes to F000:FFF0 by itself; linear_rip is where it comes from. `frozen`: the x87
// instruction at linear_rip waits behind an exception that FERR# reports.
enum class CpuActivity : std::uint8_t {
    shutdown, halt, smm_enter, smm_leave, held, reset, wait_for_sipi, reset_vector, frozen
};
struct CpuActivityChanged {
    CpuActivity activity;
    std::uint64_t linear_rip;            // 0 for smm_enter and smm_leave
    cpu::TripleFault triple_fault = {};  // behind `shutdown`
};

struct RegisterWritten {
    std::string_view name;
    std::uint32_t offset;
    std::uint64_t before, after;
};

// Free-form: a POST code, a marker.
struct Noted {
    std::string_view key;
    std::uint64_t value;
};

using EventPayload = std::variant<PioHappened, LineChanged, ResetRequested, FirstFetch, CpuActivityChanged,
                                  RegisterWritten, Noted>;

struct Event {
    std::uint64_t time_ps = 0;       // simulated time, picoseconds
    std::uint64_t instructions = 0;  // retired since power-on
    std::string_view source;         // hierarchical SystemC name of the module
    EventPayload payload;
    // In a machine with several CPUs: the one whose event it is, or in whose access it happened.
    std::optional<unsigned> cpu = {};
};

// Stable names, used by every sink.
std::string_view kind_of(const Event& event);  // "pio.exit", "line", "reset", "cpu.first_fetch" ...
std::string_view name_of(CpuReset kind);
std::string_view name_of(CpuActivity activity);
// "#GP(1Ah)", "#DE".
std::string name_of(const cpu::TripleFault::Exception& exception);

class EventSink {
  public:
    virtual ~EventSink() = default;
    // String views inside the event live only during the call.
    virtual void take(const Event& event) = 0;
    // Called once at the end of the run; `time_ps` and `instructions` are the last ones.
    virtual void finish(std::uint64_t time_ps, std::uint64_t instructions) {
        (void)time_ps, (void)instructions;
    }
};

}  // namespace southgate::platform
