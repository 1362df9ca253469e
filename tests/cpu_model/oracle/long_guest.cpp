#include "oracle/long_guest.h"

#include "cpu_model/interpreter/interpreter.h"
#include "segments.h"

namespace southgate::cpu::test {

namespace {

constexpr unsigned vectors = 32;
constexpr std::uint64_t present = 1, writable = 2, user_page = 4;

bool has_error_code(int vector) { return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17; }

}  // namespace

LongGuest::LongGuest() : memory_(memory_size), cpu_(make_interpreter(bus_, CpuModel::x86_64())) {
    build_tables();
    const MemorySlot slots[] = {memory_.slot(0)};
    cpu_->set_memory_map(slots);
    sregs_ = cpu_->sregs();
    sregs_.cr0 = 0x80000011;  // PE, ET, PG
    sregs_.cr3 = tables;
    sregs_.cr4 = 0x20;    // PAE
    sregs_.efer = 0x500;  // LME, LMA
    sregs_.gdtr = {0, 0x4f};
    sregs_.idtr = {idt, vectors * 16 - 1};
    sregs_.tr = {tss, 0x67, 0x8b, 0x40};
    sregs_.ldtr = {0, 0, SegmentRegister::unusable, 0};
    const auto set = [this](Seg s, const SegmentRegister& value) { sregs_.seg[static_cast<unsigned>(s)] = value; };
    SegmentRegister cs = wide_segment(user_cs, true, 3);
    cs.attributes = (cs.attributes & ~SegmentRegister::db) | SegmentRegister::l;
    set(Seg::cs, cs);
    set(Seg::ss, wide_segment(user_ss, false, 3));
    for (const Seg s : {Seg::ds, Seg::es, Seg::fs}) set(s, {0, 0, SegmentRegister::unusable, 0});
    set(Seg::gs, {oracle_gs_base, 0, SegmentRegister::unusable, 0});
}

// One 4 KiB page through four levels of tables, made on demand.
void LongGuest::map(std::uint64_t linear, std::uint64_t physical, bool user) {
    const std::uint64_t rights = present | writable | (user ? user_page : 0);
    std::uint64_t table = tables;
    for (unsigned shift = 39; shift > 12; shift -= 9) {
        const std::uint64_t entry = table + ((linear >> shift) & 511) * 8;
        if (memory_.get<std::uint64_t>(entry) == 0) {
            memory_.put<std::uint64_t>(entry, next_table_ | present | writable | user_page);
            next_table_ += 0x1000;
        }
        table = memory_.get<std::uint64_t>(entry) & ~std::uint64_t{0xfff};
    }
    memory_.put<std::uint64_t>(table + ((linear >> 12) & 511) * 8, physical | rights);
}

void LongGuest::build_tables() {
    memory_.put<std::uint64_t>(0x08, 0x00af9b000000ffff);
    memory_.put<std::uint64_t>(0x28, 0x00cff3000000ffff);
    memory_.put<std::uint64_t>(0x30, 0x00affb000000ffff);
    for (unsigned v = 0; v < vectors; ++v) {
        const std::uint64_t handler = handlers + 16 * v;
        const std::uint64_t dpl = v == 3 || v == 4 ? 3 : 0;
        memory_.put<std::uint64_t>(idt + 16 * v, (handler & 0xffff) | std::uint64_t{kernel_cs} << 16 |
                                                     (0x8e00 | dpl << 13) << 32);
        memory_[handler] = 0xf4;  // HLT
    }
    memory_.put<std::uint64_t>(tss + 4, stack + 0x1000);
    memory_.put<std::uint16_t>(tss + 102, 0x68);  // no I/O bitmap
    for (std::uint64_t page = 0; page < windows; page += 0x1000) map(page, page, false);
    for (const bool high : {false, true}) {
        const std::uint64_t base = high ? oracle_high : 0;
        for (std::uint32_t i = 0; i < 0x1000 + oracle_data_size; i += 0x1000)
            map(base + oracle_code + i, code_at(high) + i, true);
    }
}

void LongGuest::memory_changed(bool high) {
    cpu_->memory_written(code(high).data(), code(high).size());
    cpu_->memory_written(data(high).data(), data(high).size());
}

LongOutcome LongGuest::execute(const LongState& before, unsigned instructions, bool one_by_one) {
    cpu_->set_sregs(sregs_);
    EventState events = cpu_->events();
    events.activity = ActivityState::running;
    events.debug_trap_pending = false;
    cpu_->set_events(events);
    GeneralRegisters r;
    r.gpr = before.gpr;
    r.rip = before.rip;
    r.rflags = before.rflags;
    cpu_->set_regs(r);
    for (unsigned left = instructions; left != 0;) {
        const unsigned now = one_by_one ? 1 : left;
        cpu_->run({now, false});
        left -= now;
    }
    return caught(cpu_->regs(), cpu_->sregs());
}

// What happened: still user code, or one of the handlers, with its frame on the stack (SDM vol. 3A 6.14.2).
LongOutcome LongGuest::caught(const GeneralRegisters& r, const SpecialRegisters& s) const {
    LongOutcome o;
    o.state.gpr = r.gpr;
    o.state.rip = r.rip;
    o.state.rflags = static_cast<std::uint32_t>(r.rflags);
    if (s.seg[static_cast<unsigned>(Seg::cs)].selector != kernel_cs) return o;
    o.vector = static_cast<int>((r.rip - handlers) / 16);
    constexpr unsigned rsp = 4;
    std::uint64_t frame = o.state.gpr[rsp] & 0xfff8;
    if (has_error_code(o.vector)) {
        o.error_code = memory_.get<std::uint32_t>(frame);
        frame += 8;
    }
    if (o.vector == 14) o.cr2 = s.cr2;
    o.state.rip = memory_.get<std::uint64_t>(frame);
    o.state.rflags = memory_.get<std::uint32_t>(frame + 16);
    o.state.gpr[rsp] = memory_.get<std::uint64_t>(frame + 24);
    return o;
}

}  // namespace southgate::cpu::test
