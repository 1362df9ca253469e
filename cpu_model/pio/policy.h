// Port-I/O completion policies (pending port I/O of a vCPU and what re-entry does with it).
//
// Each policy answers three questions about one pending IN or OUT: what rip userspace sees at the exit,
// whether re-entry completes or drops it, and what completing changes. Sources: Linux commit 45def77ebf7 and
// its history (0967b7bf1c22 skip-before-exit, 8764ed55c970 port-7Eh quirk); docs/pio-completion.md tells the
// story.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "cpu_model/vcpu.h"

namespace southgate::cpu {

enum class PioPolicyKind : std::uint8_t {
    complete_always,       // CA: advance at re-entry whatever happened
    skip_before_exit,      // SB: advance before the exit; IN writes RAX unconditionally at re-entry
    cancel_on_rip_write,   // AW: any write of rip by the platform cancels
    cancel_on_rip_change,  // RC: a different rip cancels
    match_reset_vector,    // RV: linear rip at FFFFFFF0h cancels
    linear_rip_snapshot,   // LR: a different linear rip cancels (the kernel's choice since 2019; the default)
    full_emulator,  // FE: KVM's emulator path (OUT past the instruction, IN re-emulated without decode)
};

// How completing moves rip. Intel's VM exit gives the instruction length, AMD's the address of the next
// instruction.
enum class PioAdvance : std::uint8_t {
    relative,  // VMX: rip + VM_EXIT_INSTRUCTION_LEN
    absolute,  // SVM: the next rip saved at the exit, wherever rip is now
};

// How INS and OUTS treat a vCPU that was changed while they were pending.
enum class StringRules : std::uint8_t {
    architectural,  // a batch whose linear rip changed is dropped; never hangs; time exact to the element
    kernel,         // KVM's emulator, which every policy of every kernel since 2010 uses for strings
};

// The name on the command line, e.g. "linear-rip-snapshot"; nullopt for an unknown one.
std::optional<PioPolicyKind> parse_pio_policy(std::string_view name);
std::string_view name_of(PioPolicyKind kind);
// "vmx" or "svm", as the options call them.
std::optional<PioAdvance> parse_skip_model(std::string_view name);
std::string_view name_of(PioAdvance advance);
// "architectural" or "kernel".
std::optional<StringRules> parse_string_rules(std::string_view name);
std::string_view name_of(StringRules rules);

// What happened to one port I/O; `port` to `data` as in PioExit, data of the first element, zero-extended.
struct PioEvent {
    Direction direction;
    std::uint16_t port;
    std::uint8_t size;
    std::uint32_t count;
    std::uint32_t data;
    std::uint64_t snapshot;     // linear rip of the port instruction, taken at the exit
    std::uint64_t visible_rip;  // rip userspace sees (at exit) or would have seen
    std::uint64_t linear_rip;   // linear rip now
    std::uint64_t rip;          // rip now (after the completion, for a completion)
};

class PioObserver {
  public:
    virtual ~PioObserver() = default;
    virtual void pio_exit(const PioEvent&) = 0;
    virtual void pio_complete(const PioEvent&) = 0;
    virtual void pio_cancel(const PioEvent&) = 0;
};

}  // namespace southgate::cpu
