// XSAVE XSAVEOPT XRSTOR XGETBV XSETBV for the x87 and SSE state components, in the standard form (SDM vol. 1 chapter 13).
#include "cpu_model/interpreter/fpu/environment.h"
#include "cpu_model/interpreter/simd/state_image.h"
#include "cpu_model/interpreter/simd/table.h"

namespace southgate::cpu::simd {
namespace {

constexpr unsigned header_at = image_size, header_size = 64, area_size = header_at + header_size;
constexpr std::uint64_t x87_state = 1, sse_state = 2;

// #UD without CR4.OSXSAVE.
void require_xsave(Cpu* c, const Uop* u) {
    c->cur = u;
    if (!(c->cr4 & cr4::osxsave)) raise_ud();
}
std::uint64_t operand(Cpu* c, const Uop* u, bool write) {
    require_xsave(c, u);
    if (c->cr0 & cr0::ts) raise(Vector::device_not_available);
    const std::uint64_t linear =
        linear_of(c, static_cast<Seg>(u->seg), effective_address<Mem::segmented>(c, u), area_size, write);
    if (linear % 64 != 0) raise_gp();
    return linear;
}
std::uint64_t edx_eax(const Cpu* c) {
    return std::uint64_t{get_reg<std::uint32_t>(c, Gpr::rdx)} << 32 | get_reg<std::uint32_t>(c, Gpr::rax);
}

// Every component counts as in use and as modified, which 13.6 leaves to the processor; so XSAVEOPT does the same.
template <bool wide>
const Uop* xsave(Cpu* c, const Uop* u) {
    const std::uint64_t linear = operand(c, u, true);
    const Privilege p = current_privilege(c);
    const std::uint64_t requested = c->fpu.xcr0 & edx_eax(c);
    probe_write(c, linear, area_size, p);
    const auto old = read_linear<std::uint64_t>(c, linear + header_at, p);
    Image b{};
    const auto write = [&](unsigned begin, unsigned end) {
        write_linear_bytes(c, linear + begin, b.data() + begin, end - begin, p);
    };
    if (requested & x87_state) {
        put_x87(c->fpu, b, wide);
        write(0, x87_end);
        write(registers_at, xmm_at);
    }
    if (requested & sse_state) {
        put(b, mxcsr_at, c->fpu.mxcsr);
        put(b, mxcsr_mask_at, mxcsr_mask);
        const unsigned end = end_of_xmm(c);
        std::memcpy(b.data() + xmm_at, &c->fpu.xmm, end - xmm_at);
        write(mxcsr_at, mxcsr_mask_at + 4);
        write(xmm_at, end);
    }
    write_linear<std::uint64_t>(c, linear + header_at, old | requested, p);
    return next(c, u);
}

template <bool wide>
const Uop* xrstor(Cpu* c, const Uop* u) {
    const std::uint64_t linear = operand(c, u, false);
    std::array<std::uint8_t, area_size> area;
    read_linear_bytes(c, linear, area.data(), area_size, current_privilege(c));
    std::array<std::uint64_t, 3> header;
    std::memcpy(header.data(), area.data() + header_at, sizeof header);
    // A component that is not enabled, the compacted form, or reserved bytes 8-23 (SDM vol. 2D XRSTOR).
    if ((header[0] & ~c->fpu.xcr0) != 0 || header[1] != 0 || header[2] != 0) raise_gp();
    Image b;
    std::memcpy(b.data(), area.data(), image_size);
    const std::uint64_t requested = c->fpu.xcr0 & edx_eax(c), loaded = requested & header[0];
    if ((requested & sse_state) && (get<std::uint32_t>(b, mxcsr_at) & ~mxcsr_mask)) raise_gp();
    FpuState& f = c->fpu;
    if (loaded & x87_state) {
        get_x87(f, b, wide);
    } else if (requested & x87_state) {
        x87::initialise(f);
        f.st = {};
    }
    if (requested & sse_state) {
        // MXCSR comes from memory even where the registers are initialised.
        f.mxcsr = get<std::uint32_t>(b, mxcsr_at);
        const unsigned size = end_of_xmm(c) - xmm_at;
        if (loaded & sse_state) std::memcpy(&f.xmm, b.data() + xmm_at, size);
        else std::memset(&f.xmm, 0, size);
    }
    return x87::next_reporting(c, u);
}

const Uop* xgetbv(Cpu* c, const Uop* u) {
    require_xsave(c, u);
    if (get_reg<std::uint32_t>(c, Gpr::rcx) != 0) raise_gp();
    set_reg<std::uint32_t>(c, Gpr::rax, static_cast<std::uint32_t>(c->fpu.xcr0));
    set_reg<std::uint32_t>(c, Gpr::rdx, static_cast<std::uint32_t>(c->fpu.xcr0 >> 32));
    return next(c, u);
}
const Uop* xsetbv(Cpu* c, const Uop* u) {
    require_xsave(c, u);
    const std::uint64_t value = edx_eax(c);
    const bool valid = (value & x87_state) != 0 && (value & ~(x87_state | sse_state)) == 0;
    if (c->cpl != 0 || get_reg<std::uint32_t>(c, Gpr::rcx) != 0 || !valid) raise_gp();
    c->fpu.xcr0 = value;
    return next(c, u);
}

template <Handler h>
void select(const Instruction& i, Translation& t) {
    if (i.features_ecx & feature_ecx::xsave) t.uop.handler = h;
}

}  // namespace

void register_extended_state(HandlerTable& t) {
    t.add(ZYDIS_MNEMONIC_XSAVE, select<xsave<false>>);
    t.add(ZYDIS_MNEMONIC_XSAVE64, select<xsave<true>>);
    t.add(ZYDIS_MNEMONIC_XSAVEOPT, select<xsave<false>>);
    t.add(ZYDIS_MNEMONIC_XSAVEOPT64, select<xsave<true>>);
    t.add(ZYDIS_MNEMONIC_XRSTOR, select<xrstor<false>>);
    t.add(ZYDIS_MNEMONIC_XRSTOR64, select<xrstor<true>>);
    t.add(ZYDIS_MNEMONIC_XGETBV, select<xgetbv>);
    t.add(ZYDIS_MNEMONIC_XSETBV, select<xsetbv>);
}

}  // namespace southgate::cpu::simd
