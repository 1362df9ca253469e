// The interpreter's internal state of one logical processor. Handlers and system functions work on this;
// everybody else sees the vCPU contract (cpu_model/vcpu.h).
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "cpu_model/interpreter/uop.h"
#include "cpu_model/mmu/memory_map.h"
#include "cpu_model/mmu/tlb.h"
#include "cpu_model/pio/pio_unit.h"
#include "cpu_model/state/registers.h"
#include "cpu_model/statistics.h"
#include "cpu_model/system/cpuid.h"
#include "cpu_model/vcpu.h"

namespace southgate::cpu {

struct Block;
class CodeCache;
class CodeSharing;

// Indices of slots behind the general registers, for memory operands (RegisterFile).
inline constexpr unsigned zero_slot = gpr_count;      // always 0
inline constexpr unsigned rip_slot = gpr_count + 1;   // Cpu::ip: the base of RIP-relative operands
inline constexpr unsigned reach_slot = gpr_count + 2; // always operand_reach
// A RIP-relative displacement counts from the start of the block once decoded; one too close to 2 GiB for that is
// lowered by this much, and reach_slot as its index adds it again.
inline constexpr std::int32_t operand_reach = 8192;

// RFLAGS bits (SDM vol. 1 3.4.3).
namespace eflags {
inline constexpr std::uint64_t cf = 1u << 0, fixed1 = 1u << 1, pf = 1u << 2, af = 1u << 4, zf = 1u << 6, sf = 1u << 7,
                               tf = 1u << 8, if_ = 1u << 9, df = 1u << 10, of = 1u << 11, iopl = 3u << 12,
                               nt = 1u << 14, rf = 1u << 16, vm = 1u << 17, ac = 1u << 18, vif = 1u << 19,
                               vip = 1u << 20, id = 1u << 21;
inline constexpr std::uint64_t status = cf | pf | af | zf | sf | of;
inline constexpr unsigned iopl_shift = 12;
}  // namespace eflags

namespace cr0 {
inline constexpr std::uint64_t pe = 1u << 0, mp = 1u << 1, em = 1u << 2, ts = 1u << 3, et = 1u << 4, ne = 1u << 5,
                               wp = 1u << 16, am = 1u << 18, nw = 1u << 29, cd = 1u << 30, pg = 1u << 31;
}
namespace cr4 {
inline constexpr std::uint64_t vme = 1u << 0, pvi = 1u << 1, tsd = 1u << 2, de = 1u << 3, pse = 1u << 4, pae = 1u << 5,
                               mce = 1u << 6, pge = 1u << 7, pce = 1u << 8, osfxsr = 1u << 9, osxmmexcpt = 1u << 10,
                               umip = 1u << 11, fsgsbase = 1u << 16, pcide = 1u << 17, osxsave = 1u << 18,
                               smep = 1u << 20, smap = 1u << 21;
}
namespace efer {
inline constexpr std::uint64_t sce = 1u << 0, lme = 1u << 8, lma = 1u << 10, nxe = 1u << 11;
}

// A segment register with what the access path derives from it. Change it only through set_segment() or load_*().
struct Segment : SegmentRegister {
    // Fast path: an access is good if its last byte's offset, as a signed number, is below this. 0 sends everything to
    // the slow path (unreadable, expand-down, unusable), and so does the lowest number in 64-bit mode. There FS and GS
    // have no end: their linear addresses must be canonical.
    std::int64_t read_end = 0x10000;
    std::int64_t write_end = 0x10000;
};

// What decoded code depends on; part of the key of every block.
namespace mode {
inline constexpr std::uint32_t code32 = 1u << 0;   // CS.D
inline constexpr std::uint32_t code64 = 1u << 1;   // CS.L with EFER.LMA
inline constexpr std::uint32_t stack32 = 1u << 2;  // SS.B
inline constexpr std::uint32_t flat = 1u << 3;     // CS, DS, ES, SS: base 0, limit 4 GiB, writable (CS: readable)
inline constexpr std::uint32_t user = 1u << 4;     // CPL 3
inline constexpr std::uint32_t single = 1u << 5;   // only in block keys: blocks of one instruction
// 64-bit code has neither code32, stack32 nor flat: its operands are Mem::wide, its stack Code::wide.
}  // namespace mode

// Reasons to look around before the next instruction (Cpu::attention). 0 = just run.
namespace attention {
inline constexpr std::uint32_t intr = 1u << 0;         // INTR asserted and IF set
inline constexpr std::uint32_t nmi = 1u << 1;
inline constexpr std::uint32_t smi = 1u << 2;
inline constexpr std::uint32_t init = 1u << 3;
inline constexpr std::uint32_t shadow = 1u << 4;       // STI or MOV SS shadow is on
inline constexpr std::uint32_t debug_trap = 1u << 5;   // a #DB trap waits
inline constexpr std::uint32_t step = 1u << 6;         // TF, guest debug, execution breakpoints, VIF with VIP: one at a time
inline constexpr std::uint32_t exit = 1u << 7;         // request_exit() or a handler wants to leave run()
inline constexpr std::uint32_t inactive = 1u << 8;     // halted, wait-for-SIPI or shut down
}  // namespace attention

// Direct-mapped cache of jump targets. tag: bits 0-47 linear address, 48-55 generation of its privilege, 56-63 mode.
struct JumpEntry {
    std::uint64_t tag = ~std::uint64_t{0};
    Block* block = nullptr;
};
inline constexpr unsigned jump_cache_size = 16384;

// The last code segment that passed all checks of a transfer without change of level, so that interrupts and their
// returns check it once. Descriptor, selector (RPL removed) and CPL determine the outcome, so nothing invalidates it.
struct CodeSegmentMemo {
    std::uint64_t descriptor = 0;  // 0 is no code segment
    std::uint32_t selector = 0, cpl = 0;
    SegmentRegister cs;
};

// How an INS or OUTS moves its registers.
struct StringIoForm {
    std::uint8_t address_size = 4;  // bytes
    bool rep = false, descending = false;
};

// What uops address by byte offset.
struct RegisterFile {
    alignas(64) std::array<std::uint64_t, gpr_count + 1> gpr{};  // [zero_slot] stays 0
    // Between blocks: the next instruction. Inside one: the first instruction of the block; the current one is
    // ip + cur->ip (see instruction_ip()).
    std::uint64_t ip = 0;
    std::uint64_t reach = operand_reach;
};
static_assert(offsetof(RegisterFile, ip) == rip_slot * 8 && offsetof(RegisterFile, reach) == reach_slot * 8);

struct Cpu : RegisterFile {
    // --- hot: the first cache lines ---
    // Lazy status flags, see interpreter/flags.h.
    std::uint64_t flag_result = 1, flag_carry = 0;
    // Instructions that may still run; the whole block is deducted on entry. request_attention() moves the rest to
    // `stash`, so that the next block entry finds nothing left and returns to the outer loop.
    std::int64_t left = 0, stash = 0;
    const Block* block = nullptr;  // executing; nullptr outside
    const Uop* cur = nullptr;      // executing, set by every slow path before it may raise or call the Bus
    const TlbEntry* tlb = nullptr; // data TLB of the current privilege
    std::uint64_t mode_tag = 0;    // mode and generation in force, for JumpEntry::tag
    std::uint32_t mode = 0;        // namespace mode
    std::uint64_t linear_mask = 0xffffffff;  // width of a segmented linear address; all ones in 64-bit mode
    std::uint32_t cpl = 0;
    std::uint64_t eflags = eflags::fixed1;  // without the status flags
    std::array<Segment, seg_count> seg{};
    std::array<JumpEntry, jump_cache_size> jumps{};
    std::array<std::uint8_t, 2> jump_generation{};  // [CPL 3]

