// SHA1RNDS4 SHA1NEXTE SHA1MSG1 SHA1MSG2 SHA256RNDS2 SHA256MSG1 SHA256MSG2.
#include "cpu_model/interpreter/simd/stubs.h"
#include "cpu_model/interpreter/simd/table.h"

namespace southgate::cpu::simd {
namespace {

namespace op {
SIMD_OP(sha1nexte);
SIMD_OP(sha1msg1);
SIMD_OP(sha1msg2);
SIMD_OP(sha256msg1);
SIMD_OP(sha256msg2);
// The round constants and words are in XMM0.
struct sha256rnds2 {
    static Xmm run(Cpu* c, const Uop*, Xmm a, Xmm b) {
        const Xmm words = get_xmm(c, 0);
        asm("sha256rnds2 %%xmm0, %1, %0" : "+x"(a) : "x"(b), "Yz"(words));
        return a;
    }
};
}  // namespace op

template <class Op>
constexpr Entry sha(ZydisMnemonic m, const std::uint8_t* stubs = nullptr) {
    return {m, xmm_forms<Op>(sha_level), {}, stubs};
}

constexpr Entry entries[] = {
    sha<Immediate>(ZYDIS_MNEMONIC_SHA1RNDS4, southgate_simd_sha1rnds4),
    sha<op::sha1nexte>(ZYDIS_MNEMONIC_SHA1NEXTE),
    sha<op::sha1msg1>(ZYDIS_MNEMONIC_SHA1MSG1),
    sha<op::sha1msg2>(ZYDIS_MNEMONIC_SHA1MSG2),
    sha<op::sha256rnds2>(ZYDIS_MNEMONIC_SHA256RNDS2),
    sha<op::sha256msg1>(ZYDIS_MNEMONIC_SHA256MSG1),
    sha<op::sha256msg2>(ZYDIS_MNEMONIC_SHA256MSG2),
};

}  // namespace

void register_sha(HandlerTable& t) { add(t, entries); }

}  // namespace southgate::cpu::simd
