// One PCI function: its 256 bytes of configuration space and the address windows it decodes.
//
// A device derives from it, names itself in a PciIdentity, adds its BARs and fixed windows and its own
// configuration registers in the constructor, and implements each window as an ordinary TLM target socket
// that sees offsets from the start of the window. Who gets which cycle follows from the command register and
// the BARs; PciBus asks for it. Source: PCI Local Bus Specification 2.1, chapter 6. Not modelled: capability
// lists, 64-bit BARs, BIST.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <systemc>
#include <tlm>
#include <vector>

#include "chipset/lines.h"
#include "chipset/registers/bank.h"
#include "chipset/registers/register.h"
#include "chipset/target.h"

namespace southgate::chipset {

struct PciIdentity {
    std::uint16_t vendor;
    std::uint16_t device;
    std::uint32_t class_code;  // base class, subclass, programming interface: 24 bits
    std::uint8_t revision = 0;
    std::uint8_t header_type = 0x00;  // bit 7: the device has more functions than number 0
    std::uint16_t subsystem_vendor = 0;
    std::uint16_t subsystem = 0;
    std::uint8_t interrupt_pin = 0;  // 0 none, 1 INTA# ... 4 INTD#
    // Command register: bits software may change, and its value after reset.
    std::uint16_t command_writable = 0x0007;
    std::uint16_t command_reset = 0x0000;
    std::uint16_t status_reset = 0x0280;  // medium DEVSEL#, fast back-to-back
};

enum class PciSpace : std::uint8_t { io, memory };

// A range of bus addresses a function claims. `target` sees the first address as `offset_base`.
struct PciWindow {
    PciSpace space;
    std::uint64_t first;
    std::uint64_t size;
    bool enabled;  // with the command register taken into account
    tlm::tlm_target_socket<32>* target;
    std::uint64_t offset_base;
};

class PciFunction : public sc_core::sc_module {
  public:
    // Told when a window moved, was enabled or disabled.
    class Listener {
      public:
        virtual ~Listener() = default;
        virtual void window_changed(PciFunction& function, unsigned index) = 0;
    };

    static constexpr std::uint32_t config_bytes = 256;
    static constexpr std::uint16_t command_io = 0x0001, command_memory = 0x0002, command_master = 0x0004;

    TargetSocket config;  // byte offsets 00h-FFh
    LineIn pcirst{"pcirst"};
    LineOut intx{"intx"};  // INTx# of PciIdentity::interrupt_pin, level

    const PciIdentity& identity() const { return identity_; }
    const std::vector<PciWindow>& windows() const { return windows_; }
    const RegisterBank& config_registers() const { return bank_; }
    std::uint16_t command() const { return static_cast<std::uint16_t>(command_.value); }
    // Whether the function may start cycles of its own (DMA).
    bool bus_master_enabled() const { return command_.value & command_master; }
    void set_listener(Listener* listener) { listener_ = listener; }

  protected:
    PciFunction(const sc_core::sc_module_name& name, const PciIdentity& identity);

    // Adds a register of the function's own; it must outlive the function's configuration space. Offsets
    // nobody declares read 0 and ignore writes.
    void add(Register& reg) { bank_.add(reg); }

    // BAR `index` (0-5) of `size` bytes, a power of two (I/O: 4-256, memory: 16 and more). Returns the
    // window.
    unsigned add_io_bar(unsigned index, std::uint32_t size, tlm::tlm_target_socket<32>& target);
    unsigned add_memory_bar(unsigned index, std::uint32_t size, bool prefetchable,
                            tlm::tlm_target_socket<32>& target);
    // Expansion ROM BAR at 30h, 2 KiB and more.
    unsigned add_rom_bar(std::uint32_t size, tlm::tlm_target_socket<32>& target);
    // A window no BAR moves (legacy ports, base registers of the device's own). `gated`: the command
    // register's I/O or memory enable applies.
    unsigned add_window(PciSpace space, std::uint64_t first, std::uint64_t size,
                        tlm::tlm_target_socket<32>& target, std::uint64_t offset_base = 0,
                        bool enabled = true, bool gated = true);
    void set_window(unsigned index, std::uint64_t first, bool enabled);

    // Reloads the configuration registers of `domain` and closes the windows that follow from them.
    void reset_config(ResetDomain domain);
    // PCIRST# was asserted and the configuration registers are reset: reset what else the device has.
    virtual void pci_reset() {}
    // PCIRST# was released.
    virtual void pci_reset_released() {}
    // After a guest write to configuration space.
    virtual void config_written(std::uint32_t /*offset*/, unsigned /*size*/, const AccessContext&) {}

    const char* device_name() const { return name(); }
    Register& status_register() { return status_; }

  private:
    struct Bar {
        std::array<Field, 3> fields;
        RegisterInfo info;
        std::unique_ptr<Register> reg;
        std::uint32_t address_mask;
        unsigned window;
        bool rom;
    };
    struct Gate {
        bool wanted;
        bool gated;
    };
    class Space : public RegisterSpace {
      public:
        explicit Space(PciFunction& function) : function_(function) {}
        std::uint32_t read(std::uint32_t offset, unsigned size, const AccessContext& context) override;
        void write(std::uint32_t offset, unsigned size, std::uint32_t data,
                   const AccessContext& context) override;

      private:
        PciFunction& function_;
    };

    unsigned add_bar(const char* name, std::uint32_t offset, std::uint32_t flags, std::uint32_t flag_bits,
                     std::uint32_t size, PciSpace space, tlm::tlm_target_socket<32>& target, bool rom);
    void update_windows();
    void update_bar(const Bar& bar);
    void apply(unsigned index, std::uint64_t first);

    PciIdentity identity_;
    Space space_;
    std::array<Field, 4> command_fields_;
    std::array<RegisterInfo, 13> infos_;
    RegisterBank bank_;
    std::vector<std::unique_ptr<Register>> fixed_;
    Register command_, status_;
    std::vector<std::unique_ptr<Bar>> bars_;
    std::vector<PciWindow> windows_;
    std::vector<Gate> gates_;
    Listener* listener_ = nullptr;
};

}  // namespace southgate::chipset
