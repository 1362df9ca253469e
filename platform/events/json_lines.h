// Events as JSON, one object a line, keys in a fixed order: two runs of the same machine give the same bytes.
//
// Every line has "t" (ps), "i" (instructions), "kind" and "source", and "cpu" in a machine with several; addresses, ports and data are strings in
// hexadecimal. docs/events.md lists the kinds.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "platform/events/event.h"

namespace southgate::platform {

class JsonLines : public EventSink {
  public:
    // Throws std::runtime_error when the file cannot be created.
    explicit JsonLines(const std::string& path);
    ~JsonLines() override;

    void take(const Event& event) override;
    void finish(std::uint64_t time_ps, std::uint64_t instructions) override;

    // The line of one event, without the newline; what the file gets.
    static std::string format(const Event& event);

  private:
    void flush();

    std::string path_;
    std::FILE* file_;
    std::vector<char> buffer_;
};

}  // namespace southgate::platform
