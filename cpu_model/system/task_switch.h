// Hardware task switching (SDM vol. 3A 7.3).
#pragma once

#include <cstdint>
#include <optional>

#include "cpu_model/system/descriptor.h"

namespace southgate::cpu {

enum class TaskSwitchSource : std::uint8_t {
    jump,  // JMP to a TSS or task gate
    call,  // CALL, and interrupts and exceptions through a task gate: nested
    iret,  // IRET with NT set: back along the link
};

// Switches to the task whose TSS descriptor is `entry`. The caller has checked privilege and that `selector`
// lies in the GDT; presence, type, limit and everything in the new TSS are checked here. return_ip: EIP saved
// in the old TSS. error_code is pushed on the new stack. ext: 1 when an event outside the program caused it.
// Faults past the commit point carry GuestFault::in_new_task.
void switch_task(Cpu* c, std::uint16_t selector, TableEntry& entry, TaskSwitchSource source,
                 std::uint64_t return_ip, std::uint32_t ext = 0,
                 std::optional<std::uint32_t> error_code = std::nullopt);

// The TSS a task gate names: raises #GP for a selector that is not an available TSS in the GDT, #NP.
TableEntry task_gate_target(Cpu* c, const Descriptor& gate, std::uint32_t ext);

// IRET with NT set: switches to the task in the back link; raises #TS for a bad one.
void return_to_previous_task(Cpu* c, std::uint64_t return_ip);

}  // namespace southgate::cpu
