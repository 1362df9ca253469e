// FADD FMUL FSUB(R) FDIV(R) with register, memory and integer operands; FSQRT FRNDINT.
#include "cpu_model/decode/select.h"
#include "cpu_model/interpreter/fpu/groups.h"
#include "cpu_model/interpreter/fpu/state.h"

namespace southgate::cpu::x87 {
namespace {

enum class Into : std::uint8_t { st0, sti, sti_pop };

// ModRM.reg says what is computed from ST(0) and ST(i), the opcode only where it goes: the popping form
// leaves one result on the host's stack.
unsigned popping_stub(const Uop* u) { return register_stub(0xde, 0xc1 | (stub_of(u) & 0x38)); }

template <Into D>
const Uop* registers(Cpu* c, const Uop* u) {
    begin(c, u);
    note_instruction(c, u);
    FpuState& f = c->fpu;
    const unsigned i = u->aux;
    if (!empty(f, 0) && !empty(f, i)) {
        Register r{};
        const std::uint16_t status = quick_binary(quick(f, popping_stub(u)), st(f, 0), st(f, i), r);
        if (usable(f, status)) {
            set_st(f, D == Into::st0 ? 0 : i, r);
            merge_status(f, status);
            if constexpr (D == Into::sti_pop) pop(f);
            return next(c, u);
        }
    }
    execute_exact(c, u);
    return next_reporting(c, u);
}
// On ST(0) alone, or with a memory operand; false: not done.
bool change_top(FpuState& f, unsigned stub, const void* memory) {
    if (empty(f, 0)) return false;
    Register r{};
    const std::uint16_t status = quick_unary(quick(f, stub), memory, st(f, 0), r);
    if (!usable(f, status)) return false;
    set_st(f, 0, r);
    merge_status(f, status);
    return true;
}
template <class T, Mem M>
const Uop* memory(Cpu* c, const Uop* u) {
    begin(c, u);
    T value = load<T, M>(c, u);
    note_operand<M>(c, u);
    if (change_top(c->fpu, stub_of(u), &value)) return next(c, u);
    execute_exact(c, u, &value);
    return next_reporting(c, u);
}
const Uop* unary(Cpu* c, const Uop* u) {
    begin(c, u);
    note_instruction(c, u);
    if (change_top(c->fpu, stub_of(u), nullptr)) return next(c, u);
    execute_exact(c, u);
    return next_reporting(c, u);
}

template <class T>
Handler memory_of(const Instruction& i) {
    return by_any_memory(i, []<Mem M>() -> Handler { return memory<T, M>; });
}

}  // namespace

Handler arithmetic_handler(const Instruction& i) {
    const unsigned reg = i.reg & 7;
    const bool compares = reg == 2 || reg == 3;
    if (i.memory()) {
        if (compares) return nullptr;
        switch (i.opcode) {
            case 0xd8:
                return memory_of<std::uint32_t>(i);
            case 0xda:
                return memory_of<std::uint32_t>(i);
            case 0xdc:
                return memory_of<std::uint64_t>(i);
            case 0xde:
                return memory_of<std::uint16_t>(i);
            default:
                return nullptr;
        }
    }
    if (i.opcode == 0xd9 && reg == 7 && ((i.rm & 7) == 2 || (i.rm & 7) == 4)) return unary;  // FSQRT, FRNDINT
    if (compares) return nullptr;
    switch (i.opcode) {
        case 0xd8:
            return registers<Into::st0>;
        case 0xdc:
            return registers<Into::sti>;
        case 0xde:
            return registers<Into::sti_pop>;
        default:
            return nullptr;
    }
}

}  // namespace southgate::cpu::x87
