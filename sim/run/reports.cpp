#include "sim/run/reports.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "chipset/clock.h"
#include "cpu_model/statistics.h"
#include "sim/run/error.h"

namespace southgate::sim {

Reports::Reports(const RunOptions& options) : options_(options) {
    try {
        if (!options.events.empty()) json_.emplace(options.events);
        if (!options.vcd.empty()) vcd_.emplace(options.vcd);
    } catch (const std::runtime_error& error) {
        throw UsageError(error.what());
    }
    if (!options.log.empty()) {
        log_file_ = options.log == "-" ? stderr : std::fopen(options.log.c_str(), "w");
        if (!log_file_)
            throw UsageError(fmt::format("{}: cannot be created: {}", options.log, std::strerror(errno)));
        log_.emplace(log_file_);
    }
    if (options.timeline) timeline_.emplace();
}

Reports::~Reports() {
    if (log_file_ && log_file_ != stderr) std::fclose(log_file_);
}

void Reports::attach(platform::Pc& machine) {
    if (json_) stream_.add_sink(*json_);
    if (vcd_) stream_.add_sink(*vcd_);
    if (log_) stream_.add_sink(*log_);
    if (timeline_) stream_.add_sink(*timeline_);
    if (stream_.listening()) machine.report_to(stream_);
}

void Reports::finish(platform::Pc& machine, double host_seconds) {
    if (stream_.listening()) stream_.finish();
    write_screen(machine);
    if (timeline_) fmt::print("{}", timeline_->format());
    if (options_.stats) print_statistics(machine, host_seconds);
    std::fflush(stdout);
}

void Reports::write_screen(platform::Pc& machine) const {
    if (!options_.screen_text.empty()) {
        const std::string text = machine.screen_text().value_or("");
        if (text.empty())
            fmt::print(stderr, "southgate: --screen-text: the screen is in a graphics mode; --screenshot shows it\n");
        std::FILE* out = options_.screen_text == "-" ? stdout : std::fopen(options_.screen_text.c_str(), "w");
        if (!out)
            throw UsageError(
                fmt::format("{}: cannot be created: {}", options_.screen_text, std::strerror(errno)));
        std::fwrite(text.data(), 1, text.size(), out);
        if (out != stdout) std::fclose(out);
    }
    if (!options_.screenshot.empty()) machine.write_screenshot(options_.screenshot);
}

void Reports::print_statistics(platform::Pc& machine, double host_seconds) const {
    const platform::CpuScheduler& cpus = machine.scheduler();
    cpu::CpuStatistics s;
    platform::CpuCounters c;
    for (const platform::CpuModule* one : cpus.cpus()) {
        s += one->vcpu().statistics();
        c += one->counters();
    }
    const auto rate = [](std::uint64_t part, std::uint64_t all) {
        return all == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(all);
    };
    const auto line = [](std::string_view name, auto value) { fmt::print("{:<28} {}\n", name, value); };
    line("instructions", cpus.instructions());
    line("simulated time", platform::format_time(cpus.local_time_ps()));
    line("host time", fmt::format("{:.3f} s", host_seconds));
    line("MIPS", fmt::format("{:.1f}", static_cast<double>(cpus.instructions()) / host_seconds / 1e6));
    // The power-on of the bootstrap processor is none.
    line("resets and INITs", machine.cpu().counters().starts ? machine.cpu().counters().starts - 1 : 0);
    line("port I/O transactions", c.pio_transactions);
    line("memory transactions", fmt::format("{} ({} reads, {} writes outside DMI)", c.memory_transactions,
                                            s.mmio_reads, s.mmio_writes));
    line("DMI", fmt::format("{} grants, {} invalidations, {} map updates", c.dmi_grants, c.dmi_invalidations,
                            c.memory_map_updates));
    line("synchronisations", c.synchronisations);
    line("blocks",
         fmt::format("{} decoded, {} invalidated, {:.2f} % of {} lookups missed", s.blocks_decoded,
                     s.blocks_invalidated, rate(s.block_lookup_misses, s.block_lookups), s.block_lookups));
    line("TLB", fmt::format("{} fills, {} flushes, {} page walks", s.tlb_fills, s.tlb_flushes, s.page_walks));
    line("exceptions, interrupts", fmt::format("{}, {}", s.exceptions, s.interrupts));
    line("SMI, INIT, RESET#", fmt::format("{}, {}, {}", s.smis, s.inits, s.resets));
    line("unimplemented instructions", s.unimplemented);
    if (cpus.cpus().size() == 1) return;
    for (std::size_t n = 0; n < cpus.cpus().size(); ++n) {
        const platform::CpuModule& one = *cpus.cpus()[n];
        const cpu::CpuStatistics own = one.vcpu().statistics();
        line(fmt::format("CPU {}", n),
             fmt::format("{} instructions ({:.1f} %), {} starts, {} turns given away by PAUSE, {} port I/O, "
                         "{} interrupts, {} INIT",
                         one.instructions(), rate(one.instructions(), cpus.instructions()), one.counters().starts,
                         one.counters().pauses, one.counters().pio_transactions, own.interrupts, own.inits));
    }
}

}  // namespace southgate::sim
