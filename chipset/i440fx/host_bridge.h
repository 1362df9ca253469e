// The host bridge 82441FX (PMC): CPU to PCI and DRAM. Intel 290549.
//
// It owns PCI configuration mechanism #1 (CF8h/CFCh), the PAM registers that send C0000h-FFFFFh to DRAM or to
// PCI (where the BIOS ROM answers), SMRAM at A0000h, and the TRC reset register. Attach it to its own bus as
// device 0, function 0. Only a dword access at CF8h reaches CONFADD; all else at CF8h-CFBh passes to PCI,
// where CF9h belongs to the PIIX. Not modelled: DRAM sizing by DRT/DRB (all installed DRAM answers), ECC,
// caches, deturbo, D_CLS for SMM data accesses (the CPU does not tell code from data), special cycles made
// through CONFDATA.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <systemc>
#include <tlm>
#include <vector>

#include "chipset/bus/blocking_target.h"
#include "chipset/bus/bus_timing.h"
#include "chipset/bus/pci_function.h"
#include "chipset/i440fx/dram_map.h"
#include "chipset/lines.h"
#include "chipset/personality.h"

namespace southgate::chipset {

class HostBridge : public PciFunction {
  public:
    struct Config {
        std::uint64_t dram_size = 128u << 20;  // bytes
        BusTiming timing = BusTiming::zero();
        // SeaBIOS tells QEMU from a real board by this subsystem (the chip itself has none).
        std::uint16_t subsystem_vendor = 0x1af4;
        std::uint16_t subsystem = 0x1100;
        // Deviations: pam_survives_reset, smram_lock_absent, trc_is_storage.
        Personality personality = Personality::strict();
    };

    tlm::tlm_target_socket<32> cpu_io{"cpu_io"};
    tlm::tlm_target_socket<32> cpu_memory{"cpu_memory"};
    tlm::tlm_target_socket<32> dma_memory{"dma_memory"};  // cycles of PCI masters
    tlm::tlm_initiator_socket<32> dram{"dram"};           // offsets into the DRAM array
    tlm::tlm_initiator_socket<32> pci_io{"pci_io"};
    tlm::tlm_initiator_socket<32> pci_memory{"pci_memory"};
    tlm::tlm_initiator_socket<32> pci_config{"pci_config"};  // addresses as PciBus::config wants them
    // Interrupt acknowledge, shutdown and halt, for the southbridge: payloads with a SpecialCycle extension.
    tlm::tlm_initiator_socket<32> pci_special{"pci_special"};

    LineIn smiact{"smiact"};       // SMIACT#: the CPU is in SMM
    LineOut trc_init{"trc_init"};  // TRC asks for INIT, a pulse
    LineOut trc_hard{"trc_hard"};  // TRC asks for a hard reset, a pulse

    explicit HostBridge(const sc_core::sc_module_name& name) : HostBridge(name, Config{}) {}
    HostBridge(const sc_core::sc_module_name& name, const Config& config);

    std::uint32_t config_address() const { return confadd_; }
    const DramMap& cpu_map() const { return cpu_map_; }

  private:
    struct CpuIo : BlockingTarget {
        explicit CpuIo(HostBridge& bridge) : bridge(bridge) {}
        void b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) override;
        unsigned transport_dbg(tlm::tlm_generic_payload& trans) override;
        HostBridge& bridge;
    };
    struct MemorySide : BlockingTarget {
        MemorySide(HostBridge& bridge, const DramMap& map, bool cpu) : bridge(bridge), map(map), cpu(cpu) {}
        void b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) override;
        unsigned transport_dbg(tlm::tlm_generic_payload& trans) override;
        bool get_direct_mem_ptr(tlm::tlm_generic_payload& trans, tlm::tlm_dmi& dmi) override;
        template <typename Access>
        void route(tlm::tlm_generic_payload& trans, Access access);
        HostBridge& bridge;
        const DramMap& map;
        bool cpu;
        bool dmi_granted = false;
    };
    struct DramBackward : BlockingInitiator {
        explicit DramBackward(HostBridge& bridge) : bridge(bridge) {}
        void invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) override;
        HostBridge& bridge;
    };
    struct PciBackward : BlockingInitiator {
        explicit PciBackward(HostBridge& bridge) : bridge(bridge) {}
        void invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) override;
        HostBridge& bridge;
    };

    void end_of_elaboration() override { pci_io_transport_ = pci_io.operator->(); }
    void pci_reset() override;
    void config_written(std::uint32_t offset, unsigned size, const AccessContext& context) override;
    void write_smram(std::uint32_t before);
    void write_trc(std::uint32_t before);
    void update_maps();
    Register& reg(const char* register_name);
    void config_cycle(tlm::tlm_generic_payload& trans, sc_core::sc_time* delay);
    void config_space_io(tlm::tlm_generic_payload& trans, sc_core::sc_time* delay);
    void pass_io(tlm::tlm_generic_payload& trans, sc_core::sc_time* delay);

    Config config_;
    std::uint32_t confadd_ = 0;
    DramMap cpu_map_, dma_map_;
    tlm::tlm_blocking_transport_if<>* pci_io_transport_ = nullptr;  // see IoRouter::Route
    CpuIo cpu_io_port_{*this};
    MemorySide cpu_side_{*this, cpu_map_, true};
    MemorySide dma_side_{*this, dma_map_, false};
    DramBackward dram_backward_{*this};
    PciBackward pci_backward_{*this};
    BlockingInitiator plain_backward_;
    std::vector<std::unique_ptr<Register>> registers_;
    std::array<Register*, 7> pam_;
    Register* smram_;
    Register* hole_;
    Register* trc_;
    std::array<std::uint8_t, 8> kept_{};  // PAM0-6 and SMRAM as software left them, for pam_survives_reset
};

}  // namespace southgate::chipset
