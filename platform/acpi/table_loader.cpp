#include "platform/acpi/table_loader.h"

namespace southgate::platform::acpi {

namespace {

constexpr std::size_t entry_size = 128, name_size = 56;
constexpr std::uint32_t command_allocate = 1, command_add_pointer = 2, command_add_checksum = 3;

}  // namespace

void TableLoader::entry(const Bytes& content) { script_.append(content).zeros(entry_size - content.size()); }

void TableLoader::allocate(std::string_view file, std::uint32_t alignment, Zone zone) {
    Bytes e;
    e.u32(command_allocate).text(file, name_size).u32(alignment).u8(static_cast<std::uint8_t>(zone));
    entry(e);
}

void TableLoader::add_pointer(std::string_view in, std::uint32_t offset, unsigned size, std::string_view to) {
    Bytes e;
    e.u32(command_add_pointer).text(in, name_size).text(to, name_size).u32(offset).u8(size);
    entry(e);
}

void TableLoader::add_checksum(std::string_view file, std::uint32_t result, std::uint32_t start,
                               std::uint32_t length) {
    Bytes e;
    e.u32(command_add_checksum).text(file, name_size).u32(result).u32(start).u32(length);
    entry(e);
}

}  // namespace southgate::platform::acpi
