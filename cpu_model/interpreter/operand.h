// Memory operands of handlers: effective address, load, store, read-modify-write.
#pragma once

#include <cstdint>
#include <cstring>

#include "cpu_model/mmu/access.h"

namespace southgate::cpu {

// Kinds of memory operand a handler is specialised for.
enum class Mem : std::uint8_t {
    flat,       // 32-bit address, segment base 0, no limit to check
    base,       // flat, without an index register
    segmented,  // any address size; limit and type checked, or 64-bit mode with FS, GS or a 67h prefix
    wide,       // 64-bit address, segment base 0; a non-canonical one hits no TLB entry
    wide_base,  // wide, without an index register
};

// Hot handlers exist twice: `fast` holds only the TLB hit and jumps to its twin `slow` for everything else, so that it
// needs no stack frame.
enum class Path : std::uint8_t { fast, slow };

template <Mem M>
[[gnu::always_inline]] inline std::uint64_t effective_address(const Cpu* c, const Uop* u) {
    const auto disp = static_cast<std::uint64_t>(static_cast<std::int64_t>(u->disp));
    if constexpr (M == Mem::base)
        return static_cast<std::uint32_t>(get_reg<std::uint32_t>(c, u->base) + static_cast<std::uint32_t>(disp));
    else if constexpr (M == Mem::flat)
        return static_cast<std::uint32_t>(get_reg<std::uint32_t>(c, u->base) +
                                          (get_reg<std::uint32_t>(c, u->index) << u->scale) +
                                          static_cast<std::uint32_t>(disp));
    else if constexpr (M == Mem::wide_base)
        return get_reg<std::uint64_t>(c, u->base) + disp;
    else if constexpr (M == Mem::wide)
        return get_reg<std::uint64_t>(c, u->base) + (get_reg<std::uint64_t>(c, u->index) << u->scale) + disp;
    else
        return (get_reg<std::uint64_t>(c, u->base) + (get_reg<std::uint64_t>(c, u->index) << u->scale) + disp)
                   << u->addr_shift >> u->addr_shift;
}

// Slow paths with Cpu::cur set from u; current privilege.
std::uint64_t load_slow(Cpu* c, const Uop* u, std::uint64_t linear, unsigned size);
void store_slow(Cpu* c, const Uop* u, std::uint64_t linear, std::uint64_t value, unsigned size);
std::uint64_t load_for_write_slow(Cpu* c, const Uop* u, std::uint64_t linear, unsigned size);
[[noreturn, gnu::cold]] void raise_noncanonical(Cpu* c, const Uop* u, Seg s);
std::uint64_t check_operand_slow(Cpu* c, const Uop* u, Seg s, std::uint64_t offset, unsigned size, bool write);

[[gnu::always_inline]] inline const TlbEntry& tlb_entry(const Cpu* c, std::uint64_t linear) {
    return c->tlb[(linear >> page_bits) % tlb_size];
}

template <class T>
[[gnu::always_inline]] inline T load_at(Cpu* c, const Uop* u, std::uint64_t linear) {
    const TlbEntry& e = tlb_entry(c, linear);
    if (((linear + sizeof(T) - 1) & page_mask) == e.read_tag) [[likely]] {
        T v;
        std::memcpy(&v, reinterpret_cast<const void*>(e.addend + linear), sizeof v);
        return v;
    }
    return static_cast<T>(load_slow(c, u, linear, sizeof(T)));
}
template <class T>
[[gnu::always_inline]] inline void store_at(Cpu* c, const Uop* u, std::uint64_t linear, T value) {
    const TlbEntry& e = tlb_entry(c, linear);
    if (((linear + sizeof(T) - 1) & page_mask) == e.write_tag) [[likely]]
        std::memcpy(reinterpret_cast<void*>(e.addend + linear), &value, sizeof value);
    else
        store_slow(c, u, linear, value, sizeof(T));
}
// f(old) -> new. Commit registers and flags after this returns.
template <class T, class F>
[[gnu::always_inline]] inline void modify_at(Cpu* c, const Uop* u, std::uint64_t linear, F f) {
    const TlbEntry& e = tlb_entry(c, linear);
    if (((linear + sizeof(T) - 1) & page_mask) == e.write_tag) [[likely]] {
        T v;
        std::memcpy(&v, reinterpret_cast<const void*>(e.addend + linear), sizeof v);
        v = f(v);
        std::memcpy(reinterpret_cast<void*>(e.addend + linear), &v, sizeof v);
    } else {
        const T v = f(static_cast<T>(load_for_write_slow(c, u, linear, sizeof(T))));
        store_slow(c, u, linear, v, sizeof(T));
    }
}

// offset in segment s -> linear, checked. Without segments the offset is the linear address.
template <class T, Mem M>
[[gnu::always_inline]] inline std::uint64_t to_linear(Cpu* c, const Uop* u, Seg s, std::uint64_t offset, bool write) {
    if constexpr (M == Mem::wide || M == Mem::wide_base) {
        if (!canonical(offset) || (sizeof(T) > 1 && !canonical(offset + sizeof(T) - 1))) [[unlikely]]
            raise_noncanonical(c, u, s);
        return offset;
    } else if constexpr (M != Mem::segmented) {
        return offset;
    } else {
        const Segment& seg = segment(c, s);
        const auto last = static_cast<std::int64_t>(offset + sizeof(T) - 1);
        const std::uint64_t linear = (seg.base + offset) & c->linear_mask;
        if (last < (write ? seg.write_end : seg.read_end) && canonical(linear) && canonical(linear + sizeof(T) - 1))
            [[likely]] return linear;
        return check_operand_slow(c, u, s, offset, sizeof(T), write);
    }
}

// The ModRM memory operand.
template <class T, Mem M>
[[gnu::always_inline]] inline T load(Cpu* c, const Uop* u) {
    return load_at<T>(c, u, to_linear<T, M>(c, u, static_cast<Seg>(u->seg), effective_address<M>(c, u), false));
}
template <class T, Mem M>
[[gnu::always_inline]] inline void store(Cpu* c, const Uop* u, T value) {
    store_at<T>(c, u, to_linear<T, M>(c, u, static_cast<Seg>(u->seg), effective_address<M>(c, u), true), value);
}
template <class T, Mem M, class F>
[[gnu::always_inline]] inline void modify(Cpu* c, const Uop* u, F f) {
    modify_at<T>(c, u, to_linear<T, M>(c, u, static_cast<Seg>(u->seg), effective_address<M>(c, u), true), f);
}

// --- the fast path alone: false on anything but a TLB hit inside the segment limit ---
template <class T, Mem M, bool write>
[[gnu::always_inline]] inline bool hit(Cpu* c, Seg s, std::uint64_t offset, std::uintptr_t& host) {
    std::uint64_t linear = offset;
    if constexpr (M == Mem::segmented) {
        const Segment& seg = segment(c, s);
        if (static_cast<std::int64_t>(offset + sizeof(T) - 1) >= (write ? seg.write_end : seg.read_end)) return false;
        linear = (seg.base + offset) & c->linear_mask;  // one that is not canonical hits no TLB entry
    }
    const TlbEntry& e = tlb_entry(c, linear);
    if (((linear + sizeof(T) - 1) & page_mask) != (write ? e.write_tag : e.read_tag)) return false;
    host = e.addend + linear;
    return true;
}
template <class T>
[[gnu::always_inline]] inline T from_host(std::uintptr_t host) {
    T v;
    std::memcpy(&v, reinterpret_cast<const void*>(host), sizeof v);
    return v;
}
template <class T>
[[gnu::always_inline]] inline void to_host(std::uintptr_t host, T v) {
    std::memcpy(reinterpret_cast<void*>(host), &v, sizeof v);
}

// load, store and modify for handlers with both paths: false = go on in the slow twin.
template <class T, Mem M, Path P>
[[gnu::always_inline]] inline bool get(Cpu* c, const Uop* u, T& value) {
    if constexpr (P == Path::slow) {
        value = load<T, M>(c, u);
    } else {
        std::uintptr_t host = 0;
        if (!hit<T, M, false>(c, static_cast<Seg>(u->seg), effective_address<M>(c, u), host)) [[unlikely]] return false;
        value = from_host<T>(host);
    }
    return true;
}
template <class T, Mem M, Path P>
[[gnu::always_inline]] inline bool put(Cpu* c, const Uop* u, T value) {
    if constexpr (P == Path::slow) {
        store<T, M>(c, u, value);
    } else {
        std::uintptr_t host = 0;
        if (!hit<T, M, true>(c, static_cast<Seg>(u->seg), effective_address<M>(c, u), host)) [[unlikely]] return false;
        to_host<T>(host, value);
    }
    return true;
}
template <class T, Mem M, Path P, class F>
[[gnu::always_inline]] inline bool update(Cpu* c, const Uop* u, F f) {
    if constexpr (P == Path::slow) {
        modify<T, M>(c, u, f);
    } else {
        std::uintptr_t host = 0;
        if (!hit<T, M, true>(c, static_cast<Seg>(u->seg), effective_address<M>(c, u), host)) [[unlikely]] return false;
        to_host<T>(host, f(from_host<T>(host)));
    }
    return true;
}

}  // namespace southgate::cpu
