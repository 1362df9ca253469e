// The script in fw_cfg file `etc/table-loader`: how firmware places the files with the tables in memory, adds their
// addresses to the pointers between them, and fills in checksums. SeaBIOS, OVMF, coreboot and U-Boot follow it.
// Source: QEMU, hw/acpi/bios-linker-loader.c (the format of its entries).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "platform/acpi/table.h"

namespace southgate::platform::acpi {

class TableLoader {
  public:
    enum class Zone : std::uint8_t { high = 1, f_segment = 2 };

    // Loads `file` at a multiple of `alignment`, a power of two.
    void allocate(std::string_view file, std::uint32_t alignment, Zone zone);
    // `size` bytes at `offset` of `in` hold an offset into `to`; the address of `to` is added.
    void add_pointer(std::string_view in, std::uint32_t offset, unsigned size, std::string_view to);
    // The byte at `result` of `file` becomes what makes [start, start + length) add up to 0.
    void add_checksum(std::string_view file, std::uint32_t result, std::uint32_t start, std::uint32_t length);

    const std::vector<std::uint8_t>& script() const { return script_.bytes(); }

  private:
    void entry(const Bytes& content);
    Bytes script_;
};

}  // namespace southgate::platform::acpi
