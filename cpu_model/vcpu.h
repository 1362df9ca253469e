// The vCPU contract: what every execution engine of southgate offers, and what it needs.
//
// An engine runs guest instructions and *exits* for whatever the platform must do. Re-entering it
// *completes* the exit that is pending, or drops it, as the port-I/O completion policy in force decides.
// The model is Linux KVM's split between kernel and userspace (Documentation/virt/kvm/api.rst, KVM_RUN;
// commit 45def77ebf7 "KVM: x86: update %rip after emulating IO").
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "cpu_model/state/registers.h"

namespace southgate::cpu {

enum class PioPolicyKind : std::uint8_t;  // cpu_model/pio/policy.h
enum class PioAdvance : std::uint8_t;     // cpu_model/pio/policy.h
enum class StringRules : std::uint8_t;    // cpu_model/pio/policy.h
class PioObserver;                        // cpu_model/pio/policy.h
class CompletionPolicy;                   // cpu_model/pio/completion_policy.h
class VmcsAccounting;                     // cpu_model/pio/vmcs_accounting.h
struct CpuStatistics;                     // cpu_model/statistics.h

enum class Direction : std::uint8_t { in, out };

enum class ExitReason : std::uint8_t {
    pio,               // port I/O: see Exit::pio
    hlt,               // HLT executed or still halted: nothing deliverable is pending
    shutdown,          // triple fault: the processor issued the Shutdown special cycle (SDM vol. 3A 6.15)
    budget_end,        // the instruction budget is used up, or request_exit() was honoured
    interrupt_window,  // asked for by request_interrupt_window(): INTR could be taken now
    debug,             // guest_debug single step
    internal_error,    // the engine cannot go on; Exit::message says why
    wait_for_sipi,     // an application processor waits for a start-up IPI
    pause,             // PAUSE executed: asked for by set_pause_exits()
    // An unmasked x87 exception pends with CR0.NE = 0 and IGNNE# deasserted, so a waiting instruction does not start (SDM
    // vol. 1 8.7.2), and nothing deliverable is pending. The instruction pointer is on it; run() tries it again.
    frozen,
};

// Port I/O wanted from the platform. For IN the platform fills `data` before it re-enters;
// bytes it leaves alone read as 0. The buffer belongs to the engine and lives until the next run().
struct PioExit {
    Direction direction = Direction::in;
    std::uint16_t port = 0;
    std::uint8_t size = 1;        // bytes an element: 1, 2 or 4
    std::uint32_t count = 1;      // elements; more than 1 only for string instructions
    bool string = false;          // INS / OUTS
    std::uint8_t* data = nullptr; // size * count bytes
    std::uint64_t linear_rip = 0; // the snapshot: linear address of the port instruction
};

struct Exit {
    ExitReason reason = ExitReason::budget_end;
    std::uint64_t retired = 0;    // instructions retired in this run(), completions included; a fault counts as one
    PioExit pio;
    const char* message = nullptr;
};

// The exceptions behind a triple fault (SDM vol. 3A 6.15), in order: two that made a double fault, and the one met on
// the way to the double fault handler. Before them, if the two came of a benign one, that. count 0: another cause (RSM
// with a bad state save area), or the engine cannot tell.
struct TripleFault {
    struct Exception {
        std::uint8_t vector = 0;
        bool has_error_code = false;
        std::uint32_t error_code = 0;
    };
    std::array<Exception, 4> exceptions{};
    unsigned count = 0;

    void add(const Exception& exception) { exceptions[count++] = exception; }
};

struct Budget {
    std::uint64_t instructions = 0;  // the engine stops exactly here, never later
    bool immediate_exit = false;     // complete what is pending, then return (kvm_run.immediate_exit)
};

// The platform behind an engine: everything that is not a memory slot. Calls come synchronously from run().
class Bus {
  public:
    virtual ~Bus() = default;

