#include "cpu_model/decode/translator.h"

#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/block_handlers.h"
#include "cpu_model/interpreter/fpu.h"

namespace southgate::cpu {

Translator::End Translator::run(const std::uint8_t* bytes, unsigned size, std::uint32_t mode, unsigned max,
                                const std::bitset<4096>* alone, unsigned offset) {
    const HandlerTable& table = HandlerTable::instance();
    count_ = bytes_ = 0;
    while (count_ < max && bytes_ < size) {
        const bool single = alone && (*alone)[offset + bytes_];
        if (single && count_) break;
        Translation& t = items_[count_];
        Instruction i;
        const DecodeStatus status = decoder_.decode(bytes + bytes_, size - bytes_, mode, i, t);
        if (status == DecodeStatus::more_bytes) return count_ ? End::normal : End::crossing;
        Uop& u = t.uop;
        if (status == DecodeStatus::ok) {
            const Select select = table.find(i.mnemonic);
            if (select && i.map != 0xff) select(i, t);
            const bool escape = i.map == 0 && i.opcode >= 0xd8 && i.opcode <= 0xdf;
            if (!u.handler && escape) select_escape(i, t);
            if (!u.handler) {
                u.handler = select ? op_undefined : op_unimplemented;
                u.imm = i.mnemonic;
                t.ends_block = true;
            }
        } else {
            t = Translation{};
            u.handler = status == DecodeStatus::too_long ? op_too_long : op_undefined;
            u.length = 1;
            t.ends_block = true;
        }
        u.ip = static_cast<std::uint16_t>(bytes_);
        u.number = static_cast<std::uint8_t>(count_);
        if (t.relative) u.disp += static_cast<std::int32_t>(bytes_ + u.length);
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
