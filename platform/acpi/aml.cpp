#include "platform/acpi/aml.h"

namespace southgate::platform::acpi::aml {

namespace {

constexpr std::uint8_t name_op = 0x08, dword_prefix = 0x0c, string_prefix = 0x0d, scope_op = 0x10, ext_op = 0x5b,
                       device_op = 0x82;

// PkgLength (20.2.4) counts itself.
Bytes package(const Bytes& content) {
    Bytes result;
    const std::size_t one = content.size() + 1, two = content.size() + 2, three = content.size() + 3;
    if (one < 0x40)
        result.u8(one);
    else if (two < 0x1000)
        result.u8(0x40 | (two & 0xf)).u8(two >> 4);
    else
        result.u8(0x80 | (three & 0xf)).u8(three >> 4).u8(three >> 12);
    return result.append(content);
}

}  // namespace

Bytes dword(std::uint32_t value) {
    Bytes b;
    return b.u8(dword_prefix).u32(value);
}

Bytes string(std::string_view text) {
    Bytes b;
    return b.u8(string_prefix).text(text, text.size()).u8(0);
}

Bytes name(std::string_view segment, const Bytes& object) {
    Bytes b;
    return b.u8(name_op).text(segment, 4).append(object);
}

Bytes device(std::string_view segment, const Bytes& terms) {
    Bytes content, b;
    content.text(segment, 4).append(terms);
    return b.u8(ext_op).u8(device_op).append(package(content));
}

Bytes root_scope(std::string_view segment, const Bytes& terms) {
    Bytes content, b;
    content.text("\\", 1).text(segment, 4).append(terms);
    return b.u8(scope_op).append(package(content));
}

}  // namespace southgate::platform::acpi::aml
