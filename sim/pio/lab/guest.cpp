#include "sim/pio/lab/guest.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace southgate::pio {

namespace {

using cpu::Gpr;
using cpu::Seg;
using SR = cpu::SegmentRegister;

constexpr std::uint8_t hlt = 0xf4;
constexpr std::array<std::string_view, 5> mode_names{"real16", "protected16", "protected32", "compatibility32",
                                                     "long64"};

constexpr std::uint64_t pe = 1, et = 1u << 4, pg = 1u << 31, pae = 1u << 5, lme = 1u << 8, lma = 1u << 10;

bool is_long(GuestMode mode) { return mode == GuestMode::long64 || mode == GuestMode::compatibility32; }

// Attributes in the layout of VMCS access rights (SDM vol. 3C 24.4.1), CPL 0, accessed.
constexpr std::uint32_t code_attributes = SR::present | SR::s | SR::code | SR::writable | SR::accessed;
constexpr std::uint32_t data_attributes = SR::present | SR::s | SR::writable | SR::accessed;
constexpr std::uint32_t busy_tss = SR::present | 0xb;
constexpr std::uint32_t ldt = SR::present | 0x2;

SR code_segment(const Guest& guest) {
    switch (guest.mode) {
        case GuestMode::real16: return {guest.cs_base, 0xffff, code_attributes, guest.cs_selector};
        case GuestMode::protected16: return {guest.cs_base, 0xffff, code_attributes, layout::code16};
        case GuestMode::long64: return {guest.cs_base, 0xffffffff, code_attributes | SR::l | SR::g, layout::code64};
        default: return {guest.cs_base, 0xffffffff, code_attributes | SR::db | SR::g, layout::code32};
    }
}

void put(std::uint8_t* ram, std::uint64_t at, std::uint64_t value, unsigned size = 8) {
    std::memcpy(ram + at, &value, size);
}

// Descriptors (SDM vol. 3A 3.4.5) and gates (6.11, 6.14.1) of flat CPL 0 segments.
void build_tables(std::uint8_t* ram) {
    std::memset(ram + layout::gdt, 0, 0x40);
    put(ram, layout::gdt + layout::code32, 0x00cf9b000000ffff);
    put(ram, layout::gdt + layout::data32, 0x00cf93000000ffff);
    put(ram, layout::gdt + layout::code64, 0x00af9b000000ffff);
    put(ram, layout::gdt + layout::code16, 0x00009b000000ffff);
    put(ram, layout::gdt + layout::task, 0x00008b0000000067 | layout::tss << 16);
    std::memset(ram + layout::tss, 0, 0x68);
    for (std::uint64_t v = 0; v < 256; ++v) {
        const std::uint64_t handler = layout::handlers + v;
        put(ram, 4 * v, handler, 4);  // real mode: segment 0
        put(ram, layout::idt32 + 8 * v, 0x00008e0000000000 | std::uint64_t{layout::code32} << 16 | handler);
        put(ram, layout::idt64 + 16 * v, 0x00008e0000000000 | std::uint64_t{layout::code64} << 16 | handler);
        put(ram, layout::idt64 + 16 * v + 8, 0);
    }
}

// Four-level paging with 2 MiB pages (SDM vol. 3A 4.5): identity below 4 GiB where there is memory, and the aliases.
void build_page_tables(std::uint8_t* ram) {
    constexpr std::uint64_t table = 0x3, page = 0x83, base = layout::page_tables;
    constexpr std::uint64_t pml4 = base, low = base + 0x1000, high = base + 0x2000, gib0 = base + 0x3000,
                            gib3 = base + 0x4000, gib4 = base + 0x5000, gib7 = base + 0x6000;
    static_assert(gib7 + 0x1000 <= layout::idt64);
    std::memset(ram + base, 0, 0x7000);
    put(ram, pml4, low | table);
    put(ram, pml4 + 8 * 256, high | table);
    put(ram, low + 8 * 0, gib0 | table);
    put(ram, low + 8 * 3, gib3 | table);
    put(ram, low + 8 * 4, gib4 | table);
    put(ram, low + 8 * 7, gib7 | table);
    put(ram, high, gib0 | table);
    put(ram, gib0, 0 | page);
    put(ram, gib3 + 8 * 511, 0xffe00000 | page);
    put(ram, gib4, 0 | page);
    put(ram, gib7 + 8 * 511, 0xffe00000 | page);
}

}  // namespace

std::string_view name_of(GuestMode mode) { return mode_names[static_cast<unsigned>(mode)]; }

std::optional<GuestMode> parse_guest_mode(std::string_view name) {
    for (const GuestMode mode : guest_modes)
        if (name_of(mode) == name) return mode;
    return std::nullopt;
}

std::uint64_t linear_address(GuestMode mode, std::uint64_t cs_base, std::uint64_t rip) {
    return mode == GuestMode::long64 ? rip : static_cast<std::uint32_t>(cs_base + rip);
}

