// A TLM-2.0 target socket over plain register access functions, for devices on I/O, memory or configuration buses.
//
// Addresses are offsets from where the router maps the socket. Each transaction carries 1 to 8 bytes (longer ones,
// from DMA masters of other people, are cut into dwords). Byte enables are refused with TLM_BYTE_ENABLE_ERROR_RESPONSE;
// the register functions see at most 4 bytes. b_transport never waits: the device's latency is added to the delay.
#pragma once

#include <cstdint>
#include <functional>
#include <systemc>
#include <tlm>

#include "chipset/registers/bank.h"
#include "chipset/registers/register.h"

namespace southgate::chipset {

// What a device implements for one address space.
class RegisterSpace {
  public:
    virtual ~RegisterSpace() = default;
    virtual std::uint32_t read(std::uint32_t offset, unsigned size, const AccessContext& context) = 0;
    virtual void write(std::uint32_t offset, unsigned size, std::uint32_t data, const AccessContext& context) = 0;
};

class TargetSocket : public tlm::tlm_target_socket<32>, private tlm::tlm_fw_transport_if<> {
  public:
    // `latency` is added to the delay of every b_transport.
    TargetSocket(const char* name, RegisterSpace& space, sc_core::sc_time latency = sc_core::SC_ZERO_TIME);
    ~TargetSocket() override = default;

    void set_latency(const sc_core::sc_time& latency) { latency_ = latency; }

  private:
    void b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) override;
    unsigned transport_dbg(tlm::tlm_generic_payload& trans) override;
    bool get_direct_mem_ptr(tlm::tlm_generic_payload& trans, tlm::tlm_dmi& dmi) override;
    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& trans, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) override;
    void access(tlm::tlm_generic_payload& trans, const AccessContext& context);

    RegisterSpace& space_;
    sc_core::sc_time latency_;
};

// A RegisterSpace that is one bank of declared registers.
class BankSpace : public RegisterSpace {
  public:
    BankSpace(const char* device, std::uint32_t size, std::uint8_t floating = 0xff)
        : bank(device, size, floating) {}
    std::uint32_t read(std::uint32_t offset, unsigned size, const AccessContext& context) override {
        return bank.read(offset, size, context);
    }
    void write(std::uint32_t offset, unsigned size, std::uint32_t data, const AccessContext& context) override {
        bank.write(offset, size, data, context);
    }
    RegisterBank bank;
};

// A RegisterSpace made of two functions, for devices with several spaces.
class RegisterFunctions : public RegisterSpace {
  public:
    using Read = std::function<std::uint32_t(std::uint32_t, unsigned, const AccessContext&)>;
    using Write = std::function<void(std::uint32_t, unsigned, std::uint32_t, const AccessContext&)>;
    RegisterFunctions(Read read, Write write) : read_(std::move(read)), write_(std::move(write)) {}
    std::uint32_t read(std::uint32_t offset, unsigned size, const AccessContext& context) override {
        return read_(offset, size, context);
    }
    void write(std::uint32_t offset, unsigned size, std::uint32_t data, const AccessContext& context) override {
        write_(offset, size, data, context);
    }

  private:
    Read read_;
    Write write_;
};

}  // namespace southgate::chipset
