#include "firmware/catalogue/catalogue.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace southgate::firmware {

namespace {

constexpr std::array images{
    Image{"seabios", "SeaBIOS, 256 KiB, with SMM", "seabios", "/usr/share/seabios/bios-256k.bin", "pc",
          Console::debug, "No bootable device.", {"ferr_without_xbcs"}},
    Image{"seabios-128k", "SeaBIOS, 128 KiB, without SMM", "seabios", "/usr/share/seabios/bios.bin", "pc",
          Console::debug, "No bootable device.", {"ferr_without_xbcs"}},
    Image{"coreboot", "coreboot 4.15 for QEMU i440FX with a SeaBIOS payload", "scripts/build-coreboot",
          "~/southgate/coreboot-i440fx.rom", "pc", Console::serial, "No bootable device.",
          {"ide_without_io_enable", "ferr_without_xbcs"}},
    Image{"u-boot", "U-Boot qemu-x86, 32-bit", "u-boot-qemu", "/usr/lib/u-boot/qemu-x86/u-boot.rom", "pc",
          Console::serial, "=> "},
    Image{"u-boot-64", "U-Boot qemu-x86_64, 64-bit behind a 32-bit SPL", "u-boot-qemu",
          "/usr/lib/u-boot/qemu-x86_64/u-boot.rom", "pc", Console::serial, "=> "},
    Image{"ovmf", "OVMF, UEFI; variables are lost with the run", "ovmf", "/usr/share/ovmf/OVMF.fd", "pc",
          Console::serial, "Shell>", {"ide_without_idetim"}},
    Image{"ovmf-4m", "OVMF, UEFI; variables in a flash (--flash-vars)", "ovmf", "/usr/share/OVMF/OVMF_CODE_4M.fd", "pc",
          Console::serial, "Shell>", {"ide_without_idetim", "flash_clear_status_clears_ready"},
          "/usr/share/OVMF/OVMF_VARS_4M.fd"},
    Image{"ovmf-2m", "OVMF of 2 MiB, UEFI; variables in a flash (--flash-vars)", "ovmf", "/usr/share/OVMF/OVMF_CODE.fd",
          "pc", Console::serial, "Shell>", {"ide_without_idetim", "flash_clear_status_clears_ready"},
          "/usr/share/OVMF/OVMF_VARS.fd"},
    Image{"qboot", "qboot: boots a kernel given by --kernel, nothing else", "qemu-system-data",
          "/usr/share/qemu/qboot.rom", "pc", Console::none, ""},
    Image{"bochs", "the BIOS of Bochs", "bochsbios", "/usr/share/bochs/BIOS-bochs-latest", "pc", Console::debug,
          "No bootable device.", {"smi_without_global_enable", "lint0_starts_as_ext_int", "ferr_without_xbcs"}},
};

std::string cache_directory() {
    if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && *cache) return cache;
    const char* home = std::getenv("HOME");
    return std::string(home ? home : "") + "/.cache";
}

}  // namespace

std::string_view name_of(Console console) {
    switch (console) {
        case Console::debug: return "debug console";
        case Console::serial: return "serial";
        case Console::screen: return "screen";
        case Console::none: break;
    }
    return "none";
}

std::span<const Image> catalogue() { return images; }

const Image* find(std::string_view name) {
    for (const Image& image : images)
        if (image.name == name) return &image;
    return nullptr;
}

const Image* find_file(const std::string& path) {
    std::error_code error;
    for (const Image& image : images)
        if (std::filesystem::equivalent(path, path_of(image), error)) return &image;
    return nullptr;
}

std::string path_of(const Image& image) {
    if (image.path.starts_with('~')) return cache_directory() + std::string(image.path.substr(1));
    return std::string(image.path);
}

bool is_present(const Image& image) {
    std::error_code error;
    return std::filesystem::is_regular_file(path_of(image), error);
}

}  // namespace southgate::firmware
