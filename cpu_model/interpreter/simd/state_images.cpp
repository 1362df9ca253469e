// FXSAVE, FXRSTOR.
#include "cpu_model/interpreter/fpu/environment.h"
#include "cpu_model/interpreter/simd/state_image.h"
#include "cpu_model/interpreter/simd/table.h"

namespace southgate::cpu::simd {

void put_x87(const FpuState& f, Image& b, bool wide) {
    put(b, 0, f.fcw);
    put(b, 2, f.fsw);
    b[4] = 0;
    for (unsigned n = 0; n < 8; n++)
        if (((f.ftw >> 2 * n) & 3) != x87::tag_empty) b[4] = static_cast<std::uint8_t>(b[4] | 1u << n);
    put(b, 6, static_cast<std::uint16_t>(f.opcode & 0x7ff));
    if (wide) {
        put(b, 8, f.ip);
        put(b, 16, f.dp);
    } else {
        put(b, 8, static_cast<std::uint32_t>(f.ip));
        put(b, 12, f.cs);
        put(b, 16, static_cast<std::uint32_t>(f.dp));
        put(b, 20, f.ds);
    }
    for (unsigned i = 0; i < 8; i++)
        std::memcpy(b.data() + registers_at + 16 * i, f.st[x87::physical(f, i)].data(), 10);
}

void get_x87(FpuState& f, const Image& b, bool wide) {
    x87::set_control(f, get<std::uint16_t>(b, 0));
    f.fsw = get<std::uint16_t>(b, 2);
    f.opcode = get<std::uint16_t>(b, 6) & 0x7ff;
    if (wide) {
        f.ip = get<std::uint64_t>(b, 8);
        f.dp = get<std::uint64_t>(b, 16);
        f.cs = f.ds = 0;
    } else {
        f.ip = get<std::uint32_t>(b, 8);
        f.cs = get<std::uint16_t>(b, 12);
        f.dp = get<std::uint32_t>(b, 16);
        f.ds = get<std::uint16_t>(b, 20);
    }
    for (unsigned i = 0; i < 8; i++)
        std::memcpy(f.st[x87::physical(f, i)].data(), b.data() + registers_at + 16 * i, 10);
    f.ftw = 0;
    for (unsigned n = 0; n < 8; n++) {
        const unsigned tag = b[4] >> n & 1 ? x87::tag_of(f.st[n]) : x87::tag_empty;
        f.ftw = static_cast<std::uint16_t>(f.ftw | tag << 2 * n);
    }
    x87::update_summary(f);
}

namespace {

bool has_sse(const Cpu* c) { return (c->cpuid.model().features & feature::sse) != 0; }

std::uint64_t operand(Cpu* c, const Uop* u, bool write) {
    c->cur = u;
    if (c->cr0 & (cr0::em | cr0::ts)) raise(Vector::device_not_available);
    const std::uint64_t linear =
        linear_of(c, static_cast<Seg>(u->seg), effective_address<Mem::segmented>(c, u), image_size, write);
    if (linear & 15) raise_gp();
    return linear;
}

template <bool wide>
const Uop* fxsave(Cpu* c, const Uop* u) {
    const std::uint64_t linear = operand(c, u, true);
    Image b{};
    put_x87(c->fpu, b, wide);
    unsigned end = xmm_at;
    if (has_sse(c)) {
        put(b, mxcsr_at, c->fpu.mxcsr);
        put(b, mxcsr_mask_at, mxcsr_mask);
        end = end_of_xmm(c);
        std::memcpy(b.data() + xmm_at, &c->fpu.xmm, end - xmm_at);
    }
    probe_write(c, linear, image_size, current_privilege(c));
    write_linear_bytes(c, linear, b.data(), end, current_privilege(c));
    return next(c, u);
}

template <bool wide>
const Uop* fxrstor(Cpu* c, const Uop* u) {
    const std::uint64_t linear = operand(c, u, false);
    Image b;
    read_linear_bytes(c, linear, b.data(), image_size, current_privilege(c));
    if (has_sse(c) && (get<std::uint32_t>(b, mxcsr_at) & ~mxcsr_mask)) raise_gp();
    get_x87(c->fpu, b, wide);
    if (has_sse(c)) {
        c->fpu.mxcsr = get<std::uint32_t>(b, mxcsr_at);
        std::memcpy(&c->fpu.xmm, b.data() + xmm_at, end_of_xmm(c) - xmm_at);
    }
    return x87::next_reporting(c, u);
}

template <Handler h>
void select(const Instruction& i, Translation& t) {
    if (i.features & feature::fxsr) t.uop.handler = h;
}

}  // namespace

void register_state_images(HandlerTable& t) {
    t.add(ZYDIS_MNEMONIC_FXSAVE, select<fxsave<false>>);
    t.add(ZYDIS_MNEMONIC_FXSAVE64, select<fxsave<true>>);
    t.add(ZYDIS_MNEMONIC_FXRSTOR, select<fxrstor<false>>);
    t.add(ZYDIS_MNEMONIC_FXRSTOR64, select<fxrstor<true>>);
}

}  // namespace southgate::cpu::simd
