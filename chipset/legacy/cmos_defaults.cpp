#include "chipset/legacy/cmos_defaults.h"

#include <algorithm>

namespace southgate::chipset {

namespace {
constexpr std::uint64_t kKiB = 1024, kMiB = 1024 * kKiB;

void put16(CmosImage& cmos, unsigned index, std::uint64_t value) {
    cmos[index] = static_cast<std::uint8_t>(value);
    cmos[index + 1] = static_cast<std::uint8_t>(value >> 8);
}
}  // namespace

CmosImage cmos_defaults(const CmosSettings& settings) {
    CmosImage cmos{};
    const std::uint64_t low = settings.memory_below_4g;
    const auto above = [low](std::uint64_t start, std::uint64_t unit) {
        return low > start ? std::min<std::uint64_t>((low - start) / unit, 0xffff) : 0;
    };
    cmos[0x10] = settings.floppy_types;
    cmos[0x14] = settings.equipment;
    put16(cmos, 0x15, std::min<std::uint64_t>(low / kKiB, 640));
    put16(cmos, 0x17, above(kMiB, kKiB));
    put16(cmos, 0x30, above(kMiB, kKiB));
    put16(cmos, 0x34, above(16 * kMiB, 64 * kKiB));
    const std::uint64_t high = std::min<std::uint64_t>(settings.memory_above_4g / (64 * kKiB), 0xffffff);
    put16(cmos, 0x5b, high);
    cmos[0x5d] = static_cast<std::uint8_t>(high >> 16);
    cmos[0x32] = settings.century;
    cmos[0x3d] =
        static_cast<std::uint8_t>((settings.boot_order[1] & 15) << 4 | (settings.boot_order[0] & 15));
    cmos[0x38] = static_cast<std::uint8_t>((settings.boot_order[2] & 15) << 4);
    cmos[0x5f] = static_cast<std::uint8_t>(std::clamp(settings.cpus, 1u, 256u) - 1);
    unsigned sum = 0;
    for (unsigned i = 0x10; i <= 0x2d; ++i) sum += cmos[i];
    cmos[0x2e] = static_cast<std::uint8_t>(sum >> 8);
    cmos[0x2f] = static_cast<std::uint8_t>(sum);
    return cmos;
}

}  // namespace southgate::chipset
