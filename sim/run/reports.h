// The sinks and reports a run was asked for.
#pragma once

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>

#include "platform/events/json_lines.h"
#include "platform/events/stream.h"
#include "platform/events/text_log.h"
#include "platform/events/timeline.h"
#include "platform/events/vcd.h"
#include "platform/machines/pc.h"
#include "sim/run/options.h"

namespace southgate::sim {

class Reports {
  public:
    // Creates the files. Throws UsageError.
    explicit Reports(const RunOptions& options);
    ~Reports();

    // Connects the sinks to the machine; nothing is built when there are none.
    void attach(platform::Pc& machine);
    // Ends the files and prints what was asked for on standard output.
    void finish(platform::Pc& machine, double host_seconds);

  private:
    void print_statistics(platform::Pc& machine, double host_seconds) const;
    void write_screen(platform::Pc& machine) const;

    const RunOptions& options_;
    platform::EventStream stream_;
    std::optional<platform::JsonLines> json_;
    std::optional<platform::VcdFile> vcd_;
    std::FILE* log_file_ = nullptr;
    std::optional<platform::TextLog> log_;
    std::optional<platform::ResetTimeline> timeline_;
};

}  // namespace southgate::sim
