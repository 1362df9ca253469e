#include "platform/acpi/table.h"

#include <algorithm>

namespace southgate::platform::acpi {

Bytes& Bytes::integer(std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    return *this;
}

Bytes& Bytes::text(std::string_view text, std::size_t size, char fill) {
    for (std::size_t i = 0; i < size; ++i)
        bytes_.push_back(static_cast<std::uint8_t>(i < text.size() ? text[i] : fill));
    return *this;
}

Bytes& Bytes::zeros(std::size_t count) {
    bytes_.resize(bytes_.size() + count);
    return *this;
}

Bytes& Bytes::append(const Bytes& other) {
    bytes_.insert(bytes_.end(), other.bytes_.begin(), other.bytes_.end());
    return *this;
}

Bytes table(std::string_view signature, std::uint8_t revision, const Bytes& body) {
    Bytes table;
    table.text(signature, 4).u32(header_size + body.size()).u8(revision).u8(0);
    table.text("SGATE", 6, ' ').text("PC", 8, ' ').u32(1);
    table.text("SGAT", 4).u32(1);
    return table.append(body);
}

Bytes generic_address(AddressSpace space, unsigned width, unsigned access, std::uint64_t address) {
    Bytes gas;
    gas.u8(static_cast<std::uint8_t>(space)).u8(width).u8(0).u8(access).u64(address);
    return gas;
}

}  // namespace southgate::platform::acpi
