// The state save map of system management mode, in both layouts (SDM vol. 3C table 30-1; AMD64 APM vol. 2
// table 10-1). Fields the vendors call reserved hold the hidden state an RSM must bring back, where other
// implementations of these layouts keep it too.
#pragma once

#include <array>
#include <cstdint>

#include "cpu_model/state/registers.h"

namespace southgate::cpu {

struct SmmState {
    std::array<std::uint64_t, gpr_count> gpr{};
    std::uint64_t rip = 0, rflags = 0, cr0 = 0, cr3 = 0, cr4 = 0, dr6 = 0, dr7 = 0, efer = 0;
    std::array<SegmentRegister, seg_count> seg{};
    SegmentRegister ldtr, tr;
    DescriptorTable gdtr, idtr;
    // The port instruction just before the SMI, and what it starts with: what an I/O restart goes back to.
    std::uint64_t io_rip = 0, io_rcx = 0, io_rsi = 0, io_rdi = 0;
    std::uint64_t io_trap = 0;        // what it was (smm_io.h); 0 for none
    std::uint64_t io_restart = 0;     // I/O instruction restart field
    std::uint64_t pending_debug = 0;  // DR6 bits of the #DB trap that the SMI came before
    std::uint64_t auto_halt = 0;   // bit 0: the SMI came in HLT
    std::uint64_t was_shutdown = 0;
    std::uint64_t revision = 0, smbase = 0;
};

inline constexpr std::uint64_t smm_revision32 = 0x00020000,
                               smm_revision64 = 0x00020064;  // bit 17: relocation
inline constexpr std::uint32_t smm_revision_offset = 0xfefc;

// Each calls field(offset from SMBASE, bytes, value) for every field; `value` is a std::uint64_t& or, for
// segment parts and limits, a std::uint16_t& or std::uint32_t&.
template <class Field>
void visit_segment32(SegmentRegister& s, std::uint32_t hidden, std::uint32_t selector, Field field) {
    field(selector, 2, s.selector);
    field(hidden, 4, s.attributes);
    field(hidden + 4, 4, s.limit);
    field(hidden + 8, 4, s.base);
}

template <class Field>
void visit_smm_map32(SmmState& s, Field field) {
    field(0xfffc, 4, s.cr0);
    field(0xfff8, 4, s.cr3);
    field(0xfff4, 4, s.rflags);
    field(0xfff0, 4, s.rip);
    for (unsigned i = 0; i < 8; ++i) {  // EAX is lowest, EDI highest; EBX, ESP and EBP, ESI in between
        constexpr std::uint32_t offsets[8] = {0xffd0, 0xffd4, 0xffd8, 0xffdc, 0xffe0, 0xffe4, 0xffe8, 0xffec};
        field(offsets[i], 4, s.gpr[i]);
    }
    field(0xffcc, 4, s.dr6);
    field(0xffc8, 4, s.dr7);
    visit_segment32(s.tr, 0xff5c, 0xffc4, field);
    visit_segment32(s.ldtr, 0xff78, 0xffc0, field);
    for (unsigned i = 0; i < seg_count; ++i)
        visit_segment32(s.seg[i], i < 3 ? 0xff84 + 12 * i : 0xff2c + 12 * (i - 3), 0xffa8 + 4 * i, field);
    field(0xff74, 4, s.gdtr.base);
    field(0xff70, 2, s.gdtr.limit);
    field(0xff58, 4, s.idtr.base);
    field(0xff54, 2, s.idtr.limit);
    field(0xff14, 4, s.cr4);
    field(0xff24, 4, s.io_rdi);
    field(0xff20, 4, s.io_rsi);
    field(0xff1c, 4, s.io_rcx);
    field(0xff18, 4, s.io_trap);
    field(0xff10, 4, s.io_rip);
    field(0xff08, 4, s.pending_debug);
    field(0xff0c, 1, s.was_shutdown);
    field(0xff02, 2, s.auto_halt);
    field(0xff00, 2, s.io_restart);
    field(smm_revision_offset, 4, s.revision);
    field(0xfef8, 4, s.smbase);
}

template <class Field>
void visit_segment64(SegmentRegister& s, std::uint32_t at, Field field) {
    field(at, 2, s.selector);
    // Attributes as in a descriptor: bits 8-15 and, above them, 20-23.
    std::uint64_t packed = (s.attributes & 0xff) | (s.attributes >> 4 & 0xf00) |
                           ((s.attributes & SegmentRegister::unusable) != 0 ? 0x8000u : 0u);
    field(at + 2, 2, packed);
    s.attributes = static_cast<std::uint32_t>((packed & 0xff) | (packed & 0xf00) << 4 |
                                              ((packed & 0x8000) != 0 ? SegmentRegister::unusable : 0u));
    field(at + 4, 4, s.limit);
    field(at + 8, 8, s.base);
}

template <class Field>
void visit_smm_map64(SmmState& s, Field field) {
    for (unsigned i = 0; i < seg_count; ++i) visit_segment64(s.seg[i], 0xfe00 + 16 * i, field);
    field(0xfe64, 2, s.gdtr.limit);
    field(0xfe68, 8, s.gdtr.base);
    visit_segment64(s.ldtr, 0xfe70, field);
    field(0xfe84, 2, s.idtr.limit);
    field(0xfe88, 8, s.idtr.base);
    visit_segment64(s.tr, 0xfe90, field);
    field(0xfea0, 8, s.io_rip);
    field(0xfea8, 8, s.io_rcx);
    field(0xfeb0, 8, s.io_rsi);
    field(0xfeb8, 8, s.io_rdi);
    field(0xfec0, 4, s.io_trap);
    field(0xfec8, 1, s.io_restart);
    field(0xfec9, 1, s.auto_halt);
    field(0xfeca, 1, s.was_shutdown);
    field(0xfecc, 4, s.pending_debug);
    field(0xfed0, 8, s.efer);
    field(smm_revision_offset, 4, s.revision);
    field(0xff00, 4, s.smbase);
    field(0xff48, 8, s.cr4);
    field(0xff50, 8, s.cr3);
    field(0xff58, 8, s.cr0);
    field(0xff60, 8, s.dr7);
    field(0xff68, 8, s.dr6);
    field(0xff70, 8, s.rflags);
    field(0xff78, 8, s.rip);
    for (unsigned i = 0; i < gpr_count; ++i) {  // R15 lowest, RAX highest
        constexpr std::uint32_t offsets[gpr_count] = {0xfff8, 0xfff0, 0xffe8, 0xffe0, 0xffd8, 0xffd0,
                                                      0xffc8, 0xffc0, 0xffb8, 0xffb0, 0xffa8, 0xffa0,
                                                      0xff98, 0xff90, 0xff88, 0xff80};
        field(offsets[i], 8, s.gpr[i]);
    }
}

}  // namespace southgate::cpu
