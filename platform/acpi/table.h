// Bytes of ACPI tables. ACPI specification 6.4, chapter 5.2. Checksums stay 0: whoever loads a table into memory
// fills them in (platform/acpi/table_loader.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace southgate::platform::acpi {

// Little-endian integers and text, appended.
class Bytes {
  public:
    Bytes& u8(std::uint64_t value) { return integer(value, 1); }
    Bytes& u16(std::uint64_t value) { return integer(value, 2); }
    Bytes& u32(std::uint64_t value) { return integer(value, 4); }
    Bytes& u64(std::uint64_t value) { return integer(value, 8); }
    // `text` cut or filled with `fill` to `size` bytes.
    Bytes& text(std::string_view text, std::size_t size, char fill = '\0');
    Bytes& zeros(std::size_t count);
    Bytes& append(const Bytes& other);

    std::size_t size() const { return bytes_.size(); }
    const std::vector<std::uint8_t>& bytes() const { return bytes_; }
    std::vector<std::uint8_t>& bytes() { return bytes_; }

  private:
    Bytes& integer(std::uint64_t value, unsigned size);
    std::vector<std::uint8_t> bytes_;
};

inline constexpr std::size_t header_size = 36, header_length = 4, header_checksum = 9;

// The system description table `signature` around `body` (what follows the header).
Bytes table(std::string_view signature, std::uint8_t revision, const Bytes& body);

// A generic address structure (5.2.3.2). `width` in bits, `access` 0 undefined, 1 byte, 2 word, 3 dword.
enum class AddressSpace : std::uint8_t { memory = 0, io = 1 };
Bytes generic_address(AddressSpace space, unsigned width, unsigned access, std::uint64_t address);

}  // namespace southgate::platform::acpi
