// SYSCALL, SYSRET, SYSEXIT, SWAPGS, the FS and GS bases, RDTSCP.
#include "cpu_model/decode/select.h"
#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/operand.h"
#include "cpu_model/interpreter/system.h"

namespace southgate::cpu {
namespace {

const Uop* syscall(Cpu* c, const Uop* u) {
    c->cur = u;
    system_call(c, next_ip(c));
    return resume(c);
}
// aux: operand size.
template <void (*f)(Cpu*, unsigned)>
const Uop* leave_to_user(Cpu* c, const Uop* u) {
    c->cur = u;
    f(c, u->aux);
    return resume(c);
}
const Uop* swapgs(Cpu* c, const Uop* u) {
    c->cur = u;
    swap_gs(c);
    return next(c, u);
}

template <class T, Seg s>
const Uop* rdbase(Cpu* c, const Uop* u) {
    c->cur = u;
    set_reg<T>(c, u->rm, static_cast<T>(read_segment_base(c, s)));
    return next(c, u);
}
template <class T, Seg s>
const Uop* wrbase(Cpu* c, const Uop* u) {
    c->cur = u;
    write_segment_base(c, s, get_reg<T>(c, u->rm));
    return next(c, u);
}

const Uop* rdtscp(Cpu* c, const Uop* u) {
    c->cur = u;
    if (!c->cpuid.model().extended(extended_feature::rdtscp)) raise_ud();
    if ((c->cr4 & cr4::tsd) && protected_mode(c) && c->cpl != 0) raise_gp();
    const std::uint64_t tsc = read_tsc(c);
    set_reg<std::uint32_t>(c, Gpr::rax, static_cast<std::uint32_t>(tsc));
    set_reg<std::uint32_t>(c, Gpr::rdx, static_cast<std::uint32_t>(tsc >> 32));
    set_reg<std::uint32_t>(c, Gpr::rcx, static_cast<std::uint32_t>(c->msr.tsc_aux));
    return next(c, u);
}

template <Handler h>
void select_transfer(const Instruction& i, Translation& t) {
    t.uop.aux = i.operand_size;
    t.uop.handler = h;
    t.ends_block = true;
}
template <Handler h32, Handler h64>
void select_base(const Instruction& i, Translation& t) {
    if (i.memory()) return;
    t.uop.handler = i.operand_size == 8 ? h64 : h32;
}

}  // namespace

void register_long_mode_instructions(HandlerTable& t) {
    using u32 = std::uint32_t;
    using u64 = std::uint64_t;
    t.add(ZYDIS_MNEMONIC_SYSCALL, select_transfer<syscall>);
    t.add(ZYDIS_MNEMONIC_SYSRET, select_transfer<leave_to_user<system_return>>);
    t.add(ZYDIS_MNEMONIC_SYSEXIT, select_transfer<leave_to_user<system_exit>>);
    t.add(ZYDIS_MNEMONIC_SWAPGS, [](const Instruction&, Translation& x) { x.uop.handler = swapgs; });
    t.add(ZYDIS_MNEMONIC_RDTSCP, [](const Instruction&, Translation& x) { x.uop.handler = rdtscp; });
    t.add(ZYDIS_MNEMONIC_RDFSBASE, select_base<rdbase<u32, Seg::fs>, rdbase<u64, Seg::fs>>);
    t.add(ZYDIS_MNEMONIC_RDGSBASE, select_base<rdbase<u32, Seg::gs>, rdbase<u64, Seg::gs>>);
    t.add(ZYDIS_MNEMONIC_WRFSBASE, select_base<wrbase<u32, Seg::fs>, wrbase<u64, Seg::fs>>);
    t.add(ZYDIS_MNEMONIC_WRGSBASE, select_base<wrbase<u32, Seg::gs>, wrbase<u64, Seg::gs>>);
}

}  // namespace southgate::cpu
