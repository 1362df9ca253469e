#include "cpu_model/interpreter/fpu/state.h"

#include "cpu_model/interpreter/flags.h"

namespace southgate::cpu::x87 {

void refuse(Cpu* c, const Uop* u) {
    require_fpu(c, u);
    report_pending(c, u);
}

Image to_image(const FpuState& f) {
    Image image;
    image.control = 0xffff0000 | f.fcw;
    image.status = 0xffff0000 | (f.fsw & (sw::top | sw::condition));
    image.tags = 0xffff0000 | f.ftw;
    for (unsigned i = 0; i < 8; i++) std::memcpy(image.st[i], f.st[physical(f, i)].data(), 10);
    return image;
}

void from_image(FpuState& f, const Image& image) {
    const unsigned sticky = f.fsw & (sw::exceptions | sw::stack_fault);
    f.fsw = static_cast<std::uint16_t>(image.status | sticky);
    f.ftw = static_cast<std::uint16_t>(image.tags);
    for (unsigned i = 0; i < 8; i++) std::memcpy(f.st[physical(f, i)].data(), image.st[i], 10);
    update_summary(f);
}

void execute_exact(Cpu* c, const Uop* u, void* memory) {
    Image image = to_image(c->fpu);
    const std::uint64_t before = status_flags(c);
    const std::uint64_t after = run_exact(image, stub_of(u), memory, before);
    from_image(c->fpu, image);
    if (after != before) set_status_flags(c, after);
}

}  // namespace southgate::cpu::x87
