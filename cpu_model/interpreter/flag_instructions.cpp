// CLC STC CMC CLD STD CLI STI LAHF SAHF PUSHF POPF (SDM vol. 2; vol. 3A 6.8, 20.2.7).
#include "cpu_model/decode/select.h"
#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/fault.h"
#include "cpu_model/interpreter/flags.h"
#include "cpu_model/interpreter/stack.h"
#include "cpu_model/system/virtual_interrupt.h"

namespace southgate::cpu {
namespace {

const Uop* clc(Cpu* c, const Uop* u) {
    set_cf(c, false);
    return next(c, u);
}
const Uop* stc(Cpu* c, const Uop* u) {
    set_cf(c, true);
    return next(c, u);
}
const Uop* cmc(Cpu* c, const Uop* u) {
    set_cf(c, !get_cf(c));
    return next(c, u);
}
const Uop* cld(Cpu* c, const Uop* u) {
    c->eflags &= ~eflags::df;
    return next(c, u);
}
const Uop* std_(Cpu* c, const Uop* u) {
    c->eflags |= eflags::df;
    return next(c, u);
}
const Uop* lahf(Cpu* c, const Uop* u) {
    set_reg<std::uint8_t>(c, 1, static_cast<std::uint8_t>(status_flags(c) | eflags::fixed1));
    return next(c, u);
}
const Uop* sahf(Cpu* c, const Uop* u) {
    set_status_flags(c, get_reg<std::uint8_t>(c, 1) | (get_of(c) ? eflags::of : 0));
    return next(c, u);
}

// CLI and STI need CPL <= IOPL in protected mode; V86 code runs at CPL 3.
bool may_change_if(const Cpu* c) { return !protected_mode(c) || c->cpl <= iopl(c); }

const Uop* cli(Cpu* c, const Uop* u) {
    if (!may_change_if(c)) {
        c->cur = u;
        if (!virtual_if(c)) raise_gp();
        c->eflags &= ~eflags::vif;
        return next(c, u);
    }
    c->eflags &= ~eflags::if_;
    update_attention(c);
    return next(c, u);
}
const Uop* sti(Cpu* c, const Uop* u) {
    if (!may_change_if(c)) {
        c->cur = u;
        if (!virtual_if(c) || (c->eflags & eflags::vip) != 0) raise_gp();
        c->eflags |= eflags::vif;
        return finish(c, u);
    }
    if (!(c->eflags & eflags::if_)) {
        c->eflags |= eflags::if_;
        c->events.sti_shadow = true;
    }
    update_attention(c);
    return finish(c, u);
}

// V86 code needs IOPL 3 for PUSHF and POPF. True: 16-bit ones mean VIF.
template <class T>
bool on_virtual_flags(Cpu* c, const Uop* u) {
    if (!v86_mode(c) || iopl(c) == 3) return false;
    c->cur = u;
    if (sizeof(T) != 2 || !virtual_if(c)) raise_gp();
    return true;
}
template <class T, Code K>
const Uop* pushf(Cpu* c, const Uop* u) {
    if (on_virtual_flags<T>(c, u)) {
        push<T, K, Path::slow>(c, u, static_cast<T>(virtual_flags(c)));
        return next(c, u);
    }
    push<T, K, Path::slow>(c, u, static_cast<T>(get_eflags(c) & ~(eflags::vm | eflags::rf)));
    return next(c, u);
}
template <class T, Code K>
const Uop* popf(Cpu* c, const Uop* u) {
    const bool on_vif = on_virtual_flags<T>(c, u);
    T v{};
    peek<T, K, Path::slow>(c, u, 0, v);
    if (on_vif) {
        check_virtual_flags(c, v);
        move_sp<K>(c, sizeof(T));
        load_virtual_flags(c, v);
        return c->attention ? finish(c, u) : next(c, u);
    }
    std::uint64_t changeable = eflags::status | eflags::tf | eflags::df | eflags::nt | eflags::ac | eflags::id;
    const bool protected_cpl = protected_mode(c);
    if (!protected_cpl || c->cpl <= iopl(c)) changeable |= eflags::if_;
    if (!protected_cpl || c->cpl == 0) changeable |= eflags::iopl;
    if constexpr (sizeof(T) == 2) changeable &= 0xffff;
    move_sp<K>(c, sizeof(T));
    const std::uint64_t old = get_eflags(c) & ~eflags::rf;
    set_eflags(c, (old & ~changeable) | (v & changeable));
    return c->attention ? finish(c, u) : next(c, u);
}

template <Handler h, bool observes = false>
void plain(const Instruction&, Translation& t) {
    t.uop.handler = h;
    t.observes_flags = observes;
}

}  // namespace

void register_flag_instructions(HandlerTable& t) {
    t.add(ZYDIS_MNEMONIC_CLC, plain<clc, true>);
    t.add(ZYDIS_MNEMONIC_STC, plain<stc, true>);
    t.add(ZYDIS_MNEMONIC_CMC, plain<cmc, true>);
    t.add(ZYDIS_MNEMONIC_CLD, plain<cld>);
    t.add(ZYDIS_MNEMONIC_STD, plain<std_>);
    t.add(ZYDIS_MNEMONIC_LAHF, plain<lahf, true>);
    t.add(ZYDIS_MNEMONIC_SAHF, plain<sahf, true>);
    t.add(ZYDIS_MNEMONIC_CLI, plain<cli, true>);
    t.add(ZYDIS_MNEMONIC_STI, [](const Instruction&, Translation& x) {
        x.uop.handler = sti;
        x.ends_block = true;
    });
    for (auto m : {ZYDIS_MNEMONIC_PUSHF, ZYDIS_MNEMONIC_PUSHFD, ZYDIS_MNEMONIC_PUSHFQ})
        t.add(m, [](const Instruction& i, Translation& x) {
            x.uop.handler = by_stack(i, i.stack_operand_size(), []<class T, Code K>() -> Handler {
                return pushf<T, K == Code::flat ? Code::checked : K>;
            });
        });
    for (auto m : {ZYDIS_MNEMONIC_POPF, ZYDIS_MNEMONIC_POPFD, ZYDIS_MNEMONIC_POPFQ})
        t.add(m, [](const Instruction& i, Translation& x) {
            x.uop.handler = by_stack(i, i.stack_operand_size(), []<class T, Code K>() -> Handler {
                return popf<T, K == Code::flat ? Code::checked : K>;
            });
        });
}

}  // namespace southgate::cpu
