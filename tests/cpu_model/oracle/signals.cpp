#include "oracle/signals.h"

#include <ucontext.h>

#include "oracle/linux_gdt.h"

namespace southgate::cpu::test {

namespace {
alignas(16) std::uint8_t signal_stack[65536];
}

ExceptionSignals::ExceptionSignals(Handler handler) {
    stack_t stack{};
    stack.ss_sp = signal_stack;
    stack.ss_size = sizeof signal_stack;
    sigaltstack(&stack, &old_stack_);
    struct sigaction action {};
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    for (std::size_t i = 0; i < numbers.size(); ++i) sigaction(numbers[i], &action, &old_actions_[i]);
}

ExceptionSignals::~ExceptionSignals() {
    for (std::size_t i = 0; i < numbers.size(); ++i) sigaction(numbers[i], &old_actions_[i], nullptr);
    sigaltstack(&old_stack_, nullptr);
}

void leave_signal(void* context, void (*rip)(), std::uint64_t rsp) {
    auto& r = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    r[REG_RIP] = static_cast<greg_t>(reinterpret_cast<std::uintptr_t>(rip));
    r[REG_RSP] = static_cast<greg_t>(rsp);
    r[REG_EFL] = 0x202;
    // cs, gs, fs, ss: 16 bits each.
    const auto others = static_cast<std::uint64_t>(r[REG_CSGSFS]) & 0x0000ffffffff0000;
    r[REG_CSGSFS] = static_cast<greg_t>(others | user_cs | std::uint64_t{user_ds} << 48);
}

}  // namespace southgate::cpu::test
