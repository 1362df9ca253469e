#include "cpu_model/decode/decoder.h"

#include <algorithm>
#include <limits>

namespace southgate::cpu {
namespace {

void make_decoder(ZydisDecoder& d, ZydisMachineMode machine, ZydisStackWidth width) {
    ZydisDecoderInit(&d, machine, width);
    ZydisDecoderEnableMode(&d, ZYDIS_DECODER_MODE_MINIMAL, ZYAN_TRUE);
    // Encodings that were NOPs or other instructions on the P6.
    for (const ZydisDecoderMode m : {ZYDIS_DECODER_MODE_MPX, ZYDIS_DECODER_MODE_CET, ZYDIS_DECODER_MODE_LZCNT,
                                     ZYDIS_DECODER_MODE_TZCNT, ZYDIS_DECODER_MODE_WBNOINVD,
                                     ZYDIS_DECODER_MODE_CLDEMOTE})
        ZydisDecoderEnableMode(&d, m, ZYAN_FALSE);
}

struct Prefixes {
    bool operand = false, address = false;
    int segment = -1;
};

Prefixes read_prefixes(const ZydisDecodedInstruction& z, Instruction& out) {
    Prefixes p;
    for (unsigned n = 0; n < z.raw.prefix_count; n++) {
        const std::uint8_t value = z.raw.prefixes[n].value;
        switch (value) {
            case 0x66: p.operand = true; break;
            case 0x67: p.address = true; break;
            case 0xf0: out.lock = true; break;
            case 0xf2: out.repne = true, out.rep = false; break;
            case 0xf3: out.rep = true, out.repne = false; break;
            // 64-bit mode ignores these four (SDM vol. 2A 2.1.1, vol. 1 3.4.2.1).
            case 0x26: if (!out.code64()) p.segment = 0; break;
            case 0x2e: if (!out.code64()) p.segment = 1; break;
            case 0x36: if (!out.code64()) p.segment = 2; break;
            case 0x3e: if (!out.code64()) p.segment = 3; break;
            case 0x64: p.segment = 4; break;
            case 0x65: p.segment = 5; break;
            default: break;
        }
    }
    return p;
}

constexpr std::uint8_t slot(unsigned reg) { return static_cast<std::uint8_t>(reg * 8); }

// 16-bit addressing (SDM vol. 2A table 2-1): base and index of each ModRM.rm.
void address16(const Instruction& i, Uop& u, Seg& segment) {
    constexpr unsigned none = zero_slot, bx = 3, bp = 5, si = 6, di = 7;
    constexpr unsigned base[] = {bx, bx, bp, bp, si, di, bp, bx};
    constexpr unsigned index[] = {si, di, si, di, none, none, none, none};
    const unsigned rm = i.rm & 7;
    const bool direct = i.mod == 0 && rm == 6;
    u.base = slot(direct ? none : base[rm]);
    u.index = slot(direct ? none : index[rm]);
    if (!direct && base[rm] == bp) segment = Seg::ss;
}

void address32(const ZydisDecodedInstruction& z, const Instruction& i, Translation& t, Seg& segment) {
    Uop& u = t.uop;
    unsigned base = i.rm;
    if (i.code64() && i.mod == 0 && (i.rm & 7) == 5) {  // RIP-relative (SDM vol. 2A table 2-7)
        u.base = slot(rip_slot);
        t.relative = true;
        if (u.disp > std::numeric_limits<std::int32_t>::max() - operand_reach) {
            u.disp -= operand_reach;
            u.index = slot(reach_slot);
        }
        return;
    }
    if ((i.rm & 7) == 4) {
        base = z.raw.sib.base | (z.raw.rex.B ? 8 : 0);
        const unsigned index = z.raw.sib.index | (z.raw.rex.X ? 8 : 0);
        if (index != 4) {
            u.index = slot(index);
            u.scale = z.raw.sib.scale;
        }
    }
    const bool no_base = i.mod == 0 && (base & 7) == 5;
    u.base = slot(no_base ? zero_slot : base);
    if (!no_base && (base == 4 || base == 5)) segment = Seg::ss;
}

}  // namespace

Decoder::Decoder() {
    make_decoder(decoder16_, ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16);
    make_decoder(decoder32_, ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
    make_decoder(decoder64_, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
}

DecodeStatus Decoder::decode(const std::uint8_t* bytes, std::size_t size, std::uint32_t mode, Instruction& out,
                             Translation& t) const {
    const ZydisDecoder& d = (mode & mode::code64) ? decoder64_ : (mode & mode::code32) ? decoder32_ : decoder16_;
    ZydisDecodedInstruction z;
    const ZyanStatus status = ZydisDecoderDecodeInstruction(&d, nullptr, bytes, std::min<std::size_t>(size, 15), &z);
    out = Instruction{};
    t = Translation{};
    if (!ZYAN_SUCCESS(status)) {
        if (status == ZYDIS_STATUS_NO_MORE_DATA)
            return size >= 15 ? DecodeStatus::too_long : DecodeStatus::more_bytes;
        return status == ZYDIS_STATUS_INSTRUCTION_TOO_LONG ? DecodeStatus::too_long : DecodeStatus::invalid;
    }
    out.mode = mode;
    const Prefixes p = read_prefixes(z, out);
    out.operand_prefix = p.operand;
    const bool code32 = mode & mode::code32;
    out.mnemonic = z.mnemonic;
    out.map = z.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT ? 0
              : z.opcode_map == ZYDIS_OPCODE_MAP_0F    ? 1
              : z.opcode_map == ZYDIS_OPCODE_MAP_0F38  ? 2
                                                       : 3;
    if (z.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY) out.map = 0xff;
    out.opcode = z.opcode;
    out.length = z.length;
    out.rex = (z.attributes & ZYDIS_ATTRIB_HAS_REX) != 0;
    out.rex_w = z.raw.rex.W;
    if (out.code64()) {
        out.operand_size = z.raw.rex.W ? 8 : p.operand ? 2 : 4;
        out.address_size = p.address ? 4 : 8;
    } else {
        out.operand_size = code32 != p.operand ? 4 : 2;
        out.address_size = code32 != p.address ? 4 : 2;
    }

    Uop& u = t.uop;
    u.base = u.index = u.rm = u.reg = slot(zero_slot);
    u.length = z.length;
    u.addr_shift = out.address_size == 8 ? 0 : out.address_size == 4 ? 32 : 48;
    out.offset = static_cast<std::uint64_t>(z.raw.disp.value);
    u.disp = static_cast<std::int32_t>(z.raw.disp.value);
    out.segment = Seg::ds;
    if (z.attributes & ZYDIS_ATTRIB_HAS_MODRM || z.raw.modrm.offset != 0) {
        out.has_modrm = true;
        out.mod = z.raw.modrm.mod;
        out.reg = static_cast<std::uint8_t>(z.raw.modrm.reg | (z.raw.rex.R ? 8 : 0));
        out.rm = static_cast<std::uint8_t>(z.raw.modrm.rm | (z.raw.rex.B ? 8 : 0));
        u.reg = slot(out.reg);
        if (out.mod == 3) {
            u.rm = slot(out.rm);
        } else if (out.address_size == 2) {
            address16(out, u, out.segment);
        } else {
            address32(z, out, t, out.segment);
        }
    }
    if (!out.has_modrm) out.rm = static_cast<std::uint8_t>((z.opcode & 7) | (z.raw.rex.B ? 8 : 0));
    if (p.segment >= 0) out.segment = static_cast<Seg>(p.segment);
    u.seg = static_cast<std::uint8_t>(out.segment);
    auto immediate = [&z](unsigned n) {
        return z.raw.imm[n].is_signed ? static_cast<std::uint64_t>(z.raw.imm[n].value.s) : z.raw.imm[n].value.u;
    };
    if (z.raw.imm[0].size) {
        out.imm = immediate(0);
        t.imm_offset = z.raw.imm[0].offset;
        t.imm_size = z.raw.imm[0].size / 8;
        t.imm_signed = z.raw.imm[0].is_signed;
    }
    if (z.raw.imm[1].size) out.imm2 = immediate(1);
    u.imm = out.imm;
    return DecodeStatus::ok;
}

}  // namespace southgate::cpu
