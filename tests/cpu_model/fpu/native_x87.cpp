#include "tests/cpu_model/fpu/native_x87.h"

#include <sys/mman.h>

#include <cstring>
#include <stdexcept>
#include <vector>

namespace southgate::cpu::test {
namespace {

// FNSAVE, 32-bit protected mode format.
struct Image {
    std::uint32_t control, status, tags, pointers[4];
    std::uint8_t st[8][10];
};
static_assert(sizeof(Image) == 108);

}  // namespace

NativeX87::NativeX87() {
    void* p = mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) throw std::runtime_error("no executable page");
    page_ = static_cast<std::uint8_t*>(p);
}
NativeX87::~NativeX87() { munmap(page_, 4096); }

X87 NativeX87::run(std::span<const std::uint8_t> code, const X87& before) {
    // rdi: image, rsi: operand, rdx: EFLAGS in and out, rcx: AX in and out. FNSAVE does not wait, so that an
    // unmasked exception of the instruction raises nothing here.
    std::vector<std::uint8_t> text = {
        0xdd, 0x27,        // frstor [rdi]
        0xff, 0x32, 0x9d,  // push qword [rdx]; popfq
        0x0f, 0xb7, 0x01,  // movzx eax, word [rcx]
    };
    text.insert(text.end(), code.begin(), code.end());
    text.insert(text.end(), {0x66, 0x89, 0x01,  // mov [rcx], ax
                             0x9c, 0x8f, 0x02,  // pushfq; pop qword [rdx]
                             0xdd, 0x37,        // fnsave [rdi]
                             0xc3});
    std::memcpy(page_, text.data(), text.size());

    Image image{};
    image.control = 0xffff0000u | before.fcw;
    image.status = 0xffff0000u | before.fsw;
    image.tags = 0xffff0000u | before.ftw;
    std::memcpy(image.st, before.st.data(), sizeof image.st);
    X87 after = before;
    constexpr std::uint64_t status = 0x8d5, always = 0x202;
    std::uint64_t flags = (before.flags & status) | always;
    using Function = void(void*, void*, void*, void*);
    Function* f;
    void* at = page_;
    std::memcpy(&f, &at, sizeof f);
    f(&image, after.memory.data(), &flags, &after.ax);
    after.fcw = static_cast<std::uint16_t>(image.control);
    after.fsw = static_cast<std::uint16_t>(image.status);
    after.ftw = static_cast<std::uint16_t>(image.tags);
    std::memcpy(after.st.data(), image.st, sizeof image.st);
    after.flags = flags & status;
    return after;
}

}  // namespace southgate::cpu::test
