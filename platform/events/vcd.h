// Lines and port I/O as a value change dump (IEEE 1364, 18.2) for a waveform viewer.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "platform/events/event.h"

namespace southgate::platform {

// Collects changes and writes the file at the end of the run: the header must name every signal, and a CPU
// ahead of SystemC time reports slightly out of order. Signals: each reported line by module, plus for each
// CPU the port of the pending I/O, whether one is pending, and whether it is halted or held.
class VcdFile : public EventSink {
  public:
    // Throws std::runtime_error when the file cannot be created.
    explicit VcdFile(const std::string& path);

    void take(const Event& event) override;
    void finish(std::uint64_t time_ps, std::uint64_t instructions) override;

  private:
    struct Signal {
        std::string module, name;
        unsigned width;
        std::uint32_t initial;
    };
    struct Change {
        std::uint64_t time_ps;
        std::uint32_t signal, value;
    };
    void change(const Event& event, std::string_view name, unsigned width, std::uint32_t value,
                std::uint32_t initial);

    std::string path_;
    std::map<std::string, std::uint32_t, std::less<>> index_;
    std::vector<Signal> signals_;
    std::vector<Change> changes_;
};

}  // namespace southgate::platform
