// Completion rules of INS and OUTS. They are the same under every policy, as in the kernel since 2010, but
// for one: only full-emulator repeats what the kernel's emulator does to a vCPU that was jammed while INS was
// pending.
//
// OUTS never stays pending: the engine has counted the element before the exit, rip shows the next
// instruction, or, with REP, the instruction itself; the pass that finds RCX = 0 ends it. INS exits once for
// a batch and stores it at re-entry.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cpu_model/pio/completion.h"
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
    std::uint64_t elements = 0;  // to store; beyond PendingPio::count the buffer's stale bytes
    std::uint64_t rip = 0;       // afterwards
};

// Elements of one INS batch: never past the edge of the page in the direction of DF, the buffer, or RCX; at
// least one.
inline std::uint32_t ins_batch(std::uint64_t rdi, std::uint64_t rcx, unsigned size, bool descending) {
    const std::uint64_t offset = rdi & 0xfff;
    const std::uint64_t in_page = (descending ? offset : 0x1000 - offset) / size;
    const std::uint64_t n = std::min({in_page, std::uint64_t{pio_batch_bytes / size}, rcx});
    return n == 0 ? 1 : static_cast<std::uint32_t>(n);
}

// RCX and RDI now, under the instruction's address size.
struct InsRegisters {
    std::uint64_t rcx = 0;
    std::uint64_t rdi = 0;
};

// Elements the batch brought but RCX no longer asks for are dropped. Only full-emulator stores more or less
// than was read, and never gets past a batch whose RCX became 0.
inline InsPlan plan_ins(const PendingPio& pending, const PioContext& context, InsRegisters now,
                        bool emulator) {
    using Action = InsPlan::Action;
    const bool rep = pending.ins.rep;
    if (emulator) {
        if (!rep) return {Action::store, 1, pending.next_rip};
        if (now.rcx == 0) return {Action::repeat, 0, context.rip};
        const std::uint64_t elements = pending.regs_written
                                           ? ins_batch(now.rdi, now.rcx, pending.size, pending.ins.descending)
                                           : pending.count;
        return {Action::store, elements, pending.rip};
    }
    if (linear_rip(context) != pending.snapshot) return {};
    if (!rep) return {Action::store, 1, truncate_rip(context.rip + pending.length, context.code64)};
    return {Action::store, std::min<std::uint64_t>(now.rcx, pending.count), context.rip};
}

}  // namespace southgate::cpu
