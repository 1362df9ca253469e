// A host bridge, a PCI bus and a PIIX southbridge with DRAM and a BIOS ROM: the smallest machine without a
// CPU.
#pragma once

#include <cstdint>
#include <memory>
#include <systemc>
#include <vector>

#include "chipset/apic/apic_bus.h"
#include "chipset/bus/pci_bus.h"
#include "chipset/bus/special_cycle.h"
#include "chipset/i440fx/host_bridge.h"
#include "chipset/piix/southbridge.h"
#include "tests/chipset/harness.h"

namespace southgate::chipset::test {

// Memory that grants DMI, for DRAM and ROM.
class DmiMemory : public sc_core::sc_module, private BlockingTarget {
  public:
    explicit DmiMemory(std::size_t size, bool writable,
                       const sc_core::sc_module_name& name = sc_core::sc_gen_unique_name("dmi_memory"))
        : sc_module(name), bytes(size), writable_(writable) {
        socket.bind(*static_cast<tlm::tlm_fw_transport_if<>*>(this));
    }
    tlm::tlm_target_socket<32> socket{"socket"};
    std::vector<std::uint8_t> bytes;

  private:
    void b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time&) override { transport_dbg(trans); }
    unsigned transport_dbg(tlm::tlm_generic_payload& trans) override {
        const std::uint64_t address = trans.get_address(), length = trans.get_data_length();
        trans.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
        if (address > bytes.size() || length > bytes.size() - address) return 0;
        if (trans.is_read())
            std::memcpy(trans.get_data_ptr(), bytes.data() + address, length);
        else if (writable_)
            std::memcpy(bytes.data() + address, trans.get_data_ptr(), length);
        trans.set_response_status(tlm::TLM_OK_RESPONSE);
        return static_cast<unsigned>(length);
    }
    bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi& dmi) override {
        dmi.init();
        dmi.set_dmi_ptr(bytes.data());
        dmi.set_end_address(bytes.size() - 1);
        if (writable_)
            dmi.allow_read_write();
        else
            dmi.allow_read();
        return true;
    }
    bool writable_;
};

// A CPU's bus side: I/O and memory sockets, DMI requests and the ranges that were taken back.
class Cpu : public sc_core::sc_module, private BlockingInitiator {
  public:
    struct Range {
        std::uint64_t first, last;
        bool operator==(const Range&) const = default;
    };
    explicit Cpu(HostBridge& bridge, const sc_core::sc_module_name& name = "cpu")
        : sc_module(name), io(bridge.cpu_io, "io"), bridge_(bridge) {
        memory.bind(*static_cast<tlm::tlm_bw_transport_if<>*>(this));
        memory.bind(bridge.cpu_memory);
    }
    std::uint64_t in(std::uint16_t port, unsigned size = 1) { return io.read(port, size); }
    void out(std::uint16_t port, std::uint64_t value, unsigned size = 1) { io.write(port, value, size); }

    static std::uint32_t place(unsigned device, unsigned function) { return device << 11 | function << 8; }
    std::uint64_t config_read(unsigned device, unsigned function, unsigned reg, unsigned size) {
        out(0xcf8, 0x80000000u | place(device, function) | (reg & 0xfc), 4);
        return in(static_cast<std::uint16_t>(0xcfc + (reg & 3)), size);
    }
    void config_write(unsigned device, unsigned function, unsigned reg, std::uint64_t value, unsigned size) {
        out(0xcf8, 0x80000000u | place(device, function) | (reg & 0xfc), 4);
        out(static_cast<std::uint16_t>(0xcfc + (reg & 3)), value, size);
    }

