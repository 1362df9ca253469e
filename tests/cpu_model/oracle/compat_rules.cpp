#include "oracle/compat_rules.h"

#include <algorithm>

#include "oracle/compat_access.h"
#include "oracle/compat_layout.h"
#include "oracle/rules.h"

namespace southgate::cpu::test {

namespace {

constexpr std::uint32_t cf = 1, pf = 4, af = 0x10, zf = 0x40, sf = 0x80, of = 0x800, rf = 0x10000;
constexpr std::uint32_t status = cf | pf | af | zf | sf | of;
constexpr unsigned ss = 2, ecx = 1, esp = 4;

std::uint32_t base_of(const Ldt& ldt, std::uint16_t selector) {
    const auto d = descriptor_of(ldt, selector);
    return d ? d->base : 0;
}

bool far_return_with_parameters(const Decoded& d) {
    return d.info.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && d.info.opcode == 0xca;
}
bool far_call(const Decoded& d) {
    return d.info.mnemonic == ZYDIS_MNEMONIC_CALL &&
           (d.info.opcode == 0x9a || (d.info.opcode == 0xff && d.info.raw.modrm.reg == 3));
}
bool near_call(const Decoded& d) {
    return d.info.mnemonic == ZYDIS_MNEMONIC_CALL && !far_call(d);
}

// ENTER checks that a push would be possible at the final (E)SP (SDM vol. 2A ENTER, #PF). Whether the alignment counts and how
// wide the access is, is not said.
bool of_new_top(const CompatCase& t, const Ldt& ldt, const CompatOutcome& o) {
    const auto& imm = t.instruction.info.raw.imm;
    const auto level = static_cast<std::uint32_t>(imm[1].value.u & 31);
    const std::uint32_t width = t.instruction.operand16 ? 2 : 4, slots = level + 1;
    const bool big = descriptor_of(ldt, t.before.ss())->big;
    const std::uint32_t top = t.before.gpr[esp] - slots * width - static_cast<std::uint32_t>(imm[0].value.u);
    const auto faults = faults_of({ss, big ? top : top & 0xffff, width, true}, t, ldt);
    return std::find(faults.begin(), faults.end(), fault_of(o)) != faults.end();
}

// Linux keeps the processor's number in the limit of a user-level segment (GDT_ENTRY_CPUNODE), which the engine's GDT does not
// have. A random value can name it.
bool names_processor_segment(const CompatCase& t, const Ldt& ldt, const CompatOutcome& engine,
                             std::span<const std::uint8_t> memory) {
    constexpr std::uint32_t selector = 15 << 3;
    if (engine.vector == 13 && engine.error_code == selector) return true;
    const Decoded& d = t.instruction;
    const auto id = d.info.mnemonic;
    if (id != ZYDIS_MNEMONIC_LAR && id != ZYDIS_MNEMONIC_LSL && id != ZYDIS_MNEMONIC_VERR && id != ZYDIS_MNEMONIC_VERW) return false;
    std::uint32_t source = t.before.gpr[d.info.raw.modrm.rm & 7];
    if (d.modrm_memory()) {
        const CompatAccess a = accesses_of(t, ldt).front();
        const std::uint32_t at = base_of(ldt, t.before.selector[a.segment]) + a.offset - compat::data;
        if (at >= compat::data_size) return false;
        source = memory[compat::data_at + at] | std::uint32_t{memory[compat::data_at + at + 1]} << 8;
    }
    return (source & 0xfffc) == selector;
}

void take_bytes(std::uint32_t linear, std::uint32_t size, std::span<const std::uint8_t> from, std::span<std::uint8_t> to) {
    for (std::uint32_t i = 0; i < size; ++i) {
        const std::uint32_t at = linear + i - compat::data;
        if (at < compat::data_size) to[compat::data_at + at] = from[compat::data_at + at];
    }
}

}  // namespace

void settle(CompatOutcome& o, const CompatCase& t, const Ldt& ldt) {
    o.state.eflags &= ~rf;
    if (o.vector != 14) o.cr2 = 0;
    // Linux returns to its signal handler by IRET, which makes null selectors 0 on Intel processors (SDM vol. 2A IRET,
    // RETURN-TO-OUTER-PRIVILEGE-LEVEL); APM vol. 3 has no such rule.
    for (auto& s : o.state.selector) s = s < 4 ? 0 : s;
    const std::uint32_t start = base_of(ldt, t.before.cs()) + t.before.eip;
    const std::uint32_t at = base_of(ldt, o.state.cs()) + o.state.eip;
    const std::uint32_t length = t.instruction.length;
    const ZydisMnemonic id = t.undefined ? ZYDIS_MNEMONIC_INVALID : t.instruction.info.mnemonic;
    const bool own_trap = (o.vector == 4 && (id == ZYDIS_MNEMONIC_INTO || id == ZYDIS_MNEMONIC_INT)) ||
                          (o.vector == 1 && id == ZYDIS_MNEMONIC_INT1);
    if (o.vector == 3) {
        if (at - 1 - start < length) return;  // INT3 itself
        o.state.eip -= 1;
    } else if (at - start < length || own_trap) {
        return;
    }
    o.vector = -1;
    o.error_code = o.cr2 = 0;
}

bool open_case(const CompatCase& t, const Ldt& ldt) {
    if (t.undefined) return false;
    if (undefined_result(t.instruction, t.before.gpr[ecx])) return true;
    // SDM vol. 3A 5.3: whether an access that wraps at 4 GiB faults where the effective limit is FFFFFFFFh is the
    // processor's own affair.
    const auto accesses = accesses_of(t, ldt);
    const auto wraps = [](const CompatAccess& a) {
        return a.wraps() || (a.offset >= 0xfffff000 && a.size > 8);
    };
    if (std::any_of(accesses.begin(), accesses.end(), wraps)) return true;
    const auto prefixed = [&t](std::uint8_t value) {
        const auto& raw = t.instruction.info.raw;
        return std::any_of(raw.prefixes, raw.prefixes + raw.prefix_count, [value](const auto& p) { return p.value == value; });
    };
    switch (t.instruction.info.mnemonic) {
        // Repeat prefixes are reserved here (SDM vol. 2A 2.1.1); AMD processors let them choose the condition.
        case ZYDIS_MNEMONIC_LOOPE:
        case ZYDIS_MNEMONIC_LOOPNE:
            if (prefixed(0xf2) || prefixed(0xf3)) return true;
            break;
        // APM vol. 3 MOV CRn: LOCK makes CR8 of CR0 on AMD processors.
        case ZYDIS_MNEMONIC_MOV:
            if (prefixed(0xf0) && t.instruction.info.opcode_map == ZYDIS_OPCODE_MAP_0F) return true;
            break;
        default: break;
    }
    // A call to 64-bit code: nothing says whether the return address is pushed on a stack of the old or of the new mode (SDM
    // vol. 2A CALL, APM vol. 3 CALL (Far)); Intel processors were seen to leave out the base of SS.
    if (far_call(t.instruction) && t.names_long_code) return true;
    // Nor whether a far return to 64-bit code releases its parameters on a stack of the old or of the new mode (SDM vol. 2B RET);
    // Intel processors were seen to carry into the upper half of ESP on a 16-bit stack.
    return far_return_with_parameters(t.instruction) && t.names_long_code;
}

std::uint32_t open_flags(const CompatCase& t, const CompatOutcome& host) {
    if (t.undefined) return 0;
    switch (t.instruction.info.mnemonic) {
        // SDM vol. 2A "AAA", "AAS": OF SF ZF PF undefined.
        case ZYDIS_MNEMONIC_AAA:
        case ZYDIS_MNEMONIC_AAS: return of | sf | zf | pf;
        // "AAD", "AAM": OF AF CF undefined; all six after the #DE of AAM 0.
        case ZYDIS_MNEMONIC_AAD:
        case ZYDIS_MNEMONIC_AAM: return host.vector == 0 ? status : of | af | cf;
        // "DAA", "DAS": OF undefined.
        case ZYDIS_MNEMONIC_DAA:
        case ZYDIS_MNEMONIC_DAS: return of;
        // A fault inside REP CMPS / SCAS: Intel restores the flags (SDM vol. 2B "REP"), AMD keeps the last comparison's.
        case ZYDIS_MNEMONIC_CMPSB:
        case ZYDIS_MNEMONIC_CMPSW:
        case ZYDIS_MNEMONIC_CMPSD:
        case ZYDIS_MNEMONIC_SCASB:
        case ZYDIS_MNEMONIC_SCASW:
        case ZYDIS_MNEMONIC_SCASD: return host.vector >= 0 ? status : 0;
        default: return undefined_flags(t.instruction, t.before.gpr[ecx]);
    }
}

void take_over(const CompatCase& t, const Ldt& ldt, const CompatOutcome& host, CompatOutcome& engine,
               std::span<const std::uint8_t> host_memory, std::span<std::uint8_t> memory) {
    if (t.undefined) return;
    const Decoded& d = t.instruction;
    const auto stack = descriptor_of(ldt, t.before.ss());
    const std::uint32_t mask = stack->big ? 0xffffffff : 0xffff, width = d.operand16 ? 2 : 4;
    const std::uint32_t top = stack->base + ((t.before.gpr[esp] - width) & mask);
    switch (d.info.mnemonic) {
        case ZYDIS_MNEMONIC_PUSH:
            // SDM vol. 2B PUSH: of a 32-bit slot for a segment register, recent Intel processors write the lower half only.
            if (segment_operand(d) && width == 4) take_bytes(top + 2, 2, host_memory, memory);
            return;
        case ZYDIS_MNEMONIC_CALL:
            // A target that the code segment does not allow: #GP before the push (SDM vol. 2A CALL, operation), but Intel
            // processors were seen to leave the return address below ESP all the same.
            if (host.vector == 13 && engine.vector == 13) take_bytes(top, width, host_memory, memory);
            return;
        case ZYDIS_MNEMONIC_POPA:
        case ZYDIS_MNEMONIC_POPAD:
            // A fault half-way: Intel processors were seen with what they had popped until then in the registers. (E)SP is
            // unchanged, so that nobody can tell once it has been restarted (SDM vol. 2B POPA).
            if (host.vector < 0 || engine.vector < 0) return;
            for (unsigned r = 0; r < 8; ++r) {
                if (r != esp) engine.state.gpr[r] = host.state.gpr[r];
            }
            return;
        case ZYDIS_MNEMONIC_LAR: {
            // SDM vol. 2A LAR: bits 19:16 of a 32-bit result are undefined.
            std::uint32_t& r = engine.state.gpr[d.info.raw.modrm.reg];
            if (!d.operand16) r = (r & ~0xf0000u) | (host.state.gpr[d.info.raw.modrm.reg] & 0xf0000);
            return;
        }
        default: return;
    }
}

bool open_outcome(const CompatCase& t, const Ldt& ldt, const CompatOutcome& host, const CompatOutcome& engine,
                  std::span<const std::uint8_t> memory) {
    if (t.undefined) return false;
    const Decoded& d = t.instruction;
    if (names_processor_segment(t, ldt, engine, memory)) return true;
    std::vector<CompatFault> possible;
    const auto contains = [](const std::vector<CompatFault>& list, const CompatOutcome& o) {
        return std::find(list.begin(), list.end(), fault_of(o)) != list.end();
    };
    const auto is_possible = [&](const CompatOutcome& o) { return contains(possible, o); };
    CompatCase at_fault = t;
    if (d.repeat_prefix()) at_fault.before.gpr = host.state.gpr;  // the iteration that faults
    for (CompatAccess a : accesses_of(at_fault, ldt)) {
        const auto faults = faults_of(a, t, ldt);
        possible.insert(possible.end(), faults.begin(), faults.end());
        // SDM vol. 2B PUSH: recent Intel processors access only the lower half of a 32-bit slot that holds a selector; they
        // were seen to do so in POP, RET and IRET, too. APM vol. 3 has no such rule.
        if (!a.selector) continue;
        a.size = 2;
        const auto lower = faults_of(a, t, ldt);
        possible.insert(possible.end(), lower.begin(), lower.end());
        if (contains(faults, engine) && !contains(lower, engine)) return true;
    }
    // All are faults of executing an instruction, among which there is no order (SDM vol. 3A table 6-2): of several accesses
    // either may be reported, and of a misaligned one #AC or #PF.
    if (is_possible(host) && is_possible(engine)) return true;
    switch (d.info.mnemonic) {
        // A target and a stack that both fault: SDM vol. 2A CALL checks the target first; processors of both makers were
        // seen to look at the stack first.
        case ZYDIS_MNEMONIC_CALL: return near_call(d) && is_possible(host) && fault_of(engine) == CompatFault{13, 0, 0};
        // The first bound alone may decide.
        case ZYDIS_MNEMONIC_BOUND:
            return (host.vector == 5 || is_possible(host)) && (engine.vector == 5 || is_possible(engine));
        // SDM vol. 2A ARPL writes a change only, but has #GP for any segment that is not writable.
        case ZYDIS_MNEMONIC_ARPL:
        // SDM vol. 2A allows execute-only segments; APM vol. 3 has CLFLUSH check what a load of a byte checks.
        case ZYDIS_MNEMONIC_CLFLUSH:
        case ZYDIS_MNEMONIC_CLFLUSHOPT: return is_possible(host);
        // SDM vol. 2B UD: some processors do not fetch a ModRM byte.
        case ZYDIS_MNEMONIC_UD0:
        case ZYDIS_MNEMONIC_UD1: return fault_of(host) == CompatFault{6, 0, 0};
        case ZYDIS_MNEMONIC_ENTER: return of_new_top(t, ldt, host) || of_new_top(t, ldt, engine);
        case ZYDIS_MNEMONIC_INSB:
        case ZYDIS_MNEMONIC_INSW:
        case ZYDIS_MNEMONIC_INSD:
        case ZYDIS_MNEMONIC_OUTSB:
        case ZYDIS_MNEMONIC_OUTSW:
        case ZYDIS_MNEMONIC_OUTSD: {
            // REP with a count of 0: nothing happens (SDM vol. 2B REP), but Intel processors were seen to check the I/O
            // permission first. The memory operand, too, may be looked at before or after it.
            const bool refused = fault_of(host) == CompatFault{13, 0, 0};
            const std::uint32_t count = t.before.gpr[ecx] & (d.address16 ? 0xffff : 0xffffffff);
            if (d.repeat_prefix() && count == 0) return engine.vector < 0 && refused;
            return fault_of(engine) == CompatFault{13, 0, 0} && is_possible(host);
        }
        default: return false;
    }
}

}  // namespace southgate::cpu::test
