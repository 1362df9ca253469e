#include "cpu_model/interpreter/simd/stubs.h"

asm(R"(
    .pushsection .text.southgate_simd_stubs, "ax", @progbits
    .macro southgate_simd_stubs name, operands="%xmm1, %xmm0"
    .p2align 4
    .globl southgate_simd_\name
    .hidden southgate_simd_\name
southgate_simd_\name:
    .set southgate_simd_immediate, 0
    .rept 256
    .p2align 3, 0xcc
    \name $southgate_simd_immediate, \operands
    ret
    .set southgate_simd_immediate, southgate_simd_immediate + 1
    .endr
    .p2align 3, 0xcc
    .endm

    southgate_simd_stubs pshufd
    southgate_simd_stubs pshufhw
    southgate_simd_stubs pshuflw
    southgate_simd_stubs shufps
    southgate_simd_stubs shufpd
    southgate_simd_stubs pslldq, "%xmm0"
    southgate_simd_stubs psrldq, "%xmm0"
    southgate_simd_stubs palignr
    southgate_simd_stubs blendps
    southgate_simd_stubs blendpd
    southgate_simd_stubs pblendw
    southgate_simd_stubs mpsadbw
    southgate_simd_stubs insertps
    southgate_simd_stubs cmpps
    southgate_simd_stubs cmppd
    southgate_simd_stubs cmpss
    southgate_simd_stubs cmpsd
    southgate_simd_stubs roundps
    southgate_simd_stubs roundpd
    southgate_simd_stubs roundss
    southgate_simd_stubs roundsd
    southgate_simd_stubs dpps
    southgate_simd_stubs dppd
    southgate_simd_stubs aeskeygenassist
    southgate_simd_stubs pclmulqdq
    southgate_simd_stubs sha1rnds4
    .popsection
)");
