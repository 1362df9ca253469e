// MOV, MOVZX, MOVSX, LEA, XLAT, BSWAP.
#include "cpu_model/decode/select.h"
#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/operand.h"

namespace southgate::cpu {
namespace {

template <class T>
const Uop* mov_rr(Cpu* c, const Uop* u) {  // rm := reg
    set_reg<T>(c, u->rm, get_reg<T>(c, u->reg));
    return next(c, u);
}
template <class T>
const Uop* mov_ri(Cpu* c, const Uop* u) {
    set_reg<T>(c, u->rm, static_cast<T>(u->imm));
    return next(c, u);
}
template <class T, Mem M>
const Uop* mov_rm(Cpu* c, const Uop* u) {
    set_reg<T>(c, u->reg, load<T, M>(c, u));
    return next(c, u);
}
template <class T, Mem M>
const Uop* mov_mr(Cpu* c, const Uop* u) {
    store<T, M>(c, u, get_reg<T>(c, u->reg));
    return next(c, u);
}
template <class T, Mem M>
const Uop* mov_mi(Cpu* c, const Uop* u) {
    store<T, M>(c, u, static_cast<T>(u->imm));
    return next(c, u);
}

void select_mov(const Instruction& i, Translation& t) {
    Uop& u = t.uop;
    t.observes_flags = i.memory();
    const bool byte = (i.opcode & 1) == 0;
    const unsigned size = byte ? 1 : i.operand_size;
    switch (i.opcode) {
        case 0x88: case 0x89: case 0x8a: case 0x8b: {
            set_operand_size(i, u, size);
            const bool to_reg = (i.opcode & 2) != 0;
            if (!i.memory()) {
                if (to_reg) std::swap(u.reg, u.rm);
                u.handler = by_size(size, []<class T>() -> Handler { return mov_rr<T>; });
            } else if (to_reg) {
                u.handler = by_size(size, [&]<class T>() {
                    return by_memory(i, []<Mem M>() -> Handler { return mov_rm<T, M>; });
                });
            } else {
                u.handler = by_size(size, [&]<class T>() {
                    return by_memory(i, []<Mem M>() -> Handler { return mov_mr<T, M>; });
                });
            }
            return;
        }
        case 0xc6: case 0xc7:
            set_operand_size(i, u, size);
            u.handler = by_size(size, [&]<class T>() {
                return i.memory() ? by_memory(i, []<Mem M>() -> Handler { return mov_mi<T, M>; }) : Handler{mov_ri<T>};
            });
            return;
        default: return;
    }
}

}  // namespace

void register_data_movement(HandlerTable& t) { t.add(ZYDIS_MNEMONIC_MOV, select_mov); }

}  // namespace southgate::cpu
