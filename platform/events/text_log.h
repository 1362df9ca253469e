// Events as lines for a person.
#pragma once

#include <cstdio>
#include <string>

#include "platform/events/event.h"

namespace southgate::platform {

class TextLog : public EventSink {
  public:
    // Does not own the stream.
    explicit TextLog(std::FILE* out) : out_(out) {}
    void take(const Event& event) override;

    static std::string format(const Event& event);

  private:
    std::FILE* out_;
};

// Simulated time with the unit that reads best, e.g. "2.000 ms".
std::string format_time(std::uint64_t ps);
// "out 92h <- 01" or "in 64h": a port access in short.
std::string format_access(const cpu::PioEvent& pio);

}  // namespace southgate::platform
