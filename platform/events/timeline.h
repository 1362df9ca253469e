// The reset flight recorder: for every reset who asked for it, which lines moved for how long, what became of
// the port I/O under way, and where the CPU went on.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "platform/events/event.h"

namespace southgate::platform {

struct LinePulse {
    std::string line;
    bool level;                            // the level of the first edge
    std::uint64_t at_ps;                   // first edge
    std::optional<std::uint64_t> back_ps;  // second edge
};

enum class PioFate : std::uint8_t {
    none,                   // the reset did not come from a port I/O
    pending,                // still open
    completed_before_exit,  // the policy advanced before the platform saw the I/O
    completed_before_line,  // the I/O ended, then the line arrived
    completed_after_reset,  // the policy completed it on the CPU that was reset meanwhile
    dropped,                // the policy dropped it
};
std::string_view name_of(PioFate fate);

struct ResetRecord {
    unsigned number = 0;       // 0 is power-on
    std::string reset_source;  // "port92", "cf9-hard" ...
    std::string device;
    std::uint64_t requested_ps = 0;
    std::uint64_t requested_instructions = 0;
    std::string mode;                  // of the CPU when the source fired
    std::optional<unsigned> cpu;       // whose access fired it, in a machine with several
    std::uint64_t cause_rip = 0;       // linear
    std::optional<cpu::PioEvent> pio;  // the port I/O that caused it
    cpu::TripleFault triple_fault;     // behind a shutdown
    PioFate fate = PioFate::none;
    std::vector<LinePulse> lines;  // in the order of their first edges
    bool taken = false;            // the CPU loaded its reset state
    // The first fetch after it, if the CPU came that far.
    bool fetched = false;
    CpuReset kind = CpuReset::init;
    std::uint64_t fetch_rip = 0;
    std::uint64_t fetch_ps = 0;
    std::uint64_t fetch_instructions = 0;
    std::optional<unsigned> overtaken_by;  // number of the reset that came first
    // Application processors that a start-up IPI started before the next reset.
    struct StartedCpu {
        unsigned cpu = 0;
        std::uint64_t rip = 0, ps = 0;
    };
    std::vector<StartedCpu> started;
    // Between the first fetch after the previous reset and this one's request.
    std::uint64_t since_instructions = 0, since_ps = 0;
};

// Firmware that was started again by a jump to the reset vector: no line moved, nothing was reset.
struct Restart {
    std::size_t before = 0;  // number of resets kept so far: the place in the story
    std::uint64_t at_ps = 0;
    std::optional<unsigned> cpu;
    std::uint64_t from_rip = 0;  // linear
    std::uint64_t since_instructions = 0, since_ps = 0;
};

class ResetTimeline : public EventSink {
  public:
    // Keeps the first `capacity` resets and as many restarts, and counts the other resets.
    explicit ResetTimeline(std::size_t capacity = 10'000) : capacity_(capacity) {}

    void take(const Event& event) override;
    const std::vector<ResetRecord>& records() const { return records_; }
    const std::vector<Restart>& restarts() const { return restarts_; }
    std::uint64_t resets() const { return resets_; }  // power-on not counted

    // The table for a person.
    std::string format() const;

  private:
    ResetRecord* owner(bool init);
    ResetRecord* current() { return recording_ ? &records_.back() : nullptr; }
    void open(const Event& event, std::string_view source);
    void line(const Event& event, const LineChanged& e);
    void port_io(const Event& event, const PioHappened& e);
    void first_fetch(const Event& event, const FirstFetch& e);
    void started(const Event& event, const FirstFetch& e);
    void activity(const Event& event, const CpuActivityChanged& e);

    std::size_t capacity_;
    std::vector<ResetRecord> records_;
    std::vector<Restart> restarts_;
    std::size_t first_open_ = 0;  // records before it are settled
    bool recording_ = false;
    std::uint64_t resets_ = 0;
    std::uint64_t last_fetch_ps_ = 0, last_fetch_instructions_ = 0;
    struct LastPio {
        cpu::PioEvent pio;
        bool done = false;
    };
    std::map<unsigned, LastPio> last_pio_;  // of each CPU
    cpu::TripleFault last_triple_fault_;
};

}  // namespace southgate::platform