    // --- system state ---
    CodeSegmentMemo code_segment;
    SegmentRegister ldtr, tr;
    DescriptorTable gdtr, idtr;
    std::uint64_t cr0 = 0, cr2 = 0, cr3 = 0, cr4 = 0, efer = 0, apic_base = 0;
    std::array<std::uint64_t, 4> pdpte{};  // PAE page-directory pointers, loaded with CR3 (SDM vol. 3A 4.4.1)
    DebugRegisters debug;
    FpuState fpu;
    ModelSpecificRegisters msr;
    EventState events;
    CpuidTable cpuid{CpuModel{}};
    std::uint32_t debug_hits = 0;  // DR6 bits of the #DB trap that waits (EventState::debug_trap_pending)
    std::uint64_t tsc_clock = 0;   // platform clock at the start of run()
    std::uint64_t tsc_offset = 0;  // what the guest added by writing the TSC
    std::uint64_t tsc_deadline = 0;  // IA32_TSC_DEADLINE as written, while the local APIC says that it is armed
    std::uint32_t ticks_per_instruction = 1;
    std::uint64_t random = 0;      // state of the generator behind RDRAND and RDSEED

    // --- run control ---
    std::uint32_t attention = 0;
    bool intr_line = false;
    bool check_alignment = false;  // CPL 3 with CR0.AM and EFLAGS.AC: every access takes the slow path
    bool a20m_line = false;        // A20M# asserted; follow a change with update_a20()
    bool ferr = false;             // FERR# as last driven; follow a change with x87::update_ferr()
    bool ignne_line = false;       // IGNNE# asserted
    bool single_step = false;      // guest debug
    std::int64_t budget = 0;       // of this run()
    bool exit_pending = false;     // a handler wants run() to return exit_reason
    ExitReason exit_reason = ExitReason::budget_end;
    const char* message = nullptr;
    TripleFault triple_fault;      // behind ExitReason::shutdown
    bool pause_exits = false;      // PAUSE leaves run()
    bool reset_pending = false, reset_power_up = false;  // RESET# seen inside a Bus call
    bool step_trap = false;  // TF was set when the current instruction began; INT n clears it (no trap after)
    PioUnit pio;
    std::uint64_t io_boundary = ~std::uint64_t{0};  // statistics.instructions behind the last port instruction
    StringIoForm string_io;                         // of the last INS or OUTS