    std::uint64_t load(std::uint64_t address, unsigned size = 1) {
        std::uint64_t value = 0;
        access(tlm::TLM_READ_COMMAND, address, &value, size);
        return value;
    }
    void store(std::uint64_t address, std::uint64_t value, unsigned size = 1) {
        access(tlm::TLM_WRITE_COMMAND, address, &value, size);
    }
    bool dmi(std::uint64_t address, tlm::tlm_dmi& dmi, bool write = false) {
        tlm::tlm_generic_payload trans;
        trans.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
        trans.set_address(address);
        return memory->get_direct_mem_ptr(trans, dmi);
    }
    std::uint8_t special(SpecialCycle::Kind kind) {
        std::uint8_t data = 0xff;
        SpecialCycle cycle;
        cycle.kind = kind;
        tlm::tlm_generic_payload trans;
        trans.set_command(tlm::TLM_READ_COMMAND);
        trans.set_address(0);
        trans.set_data_ptr(&data);
        trans.set_data_length(1);
        trans.set_streaming_width(1);
        trans.set_extension(&cycle);
        sc_core::sc_time delay;
        io.socket->b_transport(trans, delay);
        trans.clear_extension(&cycle);
        return data;
    }

    Initiator io;
    tlm::tlm_initiator_socket<32> memory{"memory"};
    std::vector<Range> invalidated;

  private:
    void access(tlm::tlm_command command, std::uint64_t address, std::uint64_t* value, unsigned size) {
        tlm::tlm_generic_payload trans;
        trans.set_command(command);
        trans.set_address(address);
        trans.set_data_ptr(reinterpret_cast<unsigned char*>(value));
        trans.set_data_length(size);
        trans.set_streaming_width(size);
        sc_core::sc_time delay;
        memory->b_transport(trans, delay);
    }
    void invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) override {
        invalidated.push_back({first, last});
    }
    HostBridge& bridge_;
};

struct PcBench {
    struct Config {
        HostBridge::Config host{.dram_size = 16u << 20};
        PiixSouthbridge::Config south{};
        std::size_t rom_size = 256u << 10;
    };

    explicit PcBench(const Config& config)
        : host("host", config.host),
          south("south", apic_bus, config.south),
          dram(config.host.dram_size, true),
          rom(config.rom_size, false) {
        for (std::size_t i = 0; i < rom.bytes.size(); ++i) rom.bytes[i] = rom_byte(i);
        bus.attach(host, 0, 0);
        south.attach(bus);
        south.isa.map_bios(rom.socket, config.rom_size);
        host.dram.bind(dram.socket);
        host.pci_io.bind(bus.io.target);
        host.pci_memory.bind(bus.memory.target);
        host.pci_config.bind(bus.config);
        host.pci_special.bind(south.isa.special);
        bus.host_memory.bind(host.dma_memory);
        host.trc_init(south.reset.host_init);
        host.trc_hard(south.reset.host_reset);
        south.reset.pcirst(host.pcirst);
        south.reset.init(init.in);
        south.reset.cpurst(cpurst.in);
        south.reset.powered_off(powered_off.in);
        south.smi()(smi.in);
        south.pic.intr(intr.in);
    }
    PcBench() : PcBench(Config{}) {}

    // Elaborates and switches the machine on.
    void start() {
        run();
        south.reset.power_on();
        run();
        init.edges.clear();
        cpurst.edges.clear();
    }
    static std::uint8_t rom_byte(std::size_t offset) {
        return static_cast<std::uint8_t>(offset ^ offset >> 8 ^ offset >> 16 ^ 0x5a);
    }
    std::uint8_t rom_at(std::uint64_t address) const {
        const std::uint64_t end = address < (1u << 20) ? 1u << 20 : std::uint64_t{1} << 32;
        return rom_byte(rom.bytes.size() - (end - address));
    }

    ApicBus apic_bus;
    HostBridge host;
    PciBus bus{"pci"};
    PiixSouthbridge south;
    DmiMemory dram, rom;
    Cpu cpu{host};
    LineProbe init{"init_probe"}, cpurst{"cpurst_probe"}, powered_off{"off_probe"}, smi{"smi_probe"},
        intr{"intr_probe"};
};

}  // namespace southgate::chipset::test
