// Pushing and popping on the current stack.
#pragma once

#include "cpu_model/interpreter/control.h"
#include "cpu_model/interpreter/operand.h"

namespace southgate::cpu {

template <Code K>
constexpr Mem stack_memory = K == Code::flat ? Mem::base : K == Code::wide ? Mem::wide_base : Mem::segmented;

template <Code K>
[[gnu::always_inline]] inline std::uint64_t stack_offset(const Cpu* c, std::int64_t delta) {
    if constexpr (K == Code::wide) {
        return get_reg<std::uint64_t>(c, Gpr::rsp) + static_cast<std::uint64_t>(delta);
    } else {
        const std::uint32_t sp = get_reg<std::uint32_t>(c, Gpr::rsp) + static_cast<std::uint32_t>(delta);
        return K == Code::flat || (c->mode & mode::stack32) ? sp : sp & 0xffff;
    }
}
template <Code K>
[[gnu::always_inline]] inline void set_sp(Cpu* c, std::uint64_t sp) {
    if constexpr (K == Code::wide) set_reg<std::uint64_t>(c, Gpr::rsp, sp);
    else if (K == Code::flat || (c->mode & mode::stack32)) set_reg<std::uint32_t>(c, Gpr::rsp, static_cast<std::uint32_t>(sp));
    else set_reg<std::uint16_t>(c, Gpr::rsp, static_cast<std::uint16_t>(sp));
}

// Stores below the top without moving SP; false: go on in the slow twin.
template <class T, Code K, Path P>
[[gnu::always_inline]] inline bool push_at(Cpu* c, const Uop* u, std::uint64_t sp, T value) {
    if constexpr (P == Path::slow) {
        store_at<T>(c, u, to_linear<T, stack_memory<K>>(c, u, Seg::ss, sp, true), value);
    } else {
        std::uintptr_t host = 0;
        if (!hit<T, stack_memory<K>, true>(c, Seg::ss, sp, host)) [[unlikely]] return false;
        to_host<T>(host, value);
    }
    return true;
}
template <class T, Code K, Path P>
[[gnu::always_inline]] inline bool push(Cpu* c, const Uop* u, T value) {
    const std::uint64_t sp = stack_offset<K>(c, -static_cast<std::int64_t>(sizeof(T)));
    if (!push_at<T, K, P>(c, u, sp, value)) [[unlikely]] return false;
    set_sp<K>(c, sp);
    return true;
}
// Reads at SP + delta without moving SP.
template <class T, Code K, Path P>
[[gnu::always_inline]] inline bool peek(Cpu* c, const Uop* u, std::int64_t delta, T& value) {
    const std::uint64_t sp = stack_offset<K>(c, delta);
    if constexpr (P == Path::slow) {
        value = load_at<T>(c, u, to_linear<T, stack_memory<K>>(c, u, Seg::ss, sp, false));
    } else {
        std::uintptr_t host = 0;
        if (!hit<T, stack_memory<K>, false>(c, Seg::ss, sp, host)) [[unlikely]] return false;
        value = from_host<T>(host);
    }
    return true;
}
template <Code K>
[[gnu::always_inline]] inline void move_sp(Cpu* c, std::int64_t delta) {
    set_sp<K>(c, stack_offset<K>(c, delta));
}

}  // namespace southgate::cpu
