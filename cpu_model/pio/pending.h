// One port I/O that has left the engine and waits for re-entry.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "cpu_model/vcpu.h"

namespace southgate::cpu {

// One INS batch moves at most this many bytes (the read-ahead buffer of KVM's emulator).
inline constexpr std::uint32_t pio_batch_bytes = 1024;

// RCX and RDI under the instruction's address size.
struct InsRegisters {
    std::uint64_t rcx = 0;
    std::uint64_t rdi = 0;
};

// What only a string INS keeps between its exit and its completion.
struct PendingIns {
    InsRegisters registers;         // at the exit; rdi is the ES offset of the first element
    std::uint8_t address_size = 4;  // bytes: 2, 4 or 8
    bool rep = false;
    bool descending = false;   // RFLAGS.DF at the exit
    std::uint32_t stored = 0;  // elements of the batch that are in memory already
};

struct PendingPio {
    bool set = false;           // a completion is owed
    bool regs_written = false;  // the platform wrote the general registers (and so rip) since the exit
    bool was_reset = false;     // INIT reached the processor since the exit, without the platform's help
    bool early = false;         // rip already advanced at the exit; only IN data is owed
    bool string = false;        // INS / OUTS
    Direction direction = Direction::in;
    std::uint8_t size = 1;    // bytes an element: 1, 2 or 4
    std::uint8_t length = 0;  // bytes of the instruction, prefixes included; policies ask PioContext
    std::uint16_t port = 0;
    std::uint32_t count = 1;        // elements
    std::uint64_t rip = 0;          // R0: rip of the instruction, as decoded
    std::uint64_t next_rip = 0;     // N: rip after it, as decoded
    std::uint64_t linear_rip = 0;   // of the instruction; for reports
    std::uint64_t snapshot = 0;     // what the policy in force remembers of the exit
    std::uint64_t visible_rip = 0;  // rip userspace sees at the exit
    PendingIns ins;
    alignas(8) std::array<std::uint8_t, pio_batch_bytes> data{};

    // Data of the first element, zero-extended. Read in its own size: the platform has just stored it in that
    // size, and a wider load would wait for the store.
    std::uint32_t first_element() const {
        if (size == 1) return data[0];
        std::uint32_t value = 0;
        if (size == 2)
            std::memcpy(&value, data.data(), 2);
        else
            std::memcpy(&value, data.data(), 4);
        return value;
    }
};

}  // namespace southgate::cpu
