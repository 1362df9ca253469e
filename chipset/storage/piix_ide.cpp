#include "chipset/storage/piix_ide.h"

namespace southgate::chipset::storage {

namespace {

constexpr std::uint32_t decode_enable = 0x8000;
constexpr std::uint32_t command_base[2] = {0x1f0, 0x170}, control_base[2] = {0x3f6, 0x376};

constexpr char source[] = "82371AB 290562, IDE configuration registers (function 1)";
constexpr Field timing_fields[] = {
    {"TIMINGS", 0, 10, FieldAccess::rw,
     "fast timing, IORDY, prefetch, DMA-only of both drives; recovery time"},
    {"RSVD", 10, 2, FieldAccess::ro, ""},
    {"ISP", 12, 2, FieldAccess::rw, "IORDY sample point"},
    {"SITRE", 14, 1, FieldAccess::rw, "slave timing register enable"},
    {"IDE", 15, 1, FieldAccess::rw, "decode the channel's ports"},
};
constexpr Field udma_control_fields[] = {
    {"UDE", 0, 4, FieldAccess::rw, "Ultra DMA enable, one bit a drive"},
    {"RSVD", 4, 4, FieldAccess::ro, ""},
};
constexpr Field udma_timing_fields[] = {
    {"PCT0", 0, 2, FieldAccess::rw, "cycle time"},  {"RSVD", 2, 2, FieldAccess::ro, ""},
    {"PCT1", 4, 2, FieldAccess::rw, "cycle time"},  {"RSVD", 6, 2, FieldAccess::ro, ""},
    {"SCT0", 8, 2, FieldAccess::rw, "cycle time"},  {"RSVD", 10, 2, FieldAccess::ro, ""},
    {"SCT1", 12, 2, FieldAccess::rw, "cycle time"}, {"RSVD", 14, 2, FieldAccess::ro, ""},
};
constexpr RegisterInfo idetim_infos[2] = {
    {"IDETIMP", 0x40, 2, 0, ResetDomain::platform, source, timing_fields},
    {"IDETIMS", 0x42, 2, 0, ResetDomain::platform, source, timing_fields},
};
constexpr RegisterInfo sidetim_info = {"SIDETIM", 0x44, 1, 0, ResetDomain::platform, source};
constexpr RegisterInfo udmactl_info = {"UDMACTL",          0x48, 1, 0, ResetDomain::platform, source,
                                       udma_control_fields};
constexpr RegisterInfo udmatim_info = {"UDMATIM",         0x4a, 2, 0, ResetDomain::platform, source,
                                       udma_timing_fields};

PciIdentity piix_identity(bool piix4) {
    return {.vendor = 0x8086,
            .device = static_cast<std::uint16_t>(piix4 ? 0x7111 : 0x7010),
            .class_code = 0x010180,  // IDE, bus master capable, channels fixed in compatibility mode
            .command_writable = PciFunction::command_io | PciFunction::command_master};
}

}  // namespace

PiixIde::PiixIde(const sc_core::sc_module_name& name, const PiixIdeConfig& config)
    : PciFunction(name, piix_identity(config.piix4)),
      idetim_{Register(idetim_infos[0]), Register(idetim_infos[1])},
      sidetim_(sidetim_info),
      udmactl_(udmactl_info),
      udmatim_(udmatim_info),
      decodes_without_idetim_(config.decodes_without_idetim) {
    for (unsigned i = 0; i < 2; ++i) {
        const bool gated = !config.decodes_without_io_enable;
        command_windows_[i] = add_window(PciSpace::io, command_base[i], 8, channel(i).command, 0, false, gated);
        control_windows_[i] = add_window(PciSpace::io, control_base[i], 1, channel(i).control, 0, false, gated);
        add(idetim_[i]);
        masters_[i] = std::make_unique<BusMaster>(
            channel(i), dma, [this] { return bus_master_enabled(); }, i == 1);
        masters_[i]->add_to(bus_master_space_.bank);
        drive_reset_(channel(i).reset);
    }
    add(sidetim_);
    if (config.piix4) {
        add(udmactl_);
        add(udmatim_);
    }
    add_io_bar(4, 16, bus_master);
}

void PiixIde::update_decode() {
    for (unsigned i = 0; i < 2; ++i) {
        const bool decoded = decodes_without_idetim_ || (idetim_[i].value & decode_enable) != 0;
        set_window(command_windows_[i], command_base[i], decoded);
        set_window(control_windows_[i], control_base[i], decoded);
    }
}

// 82371AB: IDETIM, BMIC and the rest are reset by PCIRST#; the drives see the same edge as RESET# on their
// cable.
void PiixIde::pci_reset() {
    drive_reset_.set(true);
    bus_master_space_.bank.reset(ResetDomain::platform);
    for (const auto& master : masters_) master->reset();
    update_decode();
}

void PiixIde::pci_reset_released() { drive_reset_.set(false); }

void PiixIde::config_written(std::uint32_t, unsigned, const AccessContext&) {
    update_decode();
    for (const auto& master : masters_) master->run();  // bus master enable may have been what it waited for
}

}  // namespace southgate::chipset::storage
