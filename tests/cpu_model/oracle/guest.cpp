#include "oracle/guest.h"

#include <algorithm>

#include "cpu_model/interpreter/interpreter.h"
#include "segments.h"

namespace southgate::cpu::test {

namespace {

constexpr unsigned vectors = 32;
constexpr std::uint64_t present = 1, writable = 2, user = 4;

bool has_error_code(int vector) { return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17; }

}  // namespace

GuestCpu::GuestCpu() : memory_(memory_size), cpu_(make_interpreter(bus_)) {
    build_tables();
    const MemorySlot slots[] = {memory_.slot(0)};
    cpu_->set_memory_map(slots);
    sregs_ = cpu_->sregs();
    sregs_.cr0 = 0x80000011;  // PE, ET, PG
    sregs_.cr3 = directory_physical;
    sregs_.cr4 = 0;
    sregs_.efer = 0;
    sregs_.gdtr = {0, 0x2f};
    sregs_.idtr = {idt_physical, vectors * 8 - 1};
    sregs_.tr = {tss_physical, 0x67, 0x8b, 0x30};
    sregs_.ldtr = {0, 0, SegmentRegister::unusable, 0};
    sregs_.seg[static_cast<unsigned>(Seg::fs)] =
        sregs_.seg[static_cast<unsigned>(Seg::gs)] = {0, 0, SegmentRegister::unusable, 0};
}

void GuestCpu::build_tables() {
    // GDT at 0: kernel code and data, a hole, user code and data.
    memory_.put<std::uint64_t>(0x08, 0x00cf9b000000ffff);
    memory_.put<std::uint64_t>(0x10, 0x00cf93000000ffff);
    memory_.put<std::uint64_t>(0x20, 0x00cffb000000ffff);
    memory_.put<std::uint64_t>(0x28, 0x00cff3000000ffff);
    for (unsigned v = 0; v < vectors; ++v) {
        const std::uint32_t handler = handlers_physical + 16 * v;
        const std::uint64_t dpl = v == 3 || v == 4 ? 3 : 0;
        memory_.put<std::uint64_t>(idt_physical + 8 * v, (handler & 0xffff) | std::uint64_t{kernel_cs} << 16 |
                                                             (0x8e00 | dpl << 13) << 32);
        memory_[handler] = 0xf4;  // HLT
    }
    memory_.put<std::uint32_t>(tss_physical + 4, stack_physical + 0x1000);
    memory_.put<std::uint16_t>(tss_physical + 8, kernel_ss);
    memory_.put<std::uint16_t>(tss_physical + 102, 0x68);  // no I/O bitmap
    memory_.put<std::uint32_t>(directory_physical, low_table_physical | present | writable | user);
    memory_.put<std::uint32_t>(directory_physical + (oracle_base >> 22) * 4,
                               oracle_table_physical | present | writable | user);
    for (std::uint32_t page = 0; page < memory_size; page += 0x1000)
        memory_.put<std::uint32_t>(low_table_physical + (page >> 12) * 4, page | present | writable);
    const auto map = [&](std::uint32_t linear, std::uint32_t physical) {
        memory_.put<std::uint32_t>(oracle_table_physical + ((linear >> 12) & 0x3ff) * 4,
                                   physical | present | writable | user);
    };
    map(oracle_code, code_physical);
    for (std::uint32_t i = 0; i < oracle_data_size; i += 0x1000) map(oracle_data + i, data_physical + i);
}

void GuestCpu::memory_changed() {
    cpu_->memory_written(code().data(), code().size());
    cpu_->memory_written(data().data(), data().size());
}

Outcome GuestCpu::execute(const UserState& before, const Segments& segments, unsigned instructions,
                          bool one_by_one) {
    using S = Seg;
    SpecialRegisters s = sregs_;
    s.seg[static_cast<unsigned>(S::cs)] = wide_segment(user_cs, true, 3, segments.cs_base, !segments.code16);
    for (S data : {S::ds, S::es, S::ss})
        s.seg[static_cast<unsigned>(data)] = wide_segment(user_ds, false, 3, segments.data_base);
    cpu_->set_sregs(s);
    EventState events = cpu_->events();
    events.activity = ActivityState::running;
    events.debug_trap_pending = false;
    cpu_->set_events(events);
    GeneralRegisters r;
    for (unsigned i = 0; i < 8; ++i) r.gpr[i] = before.gpr[i];
    r.rip = before.eip - segments.cs_base;
    r.rflags = before.eflags;
    cpu_->set_regs(r);
    for (unsigned left = instructions; left != 0;) {
        const unsigned now = one_by_one ? 1 : left;
        cpu_->run({now, false});
        left -= now;
    }
    Outcome outcome = caught(cpu_->regs(), cpu_->sregs());
    outcome.state.eip += segments.cs_base;
    return outcome;
}

// What happened: still user code, or one of the handlers, with the frame of a privilege change on its stack.
Outcome GuestCpu::caught(const GeneralRegisters& r, const SpecialRegisters& s) const {
    Outcome o;
    for (unsigned i = 0; i < 8; ++i) o.state.gpr[i] = static_cast<std::uint32_t>(r.gpr[i]);
    o.state.eip = static_cast<std::uint32_t>(r.rip);
    o.state.eflags = static_cast<std::uint32_t>(r.rflags);
    if (s.seg[static_cast<unsigned>(Seg::cs)].selector != kernel_cs) return o;
    o.vector = static_cast<int>((r.rip - handlers_physical) / 16);
    std::uint32_t frame = o.state.gpr[4];
    if (has_error_code(o.vector)) {
        o.error_code = memory_.get<std::uint32_t>(frame & 0xfffc);
        frame += 4;
    }
    if (o.vector == 14) o.cr2 = static_cast<std::uint32_t>(s.cr2);
    o.state.eip = memory_.get<std::uint32_t>(frame & 0xfffc);
    o.state.eflags = memory_.get<std::uint32_t>((frame + 8) & 0xfffc);
    o.state.gpr[4] = memory_.get<std::uint32_t>((frame + 12) & 0xfffc);
    return o;
}

}  // namespace southgate::cpu::test
