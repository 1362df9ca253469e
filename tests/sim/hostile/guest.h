// Guests that do to the machine whatever comes to mind: random accesses to every port, PCI register, device
// memory and MSR that a PC has, string I/O into devices, interrupts, halts, resets, and bytes that are no code.
#pragma once

#include <cstdint>
#include <string>

namespace southgate::sim::test {

// A firmware image of 64 KiB. `frame` is base.asm assembled; the same seed gives the same image.
std::string hostile_guest(const std::string& frame, std::uint32_t seed);

}  // namespace southgate::sim::test
