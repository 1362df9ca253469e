// Segmentation, protected control transfers, events and system registers: what handlers and the outer loop call.
//
// All of these may raise GuestFault before they have changed anything that a restart could not repeat. Functions that
// transfer control set CS, Cpu::ip (the next instruction), CPL, EFLAGS and the stack; the caller then goes on with
// resume(). Cpu::cur is set while an instruction executes, nullptr-block (Cpu::block == nullptr) when the outer loop calls.
#pragma once

#include <cstdint>

#include "cpu_model/interpreter/cpu.h"
#include "cpu_model/interpreter/fault.h"

namespace southgate::cpu {

// --- segment registers (SDM vol. 2 MOV, LDS; vol. 3A 5) ---
// MOV / POP / LxS into ES, SS, DS, FS, GS. Sets the MOV SS shadow for Seg::ss unless `shadow` is false (LSS).
void load_segment(Cpu* c, Seg s, std::uint16_t selector, bool shadow = true);
void load_ldtr(Cpu* c, std::uint16_t selector);
void load_task_register(Cpu* c, std::uint16_t selector);
// LAR, LSL, VERR, VERW, ARPL checks. lar/lsl return false when ZF stays clear.
bool load_access_rights(Cpu* c, std::uint16_t selector, std::uint32_t& rights);
bool load_segment_limit(Cpu* c, std::uint16_t selector, std::uint32_t& limit);
bool verify_segment(Cpu* c, std::uint16_t selector, bool write);

// --- far transfers. operand_size: 2, 4 or 8 bytes; return_ip: offset of the next instruction ---
void far_jump(Cpu* c, std::uint16_t selector, std::uint64_t offset, unsigned operand_size, std::uint64_t return_ip);
void far_call(Cpu* c, std::uint16_t selector, std::uint64_t offset, unsigned operand_size, std::uint64_t return_ip);
void far_return(Cpu* c, unsigned operand_size, std::uint16_t pop_bytes);
void interrupt_return(Cpu* c, unsigned operand_size, std::uint64_t return_ip);  // IRET
void system_enter(Cpu* c);                         // SYSENTER
void system_exit(Cpu* c, unsigned operand_size);   // SYSEXIT
void system_call(Cpu* c, std::uint64_t return_ip); // SYSCALL
void system_return(Cpu* c, unsigned operand_size); // SYSRET

// --- interrupts and exceptions ---
// software: INT n. software_trap: INT3 and INTO, which IOPL does not stop in V86 mode. software_privileged: INT1.
enum class EventKind : std::uint8_t { external, nmi, exception, software, software_trap, software_privileged };
// Delivers one event; return_ip is what gets pushed. Raises the fault its delivery causes.
void interrupt(Cpu* c, std::uint8_t vector, EventKind kind, std::uint64_t return_ip, bool has_error_code = false,
               std::uint32_t error_code = 0);
// Delivers a fault with Cpu::ip on the faulting instruction: double fault and shutdown rules (SDM vol. 3A 6.15). On
// shutdown sets events.activity and exit_reason.
void deliver_fault(Cpu* c, const GuestFault& fault);
// #DB trap that waits (TF, data, I/O breakpoints), Cpu::ip on the next instruction.
void deliver_debug_trap(Cpu* c);
// An external interrupt, NMI; halted state ends. Same rules for faults as deliver_fault().
void deliver_external(Cpu* c, std::uint8_t vector);
void deliver_nmi(Cpu* c);

// --- SMM, INIT, RESET, start-up IPI (SDM vol. 3A 9.1, vol. 3C 34) ---
void enter_smm(Cpu* c);
void resume_from_smm(Cpu* c);  // RSM; #UD outside SMM; shutdown for invalid state
// Address bit 20 from A20M#, which SMM overrides; flushes the TLB when it changes.
void update_a20(Cpu* c);
void take_init(Cpu* c);
void take_reset(Cpu* c, bool power_up);
void take_start_up(Cpu* c, std::uint8_t vector);

// --- registers ---
void swap_gs(Cpu* c);                                               // SWAPGS
// RDFSBASE, WRFSBASE and kin; #UD outside 64-bit mode or without CR4.FSGSBASE.
std::uint64_t read_segment_base(Cpu* c, Seg s);
void write_segment_base(Cpu* c, Seg s, std::uint64_t value);
std::uint64_t read_control_register(Cpu* c, unsigned n);           // MOV r, CRn; #UD for others
void write_control_register(Cpu* c, unsigned n, std::uint64_t value);
void load_machine_status_word(Cpu* c, std::uint16_t value);        // LMSW
std::uint64_t read_debug_register(Cpu* c, unsigned n);
void write_debug_register(Cpu* c, unsigned n, std::uint64_t value);
void read_msr(Cpu* c);    // RDMSR: ECX -> EDX:EAX
void write_msr(Cpu* c);   // WRMSR
void cpuid(Cpu* c);       // CPUID: EAX, ECX -> EAX..EDX

// --- permissions and breakpoints ---
// #GP(0) unless the current code may access these ports (CPL <= IOPL, else the TSS bitmap; SDM vol. 1 18.5.2).
void check_io_permission(Cpu* c, std::uint16_t port, unsigned size);
// Notes a trap if DR7 watches this access. Called on the slow access path for pages with breakpoints only.
void check_data_breakpoint(Cpu* c, std::uint64_t linear, unsigned size, bool write);
void check_io_breakpoint(Cpu* c, std::uint16_t port, unsigned size);
// True when an enabled execution breakpoint matches this linear address and EFLAGS.RF is clear.
bool instruction_breakpoint(Cpu* c, std::uint64_t linear);
// A data breakpoint lies in this linear page: keep it off the fast path.
bool page_has_breakpoint(const Cpu* c, std::uint64_t linear_page);
// Any enabled execution breakpoint: blocks of one instruction.
bool execution_breakpoints_enabled(const Cpu* c);

}  // namespace southgate::cpu