std::uint64_t physical_address(GuestMode mode, std::uint64_t linear) {
    if (!is_long(mode)) return linear;
    constexpr std::uint64_t large = 0x200000, upper = 0xffff800000000000, above = 0x1ffe00000, at4 = 0x100000000;
    if (linear >= upper && linear - upper < large) return linear - upper;
    if (linear >= above && linear - above < large) return linear - above + 0xffe00000;
    if (linear >= at4 && linear - at4 < large) return linear - at4;
    return linear;
}

GuestState initial_state(const Guest& guest) {
    GuestState state;
    auto set = [&](Gpr r, std::uint64_t value) { state.regs.gpr[static_cast<unsigned>(r)] = value; };
    set(Gpr::rax, guest.rax);
    set(Gpr::rcx, guest.rcx);
    set(Gpr::rdx, guest.rdx);
    set(Gpr::rsi, guest.rsi);
    set(Gpr::rdi, guest.rdi);
    set(Gpr::rsp, layout::stack_top);
    state.regs.rip = guest.rip;
    state.regs.rflags = guest.rflags;

    cpu::SpecialRegisters& s = state.sregs;
    const bool real = guest.mode == GuestMode::real16;
    for (SR& segment : s.seg)
        segment = real ? SR{0, 0xffff, data_attributes, 0}
                       : SR{0, 0xffffffff, data_attributes | SR::db | SR::g, layout::data32};
    s.seg[static_cast<unsigned>(Seg::cs)] = code_segment(guest);
    s.ldtr = {0, 0xffff, real ? ldt : ldt | SR::unusable, 0};
    s.tr = real ? SR{0, 0xffff, busy_tss, 0} : SR{layout::tss, 0x67, busy_tss, layout::task};
    s.cr0 = et;
    s.apic_base = 0xfee00900;
    if (real) {
        s.gdtr = s.idtr = {0, 0xffff};
        return state;
    }
    s.gdtr = {layout::gdt, 0x2f};
    s.cr0 |= pe;
    if (!is_long(guest.mode)) {
        s.idtr = {layout::idt32, 0x7ff};
        return state;
    }
    s.idtr = {layout::idt64, 0xfff};
    s.cr0 |= pg;
    s.cr3 = layout::page_tables;
    s.cr4 = pae;
    s.efer = lme | lma;
    return state;
}

void GuestMemory::Free::operator()(std::uint8_t* p) const { std::free(p); }

std::unique_ptr<std::uint8_t, GuestMemory::Free> GuestMemory::allocate() {
    auto* p = static_cast<std::uint8_t*>(std::aligned_alloc(4096, layout::ram_size + layout::flash_size));
    if (!p) throw std::bad_alloc();
    return std::unique_ptr<std::uint8_t, Free>(p);
}

GuestMemory::GuestMemory() : bytes_(allocate()), pristine_(allocate()) {
    std::memset(bytes_.get(), hlt, layout::ram_size + layout::flash_size);
    build_tables(bytes_.get());
    build_page_tables(bytes_.get());
    std::memcpy(pristine_.get(), bytes_.get(), layout::ram_size + layout::flash_size);
    slots_[0] = {0, layout::ram_size, bytes_.get(), true, true, false};
    slots_[1] = {layout::flash_base, layout::flash_size, bytes_.get() + layout::ram_size, true, true, false};
}

std::uint8_t* GuestMemory::at(std::uint64_t physical, std::size_t size) {
    for (const cpu::MemorySlot& slot : slots_) {
        const std::uint64_t offset = physical - slot.guest_physical;
        if (physical >= slot.guest_physical && offset < slot.size && size <= slot.size - offset)
            return slot.host + offset;
    }
    return nullptr;
}

bool GuestMemory::store(cpu::Vcpu& cpu, std::uint64_t physical, std::span<const std::uint8_t> bytes) {
    if (bytes.empty()) return false;
    std::uint8_t* host = at(physical, bytes.size());
    if (!host || std::memcmp(host, bytes.data(), bytes.size()) == 0) return false;
    std::memcpy(host, bytes.data(), bytes.size());
    cpu.memory_written(host, bytes.size());
    return true;
}

std::uint8_t GuestMemory::pristine(std::uint64_t physical) const {
    const std::uint8_t* host = at(physical);
    return host ? pristine_.get()[host - bytes_.get()] : std::uint8_t{0xff};
}

void enter(cpu::Vcpu& cpu, const GuestState& state) {
    cpu.set_sregs(state.sregs);
    cpu.set_regs(state.regs);
    cpu.set_events(state.events);
}

void prepare(cpu::Vcpu& cpu, GuestMemory& memory, const Guest& guest) {
    memory.store(cpu, physical_address(guest.mode, linear_address(guest.mode, guest.cs_base, guest.rip)), guest.code);
    enter(cpu, initial_state(guest));
}

}  // namespace southgate::pio
