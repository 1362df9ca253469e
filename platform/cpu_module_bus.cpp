// The transactions of the CPU module, its local APIC, and the memory it reaches directly.
#include <cstring>

#include "platform/cpu_module.h"
#include "platform/events/stream.h"

namespace southgate::platform {

// `local` is the local time before and, with the delay the target annotated, after.
void CpuModule::transport_at(tlm::tlm_fw_transport_if<>& target, tlm::tlm_generic_payload& trans,
                             std::uint64_t& local) {
    sc_core::sc_time delay = chipset::from_picoseconds(local > kernel_now_ ? local - kernel_now_ : 0);
    target.b_transport(trans, delay);
    kernel_now_ = sc_core::sc_time_stamp().value();  // the target may have waited
    local = kernel_now_ + delay.value();
}

bool CpuModule::transport(tlm::tlm_fw_transport_if<>& target, tlm::tlm_command command, std::uint64_t address,
                          std::uint8_t* data, unsigned size) {
    payload_.set_command(command);
    payload_.set_address(address);
    payload_.set_data_ptr(data);
    payload_.set_data_length(size);
    payload_.set_streaming_width(size);
    payload_.set_byte_enable_ptr(nullptr);
    payload_.set_dmi_allowed(false);
    payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    if (where_ == Where::run) {
        // The delay moves everything that follows in this run().
        const std::uint64_t start = local_time_ps();
        std::uint64_t local = start;
        transport_at(target, payload_, local);
        run_base_ += local - start;
        if (local >= horizon_ || horizon() < horizon_) vcpu_->request_exit();
    } else {
        where_ = Where::transaction;
        transport_at(target, payload_, now_);
        where_ = Where::loop;
    }
    if (payload_.is_response_ok()) return true;
    ++counters_.floating_accesses;
    if (command == tlm::TLM_READ_COMMAND) std::memset(data, 0xff, size);
    return false;
}

void CpuModule::port_io(const cpu::PioExit& pio) {
    const auto command = pio.direction == cpu::Direction::in ? tlm::TLM_READ_COMMAND : tlm::TLM_WRITE_COMMAND;
    in_port_io_ = true;
    for (std::uint32_t i = 0; i < pio.count; ++i) {
        ++counters_.pio_transactions;
        transport(*io_if_, command, pio.port, pio.data + std::size_t{i} * pio.size, pio.size);
        // A reset in the middle of a batch ends it: the elements behind it were never on the bus.
        if (start_pending_ || reset_wanted_ || scheduler_.stopping_) break;
    }
    in_port_io_ = false;
}

void CpuModule::memory_access(tlm::tlm_command command, std::uint64_t address, std::uint8_t* data,
                              unsigned size) {
    ++counters_.memory_transactions;
    if (transport(*memory_if_, command, address, data, size) && payload_.is_dmi_allowed())
        request_dmi(address);
}

void CpuModule::read(std::uint64_t physical, void* data, unsigned size) {
    memory_access(tlm::TLM_READ_COMMAND, physical, static_cast<std::uint8_t*>(data), size);
}

void CpuModule::write(std::uint64_t physical, const void* data, unsigned size) {
    std::uint8_t copy[8];
    std::memcpy(copy, data, size);
    memory_access(tlm::TLM_WRITE_COMMAND, physical, copy, size);
}

void CpuModule::special_cycle(chipset::SpecialCycle::Kind kind, tlm::tlm_command command,
                              std::uint8_t* data) {
    special_->kind = kind;
    special_payload_.set_command(command);
    special_payload_.set_address(0);
    special_payload_.set_data_ptr(data);
    special_payload_.set_data_length(data ? 1 : 0);
    special_payload_.set_streaming_width(1);
    special_payload_.set_byte_enable_ptr(nullptr);
    special_payload_.set_dmi_allowed(false);
    special_payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    if (where_ == Where::run) {
        std::uint64_t local = local_time_ps();
        const std::uint64_t start = local;
        transport_at(*io_if_, special_payload_, local);
        run_base_ += local - start;
    } else {
        where_ = Where::transaction;
        transport_at(*io_if_, special_payload_, now_);
        where_ = Where::loop;
    }
}

std::uint8_t CpuModule::acknowledge_on_bus() {
    std::uint8_t vector = 0xff;
    special_cycle(chipset::SpecialCycle::Kind::interrupt_acknowledge, tlm::TLM_READ_COMMAND, &vector);
    return special_payload_.is_response_ok() ? vector : 0xff;
}

std::uint8_t CpuModule::interrupt_acknowledge() {
    return apic_.acknowledge ? apic_.acknowledge() : acknowledge_on_bus();
}

void CpuModule::smm_changed(bool in_smm) {
    if (events_) events_->cpu_activity(in_smm ? CpuActivity::smm_enter : CpuActivity::smm_leave, 0);
    in_smm_ = in_smm;
    smiact.set(in_smm);
    // RSM is where a held-back INIT# is taken: look at it there.
    if (!in_smm && init_blocked_) vcpu_->request_exit();
}

void CpuModule::apic_base_written(std::uint64_t value) {
    if (apic_.base_written) apic_.base_written(value);
}

void CpuModule::reset_vector_entered(std::uint64_t from) {
    if (events_) events_->cpu_activity(CpuActivity::reset_vector, from);
}

std::uint8_t CpuModule::read_cr8() { return apic_.read_cr8 ? apic_.read_cr8() : 0; }

void CpuModule::write_cr8(std::uint8_t value) {
    if (apic_.write_cr8) apic_.write_cr8(value);
}

void CpuModule::look_at_horizon() {
    if (where_ == Where::run && horizon() < horizon_) vcpu_->request_exit();
}

bool CpuModule::read_x2apic(unsigned index, std::uint64_t& value) {
    return apic_.read_register && apic_.read_register(index, value, local_time_ps());
}

bool CpuModule::write_x2apic(unsigned index, std::uint64_t value) {
    if (!apic_.write_register || !apic_.write_register(index, value, local_time_ps())) return false;
    look_at_horizon();
    return true;
}

void CpuModule::write_tsc_deadline(std::uint64_t clock) {
    if (!apic_.set_deadline) return;
    apic_.set_deadline(clock == 0 ? chipset::kNeverPs : tsc_clock_.picoseconds(clock), local_time_ps());
    look_at_horizon();
}

bool CpuModule::tsc_deadline_armed() { return apic_.deadline_armed && apic_.deadline_armed(local_time_ps()); }

void CpuModule::ferr_changed(bool asserted) {
    drive_ferr(asserted);
    look_at_horizon();
}

void CpuModule::drive_ferr(bool asserted) {
    if (asserted == ferr.level()) return;
    if (events_) events_->line_changed("ferr", asserted);
    ferr.set(asserted);
}

// --- direct memory ---

void CpuModule::request_dmi(std::uint64_t address) {
    payload_.set_address(address);
    tlm::tlm_dmi dmi;
    if (!memory_if_->get_direct_mem_ptr(payload_, dmi)) return;
    ++counters_.dmi_grants;
    if (map_.add(dmi.get_start_address(), dmi.get_end_address(), dmi.get_dmi_ptr(), dmi.is_read_allowed(),
                 dmi.is_write_allowed()))
        apply_memory_map();
}

void CpuModule::invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) {
    if (!map_.remove(first, last)) return;
    ++counters_.dmi_invalidations;
    map_changed_ = true;
    // Inside run() the engine must not use the old map for one more access; outside, several changes make
    // one.
    if (where_ == Where::run) apply_memory_map();
}

void CpuModule::apply_memory_map() {
    map_changed_ = false;
    ++counters_.memory_map_updates;
    vcpu_->set_memory_map(map_.slots());
}

tlm::tlm_sync_enum CpuModule::nb_transport_bw(tlm::tlm_generic_payload&, tlm::tlm_phase&, sc_core::sc_time&) {
    return tlm::TLM_ACCEPTED;
}

}  // namespace southgate::platform
