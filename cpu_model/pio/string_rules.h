// Completion rules of INS and OUTS, the same under every policy, as in the kernel since 2010. Two sets: what
// the kernel's emulator does, with its faults, and what the architecture asks for.
//
// OUTS exits for each element with RSI and RCX stepped already; rip shows the next instruction, or, with REP,
// the instruction itself: the pass that finds RCX = 0 ends it. INS exits once for a batch and stores it at
// re-entry.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cpu_model/pio/context.h"
#include "cpu_model/pio/pending.h"

namespace southgate::cpu {

// What to do with a pending INS at re-entry.
struct InsPlan {
    enum class Action : std::uint8_t {
        store,   // write `elements` to memory, step RDI and RCX, set rip
        cancel,  // drop the batch
        repeat,  // exit with the same I/O again
    };
    Action action = Action::cancel;
    std::uint64_t elements = 0;
    std::uint64_t rip = 0;          // afterwards
    std::uint64_t retired = 0;      // instructions that counts as
    InsRegisters registers;         // to step from
    std::uint64_t destination = 0;  // ES offset of the first element
    bool at_once = false;           // a fault stores nothing; otherwise what was stored before it stays
    bool unfinished = false;        // elements are left for the next re-entry
};

// What bounds an INS batch besides the page.
struct InsBounds {
    std::uint64_t in_segment = 1;  // elements below the limit of ES
    std::uint64_t budget = 1;      // instructions that may still retire
    bool stepping = false;         // TF or the debugger's single step
};

// Elements of one INS batch: never past the edge of the page in the direction of DF, the buffer, or RCX; at
// least one.
inline std::uint32_t ins_batch(std::uint64_t rdi, std::uint64_t rcx, unsigned size, bool descending) {
    const std::uint64_t offset = rdi & 0xfff;
    const std::uint64_t in_page = (descending ? offset : 0x1000 - offset) / size;
    const std::uint64_t n = std::min({in_page, std::uint64_t{pio_batch_bytes / size}, rcx});
    return n == 0 ? 1 : static_cast<std::uint32_t>(n);
}

class StringIoRules {
  public:
    virtual ~StringIoRules() = default;

    // Elements of the batch of REP INS that is about to leave.
    virtual std::uint32_t batch(InsRegisters now, unsigned size, bool descending,
                                const InsBounds& bounds) const = 0;
    // The destination is checked before the device is read, so that no data is lost in a fault.
    virtual bool checks_destination_first() const = 0;
    // OUTS (REP or not) shows the next instruction at its exit.
    virtual bool outs_advances(bool rep) const { return !rep; }
    // An OUTS element loses the trap and the debugger's step that are due with it to its exit.
    virtual bool outs_loses_step() const = 0;

    // Re-entry with INS pending. `now` are the registers, `budget` the instructions that may retire
    // (immediate exit: any number).
    virtual InsPlan enter_ins(const PendingPio& pending, const PioState& state, InsRegisters now,
                              std::uint64_t budget) const = 0;
};

// A batch whose linear rip changed is dropped, elements RCX no longer asks for are dropped, and each element
// is an instruction of its own for time, traps and the debugger. No state of the platform's making hangs it.
class ArchitecturalStrings final : public StringIoRules {
  public:
    std::uint32_t batch(InsRegisters now, unsigned size, bool descending,
                        const InsBounds& bounds) const override {
        if (bounds.stepping) return 1;
        const std::uint64_t n = std::min({std::uint64_t{ins_batch(now.rdi, now.rcx, size, descending)},
                                          std::max<std::uint64_t>(bounds.in_segment, 1), bounds.budget});
        return static_cast<std::uint32_t>(std::max<std::uint64_t>(n, 1));
    }
    bool checks_destination_first() const override { return true; }
    bool outs_loses_step() const override { return false; }

    InsPlan enter_ins(const PendingPio& pending, const PioState& state, InsRegisters now,
                      std::uint64_t budget) const override {
        if (linear_rip(state) != pending.linear_rip) return {};
        InsPlan plan{.action = InsPlan::Action::store,
                     .elements = 1,
                     .rip = state.rip,
                     .registers = now,
                     .destination = now.rdi};
        if (pending.ins.rep) {
            const std::uint64_t wanted = std::min<std::uint64_t>(now.rcx, pending.count - pending.ins.stored);
            plan.elements = std::min(wanted, budget);
            plan.unfinished = plan.elements < wanted;
        } else {
            plan.rip += pending.length;
            if (!state.code64) plan.rip = static_cast<std::uint32_t>(plan.rip);
        }
        plan.retired = plan.elements;
        return plan;
    }
};

// arch/x86/kvm/emulate.c: INS is emulated again without decoding. rip is the decoded one in whatever code
// segment is loaded now. Registers the platform wrote are taken up, and with them a new count: more than the
// device was asked for stores stale bytes of the read-ahead buffer, zero ends the pass before the transfer,
// so that the same I/O exit comes back for ever. docs/pio-completion.md.
class KernelStrings : public StringIoRules {
  public:
    std::uint32_t batch(InsRegisters now, unsigned size, bool descending, const InsBounds&) const override {
        return ins_batch(now.rdi, now.rcx, size, descending);
    }
    bool checks_destination_first() const override { return false; }
    bool outs_loses_step() const override { return true; }

    InsPlan enter_ins(const PendingPio& pending, const PioState& state, InsRegisters now,
                      std::uint64_t) const override {
        using Action = InsPlan::Action;
        // Its own copy of the registers, unless they were written.
        if (!pending.regs_written) now = pending.ins.registers;
        const std::uint64_t decoded = pending.ins.registers.rdi;
        if (!pending.ins.rep)
            return {.action = Action::store,
                    .elements = 1,
                    .rip = pending.next_rip,
                    .retired = 1,
                    .registers = now,
                    .destination = decoded};
        if (now.rcx == 0) return {.action = Action::repeat, .rip = state.rip, .registers = now};
        return {.action = Action::store,
                .elements = batch(now, pending.size, pending.ins.descending, {}),
                .rip = pending.rip,
                .retired = 1,
                .registers = now,
                .destination = decoded,
                .at_once = !pending.ins.descending};
    }
};

}  // namespace southgate::cpu
