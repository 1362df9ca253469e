// MOVS, STOS, LODS.
#include <cstring>

#include "cpu_model/decode/select.h"
#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/string.h"
#include "cpu_model/interpreter/string_select.h"

namespace southgate::cpu {
namespace {

// Copies forwards element by element, as REP MOVS with DF = 0 does: an overlap repeats a pattern.
template <class T>
void copy_up(std::uint8_t* to, const std::uint8_t* from, std::uint64_t count) {
    const std::uint64_t bytes = count * sizeof(T);
    const auto distance = reinterpret_cast<std::uintptr_t>(to) - reinterpret_cast<std::uintptr_t>(from);
    if (distance >= bytes) {  // apart, or the destination is lower
        std::memmove(to, from, bytes);
    } else if (distance != 0 && distance % sizeof(T) == 0) {
        // Period `distance`: what is copied is again a source, so each step may double.
        std::memcpy(to, from, distance);
        for (std::uint64_t done = distance; done < bytes;) {
            const std::uint64_t step = std::min(done, bytes - done);
            std::memcpy(to + done, to, step);
            done += step;
        }
    } else {
        for (std::uint64_t i = 0; i < bytes; i += sizeof(T)) {
            T value;
            std::memcpy(&value, from + i, sizeof value);
            std::memcpy(to + i, &value, sizeof value);
        }
    }
}

// The same downwards; `to` and `from` are the first (highest) elements.
template <class T>
void copy_down(std::uint8_t* to, const std::uint8_t* from, std::uint64_t count) {
    const std::uint64_t back = (count - 1) * sizeof(T);
    const auto distance = reinterpret_cast<std::uintptr_t>(from) - reinterpret_cast<std::uintptr_t>(to);
    if (distance >= count * sizeof(T)) {
        std::memmove(to - back, from - back, count * sizeof(T));
        return;
    }
    for (std::uint64_t i = 0; i < count; ++i) {
        T value;
        std::memcpy(&value, from - i * sizeof(T), sizeof value);
        std::memcpy(to - i * sizeof(T), &value, sizeof value);
    }
}

template <class T, class A>
struct Movs {
    using Address = A;
    static constexpr bool compares = false;

    static void one(Cpu* c, const Uop* u) {
        const auto from = to_linear<T, Mem::segmented>(c, u, static_cast<Seg>(u->seg), get_reg<A>(c, Gpr::rsi), false);
        const T value = load_at<T>(c, u, from);
        store_at<T>(c, u, to_linear<T, Mem::segmented>(c, u, Seg::es, get_reg<A>(c, Gpr::rdi), true), value);
        add_to<A>(c, Gpr::rsi, string_delta<T>(c));
        add_to<A>(c, Gpr::rdi, string_delta<T>(c));
    }

    static std::uint64_t run(Cpu* c, const Uop* u, std::uint64_t max) {
        const bool down = (c->eflags & eflags::df) != 0;
        const Window from = window(c, static_cast<Seg>(u->seg), false);
        const Window to = window(c, Seg::es, true);
        const A rsi = get_reg<A>(c, Gpr::rsi), rdi = get_reg<A>(c, Gpr::rdi);
        const std::uint64_t n = std::min({max, run_length<T, A>(from, rsi, down),
                                          run_length<T, A>(to, rdi, down)});
        if (n == 0) return 0;
        const std::uint8_t* source = host_span(c, from.linear(rsi), false);
        if (!source) return 0;
        std::uint8_t* destination = host_span(c, to.linear(rdi), true);
        if (!destination) return 0;
        down ? copy_down<T>(destination, source, n) : copy_up<T>(destination, source, n);
        add_to<A>(c, Gpr::rsi, string_delta<T>(c) * n);
        add_to<A>(c, Gpr::rdi, string_delta<T>(c) * n);
        return n;
    }
};

template <class T, class A>
struct Stos {
    using Address = A;
    static constexpr bool compares = false;

    static void one(Cpu* c, const Uop* u) {
        store_at<T>(c, u, to_linear<T, Mem::segmented>(c, u, Seg::es, get_reg<A>(c, Gpr::rdi), true),
                    get_reg<T>(c, Gpr::rax));
        add_to<A>(c, Gpr::rdi, string_delta<T>(c));
    }

    static std::uint64_t run(Cpu* c, const Uop*, std::uint64_t max) {
        const bool down = (c->eflags & eflags::df) != 0;
        const Window to = window(c, Seg::es, true);
        const A rdi = get_reg<A>(c, Gpr::rdi);
        const std::uint64_t n = std::min(max, run_length<T, A>(to, rdi, down));
        if (n == 0) return 0;
        std::uint8_t* destination = host_span(c, to.linear(rdi), true);
        if (!destination) return 0;
        if (down) destination -= (n - 1) * sizeof(T);
        const T value = get_reg<T>(c, Gpr::rax);
        if constexpr (sizeof(T) == 1) {
            std::memset(destination, value, n);
        } else {
            for (std::uint64_t i = 0; i < n; ++i) std::memcpy(destination + i * sizeof(T), &value, sizeof value);
        }
        add_to<A>(c, Gpr::rdi, string_delta<T>(c) * n);
        return n;
    }
};

template <class T, class A>
struct Lods {
    using Address = A;
    static constexpr bool compares = false;

    static void one(Cpu* c, const Uop* u) {
        const auto from = to_linear<T, Mem::segmented>(c, u, static_cast<Seg>(u->seg), get_reg<A>(c, Gpr::rsi), false);
        set_reg<T>(c, Gpr::rax, load_at<T>(c, u, from));
        add_to<A>(c, Gpr::rsi, string_delta<T>(c));
    }
    // REP LODS is not worth a fast path.
    static std::uint64_t run(Cpu*, const Uop*, std::uint64_t) { return 0; }
};

}  // namespace

void register_string_moves(HandlerTable& t) {
    const auto movs = [](const Instruction& i, Translation& x) { select_string<Movs>(i, x); };
    const auto stos = [](const Instruction& i, Translation& x) { select_string<Stos>(i, x); };
    const auto lods = [](const Instruction& i, Translation& x) { select_string<Lods>(i, x); };
    for (auto m : {ZYDIS_MNEMONIC_MOVSB, ZYDIS_MNEMONIC_MOVSW, ZYDIS_MNEMONIC_MOVSD, ZYDIS_MNEMONIC_MOVSQ})
        t.add(m, movs);
    for (auto m : {ZYDIS_MNEMONIC_STOSB, ZYDIS_MNEMONIC_STOSW, ZYDIS_MNEMONIC_STOSD, ZYDIS_MNEMONIC_STOSQ})
        t.add(m, stos);
    for (auto m : {ZYDIS_MNEMONIC_LODSB, ZYDIS_MNEMONIC_LODSW, ZYDIS_MNEMONIC_LODSD, ZYDIS_MNEMONIC_LODSQ})
        t.add(m, lods);
}

}  // namespace southgate::cpu
