#include "platform/boot/linux_boot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "platform/boot/boot_rom.h"
#include "platform/boot/memory_limits.h"
#include "platform/input_error.h"

namespace southgate::platform {

extern const std::span<const std::uint8_t> linux_boot_rom_image;  // firmware/boot/linux_boot.asm

namespace {

using namespace boot_item;

// Where things go: conventional memory below the extended BIOS data area, the kernel at 1 MiB.
constexpr std::uint32_t setup_base = 0x10000, command_line_base = 0x20000, kernel_base = 0x100000;

// Fields of the setup header (boot.rst, "The Real-Mode Kernel Header").
constexpr std::size_t setup_sects = 0x1f1, header_magic = 0x202, version = 0x206, type_of_loader = 0x210,
                      loadflags = 0x211, ramdisk_image = 0x218, ramdisk_size = 0x21c, heap_end_ptr = 0x224,
                      cmd_line_ptr = 0x228, initrd_addr_max = 0x22c, cmdline_size = 0x238, pref_address = 0x258, init_size = 0x260,
                      header_end = 0x268;
constexpr std::uint8_t loaded_high = 1, can_use_heap = 0x80, unknown_loader = 0xff;

template <class T>
T get(const std::vector<std::uint8_t>& bytes, std::size_t offset) {
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}
template <class T>
void put(std::vector<std::uint8_t>& bytes, std::size_t offset, T value) {
    std::memcpy(bytes.data() + offset, &value, sizeof value);
}

}  // namespace

bool has_linux_header(const std::vector<std::uint8_t>& file) {
    return file.size() >= header_end && get<std::uint32_t>(file, header_magic) == 0x53726448;  // "HdrS"
}

void add_linux_boot(chipset::fw_cfg::FwCfg& device, const LinuxBoot& boot, std::uint64_t ram_below_4g) {
    const auto& image = boot.kernel;
    if (!has_linux_header(image))
        throw InputError(fmt::format("{}: not a Linux kernel image: no boot header", boot.name));
    const unsigned protocol = get<std::uint16_t>(image, version);
    if (protocol < 0x202 || !(image[loadflags] & loaded_high))
        throw InputError(fmt::format("{}: boot protocol {}.{:02}, expected a bzImage of 2.02 or later", boot.name,
                                     protocol >> 8, protocol & 0xff));
    const std::size_t sectors = image[setup_sects] ? image[setup_sects] : 4;
    const std::size_t setup_bytes = (sectors + 1) * 512;
    if (setup_bytes >= image.size() || setup_bytes > command_line_base - setup_base)
        throw InputError(fmt::format("{}: {} setup sectors in a file of {} bytes", boot.name, sectors, image.size()));
    const std::size_t longest = protocol >= 0x206 ? get<std::uint32_t>(image, cmdline_size) : 255;
    if (boot.command_line.size() > std::min<std::size_t>(longest, 0xffff))
        throw InputError(fmt::format("{}: the kernel takes a command line of {} characters, {} were given", boot.name,
                                     longest, boot.command_line.size()));

    std::vector<std::uint8_t> setup(image.begin(), image.begin() + static_cast<std::ptrdiff_t>(setup_bytes));
    std::vector<std::uint8_t> kernel(image.begin() + static_cast<std::ptrdiff_t>(setup_bytes), image.end());
    std::vector<std::uint8_t> command_line(boot.command_line.begin(), boot.command_line.end());
    command_line.push_back(0);

    const std::uint64_t top = ram_below_4g > firmware_tables_size ? ram_below_4g - firmware_tables_size : 0;
    std::uint64_t kernel_end = kernel_base + kernel.size();
    if (protocol >= 0x20a) {
        // It runs at pref_address or above and says how much memory that takes.
        const std::uint64_t start = std::max<std::uint64_t>(kernel_base, get<std::uint64_t>(image, pref_address));
        kernel_end = start > top ? start : std::max(kernel_end, start + get<std::uint32_t>(image, init_size));
    }
    if (kernel_end > top)
        throw InputError(fmt::format("{}: {} bytes do not fit {} MiB of memory", boot.name, image.size(),
                                     ram_below_4g >> 20));
    std::uint32_t initrd_base = 0;
    if (!boot.initrd.empty()) {
        const std::uint64_t highest = protocol >= 0x203 ? get<std::uint32_t>(image, initrd_addr_max) : 0x37ffffff;
        const std::uint64_t end = std::min(top, highest + 1);
        if (end < kernel_end + boot.initrd.size() + 4096)
            throw InputError(fmt::format("{}: kernel and initial RAM disk do not fit {} MiB of memory", boot.name,
                                         ram_below_4g >> 20));
        initrd_base = static_cast<std::uint32_t>(end - boot.initrd.size()) & ~0xfffu;
    }

    setup[type_of_loader] = unknown_loader;
    setup[loadflags] |= can_use_heap;
    put<std::uint16_t>(setup, heap_end_ptr, static_cast<std::uint16_t>(command_line_base - setup_base - 0x200));
    put<std::uint32_t>(setup, cmd_line_ptr, command_line_base);
    put<std::uint32_t>(setup, ramdisk_image, initrd_base);
    put<std::uint32_t>(setup, ramdisk_size, static_cast<std::uint32_t>(boot.initrd.size()));

    const auto blob = [&](Key address, Key size, Key data, std::uint32_t base, std::vector<std::uint8_t> bytes) {
        device.add_integer(address, base, 4);
        device.add_integer(size, bytes.size(), 4);
        device.add_item(data, std::move(bytes));
    };
    blob(setup_address, setup_size, setup_data, setup_base, std::move(setup));
    blob(command_line_address, command_line_size, command_line_data, command_line_base, std::move(command_line));
    blob(kernel_address, kernel_size, kernel_data, kernel_base, std::move(kernel));
    blob(initrd_address, initrd_size, initrd_data, initrd_base, boot.initrd);
    add_boot_rom(device, linux_boot_rom, linux_boot_rom_image);
}

}  // namespace southgate::platform
