// RDRAND and RDSEED: a seeded generator, so that runs repeat. They always have a number ready.
#include "cpu_model/decode/select.h"
#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/flags.h"

namespace southgate::cpu {
namespace {

// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014).
std::uint64_t next_random(Cpu* c) {
    std::uint64_t z = c->random += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

template <class T>
const Uop* rdrand(Cpu* c, const Uop* u) {
    set_reg<T>(c, u->rm, static_cast<T>(next_random(c)));
    set_status_flags(c, eflags::cf);
    return next(c, u);
}

void select(const Instruction& i, Translation& t) {
    if (i.memory()) return;
    t.uop.handler = by_word_size(i.operand_size, []<class T>() -> Handler { return rdrand<T>; });
}

}  // namespace

void register_random(HandlerTable& t) {
    t.add(ZYDIS_MNEMONIC_RDRAND, [](const Instruction& i, Translation& x) {
        if (i.features_ecx & feature_ecx::rdrand) select(i, x);
    });
    t.add(ZYDIS_MNEMONIC_RDSEED, [](const Instruction& i, Translation& x) {
        if (i.features7_ebx & feature7::rdseed) select(i, x);
    });
}

}  // namespace southgate::cpu