    // Memory access outside every slot. size is 1, 2, 4 or 8; never crosses a 4 KiB page.
    // An address nobody decodes reads all ones.
    virtual void read(std::uint64_t physical, void* data, unsigned size) = 0;
    virtual void write(std::uint64_t physical, const void* data, unsigned size) = 0;

    // Interrupt acknowledge cycle: the vector of the interrupt behind INTR (SDM vol. 3A 6.3.1).
    virtual std::uint8_t interrupt_acknowledge() = 0;

    // The processor entered or left SMM (SMIACT#): the platform re-maps SMRAM.
    virtual void smm_changed(bool in_smm) = 0;

    // IA32_APIC_BASE was written (value as accepted).
    virtual void apic_base_written(std::uint64_t value) = 0;

    // Real-mode code at the linear address `from` goes to F000:FFF0 (or FFFF:0000): firmware starts again though no
    // line moved, as `reboot=bios` of Linux and the old `jmp FFFF:0` do. An engine that cannot tell never calls.
    virtual void reset_vector_entered([[maybe_unused]] std::uint64_t from) {}

    // CR8 / task priority of the local APIC (SDM vol. 3A 10.8.6.1).
    virtual std::uint8_t read_cr8() = 0;
    virtual void write_cr8(std::uint8_t value) = 0;

    // Registers of the local APIC in x2APIC mode, MSR 800h + `index` (SDM vol. 3A 10.12.1). False: #GP.
    virtual bool read_x2apic([[maybe_unused]] unsigned index, [[maybe_unused]] std::uint64_t& value) { return false; }
    virtual bool write_x2apic([[maybe_unused]] unsigned index, [[maybe_unused]] std::uint64_t value) { return false; }

    // IA32_TSC_DEADLINE (SDM vol. 3A 10.5.4.1) in ticks of the clock behind the TSC (Vcpu::set_clock); 0 disarms. What
    // is not in deadline mode ignores it and is never armed.
    virtual void write_tsc_deadline([[maybe_unused]] std::uint64_t clock) {}
    virtual bool tsc_deadline_armed() { return false; }

    // FERR#, level: an unmasked x87 exception pends while CR0.NE is 0 (SDM vol. 1 8.7.2). Also called by what changes state
    // outside run(). An engine that cannot tell never calls.
    virtual void ferr_changed([[maybe_unused]] bool asserted) {}
};

// A run of guest-physical memory with host memory behind it: KVM's memory slot and TLM's DMI at once.
// Address, size and host pointer are multiples of 4096.
struct MemorySlot {
    std::uint64_t guest_physical = 0;
    std::uint64_t size = 0;
    std::uint8_t* host = nullptr;
    bool readable = true;   // false: reads go to Bus (PAM: write enable only)
    bool writable = true;   // false: writes are `write_mode`
    bool drop_writes = false;  // not writable: true = writes vanish (ROM shadow), false = writes go to Bus
};

class Vcpu {
  public:
    virtual ~Vcpu() = default;

    // Completes what is pending, then executes until an exit or the end of the budget.
    // Never throws for anything a guest does.
    virtual Exit run(const Budget& budget) = 0;

    // Instructions retired so far in the current run(); exact inside a Bus call.
    virtual std::uint64_t retired_in_run() const = 0;

    // Ends the current run() after the instruction being executed. For use inside Bus calls.
    virtual void request_exit() = 0;

    // --- State. Reading it at an exit shows what the completion policy in force shows. ---
    virtual GeneralRegisters regs() const = 0;
    virtual void set_regs(const GeneralRegisters&) = 0;
    virtual SpecialRegisters sregs() const = 0;
    virtual void set_sregs(const SpecialRegisters&) = 0;
    virtual DebugRegisters debug_regs() const = 0;
    virtual void set_debug_regs(const DebugRegisters&) = 0;
    virtual FpuState fpu() const = 0;
    virtual void set_fpu(const FpuState&) = 0;
    virtual ModelSpecificRegisters msrs() const = 0;
    virtual void set_msrs(const ModelSpecificRegisters&) = 0;
    virtual EventState events() const = 0;
    virtual void set_events(const EventState&) = 0;
    ArchState state() const {
        return {regs(), sregs(), debug_regs(), fpu(), msrs(), events(), tsc()};
    }

