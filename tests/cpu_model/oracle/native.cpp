#include "oracle/native.h"

#include <asm/prctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>

#include "oracle/linux_gdt.h"

namespace southgate::cpu::test {

// Field order is known to the assembly below.
struct NativeFrame {
    std::uint64_t gpr[16];  // Gpr order
    std::uint64_t rip, cs, rflags, rsp, ss;
    std::uint64_t host_rsp;
};
static_assert(offsetof(NativeFrame, rip) == 128 && offsetof(NativeFrame, host_rsp) == 168);

extern "C" void southgate_enter_native(NativeFrame* frame);
extern "C" void southgate_leave_native();

// Saves the host's registers, loads the guest's and leaves with IRETQ, which takes code segment, flags and
// stack at once. Whatever happens next ends in a signal, whose handler returns to southgate_leave_native.
asm(R"(
    .text
    .globl southgate_enter_native
southgate_enter_native:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, 168(%rdi)
    push 160(%rdi)
    push 152(%rdi)
    push 144(%rdi)
    push 136(%rdi)
    push 128(%rdi)
    mov 0(%rdi), %rax
    mov 8(%rdi), %rcx
    mov 16(%rdi), %rdx
    mov 24(%rdi), %rbx
    mov 40(%rdi), %rbp
    mov 48(%rdi), %rsi
    mov 64(%rdi), %r8
    mov 72(%rdi), %r9
    mov 80(%rdi), %r10
    mov 88(%rdi), %r11
    mov 96(%rdi), %r12
    mov 104(%rdi), %r13
    mov 112(%rdi), %r14
    mov 120(%rdi), %r15
    mov 56(%rdi), %rdi
    iretq
    .globl southgate_leave_native
southgate_leave_native:
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret
)");

namespace {

NativeFrame frame;
bool inside = false;
LongOutcome outcome;

void on_signal(int number, siginfo_t*, void* raw) {
    auto* context = static_cast<ucontext_t*>(raw);
    auto& r = context->uc_mcontext.gregs;
    if (!inside) {
        // Not ours: a defect of the test program itself.
        signal(number, SIG_DFL);
        return;
    }
    inside = false;
    constexpr int registers[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                 REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    for (unsigned i = 0; i < 16; ++i) outcome.state.gpr[i] = static_cast<std::uint64_t>(r[registers[i]]);
    outcome.state.rip = static_cast<std::uint64_t>(r[REG_RIP]);
    outcome.state.rflags = static_cast<std::uint32_t>(r[REG_EFL]);
    outcome.vector = static_cast<int>(r[REG_TRAPNO]);
    outcome.error_code = static_cast<std::uint32_t>(r[REG_ERR]);
    outcome.cr2 = static_cast<std::uint64_t>(r[REG_CR2]);
    leave_signal(context, southgate_leave_native, frame.host_rsp);
}

constexpr std::size_t window_size = oracle_end + 0x1000 - oracle_base;

void* address(std::uint64_t linear) { return reinterpret_cast<void*>(linear); }

bool map_window(std::uint64_t base) {
    constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    if (mmap(address(base + oracle_base), window_size, PROT_NONE, flags, -1, 0) != address(base + oracle_base))
        return false;
    mprotect(address(base + oracle_code), 0x1000, PROT_READ | PROT_WRITE | PROT_EXEC);
    mprotect(address(base + oracle_data), oracle_data_size, PROT_READ | PROT_WRITE);
    return true;
}

}  // namespace

NativeCpu::NativeCpu() {
    if (!map_window(0)) return;
    if (!map_window(oracle_high)) {
        munmap(address(oracle_base), window_size);
        return;
    }
    signals_.emplace(on_signal);
    // Nobody uses GS in user code of x86-64 Linux.
    syscall(SYS_arch_prctl, ARCH_GET_GS, &old_gs_base_);
    available_ = syscall(SYS_arch_prctl, ARCH_SET_GS, oracle_gs_base) == 0;
}

NativeCpu::~NativeCpu() {
    if (!available_) return;
    syscall(SYS_arch_prctl, ARCH_SET_GS, old_gs_base_);
    munmap(address(oracle_base), window_size);
    munmap(address(oracle_high + oracle_base), window_size);
}

std::span<std::uint8_t> NativeCpu::code(bool high) {
    return {static_cast<std::uint8_t*>(address((high ? oracle_high : 0) + oracle_code)), 0x1000};
}
std::span<std::uint8_t> NativeCpu::data(bool high) {
    return {static_cast<std::uint8_t*>(address((high ? oracle_high : 0) + oracle_data)), oracle_data_size};
}

LongOutcome NativeCpu::execute(const LongState& before) {
    for (unsigned i = 0; i < 16; ++i) frame.gpr[i] = before.gpr[i];
    frame.rip = before.rip;
    frame.cs = user_cs;
    frame.rflags = before.rflags;
    frame.rsp = before.gpr[4];
    frame.ss = user_ds;
    inside = true;
    southgate_enter_native(&frame);
    LongOutcome result = outcome;
    constexpr std::uint32_t rf = 1u << 16;
    if (result.vector == 3 && result.state.rip != before.rip + 1) {
        // The INT3 behind the instruction or at a branch target: it completed.
        result.vector = -1;
        result.state.rip -= 1;
    } else if (result.vector == 14 && result.cr2 == result.state.rip && result.state.rip != before.rip) {
        result.vector = -1;  // a branch to where nothing is mapped: the fault is the next instruction's
    } else if (result.vector == 6 && result.state.rip != before.rip) {
        result.vector = -1;  // the INT3 behind it, as some hypervisors report it when RSP is no address
    }
    result.state.rflags &= ~rf;
    return result;
}

Outcome NativeCpu::execute(const UserState& before) {
    LongState wide;
    for (unsigned i = 0; i < 8; ++i) wide.gpr[i] = before.gpr[i];
    wide.rip = before.eip;
    wide.rflags = before.eflags;
    const LongOutcome o = execute(wide);
    Outcome result{o.vector, o.error_code, static_cast<std::uint32_t>(o.cr2), {}};
    for (unsigned i = 0; i < 8; ++i) result.state.gpr[i] = static_cast<std::uint32_t>(o.state.gpr[i]);
    result.state.eip = static_cast<std::uint32_t>(o.state.rip);
    result.state.eflags = o.state.rflags;
    return result;
}

}  // namespace southgate::cpu::test
