// One scenario: a guest on a port instruction, what userspace does about it, what is right, what each column does.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/pio/lab/action.h"
#include "sim/pio/lab/column.h"
#include "sim/pio/lab/guest.h"

namespace southgate::pio {

struct MemoryBytes {
    std::uint64_t at = 0;  // physical
    std::vector<std::uint8_t> bytes;
    bool operator==(const MemoryBytes&) const = default;
};

// Whether the platform wants the port instruction to run again, which decides what a skipped one is called.
enum class Again : std::uint8_t {
    no,
    yes,       // that is what userspace asked for
    by_reset,  // the machine was reset onto the same instruction
};

// The architecturally right outcome. What is left out is not looked at.
struct Right {
    std::optional<std::uint64_t> rip, rax, rcx, rdi;  // at the end
    std::optional<std::uint64_t> cs_base;
    Again again = Again::no;
    std::optional<bool> shadow;            // interrupt shadow at the end
    std::optional<std::uint32_t> retired;  // instructions, over the whole scenario
    std::optional<std::uint32_t> reads, writes;         // I/O exits
    std::optional<std::vector<std::uint64_t>> debug;    // rip at each debug exit
    std::optional<std::uint8_t> vector;                 // of the exception or interrupt delivered at the end
    std::optional<std::uint64_t> pushed;                // rip in its stack frame, or reported with an internal error
    std::vector<std::uint64_t> exit_rcx;                // RCX at each I/O exit
    std::optional<std::uint64_t> exit_rip;              // at the first I/O exit; the port instruction's if left out
    bool postponed = false;                // the first re-entry must not complete anything
    std::vector<MemoryBytes> memory;       // at the end
};

struct Scenario {
    std::string id;     // "S08b", "S17-in"
    std::string title;  // one line
    std::string why;    // what it shows, one or two sentences
    std::string origin; // the file it came from
    Guest guest;
    std::uint32_t in_data = 0x5a5a5a5a;
    std::uint8_t ins_byte = 0xcc;
    std::vector<MemoryBytes> memory;  // beside the code
    unsigned port_offset = 0;         // of the port instruction in Guest::code
    unsigned port_length = 0;         // its bytes
    unsigned port_size = 1;           // bytes it transfers: 1, 2 or 4
    bool port_is_in = false;          // IN or INS
    bool port_is_string = false;      // INS or OUTS
    std::vector<Action> script;       // begins with the `run` that ends at the port instruction
    Right right;
    // Predicted verdicts, [relative (VMX), absolute (SVM)][column].
    std::array<std::array<std::string, column_count>, skip_models.size()> cells;
    // Predicted VMREADs of its last port I/O on VMX, [column]; empty: nothing is predicted.
    std::array<std::string, column_count> vmreads;

    std::uint64_t port_rip() const { return guest.rip + port_offset; }
    std::uint64_t port_physical() const {
        return physical_address(guest.mode, linear_address(guest.mode, guest.cs_base, port_rip()));
    }
};

}  // namespace southgate::pio