    // --- memory ---
    MemoryMap memory;
    Mmu mmu;
    Bus* bus = nullptr;
    CodeCache* code = nullptr;
    CodeSharing* sharing = nullptr;  // other processors execute from the same memory
    unsigned sharing_member = 0;     // this one's number there

    CpuStatistics statistics;
    std::bitset<2048> refused;  // mnemonics that were refused with #UD, for the count of distinct ones
};

// --- registers by byte offset ---
template <class T>
[[gnu::always_inline]] inline T get_reg(const Cpu* c, unsigned offset) {
    T value;
    std::memcpy(&value, reinterpret_cast<const char*>(static_cast<const RegisterFile*>(c)) + offset, sizeof value);
    return value;
}
// 32-bit results clear the upper half (SDM vol. 1 3.4.1.1); smaller ones leave it.
template <class T>
[[gnu::always_inline]] inline void set_reg(Cpu* c, unsigned offset, T value) {
    char* p = reinterpret_cast<char*>(static_cast<RegisterFile*>(c)) + offset;
    if constexpr (sizeof(T) == 4) {
        const std::uint64_t wide = static_cast<std::uint32_t>(value);
        std::memcpy(p, &wide, sizeof wide);
    } else {
        std::memcpy(p, &value, sizeof value);
    }
}
constexpr unsigned offset_of(Gpr r) { return static_cast<unsigned>(r) * 8; }
template <class T>
inline T get_reg(const Cpu* c, Gpr r) { return get_reg<T>(c, offset_of(r)); }
template <class T>
inline void set_reg(Cpu* c, Gpr r, T value) { set_reg<T>(c, offset_of(r), value); }

inline Segment& segment(Cpu* c, Seg s) { return c->seg[static_cast<unsigned>(s)]; }
inline const Segment& segment(const Cpu* c, Seg s) { return c->seg[static_cast<unsigned>(s)]; }

inline bool protected_mode(const Cpu* c) { return (c->cr0 & cr0::pe) != 0; }
inline bool v86_mode(const Cpu* c) { return (c->eflags & eflags::vm) != 0; }
// Selectors are paragraph numbers: real mode and V86.
inline bool real_style_segments(const Cpu* c) { return !protected_mode(c) || v86_mode(c); }
inline bool long_mode(const Cpu* c) { return (c->efer & efer::lma) != 0; }
// PAE paging with its four pointer registers: not in long mode.
inline bool pae_paging(const Cpu* c) { return (c->cr0 & cr0::pg) && (c->cr4 & cr4::pae) && !long_mode(c); }
inline bool code64(const Cpu* c) { return (c->mode & mode::code64) != 0; }
inline unsigned iopl(const Cpu* c) { return (c->eflags >> eflags::iopl_shift) & 3; }

// --- state changes that the fast path caches (interpreter/state.cpp) ---
// Replaces a segment register including its hidden part; derives limits and the mode.
void set_segment(Cpu* c, Seg s, const SegmentRegister& value);
// After any change of CPL, VM, CR0.PE, EFER.LMA or CS/SS/DS/ES: recomputes limits, mode and the TLB in use.
void update_mode(Cpu* c);
// After a change of the mode or of the jump cache's generation.
inline void update_mode_tag(Cpu* c) {
    c->mode_tag = std::uint64_t{c->mode} << 56 | std::uint64_t{c->jump_generation[c->cpl == 3]} << 48;
}
// After a change of EFLAGS.AC alone: the TLB in use.
void select_tlb(Cpu* c);
void set_cpl(Cpu* c, unsigned cpl);

// --- run control ---
// The next block entry returns to the outer loop, which looks at lines, events and exits.
inline void request_attention(Cpu* c, std::uint32_t reason) {
    c->attention |= reason;
    c->stash += c->left;
    c->left = 0;
}
// Recomputes `attention` from EventState, lines, EFLAGS.IF/TF, DR7; call after changing any of them.
void update_attention(Cpu* c);
// Instructions retired in this run(), exact inside a handler (Cpu::cur set) and outside blocks.
std::uint64_t retired_in_run(const Cpu* c);
// Instructions retired in all, under the same conditions.
inline std::uint64_t instructions_retired(const Cpu* c) { return c->statistics.instructions + retired_in_run(c); }
// TSC at the current instruction.
std::uint64_t read_tsc(const Cpu* c);

// SMM holds INIT# back until RSM, but INIT# ends shutdown (SDM vol. 3C 30.2, 30.3).
inline bool init_held(const Cpu* c) {
    return c->events.in_smm && c->events.activity != ActivityState::shutdown;
}

// 48-bit linear addresses: bits 48-63 repeat bit 47 (SDM vol. 1 3.3.7.1).
[[gnu::always_inline]] constexpr bool canonical(std::uint64_t linear) {
    return ((linear + (std::uint64_t{1} << 47)) >> 48) == 0;
}
// The segment base that counts in 64-bit mode: FS's and GS's only (SDM vol. 1 3.4.2.1).
inline std::uint64_t base64(const Cpu* c, Seg s) {
    return s == Seg::fs || s == Seg::gs ? segment(c, s).base : 0;
}
// An offset in CS as rip holds it: 32 bits wide outside 64-bit mode.
inline std::uint64_t truncate_ip(const Cpu* c, std::uint64_t ip) {
    return code64(c) ? ip : static_cast<std::uint32_t>(ip);
}

// The current instruction (Cpu::cur must be set) and the one behind it, as offsets in CS.
inline std::uint64_t instruction_ip(const Cpu* c) { return c->ip + c->cur->ip; }
inline std::uint64_t next_ip(const Cpu* c) { return c->ip + c->cur->ip + c->cur->length; }

}  // namespace southgate::cpu
