#include "chipset/legacy/dma8237.h"

namespace southgate::chipset {

namespace {

constexpr const char* k8237 = "8237A 231466; 82371AB 290562 4.2.1";

// Registers of one 8237A, `spacing` ports apart. The chip decodes them; the declared value is the last byte
// written.
constexpr std::array<RegisterInfo, 16> chip_registers(std::uint32_t spacing) {
    constexpr std::array<const char*, 16> names{
        "CH0_ADDR", "CH0_COUNT", "CH1_ADDR", "CH1_COUNT", "CH2_ADDR", "CH2_COUNT", "CH3_ADDR", "CH3_COUNT",
        "DCM_DS",   "DR",        "WSMB",     "DCM_MODE",  "CBPTR",    "DMC",       "DCLM",     "RWAMB"};
    std::array<RegisterInfo, 16> infos{};
    for (std::uint32_t i = 0; i < infos.size(); ++i)
        infos[i] = {names[i], i * spacing, 1, 0x00, i < 8 ? ResetDomain::never : ResetDomain::platform,
                    k8237};
    return infos;
}
constexpr auto kDma1 = chip_registers(1);
constexpr auto kDma2 = chip_registers(2);

constexpr std::array<RegisterInfo, 16> page_registers() {
    constexpr std::array<const char*, 16> names{
        "PAGE_80", "DMA2_PAGE", "DMA3_PAGE", "DMA1_PAGE", "PAGE_84", "PAGE_85", "PAGE_86", "DMA0_PAGE",
        "PAGE_88", "DMA6_PAGE", "DMA7_PAGE", "DMA5_PAGE", "PAGE_8C", "PAGE_8D", "PAGE_8E", "REFRESH_PAGE"};
    std::array<RegisterInfo, 16> infos{};
    for (std::uint32_t i = 0; i < infos.size(); ++i)
        infos[i] = {names[i], i, 1, 0x00, ResetDomain::never, "82371AB 290562 4.2.1.8"};
    return infos;
}
constexpr auto kPages = page_registers();

}  // namespace

void DmaChip::master_clear() {
    command = status = request = 0;
    mask = 0xf;
    high_byte = false;
}

void DmaChip::write(unsigned reg, std::uint8_t data) {
    if (reg < 8) {
        Channel& channel = channels[reg / 2];
        std::uint16_t& base = reg & 1 ? channel.base_count : channel.base_address;
        const unsigned shift = high_byte ? 8 : 0;
        base = static_cast<std::uint16_t>((base & ~(0xffu << shift)) | static_cast<unsigned>(data) << shift);
        (reg & 1 ? channel.current_count : channel.current_address) = base;
        high_byte = !high_byte;
        return;
    }
    const auto bit = static_cast<std::uint8_t>(1u << (data & 3));
    const auto set_bit = [&](std::uint8_t& value) {
        value = static_cast<std::uint8_t>(data & 4 ? value | bit : value & ~bit);
    };
    switch (reg) {
        case 0x8:
            command = data;
            break;
        case 0x9:
            set_bit(request);
            break;
        case 0xa:
            set_bit(mask);
            break;
        case 0xb:
            channels[data & 3].mode = data & 0xfc;
            break;
        case 0xc:
            high_byte = false;
            break;
        case 0xd:
            master_clear();
            break;
        case 0xe:
            mask = 0;
            break;
        default:
            mask = data & 0xf;
            break;
    }
}

std::uint8_t DmaChip::read(unsigned reg, bool debug) {
    if (reg < 8) {
        const Channel& channel = channels[reg / 2];
        const std::uint16_t current = reg & 1 ? channel.current_count : channel.current_address;
        const auto data = static_cast<std::uint8_t>(high_byte ? current >> 8 : current);
        if (!debug) high_byte = !high_byte;
        return data;
    }
    switch (reg) {
        case 0x8: {
            const auto data = static_cast<std::uint8_t>(request << 4 | status);
            if (!debug) status = 0;
            return data;
        }
        case 0xd:
            return 0;  // temporary register: no memory-to-memory transfers
        case 0xf:
            return 0xf0 | mask;  // RWAMB is readable on the PIIX, unlike on the 8237A
        default:
            return 0xff;
    }
}

DmaController::DmaController(const sc_core::sc_module_name& name)
    : sc_module(name),
      dma1_space_(this->name(), 0x10),
      dma2_space_(this->name(), 0x20),
      page_space_(this->name(), 0x10),
      dma1("dma1", dma1_space_),
      dma2("dma2", dma2_space_),
      pages("pages", page_space_) {
    declare(dma1_space_, chips_[0], kDma1);
    declare(dma2_space_, chips_[1], kDma2);
    for (const RegisterInfo& info : kPages) {
        auto& reg = *registers_.emplace_back(std::make_unique<Register>(info));
        if (info.offset == 0)
            reg.on_write([this](std::uint32_t, std::uint32_t data, const AccessContext& context) {
                if (port_80_) port_80_(static_cast<std::uint8_t>(data), context.now);
            });
        page_space_.bank.add(reg);
    }
    // Reset-domain matrix, PIIX rows "8237": as master clear; addresses, counts and pages undefined, here
    // kept.
    pcirst.on_change([this](bool asserted) {
        if (!asserted) return;
        dma1_space_.bank.reset(ResetDomain::platform);
        dma2_space_.bank.reset(ResetDomain::platform);
        for (DmaChip& chip : chips_) chip.master_clear();
    });
}

void DmaController::declare(BankSpace& space, DmaChip& chip, const std::array<RegisterInfo, 16>& infos) {
    for (unsigned n = 0; n < infos.size(); ++n) {
        auto& reg = *registers_.emplace_back(std::make_unique<Register>(infos[n]));
        reg.on_write([&chip, n](std::uint32_t, std::uint32_t data, const AccessContext&) {
               chip.write(n, static_cast<std::uint8_t>(data));
           })
            .on_read([&chip, n](const AccessContext& context) -> std::uint32_t {
                return chip.read(n, context.debug);
            });
        space.bank.add(reg);
    }
}

}  // namespace southgate::chipset
