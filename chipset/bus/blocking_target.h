// Defaults for the parts of TLM-2.0 that a router of blocking transactions does not specialise.
#pragma once

#include <systemc>
#include <tlm>

namespace southgate::chipset {

// Serves the non-blocking interface as one early completion (IEEE 1666 15.2.3) and denies DMI.
class BlockingTarget : public tlm::tlm_fw_transport_if<> {
  public:
    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& trans, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) override {
        if (phase != tlm::BEGIN_REQ) return tlm::TLM_ACCEPTED;
        b_transport(trans, delay);
        phase = tlm::END_RESP;
        return tlm::TLM_COMPLETED;
    }
    bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi& dmi) override {
        dmi.init();
        dmi.set_end_address(~sc_dt::uint64{0});
        return false;
    }
};

// An initiator that never starts non-blocking transactions; holds DMI only if it overrides the invalidation.
class BlockingInitiator : public tlm::tlm_bw_transport_if<> {
  public:
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload&, tlm::tlm_phase&,
                                       sc_core::sc_time&) override {
        return tlm::TLM_ACCEPTED;
    }
    void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}
};

// Changes a transaction in place for one hop and puts everything back but the response.
class PayloadScope {
  public:
    explicit PayloadScope(tlm::tlm_generic_payload& trans)
        : trans_(trans),
          address_(trans.get_address()),
          data_(trans.get_data_ptr()),
          length_(trans.get_data_length()),
          width_(trans.get_streaming_width()) {}
    ~PayloadScope() {
        trans_.set_address(address_);
        trans_.set_data_ptr(data_);
        trans_.set_data_length(length_);
        trans_.set_streaming_width(width_);
    }
    PayloadScope(const PayloadScope&) = delete;
    PayloadScope& operator=(const PayloadScope&) = delete;

    // Shows the target `length` bytes from byte `done` of the original transaction.
    void part(unsigned done, unsigned length) {
        trans_.set_address(address_ + done);
        trans_.set_data_ptr(data_ + done);
        trans_.set_data_length(length);
        trans_.set_streaming_width(length);
        trans_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    }

  private:
    tlm::tlm_generic_payload& trans_;
    sc_dt::uint64 address_;
    unsigned char* data_;
    unsigned length_, width_;
};

// Presents a transaction in parts: `part_length(done)` says how many of the remaining bytes go together (at
// least 1, at most what is left), `access(done)` performs one part. The first response that is not OK is the
// response of all.
template <typename PartLength, typename Access>
void in_parts(tlm::tlm_generic_payload& trans, PartLength part_length, Access access) {
    if (trans.get_byte_enable_ptr()) return trans.set_response_status(tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
    const unsigned size = trans.get_data_length();
    tlm::tlm_response_status response = tlm::TLM_OK_RESPONSE;
    {
        PayloadScope scope(trans);
        for (unsigned done = 0, length; done < size; done += length) {
            length = part_length(done);
            scope.part(done, length);
            access(done);
            if (response == tlm::TLM_OK_RESPONSE) response = trans.get_response_status();
        }
    }
    trans.set_response_status(response);
}

}  // namespace southgate::chipset
