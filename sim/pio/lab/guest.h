// The guests of the laboratory: a vCPU is put into a mode, on an instruction, with tables and handlers around it.
//
// Works on any cpu::Vcpu. Everything a guest needs lies in one MiB of RAM at 0 and 64 KiB of flash below 4 GiB, all
// other bytes being HLT, so that a vCPU that ends up anywhere stops there and its rip tells where.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "cpu_model/vcpu.h"

namespace southgate::pio {

enum class GuestMode : std::uint8_t { real16, protected16, protected32, compatibility32, long64 };
inline constexpr std::array guest_modes{GuestMode::real16, GuestMode::protected16, GuestMode::protected32,
                                        GuestMode::compatibility32, GuestMode::long64};
std::string_view name_of(GuestMode mode);  // "real16" ...
std::optional<GuestMode> parse_guest_mode(std::string_view name);

// Where things are. Addresses are guest-physical and, but for the two aliases of long64, linear as well.
namespace layout {
inline constexpr std::uint64_t ram_size = 0x100000;
inline constexpr std::uint64_t flash_base = 0xffff0000, flash_size = 0x10000;
inline constexpr std::uint64_t stack_top = 0x7000;
// The handler of vector v is the HLT at handlers + v: rip - 1 - handlers names the vector that was taken.
inline constexpr std::uint64_t handlers = 0xe000;
inline constexpr std::uint64_t page_tables = 0x71000, idt64 = 0x78000, idt32 = 0x79000, gdt = 0x7a000, tss = 0x7b000;
inline constexpr std::uint64_t scratch = 0x60000;  // nobody reads what is here
// Selectors of the GDT.
inline constexpr std::uint16_t code32 = 0x08, data32 = 0x10, code64 = 0x18, code16 = 0x20, task = 0x28;
}  // namespace layout

// What to start with. Segments other than CS are flat (base 0); CPL is 0; interrupts are off unless rflags says so.
struct Guest {
    GuestMode mode = GuestMode::real16;
    std::uint16_t cs_selector = 0;  // real16; the other modes have their own
    std::uint64_t cs_base = 0;      // the hidden base, in every mode
    std::uint64_t rip = 0x8000;
    std::uint64_t rax = 0x7788, rcx = 0, rdx = 0x80, rsi = 0, rdi = 0;
    std::uint64_t rflags = 2;
    std::vector<std::uint8_t> code;  // at the linear address of rip
};

// The same as register groups: computed once, entered many times.
struct GuestState {
    cpu::GeneralRegisters regs;
    cpu::SpecialRegisters sregs;
    cpu::EventState events;
};
GuestState initial_state(const Guest& guest);

// The linear address of an offset in CS (SDM vol. 3A 3.4.2; the base does not count in 64-bit code).
std::uint64_t linear_address(GuestMode mode, std::uint64_t cs_base, std::uint64_t rip);
// The physical one: long64 also maps FFFF8000_00000000 to 0 and 1_FFE00000 to FFE00000, both 2 MiB long.
std::uint64_t physical_address(GuestMode mode, std::uint64_t linear);

// RAM and flash with the tables of every mode in them.
class GuestMemory {
  public:
    GuestMemory();

    std::span<const cpu::MemorySlot> slots() const { return slots_; }
    // Host memory behind [physical, physical + size), or nullptr if some of it is neither RAM nor flash.
    std::uint8_t* at(std::uint64_t physical, std::size_t size = 1);
    const std::uint8_t* at(std::uint64_t physical, std::size_t size = 1) const {
        return const_cast<GuestMemory*>(this)->at(physical, size);
    }
    // Stores bytes and tells the vCPU, unless they are there already: code in place stays decoded. True: stored.
    bool store(cpu::Vcpu& cpu, std::uint64_t physical, std::span<const std::uint8_t> bytes);
    // The byte that untouched memory holds there.
    std::uint8_t pristine(std::uint64_t physical) const;

  private:
    struct Free {
        void operator()(std::uint8_t* p) const;
    };
    static std::unique_ptr<std::uint8_t, Free> allocate();
    std::unique_ptr<std::uint8_t, Free> bytes_, pristine_;  // RAM, then flash
    std::array<cpu::MemorySlot, 2> slots_;
};

// Puts the vCPU into the state. Whatever was pending before must have been drained.
void enter(cpu::Vcpu& cpu, const GuestState& state);

// All of it for one guest: code in memory, state entered. The memory map is set by whoever made the vCPU.
void prepare(cpu::Vcpu& cpu, GuestMemory& memory, const Guest& guest);

}  // namespace southgate::pio
