// A stack being pushed to or popped from without changing (E/R)SP or SS until everything has succeeded. It may
// be one that is not in SS yet (privilege changes, task switches).
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "cpu_model/mmu/paging.h"
#include "cpu_model/system/descriptor.h"

namespace southgate::cpu {

class Stack {
  public:
    // `error`: error code of the #SS that leaving the segment raises. `cpl`: whose accesses these are.
    Stack(Cpu* c, const SegmentRegister& ss, std::uint32_t sp, unsigned cpl, std::uint32_t error = 0)
        : c_(c),
          base_(ss.base),
          sp_(sp),
          mask_((ss.attributes & SegmentRegister::db) != 0 ? 0xffffffff : 0xffff),
          error_(error),
          privilege_(stack_privilege(c, cpl)) {
        // Expand-down segments hold the offsets above the limit (SDM vol. 3A 3.4.5.1).
        if ((ss.attributes & (SegmentRegister::code | SegmentRegister::expand_down)) ==
            SegmentRegister::expand_down) {
            low_ = std::uint64_t{ss.limit} + 1;
            high_ = mask_;
        } else {
            high_ = ss.limit;
        }
    }
    // A stack of 64-bit mode: no segment, only canonical addresses.
    static Stack wide(Cpu* c, std::uint64_t rsp, unsigned cpl, std::uint32_t error = 0) {
        return Stack(c, rsp, cpl, error);
    }
    // The current stack.
    static Stack current(Cpu* c, std::uint32_t error = 0) {
        if (code64(c)) return wide(c, c->gpr[static_cast<unsigned>(Gpr::rsp)], c->cpl, error);
        return {c, segment(c, Seg::ss), get_reg<std::uint32_t>(c, Gpr::rsp), c->cpl, error};
    }

    template <class T>
    void push(std::uint64_t value) {
        const std::uint64_t at = (sp_ - sizeof(T)) & mask_;
        write_linear<T>(c_, linear<T>(at), static_cast<T>(value), privilege_);
        sp_ = (sp_ & ~mask_) | at;
    }
    template <class T>
    T pop() {
        const T value = read_linear<T>(c_, linear<T>(sp_ & mask_), privilege_);
        skip(sizeof(T));
        return value;
    }
    // By operand size: 2, 4 or 8 bytes.
    void push(std::uint64_t value, unsigned size) {
        if (size == 8)
            push<std::uint64_t>(value);
        else if (size == 4)
            push<std::uint32_t>(value);
        else
            push<std::uint16_t>(value);
    }
    std::uint64_t pop(unsigned size) {
        return size == 8 ? pop<std::uint64_t>() : size == 4 ? pop<std::uint32_t>() : pop<std::uint16_t>();
    }

    // A whole frame in memory order, lowest address first: one check instead of N in the usual case.
    template <class T, std::size_t N>
    void push_frame(const std::array<T, N>& frame) {
        const std::uint64_t at = (sp_ - sizeof frame) & mask_;
        if (const TlbEntry* e = frame_entry(at, sizeof frame, true)) [[likely]] {
            // One store an element: a copy of the whole would wait for the stores that built it.
            auto* host = reinterpret_cast<std::uint8_t*>(e->addend + linear_of_frame(at));
            for (std::size_t i = 0; i < N; ++i) std::memcpy(host + i * sizeof(T), &frame[i], sizeof(T));
            sp_ = (sp_ & ~mask_) | at;
            return;
        }
        for (std::size_t i = N; i-- > 0;) push<T>(frame[i]);
    }
    template <class T, std::size_t N>
    std::array<T, N> pop_frame() {
        std::array<T, N> frame;
        const std::uint64_t at = sp_ & mask_;
        if (const TlbEntry* e = frame_entry(at, sizeof frame, false)) [[likely]] {
            const auto* host = reinterpret_cast<const std::uint8_t*>(e->addend + linear_of_frame(at));
            for (std::size_t i = 0; i < N; ++i) std::memcpy(&frame[i], host + i * sizeof(T), sizeof(T));
            skip(sizeof frame);
            return frame;
        }
        for (T& value : frame) value = pop<T>();
        return frame;
    }

    // Moves SP up without reading.
    void skip(std::uint32_t bytes) { sp_ = (sp_ & ~mask_) | ((sp_ + bytes) & mask_); }
    std::uint64_t sp() const { return sp_; }

    // Makes the position the current (E/R)SP; SS must be this stack's by now.
    void commit() const { set_reg<std::uint64_t>(c_, Gpr::rsp, is_wide() ? sp_ : static_cast<std::uint32_t>(sp_)); }

  private:
    static constexpr std::uint64_t all = ~std::uint64_t{0};

    Stack(Cpu* c, std::uint64_t rsp, unsigned cpl, std::uint32_t error)
        : c_(c),
          base_(0),
          high_(all),
          sp_(rsp),
          mask_(all),
          error_(error),
          privilege_(stack_privilege(c, cpl)) {}

    bool is_wide() const { return mask_ == all; }
    std::uint64_t linear_of_frame(std::uint64_t at) const {
        return is_wide() ? at : static_cast<std::uint32_t>(base_ + at);
    }
    // The translation of [at, at + size) if the segment allows it, it lies in one page and nothing about it
    // is slow. A non-canonical address has none.
    const TlbEntry* frame_entry(std::uint64_t at, unsigned size, bool write) const {
        if (at < low_ || at > high_ || high_ - at < size - 1 || c_->check_alignment) return nullptr;
        const std::uint64_t first = linear_of_frame(at);
        const TlbEntry& e = data_entry(c_, privilege_, first);
        return ((first + size - 1) & page_mask) == (write ? e.write_tag : e.read_tag) ? &e : nullptr;
    }

    template <class T>
    std::uint64_t linear(std::uint64_t offset) const {
        if (is_wide()) {
            if (!canonical(offset) || !canonical(offset + sizeof(T) - 1)) [[unlikely]]
                raise(Vector::stack_fault, error_);
            return aligned<T>(offset);
        }
        if (offset < low_ || offset + sizeof(T) - 1 > high_) [[unlikely]]
            raise(Vector::stack_fault, error_);
        return aligned<T>(static_cast<std::uint32_t>(base_ + offset));
    }
    // Stacks of inner levels are not checked.
    template <class T>
    std::uint64_t aligned(std::uint64_t linear) const {
        if (privilege_ == Privilege::user) check_alignment(c_, linear, sizeof(T));
        return linear;
    }

    Cpu* c_;
    std::uint64_t base_, low_ = 0, high_ = 0;
    std::uint64_t sp_, mask_;
    std::uint32_t error_;
    Privilege privilege_;
};

}  // namespace southgate::cpu