    // Linear %rip: rip alone in 64-bit code, else (CS.base + rip) truncated to 32 bits
    // (Linux arch/x86/kvm, kvm_get_linear_rip).
    virtual std::uint64_t linear_rip() const = 0;

    // Time-stamp counter. The platform sets it from its own clock before run(); inside run() it grows by
    // ticks_per_instruction for each retired instruction. Guest writes (WRMSR 10h) are kept as an offset.
    virtual std::uint64_t tsc() const = 0;
    virtual void set_clock(std::uint64_t ticks) = 0;
    virtual void set_ticks_per_instruction(std::uint32_t ticks) = 0;

    // --- Memory. Slots never overlap; replacing one drops every translation and decoded block of the old. ---
    // Makes `slots` the whole map, sorted by address. Cheap when a slot keeps its host memory.
    virtual void set_memory_map(std::span<const MemorySlot> slots) = 0;
    // Somebody else (DMA, debugger) wrote [host, host + size): decoded code there is dropped.
    virtual void memory_written(const std::uint8_t* host, std::size_t size) = 0;

    // --- Lines. Level-sensitive unless said; callable between run() calls and inside Bus calls. ---
    virtual void set_intr(bool level) = 0;
    virtual void pulse_nmi() = 0;    // edge
    virtual void pulse_smi() = 0;    // edge, latched one deep
    virtual void pulse_init() = 0;   // edge, latched: taken at the next instruction boundary, after RSM in SMM
    virtual void reset(bool power_up) = 0;  // RESET#; power_up also loses what only power keeps
    virtual void set_a20m(bool masked) = 0; // A20M#: true = address bit 20 forced to 0
    // IGNNE#: true = a pending x87 exception does not stop x87 instructions while CR0.NE is 0. An engine without FERR#
    // ignores it.
    virtual void set_ignne([[maybe_unused]] bool asserted) {}
    virtual void start_up(std::uint8_t vector) = 0;  // SIPI; ignored unless waiting for one

    // Performs INIT now, as a chipset that pulls INIT# while the platform holds the CPU in a PIO exit does.
    // Returns false (and latches the INIT) when it is blocked by SMM.
    virtual bool take_init_now() = 0;

    // --- Debug. ---
    virtual void set_single_step(bool on) = 0;  // KVM_GUESTDBG_SINGLESTEP

    // --- Sharing the host. PAUSE says that the guest waits for another processor (SDM vol. 2B, PAUSE): with
    // exits on, run() returns right behind it. An engine that cannot tell ignores this. ---
    virtual void set_pause_exits(bool) {}

    // --- Port I/O completion. Take effect with the next PIO; set them while none is pending. ---
    virtual void set_pio_policy(PioPolicyKind kind, bool quirk_out_7e) = 0;
    virtual void set_pio_observer(PioObserver* observer) = 0;  // nullptr: nobody listens, nothing is built
    // What follows is for engines that model the completion. A real kernel has rules of its own and ignores it.
    // A policy from outside the built-in set, in force until set_pio_policy() (docs/extending.md).
    virtual void use_pio_policy(std::shared_ptr<const CompletionPolicy>) {}
    virtual void set_pio_advance(PioAdvance) {}    // default: relative
    virtual void set_string_rules(StringRules) {}  // default: architectural
    // Counts what a VMX host would read from the VMCS; nullptr: not counted, no cost.
    virtual void set_vmcs_accounting(VmcsAccounting*) {}

    // Behind the last ExitReason::shutdown.
    virtual TripleFault triple_fault() const { return {}; }
    virtual CpuStatistics statistics() const = 0;
};

}  // namespace southgate::cpu
