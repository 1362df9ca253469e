#include "cpu_model/interpreter/fpu/host.h"

// Functions of their own instead of asm statements: a call inside an asm statement would overwrite the red
// zone of the function around it. Stubs are 4 bytes each; a memory form has its operand at (%rsi).
asm(R"(
    .text
    .p2align 6
southgate_x87_stubs:
    .set stub_opcode, 0xd8
    .rept 8
      .set stub_modrm, 0xc0
      .rept 64
        .byte stub_opcode, stub_modrm, 0xc3, 0x90
        .set stub_modrm, stub_modrm + 1
      .endr
      .set stub_opcode, stub_opcode + 1
    .endr
    .set stub_opcode, 0xd8
    .rept 8
      .set stub_modrm, 0x06
      .rept 8
        .byte stub_opcode, stub_modrm, 0xc3, 0x90
        .set stub_modrm, stub_modrm + 8
      .endr
      .set stub_opcode, stub_opcode + 1
    .endr

# rdi image, rsi memory operand, edx stub, rcx flags -> rax flags
    .p2align 4
    .globl southgate_x87_exact
    .hidden southgate_x87_exact
    .type southgate_x87_exact, @function
southgate_x87_exact:
    .cfi_startproc
    subq $8, %rsp
    .cfi_adjust_cfa_offset 8
    leaq southgate_x87_stubs(%rip), %rax
    leaq (%rax,%rdx,4), %rdx
    fnstcw (%rsp)
    frstor (%rdi)
    pushq %rcx
    .cfi_adjust_cfa_offset 8
    popfq
    .cfi_adjust_cfa_offset -8
    call *%rdx
    pushfq
    .cfi_adjust_cfa_offset 8
    popq %rax
    .cfi_adjust_cfa_offset -8
    fnsave (%rdi)
    fldcw (%rsp)
    addq $8, %rsp
    .cfi_adjust_cfa_offset -8
    ret
    .cfi_endproc
    .size southgate_x87_exact, . - southgate_x87_exact

# rdi result, rsi memory operand, edx stub, ecx control word, r8 a, r9 b, flags to ignore at 8(%rsp) -> ax status.
# FNCLEX and FLDCW are several times slower than the rest: only when they change something.
    .macro southgate_x87_quick name, operands, results
    .p2align 4
    .globl \name
    .hidden \name
    .type \name, @function
\name:
    .cfi_startproc
    subq $24, %rsp
    .cfi_adjust_cfa_offset 24
    leaq southgate_x87_stubs(%rip), %r10
    leaq (%r10,%rdx,4), %rdx
    fnstcw (%rsp)
    movzwl (%rsp), %r10d
    xorl %ecx, %r10d
    je 1f
    movw %cx, 4(%rsp)
    fldcw 4(%rsp)
1:  movl 32(%rsp), %r11d
    notl %r11d
    andl $0x3f, %r11d
    fnstsw %ax
    testl %eax, %r11d
    je 2f
    fnclex
2:
    .if \operands > 1
    fldt (%r9)
    .endif
    .if \operands > 0
    fldt (%r8)
    .endif
    call *%rdx
    fnstsw %ax
    .if \results > 0
    fstpt (%rdi)
    .endif
    testl %r10d, %r10d
    je 3f
    fldcw (%rsp)
3:  addq $24, %rsp
    .cfi_adjust_cfa_offset -24
    ret
    .cfi_endproc
    .size \name, . - \name
    .endm

    southgate_x87_quick southgate_x87_quick01, 0, 1
    southgate_x87_quick southgate_x87_quick11, 1, 1
    southgate_x87_quick southgate_x87_quick21, 2, 1
    southgate_x87_quick southgate_x87_quick10, 1, 0
    southgate_x87_quick southgate_x87_quick20, 2, 0
)");

extern "C" {
std::uint64_t southgate_x87_exact(void* image, void* memory, std::uint64_t stub, std::uint64_t flags);

using QuickFunction = std::uint16_t(void* result, const void* memory, std::uint64_t stub,
                                    std::uint64_t control, const void* a, const void* b,
                                    std::uint64_t ignored);
QuickFunction southgate_x87_quick01, southgate_x87_quick11, southgate_x87_quick21, southgate_x87_quick10,
    southgate_x87_quick20;
}

namespace southgate::cpu::x87 {
namespace {

constexpr std::uint64_t status_bits = 0x8d5;  // CF PF AF ZF SF OF

constexpr std::uint64_t masked(const Quick& q) {
    return static_cast<std::uint16_t>((q.control & 0x1f3f) | 0x7f);
}

}  // namespace

std::uint64_t run_exact(Image& image, unsigned stub, void* memory, std::uint64_t status_flags) {
    constexpr std::uint64_t user_flags = 0x202;
    return southgate_x87_exact(&image, memory, stub, (status_flags & status_bits) | user_flags) & status_bits;
}

std::uint16_t quick_load(const Quick& q, const void* memory, Register& result) {
    return southgate_x87_quick01(&result, memory, q.stub, masked(q), nullptr, nullptr, q.ignored);
}
std::uint16_t quick_unary(const Quick& q, const void* memory, const Register& a, Register& result) {
    return southgate_x87_quick11(&result, memory, q.stub, masked(q), &a, nullptr, q.ignored);
}
std::uint16_t quick_binary(const Quick& q, const Register& a, const Register& b, Register& result) {
    return southgate_x87_quick21(&result, nullptr, q.stub, masked(q), &a, &b, q.ignored);
}
std::uint16_t quick_store(const Quick& q, void* memory, const Register& a) {
    return southgate_x87_quick10(nullptr, memory, q.stub, masked(q), &a, nullptr, q.ignored);
}
std::uint16_t quick_compare(const Quick& q, const Register& a, const Register& b) {
    return southgate_x87_quick20(nullptr, nullptr, q.stub, masked(q), &a, &b, q.ignored);
}

}  // namespace southgate::cpu::x87
