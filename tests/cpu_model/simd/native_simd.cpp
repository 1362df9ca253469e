#include "tests/cpu_model/simd/native_simd.h"

#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <cstring>
#include <stdexcept>
#include <vector>

namespace southgate::cpu::test {
namespace {

// FXSAVE64 (SDM vol. 1 table 10-2).
struct alignas(16) Image {
    std::uint16_t fcw, fsw;
    std::uint8_t ftw, reserved;
    std::uint16_t opcode;
    std::uint64_t ip, dp;
    std::uint32_t mxcsr, mxcsr_mask;
    std::uint8_t st[8][16];
    std::uint8_t xmm[16][16];
    std::uint8_t rest[96];
};
static_assert(sizeof(Image) == 512);

// Where a signal goes on, and which exception it was.
std::uint64_t resume_at;
volatile int caught;
struct sigaction old_fpe, old_ill;

void on_signal(int number, siginfo_t*, void* context) {
    caught = number == SIGFPE ? 19 : 6;
    static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP] = static_cast<greg_t>(resume_at);
}

void append(std::vector<std::uint8_t>& text, std::initializer_list<unsigned> bytes) {
    for (const unsigned b : bytes) text.push_back(static_cast<std::uint8_t>(b));
}
// mov between [r15 + 8 * n] and register n; opcode 8B loads, 89 stores.
void move_register(std::vector<std::uint8_t>& text, unsigned opcode, unsigned n) {
    append(text, {0x49u | (n >= 8 ? 4u : 0u), opcode, 0x47u | (n & 7) << 3, 8 * n});
}

}  // namespace

NativeSimd::NativeSimd() {
    void* p = mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) throw std::runtime_error("no executable page");
    page_ = static_cast<std::uint8_t*>(p);
    struct sigaction action {};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGFPE, &action, &old_fpe);
    sigaction(SIGILL, &action, &old_ill);
}
NativeSimd::~NativeSimd() {
    sigaction(SIGFPE, &old_fpe, nullptr);
    sigaction(SIGILL, &old_ill, nullptr);
    munmap(page_, 4096);
}

SimdState NativeSimd::run(std::span<const std::uint8_t> code, const SimdState& before, unsigned offset) {
    // rdi: image, rsi: registers with the flags behind them. R15 keeps the registers, R14 the image; neither
    // is compared.
    std::vector<std::uint8_t> text;
    append(text, {0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57});  // push rbx rbp r12-r15
    append(text, {0x49, 0x89, 0xfe, 0x49, 0x89, 0xf7});                          // mov r14, rdi; mov r15, rsi
    append(text, {0x49, 0x0f, 0xae, 0x0e});                                      // fxrstor64 [r14]
    append(text, {0x41, 0xff, 0xb7, 0x80, 0, 0, 0, 0x9d});                       // push [r15 + 128]; popfq
    for (unsigned n = 0; n < 14; n++)
        if (n != 4) move_register(text, 0x8b, n);
    text.insert(text.end(), code.begin(), code.end());
    const std::size_t end = text.size();
    for (unsigned n = 0; n < 14; n++)
        if (n != 4) move_register(text, 0x89, n);
    append(text, {0x9c, 0x41, 0x8f, 0x87, 0x80, 0, 0, 0});  // pushfq; pop [r15 + 128]
    append(text, {0x49, 0x0f, 0xae, 0x06});                 // fxsave64 [r14]
    append(text, {0xdb, 0xe3, 0xfc});                       // fninit; cld
    append(text, {0x41, 0x5f, 0x41, 0x5e, 0x41, 0x5d, 0x41, 0x5c, 0x5d, 0x5b, 0xc3});
    std::memcpy(page_, text.data(), text.size());
    resume_at = reinterpret_cast<std::uintptr_t>(page_) + end;
    caught = -1;

    SimdState after = before;
    Image image{};
    image.fcw = before.fcw;
    image.fsw = before.fsw;
    image.ftw = before.ftw;
    image.mxcsr = before.mxcsr;
    for (unsigned n = 0; n < 8; n++) std::memcpy(image.st[n], before.st[n].data(), 10);
    std::memcpy(image.xmm, before.xmm.data(), sizeof image.xmm);
    std::array<std::uint64_t, 17> registers{};
    for (unsigned n = 0; n < 16; n++) registers[n] = before.gpr[n];
    const auto memory = reinterpret_cast<std::uintptr_t>(after.memory.data());
    registers[6] = registers[7] = memory + offset;
    constexpr std::uint64_t status = 0x8d5, always = 0x202;
    registers[16] = (before.flags & status) | always;

    using Function = void(void*, void*);
    Function* f;
    void* at = page_;
    std::memcpy(&f, &at, sizeof f);
    const unsigned own = __builtin_ia32_stmxcsr();
    f(&image, registers.data());
    __builtin_ia32_ldmxcsr(own);

    after.vector = caught;
    after.fcw = image.fcw;
    after.fsw = image.fsw;
    after.ftw = image.ftw;
    after.mxcsr = image.mxcsr;
    for (unsigned n = 0; n < 8; n++) std::memcpy(after.st[n].data(), image.st[n], 10);
    std::memcpy(after.xmm.data(), image.xmm, sizeof image.xmm);
    for (unsigned n = 0; n < 16; n++) after.gpr[n] = registers[n];
    after.flags = registers[16] & status;
    return after;
}

}  // namespace southgate::cpu::test
