#include "chipset/reset/reset_timing.h"

namespace southgate::chipset {

namespace {
constexpr std::uint64_t kNs = 1'000, kUs = 1'000 * kNs, kMs = 1'000 * kUs, kPciClock = 30 * kNs;
}

ResetTiming ResetTiming::datasheet(Southbridge southbridge) {
    const bool ich9 = southbridge == Southbridge::ich9;
    ResetTiming timing;
    timing.port92_delay = timing.cf9_soft_delay = timing.cf9_hard_delay = (ich9 ? 300 : 200) * kNs;
    timing.shutdown_delay = 1 * kUs;
    timing.init_pulse = (ich9 ? 16 : 64) * kPciClock;
    timing.pcirst_pulse = timing.rstdrv_pulse = 1 * kMs;
    timing.cpurst_pulse = 2 * kMs;
    timing.kbc_latency = 100 * kUs;
    timing.kbc_pulse = 6 * kUs;
    timing.reset_button_debounce = ich9 ? 16 * kMs : 0;
    timing.reset_button_pulse = ich9 ? 0 : 5'500 * kUs;
    timing.power_off_delay = 91'500 * kNs;
    timing.power_cycle_off = 4'000 * kMs;
    timing.power_supply_rise = 300 * kMs;
    timing.power_good_to_pcirst = 1 * kMs;
    timing.power_good_to_cpurst = 2 * kMs;
    return timing;
}

}  // namespace southgate::chipset
