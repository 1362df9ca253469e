#include "oracle/compat_guest.h"

#include "cpu_model/interpreter/interpreter.h"
#include "oracle/compat_layout.h"

namespace southgate::cpu::test {

namespace {

constexpr unsigned vectors = 32;
constexpr std::uint64_t present = 1, writable = 2, user_page = 4, no_execute = std::uint64_t{1} << 63;

bool has_error_code(int vector) { return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17; }

}  // namespace

CompatGuest::CompatGuest(bool long_mode)
    : long_mode_(long_mode), memory_(memory_size), cpu_(make_interpreter(bus_, CpuModel::x86_64())) {
    build_tables();
    const MemorySlot slots[] = {memory_.slot(0)};
    cpu_->set_memory_map(slots);
    sregs_ = cpu_->sregs();
    sregs_.cr0 = 0x80050031;  // PE, ET, NE, WP, AM, PG: as Linux has them
    sregs_.cr3 = tables;
    sregs_.cr4 = 0x40620;     // PAE, OSFXSR, OSXMMEXCPT, OSXSAVE
    sregs_.efer = long_mode ? 0xd00 : 0x800;  // NXE; LME, LMA
    sregs_.gdtr = {kernel() + gdt, static_cast<std::uint16_t>(linux_gdt.size() * 8 - 1)};
    sregs_.idtr = {kernel() + idt, static_cast<std::uint16_t>(vectors * (long_mode ? 16 : 8) - 1)};
    sregs_.tr = {kernel() + tss, 0x67, 0x8b, 0x40};
    sregs_.ldtr = {kernel() + ldt, ldt_entries * 8 - 1, 0x82, 0x50};
}

// One 4 KiB page through the tables of PAE or 4-level paging, made on demand.
void CompatGuest::map(std::uint64_t linear, std::uint64_t physical, std::uint64_t rights) {
    std::uint32_t table = tables;
    const unsigned top = long_mode_ ? 39 : 30;
    for (unsigned shift = top; shift > 12; shift -= 9) {
        const std::uint64_t entry = table + ((linear >> shift) & 511) * 8;
        if (memory_.get<std::uint64_t>(entry) == 0) {
            // A PDPTE of PAE paging has no rights.
            const std::uint64_t all = shift == 30 && !long_mode_ ? present : present | writable | user_page;
            memory_.put<std::uint64_t>(entry, next_table_ | all);
            next_table_ += 0x1000;
        }
        table = static_cast<std::uint32_t>(memory_.get<std::uint64_t>(entry) & ~std::uint64_t{0xfff});
    }
    memory_.put<std::uint64_t>(table + ((linear >> 12) & 511) * 8, physical | present | rights);
}

void CompatGuest::build_tables() {
    for (std::size_t i = 0; i < linux_gdt.size(); ++i) memory_.put<std::uint64_t>(gdt + 8 * i, linux_gdt[i]);
    const std::uint64_t handler_cs = long_mode_ ? kernel_cs : kernel32_cs;
    for (unsigned v = 0; v < vectors; ++v) {
        const std::uint64_t handler = kernel() + handlers + 16 * v;
        const std::uint64_t dpl = v == 3 || v == 4 ? 3 : 0;
        const std::uint64_t gate = (handler & 0xffff) | handler_cs << 16 | (0x8e00 | dpl << 13) << 32 |
                                   (handler >> 16 & 0xffff) << 48;
        memory_.put<std::uint64_t>(idt + (long_mode_ ? 16 : 8) * v, gate);
        if (long_mode_) memory_.put<std::uint64_t>(idt + 16 * v + 8, handler >> 32);
        memory_[handlers + 16 * v] = 0xf4;  // HLT
    }
    if (long_mode_) {
        memory_.put<std::uint64_t>(tss + 4, kernel() + stack + 0x1000);
    } else {
        memory_.put<std::uint32_t>(tss + 4, static_cast<std::uint32_t>(kernel()) + stack + 0x1000);
        memory_.put<std::uint16_t>(tss + 8, kernel_ds);
    }
    memory_.put<std::uint16_t>(tss + 102, 0x68);  // no I/O bitmap
    for (std::uint32_t page = 0; page < window; page += 0x1000) map(kernel() + page, page, writable);
    const auto map_window = [this](std::uint32_t linear, std::uint32_t size, std::uint32_t at, std::uint64_t rights) {
        for (std::uint32_t i = 0; i < size; i += 0x1000) map(linear + i, window + at + i, user_page | rights);
    };
    map_window(compat::control, 0x1000, 0, 0);
    map_window(compat::code, compat::code_size, compat::code_at, 0);
    map_window(compat::data, compat::data_size, compat::data_at, writable | no_execute);
    map_window(compat::read_only, 0x1000, compat::data_at + compat::data_size, no_execute);
}

void CompatGuest::set_ldt(const Ldt& table) {
    for (std::size_t i = 0; i < table.size(); ++i) memory_.put<std::uint64_t>(ldt + 8 * i, table[i].raw());
    cpu_->memory_written(memory_.data() + ldt, table.size() * 8);
    // Forgets the code that earlier cases left: long runs would search ever more of it.
    const MemorySlot slots[] = {memory_.slot(0)};
    cpu_->set_memory_map({});
    cpu_->set_memory_map(slots);
}

// What loading this selector leaves in a segment register.
SegmentRegister CompatGuest::segment(std::uint16_t selector) const {
    if ((selector & 0xfffc) == 0) return {0, 0, SegmentRegister::unusable, selector};
    const std::uint64_t raw = memory_.get<std::uint64_t>(((selector & 4) != 0 ? ldt : gdt) + (selector & 0xfff8u));
    const std::uint64_t base = (raw >> 16 & 0xffffff) | (raw >> 56 & 0xff) << 24;
    const auto limit = static_cast<std::uint32_t>((raw & 0xffff) | (raw >> 32 & 0xf0000));
    const auto attributes = static_cast<std::uint32_t>(raw >> 40 & 0xf0ff);
    return {base, (attributes & SegmentRegister::g) != 0 ? limit << 12 | 0xfff : limit, attributes, selector};
}

std::optional<CompatOutcome> CompatGuest::execute(const CompatState& before, unsigned length, bool one_by_one) {
    SpecialRegisters s = sregs_;
    for (unsigned i = 0; i < seg_count; ++i) s.seg[i] = segment(before.selector[i]);
    const std::uint64_t start = s.seg[static_cast<unsigned>(Seg::cs)].base + before.eip;
    cpu_->set_sregs(s);
    EventState events = cpu_->events();
    events.activity = ActivityState::running;
    events.mov_ss_shadow = events.debug_trap_pending = false;
    cpu_->set_events(events);
    GeneralRegisters r;
    for (unsigned i = 0; i < 8; ++i) r.gpr[i] = before.gpr[i];
    r.rip = before.eip;
    r.rflags = before.eflags;
    cpu_->set_regs(r);
    constexpr unsigned longest = 1u << 14;  // iterations
    cpu_->run({1, false});
    const std::uint64_t landed = cpu_->linear_rip();
    if (landed > start && landed < start + length) return std::nullopt;
    // A call or return that leads to itself would be executed again, from a state that no rule looks at.
    const bool same_stack = cpu_->regs().gpr[4] == r.gpr[4];
    if (landed == start && !(same_stack && cpu_->sregs().seg[static_cast<unsigned>(Seg::cs)].selector == before.cs()))
        return std::nullopt;
    if (landed >= compat::control && landed < compat::control + 0x1000) return std::nullopt;
    for (unsigned left = longest; left != 0 && cpu_->events().activity == ActivityState::running;) {
        const unsigned now = one_by_one ? 1 : left;
        cpu_->run({now, false});
        left -= now;
    }
    if (cpu_->events().activity != ActivityState::halted) return std::nullopt;
    return caught(cpu_->regs(), cpu_->sregs());
}

// One of the handlers, with the frame of a privilege change on its stack (SDM vol. 3A 6.12.1, 6.14.2).
CompatOutcome CompatGuest::caught(const GeneralRegisters& r, const SpecialRegisters& s) const {
    CompatOutcome o;
    for (unsigned i = 0; i < 8; ++i) o.state.gpr[i] = static_cast<std::uint32_t>(r.gpr[i]);
    for (unsigned i = 0; i < seg_count; ++i) o.state.selector[i] = s.seg[i].selector;
    o.vector = static_cast<int>((r.rip - kernel() - handlers) / 16);
    const unsigned slot = long_mode_ ? 8 : 4;
    std::uint64_t frame = r.gpr[4] - kernel();
    if (!long_mode_) frame = static_cast<std::uint32_t>(frame);
    if (has_error_code(o.vector)) {
        o.error_code = memory_.get<std::uint32_t>(frame);
        frame += slot;
    }
    if (o.vector == 14) o.cr2 = static_cast<std::uint32_t>(s.cr2);
    o.state.eip = memory_.get<std::uint32_t>(frame);
    o.state.selector[static_cast<unsigned>(Seg::cs)] = memory_.get<std::uint16_t>(frame + slot);
    o.state.eflags = memory_.get<std::uint32_t>(frame + 2 * slot);
    o.state.gpr[4] = memory_.get<std::uint32_t>(frame + 3 * slot);
    o.state.selector[static_cast<unsigned>(Seg::ss)] = memory_.get<std::uint16_t>(frame + 4 * slot);
    return o;
}

}  // namespace southgate::cpu::test
