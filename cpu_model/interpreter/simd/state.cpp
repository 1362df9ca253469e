#include "cpu_model/interpreter/simd/state.h"

namespace southgate::cpu::simd {

void refuse_sse(Cpu* c, const Uop* u) {
    c->cur = u;
    if ((c->cr0 & cr0::em) || !(c->cr4 & cr4::osfxsr)) raise_ud();
    raise(Vector::device_not_available);
}

void refuse_mmx(Cpu* c, const Uop* u) {
    c->cur = u;
    if (c->cr0 & cr0::em) raise_ud();
    if (c->cr0 & cr0::ts) raise(Vector::device_not_available);
    x87::report_pending(c, u);
}

}  // namespace southgate::cpu::simd
