// The few AML terms of tables that are made at run time; everything else is ASL. ACPI specification 6.4, chapter 20.
#pragma once

#include <cstdint>
#include <string_view>

#include "platform/acpi/table.h"

namespace southgate::platform::acpi::aml {

Bytes dword(std::uint32_t value);
Bytes string(std::string_view text);
// Name and path segments have four characters, e.g. "_SB_".
Bytes name(std::string_view segment, const Bytes& object);
Bytes device(std::string_view segment, const Bytes& terms);
// Scope (\segment).
Bytes root_scope(std::string_view segment, const Bytes& terms);

}  // namespace southgate::platform::acpi::aml
