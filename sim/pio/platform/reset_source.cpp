#include "sim/pio/platform/reset_source.h"

namespace southgate::pio {

namespace {

constexpr std::uint16_t port92 = 0x92, cf9 = 0xcf9, kbc_command = 0x64;
constexpr std::uint8_t init_now = 1, soft_reset = 4, hard_reset = 6, pulse_rcin = 0xfe;

constexpr std::array reset_sources{ResetSource::port92, ResetSource::cf9_soft, ResetSource::cf9_hard,
                                   ResetSource::kbc_pulse, ResetSource::reset_button};
constexpr std::array start_up_sources{ResetSource::init_ipi, ResetSource::port92, ResetSource::cf9_soft,
                                      ResetSource::kbc_pulse};

void write(tlm::tlm_blocking_transport_if<>& target, std::uint64_t address, std::uint32_t value, unsigned size,
           sc_core::sc_time& delay) {
    std::uint8_t data[4];
    for (unsigned i = 0; i < size; ++i) data[i] = static_cast<std::uint8_t>(value >> 8 * i);
    tlm::tlm_generic_payload trans;
    trans.set_command(tlm::TLM_WRITE_COMMAND);
    trans.set_address(address);
    trans.set_data_ptr(data);
    trans.set_data_length(size);
    trans.set_streaming_width(size);
    trans.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    target.b_transport(trans, delay);
}

}  // namespace

std::string_view name_of(ResetSource source) {
    constexpr std::array<std::string_view, 6> names{"port92", "cf9-soft", "cf9-hard", "kbc-pulse", "reset-button",
                                                    "init-ipi"};
    return names[static_cast<unsigned>(source)];
}

std::span<const ResetSource> sources_of_reset() { return reset_sources; }
std::span<const ResetSource> sources_of_start_up() { return start_up_sources; }

std::optional<std::uint8_t> own_value(const Scenario& s, ResetSource source) {
    const std::uint8_t opcode = s.guest.code[s.port_offset];
    const bool out_imm = s.port_length == 2 && opcode == 0xe6, out_dx = s.port_length == 1 && opcode == 0xee;
    if (!out_imm && !out_dx) return std::nullopt;
    const auto port = out_imm ? std::uint16_t{s.guest.code[s.port_offset + 1]} : static_cast<std::uint16_t>(s.guest.rdx);
    if (source == ResetSource::port92 && port == port92) return init_now;
    if (source == ResetSource::cf9_soft && port == cf9) return soft_reset;
    if (source == ResetSource::cf9_hard && port == cf9) return hard_reset;
    if (source == ResetSource::kbc_pulse && port == kbc_command) return pulse_rcin;
    return std::nullopt;
}

void BusAgent::out(std::uint16_t port, std::uint32_t value, unsigned size) { write(io_, port, value, size, delay_); }

void BusAgent::ready_for_reset() {
    out(port92, 0);
    out(cf9, 0);
}

void BusAgent::reset(ResetSource source) {
    switch (source) {
        case ResetSource::port92:
            out(port92, 0);
            out(port92, init_now);
            break;
        case ResetSource::cf9_soft:
            out(cf9, 0);
            out(cf9, soft_reset);
            break;
        case ResetSource::cf9_hard:
            out(cf9, hard_reset & ~soft_reset);
            out(cf9, hard_reset);
            break;
        case ResetSource::kbc_pulse: out(kbc_command, pulse_rcin); break;
        case ResetSource::reset_button: machine_.press_reset_button(); break;
        case ResetSource::init_ipi: send_init(); break;
    }
}

// Physical destination 1, then the low half, which sends (SDM vol. 3A 10.6.1).
void BusAgent::write_icr(std::uint32_t low) {
    constexpr std::uint64_t icr_low = 0xfee00300, icr_high = 0xfee00310;
    tlm::tlm_blocking_transport_if<>& memory = *machine_.cpu(0).memory.operator->();
    write(memory, icr_high, 1u << 24, 4, delay_);
    write(memory, icr_low, low, 4, delay_);
}

void BusAgent::send_init() { write_icr(0x4500); }
void BusAgent::send_start_up(std::uint8_t vector) { write_icr(0x4600u | vector); }

void BusAgent::open_shadow() {
    constexpr std::uint16_t address_port = 0xcf8, data_port = 0xcfc;
    for (std::uint32_t pam = 0x59; pam <= 0x5f; ++pam) {
        out(address_port, 0x80000000 | (pam & ~3u), 4);
        out(static_cast<std::uint16_t>(data_port + (pam & 3)), pam == 0x59 ? 0x30 : 0x33);
    }
}

}  // namespace southgate::pio
