#include "platform/boot/multiboot.h"

#include <cstring>
#include <span>

#include "platform/boot/boot_rom.h"

namespace southgate::platform {

extern const std::span<const std::uint8_t> multiboot_rom_image;  // firmware/boot/multiboot.asm

void add_multiboot(chipset::fw_cfg::FwCfg& device, const Multiboot& boot, std::uint64_t ram_below_4g,
                   bool text_screen) {
    using namespace boot_item;
    MultibootPlan plan = plan_multiboot(boot, ram_below_4g, text_screen);
    const auto count = static_cast<std::uint32_t>(plan.chunks.size());
    const std::size_t chunk_bytes = count * sizeof(MultibootPlan::Chunk);
    std::vector<std::uint8_t> list(sizeof count + chunk_bytes);
    std::memcpy(list.data(), &count, sizeof count);
    std::memcpy(list.data() + sizeof count, plan.chunks.data(), chunk_bytes);

    device.add_integer(kernel_entry, plan.entry, 4);
    device.add_integer(initrd_address, plan.block, 4);
    device.add_integer(setup_address, plan.list, 4);
    device.add_integer(setup_size, list.size(), 4);
    device.add_item(setup_data, std::move(list));
    device.add_item(kernel_data, std::move(plan.data));
    add_boot_rom(device, multiboot_rom, multiboot_rom_image);
}

}  // namespace southgate::platform
