// FLDENV FNSTENV FRSTOR FNSAVE: the environment in its four formats (SDM vol. 1 figures 8-9 to 8-12),
// followed by the registers in the order ST(0) to ST(7) for the latter two.
#include "cpu_model/interpreter/fpu/environment.h"

#include <array>

#include "cpu_model/decode/select.h"
#include "cpu_model/interpreter/fpu/groups.h"
#include "cpu_model/interpreter/fpu/state.h"
#include "cpu_model/interpreter/fpu/wide.h"

namespace southgate::cpu::x87 {
namespace {

constexpr unsigned registers_size = 80;
template <class T>  // uint16_t or uint32_t, by operand size
constexpr unsigned environment_size = 7 * sizeof(T);

using Buffer = std::array<std::uint8_t, 28 + registers_size>;

template <class T>
void put_field(Buffer& b, unsigned n, std::uint32_t value) {
    const T v = static_cast<T>(value);
    std::memcpy(b.data() + n * sizeof v, &v, sizeof v);
}
template <class T>
std::uint32_t get_field(const Buffer& b, unsigned n) {
    T v;
    std::memcpy(&v, b.data() + n * sizeof v, sizeof v);
    return v;
}

// The reserved upper halves of the 32-bit formats are stored as ones.
constexpr std::uint32_t ones = 0xffff0000;

// MMX instructions leave every register "valid", whatever it holds; what is stored is read from the contents
// (SDM vol. 3A table 12-2).
std::uint32_t stored_tags(const FpuState& f) {
    std::uint32_t tags = 0;
    for (unsigned n = 0; n < 8; n++) {
        const bool is_empty = ((f.ftw >> 2 * n) & 3) == tag_empty;
        tags |= (is_empty ? tag_empty : tag_of(f.st[n])) << 2 * n;
    }
    return tags;
}

template <class T>
void write_environment(Buffer& b, const FpuState& f, bool real) {
    put_field<T>(b, 0, ones | f.fcw);
    put_field<T>(b, 1, ones | f.fsw);
    put_field<T>(b, 2, ones | stored_tags(f));
    const std::uint32_t opcode = f.opcode & 0x7ff;
    if (real) {
        const auto ip = static_cast<std::uint32_t>((std::uint32_t{f.cs} << 4) + f.ip);
        const auto dp = static_cast<std::uint32_t>((std::uint32_t{f.ds} << 4) + f.dp);
        put_field<T>(b, 3, ones | ip);
        put_field<T>(b, 4, (ip >> 16 << 12) | opcode);
        put_field<T>(b, 5, ones | dp);
        put_field<T>(b, 6, dp >> 16 << 12);
    } else {
        put_field<T>(b, 3, static_cast<std::uint32_t>(f.ip));
        put_field<T>(b, 4, f.cs | opcode << 16);
        put_field<T>(b, 5, static_cast<std::uint32_t>(f.dp));
        put_field<T>(b, 6, ones | f.ds);
    }
}

// Only whether a register is empty counts of the tags (SDM vol. 1 8.1.7): the rest follows the contents.
void load_tags(FpuState& f, unsigned tags) {
    f.ftw = 0;
    for (unsigned n = 0; n < 8; n++) {
        const bool is_empty = ((tags >> 2 * n) & 3) == tag_empty;
        f.ftw = static_cast<std::uint16_t>(f.ftw | (is_empty ? tag_empty : tag_of(f.st[n])) << 2 * n);
    }
}

template <class T>
void read_environment(const Buffer& b, FpuState& f, bool real) {
    constexpr bool wide = sizeof(T) == 4;
    set_control(f, get_field<T>(b, 0));
    f.fsw = static_cast<std::uint16_t>(get_field<T>(b, 1));
    const std::uint32_t middle = get_field<T>(b, 4), last = get_field<T>(b, 6);
    if (real) {
        // A linear address is all these formats hold.
        f.ip = (get_field<T>(b, 3) & 0xffff) | (middle >> 12 << 16);
        f.dp = (get_field<T>(b, 5) & 0xffff) | (last >> 12 << 16);
        f.cs = f.ds = 0;
        f.opcode = middle & 0x7ff;
    } else {
        f.ip = get_field<T>(b, 3);
        f.dp = get_field<T>(b, 5);
        f.cs = static_cast<std::uint16_t>(middle);
        f.ds = static_cast<std::uint16_t>(last);
        // The 16-bit protected mode format has no opcode.
        f.opcode = wide ? (middle >> 16) & 0x7ff : 0;
    }
    load_tags(f, get_field<T>(b, 2));
    update_summary(f);
}

template <class T>
const Uop* fnstenv(Cpu* c, const Uop* u) {
    require_fpu(c, u);
    Buffer b{};
    write_environment<T>(b, c->fpu, real_style_segments(c));
    write_wide(c, wide_operand(c, u, environment_size<T>, sizeof(T), true), b.data(), environment_size<T>);
    // Masks everything (SDM vol. 2A FSTENV), which leaves nothing pending.
    c->fpu.fcw |= sw::exceptions;
    update_summary(c->fpu);
    return next_reporting(c, u);
}
template <class T>
const Uop* fldenv(Cpu* c, const Uop* u) {
    begin(c, u);
    Buffer b{};
    read_wide(c, wide_operand(c, u, environment_size<T>, sizeof(T), false), b.data(), environment_size<T>);
    read_environment<T>(b, c->fpu, real_style_segments(c));
    return next_reporting(c, u);
}
template <class T>
const Uop* fnsave(Cpu* c, const Uop* u) {
    require_fpu(c, u);
    constexpr unsigned size = environment_size<T> + registers_size;
    Buffer b{};
    write_environment<T>(b, c->fpu, real_style_segments(c));
    for (unsigned i = 0; i < 8; i++)
        std::memcpy(b.data() + environment_size<T> + 10 * i, st(c->fpu, i).data(), 10);
    write_wide(c, wide_operand(c, u, size, sizeof(T), true), b.data(), size);
    initialise(c->fpu);
    return next_reporting(c, u);
}
template <class T>
const Uop* frstor(Cpu* c, const Uop* u) {
    begin(c, u);
    constexpr unsigned size = environment_size<T> + registers_size;
    Buffer b{};
    read_wide(c, wide_operand(c, u, size, sizeof(T), false), b.data(), size);
    FpuState& f = c->fpu;
    f.fsw = static_cast<std::uint16_t>(get_field<T>(b, 1));
    for (unsigned i = 0; i < 8; i++)
        std::memcpy(st(f, i).data(), b.data() + environment_size<T> + 10 * i, 10);
    read_environment<T>(b, f, real_style_segments(c));
    return next_reporting(c, u);
}

}  // namespace

Handler environment_handler(const Instruction& i) {
    const auto pick = [&]<class T>() -> Handler {
        switch (i.mnemonic) {
            case ZYDIS_MNEMONIC_FLDENV:
                return fldenv<T>;
            case ZYDIS_MNEMONIC_FNSTENV:
                return fnstenv<T>;
            case ZYDIS_MNEMONIC_FRSTOR:
                return frstor<T>;
            case ZYDIS_MNEMONIC_FNSAVE:
                return fnsave<T>;
            default:
                return nullptr;
        }
    };
    return i.operand_size == 2 ? pick.operator()<std::uint16_t>() : pick.operator()<std::uint32_t>();
}

}  // namespace southgate::cpu::x87
