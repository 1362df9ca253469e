// FCOM FUCOM FCOMI FUCOMI and their popping forms, FICOM, FTST, FXAM.
#include "cpu_model/decode/select.h"
#include "cpu_model/interpreter/flags.h"
#include "cpu_model/interpreter/fpu/groups.h"
#include "cpu_model/interpreter/fpu/state.h"

namespace southgate::cpu::x87 {
namespace {

// Compares ST(0) with ST(i); false: a register is empty or an unmasked exception came.
template <bool unordered>
bool compare_quick(FpuState& f, unsigned i, std::uint16_t& status) {
    if (empty(f, 0) || empty(f, i)) return false;
    constexpr unsigned fcompp = register_stub(0xde, 0xd9), fucompp = register_stub(0xda, 0xe9);
    status = quick_compare(quick(f, unordered ? fucompp : fcompp), st(f, 0), st(f, i));
    return usable(f, status);
}

template <bool unordered, unsigned pops>
const Uop* compare(Cpu* c, const Uop* u) {
    begin(c, u);
    note_instruction(c, u);
    FpuState& f = c->fpu;
    std::uint16_t status = 0;
    if (compare_quick<unordered>(f, u->aux, status)) {
        merge_status(f, status, sw::condition);
        for (unsigned n = 0; n < pops; n++) pop(f);
        return next(c, u);
    }
    execute_exact(c, u);
    return next_reporting(c, u);
}
// The result goes to ZF, PF and CF where the status word has C3, C2 and C0; OF, SF, AF and C1 are cleared.
// Not all host processors clear C1.
template <bool unordered, bool pops>
const Uop* compare_flags(Cpu* c, const Uop* u) {
    begin(c, u);
    note_instruction(c, u);
    FpuState& f = c->fpu;
    std::uint16_t status = 0;
    if (compare_quick<unordered>(f, u->aux, status)) {
        merge_status(f, status);
        set_status_flags(c, ((status & sw::c3) ? eflags::zf : 0) | ((status & sw::c2) ? eflags::pf : 0) |
                                ((status & sw::c0) ? eflags::cf : 0));
        if constexpr (pops) pop(f);
        return next(c, u);
    }
    execute_exact(c, u);
    clear_c1(f);
    return next_reporting(c, u);
}
template <class T, Mem M, bool pops>
const Uop* compare_memory(Cpu* c, const Uop* u) {
    begin(c, u);
    T value = load<T, M>(c, u);
    note_operand<M>(c, u);
    FpuState& f = c->fpu;
    if (!empty(f, 0)) {
        // The odd one of each pair of encodings pops.
        const std::uint16_t status = quick_store(quick(f, stub_of(u) | 1), &value, st(f, 0));
        if (usable(f, status)) {
            merge_status(f, status, sw::condition);
            if constexpr (pops) pop(f);
            return next(c, u);
        }
    }
    execute_exact(c, u, &value);
    return next_reporting(c, u);
}
// FTST, FXAM.
const Uop* examine(Cpu* c, const Uop* u) {
    begin(c, u);
    note_instruction(c, u);
    FpuState& f = c->fpu;
    if (!empty(f, 0)) {
        Register same{};
        const std::uint16_t status = quick_unary(quick(f, stub_of(u)), nullptr, st(f, 0), same);
        if (usable(f, status)) {
            merge_status(f, status, sw::condition);
            return next(c, u);
        }
    }
    execute_exact(c, u);
    return next_reporting(c, u);
}

template <class T>
Handler memory_of(const Instruction& i) {
    return by_any_memory(i, [&]<Mem M>() -> Handler {
        return (i.reg & 1) ? compare_memory<T, M, true> : compare_memory<T, M, false>;
    });
}

}  // namespace

Handler compare_handler(const Instruction& i) {
    const unsigned reg = i.reg & 7;
    if (i.memory()) {
        if (reg != 2 && reg != 3) return nullptr;
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
    switch (i.mnemonic) {
        case ZYDIS_MNEMONIC_FCOM:
            return compare<false, 0>;
        case ZYDIS_MNEMONIC_FCOMP:
            return compare<false, 1>;
        case ZYDIS_MNEMONIC_FCOMPP:
            return compare<false, 2>;
        case ZYDIS_MNEMONIC_FUCOM:
            return compare<true, 0>;
        case ZYDIS_MNEMONIC_FUCOMP:
            return compare<true, 1>;
        case ZYDIS_MNEMONIC_FUCOMPP:
            return compare<true, 2>;
        case ZYDIS_MNEMONIC_FCOMI:
            return compare_flags<false, false>;
        case ZYDIS_MNEMONIC_FCOMIP:
            return compare_flags<false, true>;
        case ZYDIS_MNEMONIC_FUCOMI:
            return compare_flags<true, false>;
        case ZYDIS_MNEMONIC_FUCOMIP:
            return compare_flags<true, true>;
        case ZYDIS_MNEMONIC_FTST:
        case ZYDIS_MNEMONIC_FXAM:
            return examine;
        default:
            return nullptr;
    }
}

}  // namespace southgate::cpu::x87
