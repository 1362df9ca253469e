#include "cpu_model/interpreter/fpu/error.h"

namespace southgate::cpu::x87 {

void update_ferr(Cpu* c) {
    const bool asserted = asks_for_interrupt(c);
    if (asserted == c->ferr) return;
    c->ferr = asserted;
    c->bus->ferr_changed(asserted);
}

void report_pending(Cpu* c, const Uop* u) {
    c->cur = u;
    if (c->cr0 & cr0::ne) raise(Vector::math_fault);
    if (!c->ignne_line) throw Freeze{};
}

const Uop* finish_with_ferr(Cpu* c, const Uop* u) {
    c->cur = u;
    update_ferr(c);
    return finish(c, u);
}

}  // namespace southgate::cpu::x87
