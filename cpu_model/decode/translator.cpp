#include "cpu_model/decode/translator.h"

#include <algorithm>
#include <cstring>

#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/block_handlers.h"
#include "cpu_model/interpreter/fpu/fpu.h"

namespace southgate::cpu {

// Zydis, then the handler table. For ok and the two failures that are instructions of their own, `t` is complete.
DecodeStatus Translator::decode(const std::uint8_t* bytes, unsigned size, std::uint32_t mode, Translation& t) {
    Instruction i;
    const DecodeStatus status = decoder_.decode(bytes, size, mode, i, t);
    Uop& u = t.uop;
    i.features = features_;
    i.features_ecx = features_ecx_;
    i.features7_ebx = features7_ebx_;
    if (status == DecodeStatus::ok) {
        const Select select = HandlerTable::instance().find(i.mnemonic);
        if (select && i.map != 0xff) select(i, t);
        const bool escape = i.map == 0 && i.opcode >= 0xd8 && i.opcode <= 0xdf;
        if (!u.handler && escape) select_escape(i, t);
        if (!u.handler) {
            u.handler = select ? op_undefined : op_unimplemented;
            u.imm = i.mnemonic;
            t.ends_block = true;
        }
    } else if (status != DecodeStatus::more_bytes) {
        t = Translation{};
        u.handler = status == DecodeStatus::too_long ? op_too_long : op_undefined;
        u.length = 1;
        t.ends_block = true;
    }
    return status;
}

bool Translator::recall(Memo& memo, const std::uint8_t* bytes, unsigned size, Translation& t) {
    Translation& known = memo.translation;
    const unsigned length = known.uop.length;
    if (length > size) return false;
    if (std::memcmp(memo.bytes.data(), bytes, length) != 0) {
        // The immediate is the last part of an instruction.
        if (!known.imm_patchable || known.imm_size == 0 || std::memcmp(memo.bytes.data(), bytes, known.imm_offset) != 0) return false;
        std::uint64_t imm = 0;
        std::memcpy(&imm, bytes + known.imm_offset, known.imm_size);
        if (known.imm_signed) {
            const unsigned unused = 64 - 8 * known.imm_size;
            imm = static_cast<std::uint64_t>(static_cast<std::int64_t>(imm << unused) >> unused);
        }
        known.uop.imm = imm;
        std::memcpy(memo.bytes.data(), bytes, length);
    }
    t = known;
    return true;
}

Translator::End Translator::run(const std::uint8_t* bytes, unsigned size, std::uint32_t mode, unsigned max,
                                const CodePage* page, unsigned offset) {
    constexpr unsigned longest = 15;  // SDM vol. 2A 2.3.11
    count_ = bytes_ = covered_ = 0;
    while (count_ < max && bytes_ < size) {
        const bool single = page && page->alone[offset + bytes_];
        if (single && count_) break;
        Translation& t = items_[count_];
        const std::uint8_t* at = bytes + bytes_;
        Memo* memo = nullptr;
        if (page && page->changing) memo = &memos_[(reinterpret_cast<std::uintptr_t>(at) ^ mode) % memo_size];
        DecodeStatus status = DecodeStatus::ok;
        if (!memo || memo->at != at || memo->mode != mode || !recall(*memo, at, size - bytes_, t)) {
            status = decode(at, size - bytes_, mode, t);
            if (status == DecodeStatus::more_bytes) return count_ ? End::normal : End::crossing;
            if (memo && status == DecodeStatus::ok) {
                memo->at = at;
                memo->mode = mode;
                std::memcpy(memo->bytes.data(), at, t.uop.length);
                memo->translation = t;
            }
        }
        Uop& u = t.uop;
        u.ip = static_cast<std::uint16_t>(bytes_);
        u.number = static_cast<std::uint8_t>(count_);
        // A direct jump's may carry over 2 GiB: mod 2^32 that is what 32-bit code means, link() undoes it for 64-bit code.
        if (t.relative) u.disp = static_cast<std::int32_t>(static_cast<std::uint32_t>(u.disp) + bytes_ + u.length);
        covered_ = status == DecodeStatus::ok ? bytes_ + u.length : std::min(size, bytes_ + longest);
        bytes_ += u.length;
        count_++;
        if (t.ends_block || single) break;
    }
    return End::normal;
}

void Translator::emit(Uop* out) const {
    bool dead = false;
    for (unsigned n = count_; n-- > 0;) {
        const Translation& t = items_[n];
        out[n] = t.uop;
        if (dead && t.without_flags) out[n].handler = t.without_flags;
        else if (t.observes_flags) dead = false;
        else if (t.overwrites_flags) dead = true;
    }
    if (count_ >= 2 && items_[count_ - 1].condition >= 0 && items_[count_ - 2].fused)
        out[count_ - 2].handler = items_[count_ - 2].fused[items_[count_ - 1].condition];
    // The terminator goes on behind the block.
    Uop& end = out[count_];
    end = Uop{};
    end.handler = op_fall_through;
    end.disp = static_cast<std::int32_t>(bytes_);
    end.ip = static_cast<std::uint16_t>(bytes_);
    end.number = static_cast<std::uint8_t>(count_);
    out[count_ + 1] = end;
}

}  // namespace southgate::cpu
