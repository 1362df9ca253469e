// Guest exceptions raised inside an instruction. They are C++ exceptions: rare, and nothing on the hot path pays.
// A handler must not have changed architectural state before it may raise (faults restart the instruction).
#pragma once

#include <cstdint>

namespace southgate::cpu {

// SDM vol. 3A table 6-1.
enum class Vector : std::uint8_t {
    divide_error = 0, debug = 1, nmi = 2, breakpoint = 3, overflow = 4, bound_range = 5, invalid_opcode = 6,
    device_not_available = 7, double_fault = 8, invalid_tss = 10, segment_not_present = 11, stack_fault = 12,
    general_protection = 13, page_fault = 14, math_fault = 16, alignment_check = 17, machine_check = 18,
    simd_floating_point = 19,
};

struct GuestFault {
    Vector vector;
    bool has_error_code;
    std::uint32_t error_code;
    // Raised by a task switch past its commit point: Cpu::ip is already the new task's, which is what gets pushed
    // (SDM vol. 3A 7.3). false: the instruction Cpu::cur restarts.
    bool in_new_task = false;
};

// The access hit MMIO in the middle of a block: the instruction is run again in a block of its own, so that time
// and retired_in_run() are exact inside the Bus call and request_exit() acts right after it.
struct RestartAlone {};

// The instruction Cpu::cur waits for a pending x87 exception to be handled (interpreter/fpu/error.h): it does not start,
// and the processor stops until an interrupt.
struct Freeze {};

[[noreturn, gnu::cold]] void raise(Vector vector);                           // no error code
[[noreturn, gnu::cold]] void raise(Vector vector, std::uint32_t error_code);
[[noreturn, gnu::cold]] inline void raise_gp(std::uint32_t error = 0) { raise(Vector::general_protection, error); }
[[noreturn, gnu::cold]] inline void raise_ud() { raise(Vector::invalid_opcode); }

}  // namespace southgate::cpu
