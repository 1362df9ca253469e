// FLD FILD FBLD, constants, FST(P) FIST(P) FBSTP.
#include "cpu_model/decode/select.h"
#include "cpu_model/interpreter/fpu/groups.h"
#include "cpu_model/interpreter/fpu/state.h"
#include "cpu_model/interpreter/fpu/wide.h"

namespace southgate::cpu::x87 {
namespace {

// Pushes what the stub loads; false: the stack is full or an unmasked exception came.
bool push_quick(FpuState& f, unsigned stub, const void* memory) {
    if (!empty(f, 7)) return false;
    Register r{};
    const std::uint16_t status = quick_load(quick(f, stub), memory, r);
    if (!usable(f, status)) return false;
    push(f, r);
    merge_status(f, status);
    return true;
}

template <class T, Mem M>
const Uop* load_memory(Cpu* c, const Uop* u) {
    begin(c, u);
    T value = load<T, M>(c, u);
    note_operand<M>(c, u);
    if (push_quick(c->fpu, stub_of(u), &value)) return next(c, u);
    execute_exact(c, u, &value);
    return next_reporting(c, u);
}
const Uop* load_extended(Cpu* c, const Uop* u) {
    begin(c, u);
    Register value{};
    read_wide(c, wide_operand(c, u, 10, extended_alignment, false), value.data(), 10);
    note_operand<Mem::segmented>(c, u);
    if (empty(c->fpu, 7)) {
        push(c->fpu, value);
        clear_c1(c->fpu);
        return next(c, u);
    }
    execute_exact(c, u, value.data());
    return next_reporting(c, u);
}
const Uop* load_bcd(Cpu* c, const Uop* u) {
    begin(c, u);
    Register value{};
    read_wide(c, wide_operand(c, u, 10, extended_alignment, false), value.data(), 10);
    note_operand<Mem::segmented>(c, u);
    execute_exact(c, u, value.data());
    return next_reporting(c, u);
}
const Uop* load_constant(Cpu* c, const Uop* u) {
    begin(c, u);
    note_instruction(c, u);
    if (push_quick(c->fpu, stub_of(u), nullptr)) return next(c, u);
    execute_exact(c, u);
    return next_reporting(c, u);
}
const Uop* load_register(Cpu* c, const Uop* u) {
    begin(c, u);
    note_instruction(c, u);
    FpuState& f = c->fpu;
    if (!empty(f, u->aux) && empty(f, 7)) {
        const Register value = st(f, u->aux);
        push(f, value);
        clear_c1(f);
        return next(c, u);
    }
    execute_exact(c, u);
    return next_reporting(c, u);
}

// An unmasked exception other than precision leaves memory and the stack alone (SDM vol. 1 8.5).
bool stores(const Image& image) {
    return !(image.status & ~image.control & (sw::exceptions & ~sw::precision));
}

template <class T, Mem M>
[[gnu::noinline]] void store_exact(Cpu* c, const Uop* u) {
    Image image = to_image(c->fpu);
    T value{};
    run_exact(image, stub_of(u), &value, 0);
    if (stores(image))
        store<T, M>(c, u, value);
    else
        wide_operand(c, u, sizeof value, sizeof value, true);
    note_operand<M>(c, u);
    from_image(c->fpu, image);
}
template <class T, Mem M, bool pops>
const Uop* store_memory(Cpu* c, const Uop* u) {
    begin(c, u);
    FpuState& f = c->fpu;
    if (!empty(f, 0)) {
        T value{};
        // The odd one of each pair of encodings pops.
        const std::uint16_t status = quick_store(quick(f, stub_of(u) | 1), &value, st(f, 0));
        if (usable(f, status)) {
            store<T, M>(c, u, value);
            note_operand<M>(c, u);
            merge_status(f, status);
            if constexpr (pops) pop(f);
            return next(c, u);
        }
    }
    store_exact<T, M>(c, u);
    return next_reporting(c, u);
}
// FSTP m80, FBSTP.
const Uop* store_wide(Cpu* c, const Uop* u) {
    begin(c, u);
    Image image = to_image(c->fpu);
    Register value{};
    run_exact(image, stub_of(u), value.data(), 0);
    const std::uint64_t linear = wide_operand(c, u, 10, extended_alignment, true);
    if (stores(image)) write_wide(c, linear, value.data(), 10);
    note_operand<Mem::segmented>(c, u);
    from_image(c->fpu, image);
    return next_reporting(c, u);
}
const Uop* store_extended(Cpu* c, const Uop* u) {
    if (empty(c->fpu, 0)) return store_wide(c, u);
    begin(c, u);
    const std::uint64_t linear = wide_operand(c, u, 10, extended_alignment, true);
    write_wide(c, linear, st(c->fpu, 0).data(), 10);
    note_operand<Mem::segmented>(c, u);
    clear_c1(c->fpu);
    pop(c->fpu);
    return next(c, u);
}
template <bool pops>
const Uop* store_register(Cpu* c, const Uop* u) {
    begin(c, u);
    note_instruction(c, u);
    FpuState& f = c->fpu;
    if (empty(f, 0)) {
        execute_exact(c, u);
        return next_reporting(c, u);
    }
    const Register value = st(f, 0);
    set_st(f, u->aux, value);
    clear_c1(f);
    if constexpr (pops) pop(f);
    return next(c, u);
}

template <class T>
Handler load_of(const Instruction& i) {
    return by_any_memory(i, []<Mem M>() -> Handler { return load_memory<T, M>; });
}
template <class T>
Handler store_of(const Instruction& i, bool pops) {
    return by_any_memory(
        i, [&]<Mem M>() -> Handler { return pops ? store_memory<T, M, true> : store_memory<T, M, false>; });
}

Handler memory_handler(const Instruction& i) {
    const unsigned reg = i.reg & 7;
    const bool pops = reg & 1;
    switch (i.opcode << 4 | reg) {
        case 0xd90:
            return load_of<std::uint32_t>(i);
        case 0xdb0:
            return load_of<std::uint32_t>(i);
        case 0xdd0:
            return load_of<std::uint64_t>(i);
        case 0xdf0:
            return load_of<std::uint16_t>(i);
        case 0xdf5:
            return load_of<std::uint64_t>(i);
        case 0xdb5:
            return load_extended;
        case 0xdf4:
            return load_bcd;
        case 0xdb1:
            return store_of<std::uint32_t>(i, pops);
        case 0xdd1:
            return store_of<std::uint64_t>(i, pops);
        case 0xdf1:
            return store_of<std::uint16_t>(i, pops);
        case 0xd92:
        case 0xd93:
            return store_of<std::uint32_t>(i, pops);
        case 0xdb2:
        case 0xdb3:
            return store_of<std::uint32_t>(i, pops);
        case 0xdd2:
        case 0xdd3:
            return store_of<std::uint64_t>(i, pops);
        case 0xdf2:
        case 0xdf3:
            return store_of<std::uint16_t>(i, pops);
        case 0xdf7:
            return store_of<std::uint64_t>(i, true);
        case 0xdb7:
            return store_extended;
        case 0xdf6:
            return store_wide;
        default:
            return nullptr;
    }
}

}  // namespace

Handler load_store_handler(const Instruction& i) {
    if (i.memory()) return memory_handler(i);
    const unsigned reg = i.reg & 7;
    if (i.opcode == 0xd9 && reg == 0) return load_register;
    if (i.opcode == 0xd9 && reg == 5) return load_constant;
    if (i.opcode == 0xdd && reg == 2) return store_register<false>;
    if (i.opcode == 0xdd && reg == 3) return store_register<true>;
    return nullptr;
}

}  // namespace southgate::cpu::x87
