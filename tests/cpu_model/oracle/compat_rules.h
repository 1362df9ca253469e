// How outcomes of the compatibility-mode oracle are compared: what ended the instruction, and what the manuals leave open.
#pragma once

#include <span>

#include "oracle/compat_generate.h"

namespace southgate::cpu::test {

// Both sides run on until an exception. Makes the outcome that of the instruction: where the exception belongs to the
// next one (INT3 as a rule), vector becomes -1 and EIP the next instruction's. Clears RF and the RPL of null selectors.
void settle(CompatOutcome& o, const CompatCase& t, const Ldt& ldt);

// True when nothing about this case is defined: do not run it.
bool open_case(const CompatCase& t, const Ldt& ldt);

// Flags that may differ.
std::uint32_t open_flags(const CompatCase& t, const CompatOutcome& host);

// Takes over from the host what may differ: registers of the outcome, bytes of `memory` (as CompatNative::memory()).
void take_over(const CompatCase& t, const Ldt& ldt, const CompatOutcome& host, CompatOutcome& engine,
               std::span<const std::uint8_t> host_memory, std::span<std::uint8_t> memory);

// Whether the two may end in these different ways. `memory`: the host's.
bool open_outcome(const CompatCase& t, const Ldt& ldt, const CompatOutcome& host, const CompatOutcome& engine,
                  std::span<const std::uint8_t> memory);

}  // namespace southgate::cpu::test
