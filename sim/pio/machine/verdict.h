// The verdict on one cell: what was seen, against what is right. Which policy was in force is not looked at.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sim/pio/machine/observation.h"
#include "sim/pio/scenario/scenario.h"

namespace southgate::pio {

// Codes, joined by '+':
//   ok       right
//   SK x     advanced by the length of the port instruction at the new place, to rip x
//   JN x     jumped to x, the address behind the port instruction, in a context that is no longer its
//   JO x     jumped back onto the port instruction
//   RP x     the I/O is issued again, from rip x
//   NR x     the wanted second execution does not happen
//   RX       IN data written over an RAX it must not touch
//   LD       IN data lost
//   DL, DB x a debug exit is missing; there is one that should not be
//   IL       an I/O exit is missing
//   TL, LT x the #DB trap is missing; it comes late, pushing x
//   SH       the interrupt shadow is wrong
//   CX       RCX or RDI is wrong
//   MW       memory is wrong
//   EA       completed although it had to wait
//   RT n     n instructions were counted
//   WG       wedged: every re-entry returns the same I/O
//   RA x, XX x  any other RAX or rip
//   wr       the rip shown at the exit is not that of the port instruction
struct Code {
    std::string_view name, meaning;
};
std::span<const Code> verdict_codes();

// Overwrites `out`; a string used again does not allocate.
void judge(const Scenario& scenario, const Observation& seen, std::string& out);

// "ok" and "ok+wr" leave the machine in the right state.
inline bool is_right(std::string_view code) { return code == "ok" || code == "ok+wr"; }

}  // namespace southgate::pio
