// How exceptions of native code come back on Linux: as signals, with what the processor reported in their context.
#pragma once

#include <array>
#include <csignal>
#include <cstdint>

namespace southgate::cpu::test {

// Handles the signals of exceptions while it exists, on a stack of its own. One at a time.
class ExceptionSignals {
  public:
    using Handler = void (*)(int number, siginfo_t* info, void* context);
    explicit ExceptionSignals(Handler handler);
    ~ExceptionSignals();
    ExceptionSignals(const ExceptionSignals&) = delete;
    ExceptionSignals& operator=(const ExceptionSignals&) = delete;

  private:
    static constexpr std::array numbers{SIGSEGV, SIGFPE, SIGILL, SIGTRAP, SIGBUS};
    std::array<struct sigaction, numbers.size()> old_actions_;
    stack_t old_stack_;
};

// Lets the handler return to 64-bit code at `rip` with the stack at `rsp`.
void leave_signal(void* context, void (*rip)(), std::uint64_t rsp);

}  // namespace southgate::cpu::test
