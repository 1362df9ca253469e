#include "cpu_model/state/reset_tables.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

namespace southgate::cpu {
namespace {

struct Rule {
    ResetAction action;
    std::uint64_t value = 0, kept = 0;
};
constexpr Rule load(std::uint64_t value) { return {ResetAction::load, value}; }
constexpr Rule merge(std::uint64_t value, std::uint64_t kept) { return {ResetAction::merge, value, kept}; }
constexpr Rule keep{ResetAction::keep};

// One register with its three columns.
struct Declaration {
    const char* name;
    std::size_t offset;
    std::size_t size;
    Rule power_up, reset, init;
    const char* source;
};

// Shorthand for the two usual shapes: the same everywhere; and lost by RESET but kept by INIT.
constexpr Declaration every(const char* name, std::size_t offset, std::size_t size, Rule rule,
                            const char* source) {
    return {name, offset, size, rule, rule, rule, source};
}
constexpr Declaration init_keeps(const char* name, std::size_t offset, std::size_t size, Rule rule,
                                 const char* source) {
    return {name, offset, size, rule, rule, keep, source};
}

constexpr const char* table_9_1 = "SDM vol. 3A 9.1.1, table 9-1";
constexpr const char* cr0_footnote =
    "SDM vol. 3A 9.1.1, table 9-1, CR0 footnote: CD and NW unchanged by INIT";
constexpr const char* msr_footnote = "SDM vol. 3A 9.1.1, table 9-1: all other MSRs, unchanged by INIT";
constexpr const char* machine_check =
    "SDM vol. 3B 15.3.2.2: status survives a warm reset, undefined after power-up";
constexpr const char* efer_source =
    "AMD64 APM vol. 2 14.1.3: INIT clears EFER (CR0.PG=0 would contradict LMA=1)";
constexpr const char* apic_source = "SDM vol. 3A 10.4.4, 10.4.7.3: IA32_APIC_BASE is not changed by INIT";
constexpr const char* smm_source = "SDM vol. 3C 30.11: SMBASE is 30000h after RESET and kept by INIT";
constexpr const char* events_source = "SDM vol. 3A 6.7.1, 8.4, 9.1: pending and blocked events";
constexpr const char* smi_latch = "SDM vol. 3C 30.2: a latched SMI outlives INIT";

#define FIELD(group, member)                                                   \
    offsetof(ArchState, group) + offsetof(decltype(ArchState::group), member), \
        sizeof(decltype(ArchState::group)::member)
#define ELEMENT(group, member, index)                                               \
    offsetof(ArchState, group) + offsetof(decltype(ArchState::group), member) +     \
        (index) * sizeof(decltype(decltype(ArchState::group)::member)::value_type), \
        sizeof(decltype(decltype(ArchState::group)::member)::value_type)

#define SEGMENT(name, place, selector_value, base_value, attributes_value)                              \
    every(name ".base", (place) + offsetof(SegmentRegister, base), 8, load(base_value), table_9_1),     \
        every(name ".limit", (place) + offsetof(SegmentRegister, limit), 4, load(0xffff), table_9_1),   \
        every(name ".attributes", (place) + offsetof(SegmentRegister, attributes), 4,                   \
              load(attributes_value), table_9_1),                                                       \
        every(name ".selector", (place) + offsetof(SegmentRegister, selector), 2, load(selector_value), \
              table_9_1)
#define SREG(index) \
    offsetof(ArchState, sregs) + offsetof(SpecialRegisters, seg) + (index) * sizeof(SegmentRegister)
#define SYSTEM_SEGMENT(member) offsetof(ArchState, sregs) + offsetof(SpecialRegisters, member)

#define TABLE_LIMIT(name, member)                                                                         \
    every(name ".base", SYSTEM_SEGMENT(member) + offsetof(DescriptorTable, base), 8, load(0), table_9_1), \
        every(name ".limit", SYSTEM_SEGMENT(member) + offsetof(DescriptorTable, limit), 2, load(0xffff),  \
              table_9_1)

// A 16-byte slot is two rows.
#define WIDE(name, member, index)                                                                        \
    init_keeps(name "[63:0]", offsetof(ArchState, fpu) + offsetof(FpuState, member) + 16 * (index), 8,   \
               load(0), table_9_1),                                                                      \
        init_keeps(name "[127:64]",                                                                      \
                   offsetof(ArchState, fpu) + offsetof(FpuState, member) + 16 * (index) + 8, 8, load(0), \
                   table_9_1)

#define MTRR_PAIR(text, index)                                                                 \
    init_keeps("MTRRphysBase" text, ELEMENT(msrs, mtrr_phys_base, index), load(0), table_9_1), \
        init_keeps("MTRRphysMask" text, ELEMENT(msrs, mtrr_phys_mask, index), load(0), table_9_1)

// CTL is reset like any MSR; STATUS, ADDR and MISC are the error log.
#define BANK_REGISTER(index, which) \
    offsetof(ArchState, msrs) + offsetof(ModelSpecificRegisters, mc_bank) + 32 * (index) + 8 * (which), 8
#define MC_BANK(text, index)                                                                           \
    init_keeps("MC" text "_CTL", BANK_REGISTER(index, 0), load(0), msr_footnote),                      \
        Declaration{"MC" text "_STATUS", BANK_REGISTER(index, 1), load(0), keep, keep, machine_check}, \
        Declaration{"MC" text "_ADDR", BANK_REGISTER(index, 2), load(0), keep, keep, machine_check},   \
        Declaration {                                                                                  \
        "MC" text "_MISC", BANK_REGISTER(index, 3), load(0), keep, keep, machine_check                 \
    }

constexpr Declaration declarations[] = {
    every("RAX", ELEMENT(regs, gpr, 0), load(0),
          "SDM vol. 3A 9.1.2: zero when BIST passed or was not requested"),
    every("RCX", ELEMENT(regs, gpr, 1), load(0), table_9_1),
    every("RDX", ELEMENT(regs, gpr, 2), {ResetAction::signature}, "SDM vol. 3A 9.1.3: processor signature"),
    every("RBX", ELEMENT(regs, gpr, 3), load(0), table_9_1),
    every("RSP", ELEMENT(regs, gpr, 4), load(0), table_9_1),
    every("RBP", ELEMENT(regs, gpr, 5), load(0), table_9_1),
    every("RSI", ELEMENT(regs, gpr, 6), load(0), table_9_1),
    every("RDI", ELEMENT(regs, gpr, 7), load(0), table_9_1),
    every("R8", ELEMENT(regs, gpr, 8), load(0), table_9_1),
    every("R9", ELEMENT(regs, gpr, 9), load(0), table_9_1),
    every("R10", ELEMENT(regs, gpr, 10), load(0), table_9_1),
    every("R11", ELEMENT(regs, gpr, 11), load(0), table_9_1),
    every("R12", ELEMENT(regs, gpr, 12), load(0), table_9_1),
    every("R13", ELEMENT(regs, gpr, 13), load(0), table_9_1),
    every("R14", ELEMENT(regs, gpr, 14), load(0), table_9_1),
    every("R15", ELEMENT(regs, gpr, 15), load(0), table_9_1),
    every("RIP", FIELD(regs, rip), load(0xfff0), table_9_1),
    every("RFLAGS", FIELD(regs, rflags), load(2), table_9_1),

    SEGMENT("ES", SREG(0), 0, 0, 0x93),
    SEGMENT("CS", SREG(1), 0xf000, 0xffff0000, 0x93),
    SEGMENT("SS", SREG(2), 0, 0, 0x93),
    SEGMENT("DS", SREG(3), 0, 0, 0x93),
    SEGMENT("FS", SREG(4), 0, 0, 0x93),
    SEGMENT("GS", SREG(5), 0, 0, 0x93),
    SEGMENT("LDTR", SYSTEM_SEGMENT(ldtr), 0, 0, 0x82),
    // A busy 32-bit TSS, as VM entry demands of a running processor (SDM vol. 3C 26.3.1.2).
    SEGMENT("TR", SYSTEM_SEGMENT(tr), 0, 0, 0x8b),
    TABLE_LIMIT("GDTR", gdtr),
    TABLE_LIMIT("IDTR", idtr),
    {"CR0", FIELD(sregs, cr0), load(0x60000010), load(0x60000010), merge(0x10, 0x60000000), cr0_footnote},
    every("CR2", FIELD(sregs, cr2), load(0), table_9_1),
    every("CR3", FIELD(sregs, cr3), load(0), table_9_1),
    every("CR4", FIELD(sregs, cr4), load(0), table_9_1),
    every("CR8", FIELD(sregs, cr8), load(0), table_9_1),
    every("EFER", FIELD(sregs, efer), load(0), efer_source),
    init_keeps("IA32_APIC_BASE", FIELD(sregs, apic_base), {ResetAction::bsp_flag, 0xfee00800}, apic_source),

    every("DR0", ELEMENT(debug, dr, 0), load(0), table_9_1),
    every("DR1", ELEMENT(debug, dr, 1), load(0), table_9_1),
    every("DR2", ELEMENT(debug, dr, 2), load(0), table_9_1),
    every("DR3", ELEMENT(debug, dr, 3), load(0), table_9_1),
    every("DR6", FIELD(debug, dr6), load(0xffff0ff0), table_9_1),
    every("DR7", FIELD(debug, dr7), load(0x400), table_9_1),

    init_keeps("FCW", FIELD(fpu, fcw), load(0x0040), table_9_1),
    init_keeps("FSW", FIELD(fpu, fsw), load(0), table_9_1),
    init_keeps("FTW", FIELD(fpu, ftw), load(0x5555), table_9_1),
    init_keeps("FOP", FIELD(fpu, opcode), load(0), table_9_1),
    init_keeps("FIP", FIELD(fpu, ip), load(0), table_9_1),
    init_keeps("FDP", FIELD(fpu, dp), load(0), table_9_1),
    init_keeps("FCS", FIELD(fpu, cs), load(0), table_9_1),
    init_keeps("FDS", FIELD(fpu, ds), load(0), table_9_1),
    WIDE("ST0", st, 0),
    WIDE("ST1", st, 1),
    WIDE("ST2", st, 2),
    WIDE("ST3", st, 3),
    WIDE("ST4", st, 4),
    WIDE("ST5", st, 5),
    WIDE("ST6", st, 6),
    WIDE("ST7", st, 7),
    WIDE("XMM0", xmm, 0),
    WIDE("XMM1", xmm, 1),
    WIDE("XMM2", xmm, 2),
    WIDE("XMM3", xmm, 3),
    WIDE("XMM4", xmm, 4),
    WIDE("XMM5", xmm, 5),
    WIDE("XMM6", xmm, 6),
    WIDE("XMM7", xmm, 7),
    WIDE("XMM8", xmm, 8),
    WIDE("XMM9", xmm, 9),
    WIDE("XMM10", xmm, 10),
    WIDE("XMM11", xmm, 11),
    WIDE("XMM12", xmm, 12),
    WIDE("XMM13", xmm, 13),
    WIDE("XMM14", xmm, 14),
    WIDE("XMM15", xmm, 15),
    init_keeps("MXCSR", FIELD(fpu, mxcsr), load(0x1f80), table_9_1),
    init_keeps("XCR0", FIELD(fpu, xcr0), load(1), "SDM vol. 1 13.3: 1 after reset"),

    init_keeps("IA32_PAT", FIELD(msrs, pat), load(0x0007040600070406), "SDM vol. 3A 11.12.4"),
    init_keeps("IA32_SYSENTER_CS", FIELD(msrs, sysenter_cs), load(0), msr_footnote),
    init_keeps("IA32_SYSENTER_ESP", FIELD(msrs, sysenter_esp), load(0), msr_footnote),
    init_keeps("IA32_SYSENTER_EIP", FIELD(msrs, sysenter_eip), load(0), msr_footnote),
    init_keeps("IA32_STAR", FIELD(msrs, star), load(0), msr_footnote),
    init_keeps("IA32_LSTAR", FIELD(msrs, lstar), load(0), msr_footnote),
    init_keeps("IA32_CSTAR", FIELD(msrs, cstar), load(0), msr_footnote),
    init_keeps("IA32_FMASK", FIELD(msrs, sfmask), load(0), msr_footnote),
    init_keeps("IA32_KERNEL_GS_BASE", FIELD(msrs, kernel_gs_base), load(0), msr_footnote),
    init_keeps("IA32_TSC_AUX", FIELD(msrs, tsc_aux), load(0), table_9_1),
    init_keeps("IA32_MISC_ENABLE", FIELD(msrs, misc_enable), load(1),
               "SDM vol. 4, 1A0h: fast strings on at reset"),
    init_keeps("IA32_FEATURE_CONTROL", FIELD(msrs, feature_control), load(0),
               "SDM vol. 3C 23.7: zero after reset, unlocked"),
    init_keeps("IA32_BIOS_SIGN_ID", FIELD(msrs, bios_sign_id), load(0), "SDM vol. 3A 9.11.6"),
    init_keeps("IA32_MTRR_DEF_TYPE", FIELD(msrs, mtrr_def_type), load(0), "SDM vol. 3A 11.11.5"),
    init_keeps("MTRRfix64K_00000", ELEMENT(msrs, mtrr_fixed, 0), load(0), table_9_1),
    init_keeps("MTRRfix16K_80000", ELEMENT(msrs, mtrr_fixed, 1), load(0), table_9_1),
    init_keeps("MTRRfix16K_A0000", ELEMENT(msrs, mtrr_fixed, 2), load(0), table_9_1),
    init_keeps("MTRRfix4K_C0000", ELEMENT(msrs, mtrr_fixed, 3), load(0), table_9_1),
    init_keeps("MTRRfix4K_C8000", ELEMENT(msrs, mtrr_fixed, 4), load(0), table_9_1),
    init_keeps("MTRRfix4K_D0000", ELEMENT(msrs, mtrr_fixed, 5), load(0), table_9_1),
    init_keeps("MTRRfix4K_D8000", ELEMENT(msrs, mtrr_fixed, 6), load(0), table_9_1),
    init_keeps("MTRRfix4K_E0000", ELEMENT(msrs, mtrr_fixed, 7), load(0), table_9_1),
    init_keeps("MTRRfix4K_E8000", ELEMENT(msrs, mtrr_fixed, 8), load(0), table_9_1),
    init_keeps("MTRRfix4K_F0000", ELEMENT(msrs, mtrr_fixed, 9), load(0), table_9_1),
    init_keeps("MTRRfix4K_F8000", ELEMENT(msrs, mtrr_fixed, 10), load(0), table_9_1),
    MTRR_PAIR("0", 0),
    MTRR_PAIR("1", 1),
    MTRR_PAIR("2", 2),
    MTRR_PAIR("3", 3),
    MTRR_PAIR("4", 4),
    MTRR_PAIR("5", 5),
    MTRR_PAIR("6", 6),
    MTRR_PAIR("7", 7),
    init_keeps("IA32_MCG_STATUS", FIELD(msrs, mcg_status), load(0), "SDM vol. 3B 15.3.1.2"),
    init_keeps("IA32_MCG_CTL", FIELD(msrs, mcg_ctl), load(0), "SDM vol. 3B 15.3.1.3"),
    MC_BANK("0", 0),
    MC_BANK("1", 1),
    MC_BANK("2", 2),
    MC_BANK("3", 3),
    MC_BANK("4", 4),
    MC_BANK("5", 5),
    MC_BANK("6", 6),
    MC_BANK("7", 7),
    MC_BANK("8", 8),
    MC_BANK("9", 9),

    every("activity", FIELD(events, activity), {ResetAction::activity},
          "SDM vol. 3A 8.4.1: BSP runs, AP waits for SIPI"),
    every("STI shadow", FIELD(events, sti_shadow), load(0), events_source),
    every("MOV SS shadow", FIELD(events, mov_ss_shadow), load(0), events_source),
    every("NMI blocked", FIELD(events, nmi_blocked), load(0), events_source),
    every("NMI pending", FIELD(events, nmi_pending), load(0), events_source),
    init_keeps("SMI pending", FIELD(events, smi_pending), load(0), smi_latch),
    every("INIT pending", FIELD(events, init_pending), load(0), events_source),
    every("in SMM", FIELD(events, in_smm), load(0), "SDM vol. 3C 30.2: INIT is held off until RSM"),
    every("SMM inside NMI", FIELD(events, smm_inside_nmi), load(0), events_source),
    every("debug trap pending", FIELD(events, debug_trap_pending), load(0), events_source),
    every("interrupt queued", FIELD(events, interrupt_queued), load(0), events_source),
    every("interrupt vector", FIELD(events, interrupt_vector), load(0), events_source),
    every("SIPI vector", FIELD(events, sipi_vector), load(0), events_source),
    init_keeps("SMBASE", FIELD(events, smbase), load(0x30000), smm_source),
    init_keeps("TSC", offsetof(ArchState, tsc), sizeof(ArchState::tsc), load(0), table_9_1),
};

#undef FIELD
#undef ELEMENT
#undef SEGMENT
#undef SREG
#undef SYSTEM_SEGMENT
#undef TABLE_LIMIT
#undef WIDE
#undef MTRR_PAIR
#undef BANK_REGISTER
#undef MC_BANK

using Table = std::array<ResetRow, std::size(declarations)>;

constexpr Table make_table(Rule Declaration::*column) {
    Table table{};
    for (std::size_t i = 0; i < table.size(); ++i) {
        const Declaration& from = declarations[i];
        const Rule& rule = from.*column;
        table[i] = {from.name,
                    static_cast<std::uint16_t>(from.offset),
                    static_cast<std::uint8_t>(from.size),
                    rule.action,
                    rule.value,
                    rule.kept,
                    from.source};
    }
    return table;
}

constexpr Table tables[] = {make_table(&Declaration::power_up), make_table(&Declaration::reset),
                            make_table(&Declaration::init)};

// A table compiled to words: new state = (old & kept) | value. `identity` rows are added on top.
struct Image {
    static constexpr std::size_t words = sizeof(ArchState) / 8;
    static_assert(sizeof(ArchState) % 8 == 0);
    std::array<std::uint64_t, words> value{}, kept{};
};

constexpr Image make_image(const Table& table) {
    Image image;
    for (auto& word : image.kept) word = ~std::uint64_t{0};
    for (const ResetRow& row : table) {
        if (row.action == ResetAction::keep) continue;
        for (unsigned i = 0; i < row.size; ++i) {
            const std::size_t at = row.offset + i;
            const unsigned shift = static_cast<unsigned>(at % 8) * 8;
            const std::uint64_t kept = row.action == ResetAction::merge ? row.kept >> (8 * i) & 0xff : 0;
            image.kept[at / 8] &= ~(std::uint64_t{0xff} << shift) | kept << shift;
            image.value[at / 8] |= (row.value >> (8 * i) & 0xff & ~kept) << shift;
        }
    }
    return image;
}

constexpr Image images[] = {make_image(tables[0]), make_image(tables[1]), make_image(tables[2])};
static_assert(std::endian::native == std::endian::little);

}  // namespace

std::span<const ResetRow> reset_table(ResetKind kind) { return tables[static_cast<std::size_t>(kind)]; }

void apply_reset(ArchState& state, ResetKind kind, const ResetIdentity& identity) {
    const Image& image = images[static_cast<std::size_t>(kind)];
    std::array<std::uint64_t, Image::words> words;
    std::memcpy(words.data(), &state, sizeof state);
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = (words[i] & image.kept[i]) | image.value[i];
    std::memcpy(static_cast<void*>(&state), words.data(), sizeof state);

    // The rows that depend on which processor this is.
    state.regs.gpr[static_cast<std::size_t>(Gpr::rdx)] = identity.signature;
    if (kind != ResetKind::init && identity.bootstrap) state.sregs.apic_base |= 0x100;
    state.events.activity = identity.bootstrap ? ActivityState::running : ActivityState::wait_for_sipi;
}

}  // namespace southgate::cpu
