// What every device test needs: an initiator for a target socket, a driver and a probe for lines, memory for
// DMA. Create everything in the test body, then call run() once so that SystemC elaborates, then access.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <systemc>
#include <tlm>
#include <vector>

#include "chipset/lines.h"

namespace southgate::chipset::test {

// Elaborates (first call) and lets simulated time pass.
inline void run(const sc_core::sc_time& time = sc_core::SC_ZERO_TIME) { sc_core::sc_start(time); }

// Reads and writes a target socket by offset. Sizes are 1, 2, 4 or 8 bytes.
class Initiator : public sc_core::sc_module, private tlm::tlm_bw_transport_if<> {
  public:
    explicit Initiator(tlm::tlm_target_socket<32>& target,
                       const sc_core::sc_module_name& name = sc_core::sc_gen_unique_name("initiator"))
        : sc_module(name) {
        socket.bind(*static_cast<tlm::tlm_bw_transport_if<>*>(this));
        socket.bind(target);
    }
    std::uint64_t read(std::uint64_t offset, unsigned size = 1) {
        std::uint64_t value = 0;
        transport(tlm::TLM_READ_COMMAND, offset, &value, size);
        return value;
    }
    void write(std::uint64_t offset, std::uint64_t value, unsigned size = 1) {
        transport(tlm::TLM_WRITE_COMMAND, offset, &value, size);
    }
    // transport_dbg read.
    std::uint64_t peek(std::uint64_t offset, unsigned size = 1) {
        std::uint64_t value = 0;
        tlm::tlm_generic_payload payload;
        prepare(payload, tlm::TLM_READ_COMMAND, offset, &value, size);
        socket->transport_dbg(payload);
        return value;
    }
    void poke(std::uint64_t offset, std::uint64_t value, unsigned size = 1) {
        tlm::tlm_generic_payload payload;
        prepare(payload, tlm::TLM_WRITE_COMMAND, offset, &value, size);
        socket->transport_dbg(payload);
    }

    tlm::tlm_initiator_socket<32> socket{"socket"};
    sc_core::sc_time delay;  // local time of the next access, grows with the device's latency
    tlm::tlm_response_status response = tlm::TLM_INCOMPLETE_RESPONSE;
    unsigned dmi_invalidations = 0;

  private:
    static void prepare(tlm::tlm_generic_payload& payload, tlm::tlm_command command, std::uint64_t offset,
                        std::uint64_t* value, unsigned size) {
        payload.set_command(command);
        payload.set_address(offset);
        payload.set_data_ptr(reinterpret_cast<unsigned char*>(value));
        payload.set_data_length(size);
        payload.set_streaming_width(size);
        payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    }
    void transport(tlm::tlm_command command, std::uint64_t offset, std::uint64_t* value, unsigned size) {
        tlm::tlm_generic_payload payload;
        prepare(payload, command, offset, value, size);
        socket->b_transport(payload, delay);
        response = payload.get_response_status();
    }
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload&, tlm::tlm_phase&,
                                       sc_core::sc_time&) override {
        return tlm::TLM_ACCEPTED;
    }
    void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override { ++dmi_invalidations; }
};

// Bind a device's LineOut to `in`; remembers every edge.
struct LineProbe : sc_core::sc_module {
    struct Edge {
        sc_core::sc_time at;
        bool asserted;
    };
    explicit LineProbe(const sc_core::sc_module_name& name = sc_core::sc_gen_unique_name("probe"))
        : sc_module(name) {
        in.on_change([this](bool asserted) { edges.push_back({sc_core::sc_time_stamp(), asserted}); });
    }
    bool level() const { return in.level(); }
    std::size_t rises() const {
        return static_cast<std::size_t>(
            std::count_if(edges.begin(), edges.end(), [](const Edge& edge) { return edge.asserted; }));
    }
    LineIn in{"in"};
    std::vector<Edge> edges;
};

// Drives a device's LineIn (after elaboration).
struct LineDriver : sc_core::sc_module {
    explicit LineDriver(LineIn& pin,
                        const sc_core::sc_module_name& name = sc_core::sc_gen_unique_name("driver"))
        : sc_module(name) {
        out(pin);
    }
    void set(bool asserted) { out.set(asserted); }
    void pulse() { out.pulse(); }
    LineOut out{"out"};
};

// Bytes from address 0 on, a target for DMA; anything beyond is answered with an address error.
class Memory : public sc_core::sc_module, private tlm::tlm_fw_transport_if<> {
  public:
    explicit Memory(std::size_t size,
                    const sc_core::sc_module_name& name = sc_core::sc_gen_unique_name("memory"))
        : sc_module(name), bytes(size) {
        socket.bind(*static_cast<tlm::tlm_fw_transport_if<>*>(this));
    }
    template <typename T>
    void put(std::uint64_t address, T value) {
        std::memcpy(&bytes.at(address), &value, sizeof value);
    }
    template <typename T>
    T get(std::uint64_t address) const {
        T value;
        std::memcpy(&value, &bytes.at(address), sizeof value);
        return value;
    }

    tlm::tlm_target_socket<32> socket{"socket"};
    std::vector<std::uint8_t> bytes;

  private:
    void b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time&) override { transport_dbg(trans); }
    unsigned transport_dbg(tlm::tlm_generic_payload& trans) override {
        const std::uint64_t address = trans.get_address(), length = trans.get_data_length();
        if (address > bytes.size() || length > bytes.size() - address) {
            trans.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
            return 0;
        }
        if (trans.is_read())
            std::memcpy(trans.get_data_ptr(), bytes.data() + address, length);
        else
            std::memcpy(bytes.data() + address, trans.get_data_ptr(), length);
        trans.set_response_status(tlm::TLM_OK_RESPONSE);
        return static_cast<unsigned>(length);
    }
    bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi&) override { return false; }
    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload&, tlm::tlm_phase&,
                                       sc_core::sc_time&) override {
        return tlm::TLM_ACCEPTED;
    }
};

}  // namespace southgate::chipset::test
