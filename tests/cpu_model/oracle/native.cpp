#include "oracle/native.h"

#include <sys/mman.h>
#include <ucontext.h>

#include <csignal>
#include <cstddef>

namespace southgate::cpu::test {

// Field order is known to the assembly below.
struct NativeFrame {
    std::uint64_t gpr[8];  // Gpr order
    std::uint64_t eip, cs, eflags, esp, ss;
    std::uint64_t host_rsp;
};
static_assert(offsetof(NativeFrame, eip) == 64 && offsetof(NativeFrame, host_rsp) == 104);

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
    mov %rsp, 104(%rdi)
    push 96(%rdi)
    push 88(%rdi)
    push 80(%rdi)
    push 72(%rdi)
    push 64(%rdi)
    mov 0(%rdi), %rax
    mov 8(%rdi), %rcx
    mov 16(%rdi), %rdx
    mov 24(%rdi), %rbx
    mov 40(%rdi), %rbp
    mov 48(%rdi), %rsi
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

constexpr std::uint16_t user_ss = 0x2b, user_cs = 0x33;  // Linux x86-64 GDT
constexpr int signals[] = {SIGSEGV, SIGFPE, SIGILL, SIGTRAP, SIGBUS};
constexpr std::size_t signal_count = std::size(signals);

NativeFrame frame;
bool inside = false;
Outcome outcome;
struct sigaction old_actions[signal_count];
stack_t old_stack;
alignas(16) std::uint8_t signal_stack[65536];

void on_signal(int number, siginfo_t*, void* raw) {
    auto* context = static_cast<ucontext_t*>(raw);
    auto& r = context->uc_mcontext.gregs;
    if (!inside) {
        // Not ours: a defect of the test program itself.
        signal(number, SIG_DFL);
        return;
    }
    inside = false;
    const int registers[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI};
    for (unsigned i = 0; i < 8; ++i) outcome.state.gpr[i] = static_cast<std::uint32_t>(r[registers[i]]);
    outcome.state.eip = static_cast<std::uint32_t>(r[REG_RIP]);
    outcome.state.eflags = static_cast<std::uint32_t>(r[REG_EFL]);
    outcome.vector = static_cast<int>(r[REG_TRAPNO]);
    outcome.error_code = static_cast<std::uint32_t>(r[REG_ERR]);
    outcome.cr2 = static_cast<std::uint32_t>(r[REG_CR2]);
    r[REG_RIP] = static_cast<greg_t>(reinterpret_cast<std::uintptr_t>(&southgate_leave_native));
    r[REG_RSP] = static_cast<greg_t>(frame.host_rsp);
    r[REG_EFL] = 0x202;
    // cs, gs, fs, ss: 16 bits each.
    auto segments = static_cast<std::uint64_t>(r[REG_CSGSFS]);
    segments = (segments & 0x0000ffffffff0000) | user_cs | (std::uint64_t{user_ss} << 48);
    r[REG_CSGSFS] = static_cast<greg_t>(segments);
}

}  // namespace

NativeCpu::NativeCpu() {
    constexpr std::size_t size = oracle_end + 0x1000 - oracle_base;
    void* base = reinterpret_cast<void*>(std::uintptr_t{oracle_base});
    if (mmap(base, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != base) return;
    mprotect(reinterpret_cast<void*>(std::uintptr_t{oracle_code}), 0x1000,
             PROT_READ | PROT_WRITE | PROT_EXEC);
    mprotect(reinterpret_cast<void*>(std::uintptr_t{oracle_data}), oracle_data_size, PROT_READ | PROT_WRITE);
    stack_t stack{};
    stack.ss_sp = signal_stack;
    stack.ss_size = sizeof signal_stack;
    sigaltstack(&stack, &old_stack);
    struct sigaction action {};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    for (std::size_t i = 0; i < signal_count; ++i) sigaction(signals[i], &action, &old_actions[i]);
    available_ = true;
}

NativeCpu::~NativeCpu() {
    constexpr std::size_t size = oracle_end + 0x1000 - oracle_base;
    for (std::size_t i = 0; i < signal_count; ++i) sigaction(signals[i], &old_actions[i], nullptr);
    sigaltstack(&old_stack, nullptr);
    munmap(reinterpret_cast<void*>(std::uintptr_t{oracle_base}), size);
}

std::span<std::uint8_t> NativeCpu::code() {
    return {reinterpret_cast<std::uint8_t*>(std::uintptr_t{oracle_code}), 0x1000};
}
std::span<std::uint8_t> NativeCpu::data() {
    return {reinterpret_cast<std::uint8_t*>(std::uintptr_t{oracle_data}), oracle_data_size};
}

Outcome NativeCpu::execute(const UserState& before) {
    for (unsigned i = 0; i < 8; ++i) frame.gpr[i] = before.gpr[i];
    frame.eip = before.eip;
    frame.cs = user_cs;
    frame.eflags = before.eflags;
    frame.esp = before.gpr[4];
    frame.ss = user_ss;
    inside = true;
    southgate_enter_native(&frame);
    Outcome result = outcome;
    constexpr std::uint32_t rf = 1u << 16;
    if (result.vector == 3 && result.state.eip != before.eip + 1) {
        // The INT3 behind the instruction or at a branch target: it completed.
        result.vector = -1;
        result.state.eip -= 1;
    } else if (result.vector == 14 && result.cr2 == result.state.eip && result.state.eip != before.eip) {
        result.vector = -1;  // a branch to where nothing is mapped: the fault is the next instruction's
    }
    result.state.eflags &= ~rf;
    return result;
}

}  // namespace southgate::cpu::test
