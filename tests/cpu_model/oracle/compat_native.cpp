#include "oracle/compat_native.h"

#include <asm/ldt.h>
#include <asm/prctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstring>
#include <fstream>

#include "oracle/compat_layout.h"

namespace southgate::cpu::test {

// Known to the assembly below. `far` takes 64-bit code to the trampoline in the control page.
struct CompatEntry {
    std::uint64_t host_rsp, rflags;
    std::uint32_t far_offset;
    std::uint16_t far_selector;
};
static_assert(offsetof(CompatEntry, rflags) == 8 && offsetof(CompatEntry, far_offset) == 16);

// What the trampoline loads, at compat::control + 800h: LSS and JMP take far pointers, so offset and selector pair up.
struct CompatFrame {
    std::uint32_t eax, ecx, edx, ebx, esp, ss, ebp, esi, edi, eip, cs;
    std::uint16_t ds, es, fs, gs;
};
static_assert(compat::control == 0x20001000 && offsetof(CompatFrame, eip) == 36 && offsetof(CompatFrame, ds) == 44);
constexpr std::uint32_t frame_at = 0x800;

extern "C" {
void southgate_enter_compat(CompatEntry* entry);
void southgate_leave_compat();
void southgate_compat_signal(int, siginfo_t*, void*);
void southgate_compat_caught(int number, siginfo_t* info, void* context);
extern const char southgate_trampoline[], southgate_trampoline_end[];
std::uint64_t southgate_host_fs_base;
std::uint16_t southgate_caught_segments[4];  // DS ES FS GS
}

// The way in: flags first, because nothing behind POPFQ changes them, then a far jump to 32-bit code, which loads segments
// and registers with MOV, the stack with LSS (IRET would leave the upper half of ESP alone when SS is a 16-bit segment) and
// CS:EIP with a far jump. The way out: always a signal. Its handler starts with the segments of the code under test: a
// changed FS takes the thread pointer with it, AC would make the handler's own accesses fault.
asm(R"(
    .text
    .globl southgate_enter_compat
southgate_enter_compat:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, (%rdi)
    push 8(%rdi)
    popfq
    ljmp *16(%rdi)

    .globl southgate_leave_compat
southgate_leave_compat:
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret

    .globl southgate_compat_signal
southgate_compat_signal:
    pushfq
    andl $~0x44000, (%rsp)
    popfq
    movw %ds, southgate_caught_segments(%rip)
    movw %es, 2+southgate_caught_segments(%rip)
    movw %fs, 4+southgate_caught_segments(%rip)
    movw %gs, 6+southgate_caught_segments(%rip)
    xor %eax, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %gs
    push %rdi
    push %rsi
    push %rdx
    mov $158, %eax
    mov $0x1002, %edi
    mov southgate_host_fs_base(%rip), %rsi
    syscall
    pop %rdx
    pop %rsi
    pop %rdi
    jmp southgate_compat_caught

    .globl southgate_trampoline
    .globl southgate_trampoline_end
    .code32
southgate_trampoline:
    mov %cs:0x20001830, %fs
    mov %cs:0x20001832, %gs
    mov %cs:0x2000182e, %es
    mov %cs:0x2000182c, %ds
    mov %cs:0x20001800, %eax
    mov %cs:0x20001804, %ecx
    mov %cs:0x20001808, %edx
    mov %cs:0x2000180c, %ebx
    mov %cs:0x20001818, %ebp
    mov %cs:0x2000181c, %esi
    mov %cs:0x20001820, %edi
    lss %cs:0x20001810, %esp
    ljmp *%cs:0x20001824
southgate_trampoline_end:
    .code64
)");
static_assert(SYS_arch_prctl == 158 && ARCH_SET_FS == 0x1002);

namespace {

CompatEntry entry;
bool inside = false;
CompatOutcome outcome;

void* address(std::uint64_t linear) { return reinterpret_cast<void*>(linear); }

}  // namespace

extern "C" void southgate_compat_caught(int number, siginfo_t*, void* raw) {
    auto* context = static_cast<ucontext_t*>(raw);
    auto& r = context->uc_mcontext.gregs;
    if (!inside) {
        // Not ours: a defect of the test program itself.
        signal(number, SIG_DFL);
        return;
    }
    inside = false;
    constexpr int registers[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI};
    for (unsigned i = 0; i < 8; ++i) outcome.state.gpr[i] = static_cast<std::uint32_t>(r[registers[i]]);
    outcome.state.eip = static_cast<std::uint32_t>(r[REG_RIP]);
    outcome.state.eflags = static_cast<std::uint32_t>(r[REG_EFL]);
    // cs, gs, fs, ss: 16 bits each; Linux fills in only the outer two.
    const auto segments = static_cast<std::uint64_t>(r[REG_CSGSFS]);
    const auto& caught = southgate_caught_segments;
    outcome.state.selector = {caught[1], static_cast<std::uint16_t>(segments), static_cast<std::uint16_t>(segments >> 48),
                              caught[0], caught[2], caught[3]};
    outcome.vector = static_cast<int>(r[REG_TRAPNO]);
    outcome.error_code = static_cast<std::uint32_t>(r[REG_ERR]);
    outcome.cr2 = static_cast<std::uint32_t>(r[REG_CR2]);
    leave_signal(context, southgate_leave_compat, entry.host_rsp);
}

CompatNative::CompatNative() {
    if (!map()) {
        unavailable_ = "the low address range is in use on this host";
        return;
    }
    std::memcpy(memory_, southgate_trampoline, static_cast<std::size_t>(southgate_trampoline_end - southgate_trampoline));
    LdtDescriptor flat;
    flat.empty = false;
    flat.code = flat.big = flat.pages = true;
    flat.limit = 0xfffff;
    LdtDescriptor stack16;  // kernels can be built without 16-bit segments
    stack16.empty = false;
    stack16.limit = 0xffff;
    if (!write_entry(trampoline_entry, flat) || !write_entry(0, stack16)) {
        unavailable_ = "this host offers no 16- and 32-bit segments (modify_ldt)";
        return;
    }
    syscall(SYS_arch_prctl, ARCH_GET_FS, &southgate_host_fs_base);
    signals_.emplace(southgate_compat_signal);
    // Whether 32-bit code runs at all: an INT3 in flat segments.
    CompatState probe;
    probe.eip = compat::code;
    probe.eflags = 0x202;
    probe.selector = {0, ldt_selector(trampoline_entry), ldt_selector(0), 0, 0, 0};
    memory_[compat::code_at] = 0xcc;
    prepare(probe);
    const CompatOutcome o = execute();
    if (o.vector != 3 || o.state.eip != compat::code + 1 || o.state.cs() != probe.cs())
        unavailable_ = "32-bit code does not run on this host";
}

CompatNative::~CompatNative() {
    signals_.reset();
    if (!memory_) return;
    for (unsigned i = 0; i < ldt_entries; ++i) write_entry(i, {});
    munmap(memory_, compat::memory_size);
    munmap(address(compat::reservation), compat::reservation_end - compat::reservation);
}

bool CompatNative::map() {
    constexpr std::size_t reserved = compat::reservation_end - compat::reservation;
    {
        std::ifstream maps("/proc/self/maps");
        std::uint64_t first = 0;
        low_memory_is_ours_ = static_cast<bool>(maps >> std::hex >> first) && first >> 32 != 0;
    }
    const int file = memfd_create("oracle", MFD_CLOEXEC);
    if (file < 0) return false;
    const bool sized = ftruncate(file, compat::memory_size) == 0;
    void* const low = address(compat::reservation);
    if (!sized || mmap(low, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != low) {
        close(file);
        return false;
    }
    const auto place = [file](std::uint32_t linear, std::size_t size, int protection, std::uint32_t at) {
        return mmap(address(linear), size, protection, MAP_SHARED | MAP_FIXED | MAP_POPULATE, file, at) == address(linear);
    };
    void* const all =
        mmap(nullptr, compat::memory_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0);
    const bool ok = all != MAP_FAILED && place(compat::control, 0x1000, PROT_READ | PROT_EXEC, 0) &&
                    place(compat::code, compat::code_size, PROT_READ | PROT_EXEC, compat::code_at) &&
                    place(compat::data, compat::data_size, PROT_READ | PROT_WRITE, compat::data_at) &&
                    place(compat::read_only, 0x1000, PROT_READ, compat::data_at + compat::data_size);
    close(file);
    if (!ok) {
        if (all != MAP_FAILED) munmap(all, compat::memory_size);
        munmap(low, reserved);
        return false;
    }
    memory_ = static_cast<std::uint8_t*>(all);
    return true;
}

bool CompatNative::write_entry(unsigned number, const LdtDescriptor& d) {
    user_desc u{};
    u.entry_number = number;
    if (d.empty) {
        u.read_exec_only = u.seg_not_present = 1;  // Linux: this makes the entry all zero
    } else {
        u.base_addr = d.base;
        u.limit = d.limit;
        u.seg_32bit = d.big;
        u.contents = (d.code ? 2u : 0u) | (d.expand_down || d.conforming ? 1u : 0u);
        u.read_exec_only = d.restricted;
        u.limit_in_pages = d.pages;
        u.seg_not_present = d.absent;
        u.useable = d.available;
    }
    constexpr int write_new_style = 0x11;
    return syscall(SYS_modify_ldt, write_new_style, &u, sizeof u) == 0;
}

void CompatNative::set_ldt(const Ldt& ldt) {
    for (unsigned i = 0; i < ldt_entries; ++i) write_entry(i, ldt[i]);
}

void CompatNative::prepare(const CompatState& before) {
    const auto& s = before.selector;
    const auto& g = before.gpr;
    const CompatFrame frame{g[0], g[1], g[2], g[3],       g[4],        s[2], g[5], g[6],
                            g[7], before.eip, s[1], s[3], s[0], s[4], s[5]};
    std::memcpy(memory_ + frame_at, &frame, sizeof frame);
    entry.rflags = before.eflags;
}

CompatOutcome CompatNative::execute() {
    entry.far_offset = compat::control;
    entry.far_selector = ldt_selector(trampoline_entry);
    inside = true;
    southgate_enter_compat(&entry);
    return outcome;
}

}  // namespace southgate::cpu::test
