#include "platform/cpu_module.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "platform/events/stream.h"

namespace southgate::platform {

namespace {

constexpr std::uint64_t interrupt_flag = 1u << 9;  // RFLAGS.IF

std::uint64_t systemc_now() { return sc_core::sc_time_stamp().value(); }

}  // namespace

CpuModule::CpuModule(const sc_core::sc_module_name& name, const CpuConfig& config,
                     const EngineFactory& factory, CpuScheduler* scheduler)
    : sc_module(name),
      config_(config),
      own_scheduler_(scheduler ? nullptr : std::make_unique<CpuScheduler>("scheduler")),
      scheduler_(scheduler ? *scheduler : *own_scheduler_),
      vcpu_(factory(*this)),
      tsc_clock_(config.tsc_hz) {
    scheduler_.cpus_.push_back(this);
    memory.bind(*static_cast<tlm::tlm_bw_transport_if<>*>(this));
    io.bind(*static_cast<tlm::tlm_bw_transport_if<>*>(this));

    init.on_change([this](bool level) { init_changed(level); });
    cpurst.on_change([this](bool level) { cpurst_changed(level); });
    power_good.on_change([this](bool level) { power_changed(level); });
    smi.on_change([this](bool level) {
        if (!level) return;
        vcpu_->pulse_smi();
        wake(wake_smi);
    });
    nmi.on_change([this](bool level) {
        if (!level) return;
        vcpu_->pulse_nmi();
        wake(wake_nmi);
    });
    intr.on_change([this](bool level) {
        vcpu_->set_intr(level);
        // HLT with interrupts disabled is left by others only.
        if (level && (runnable() || (vcpu_->regs().rflags & interrupt_flag) != 0)) wake(wake_intr);
    });
    a20m.on_change([this](bool level) { vcpu_->set_a20m(level); });

    share(1);
    vcpu_->set_pio_policy(config_.pio_policy, config_.quirk_out_7e);
    vcpu_->set_pio_advance(config_.skip_model);
    vcpu_->set_string_rules(config_.string_rules);

    special_ = new chipset::SpecialCycle;
    special_payload_.set_extension(special_);
}

CpuModule::~CpuModule() = default;

void CpuModule::end_of_elaboration() {
    memory_if_ = memory.operator->();
    io_if_ = io.operator->();
    kernel_ = sc_core::sc_get_curr_simcontext();
}

void CpuModule::report_to(EventStream& events) {
    const auto& cpus = scheduler_.cpus();
    std::optional<unsigned> number;
    if (cpus.size() > 1) number = static_cast<unsigned>(std::ranges::find(cpus, this) - cpus.begin());
    events_ = &events.add_cpu(name(), number,
                              {[this] { return local_time_ps(); },
                               [this] { return scheduler_.instructions(); },
                               [this] { return linear_rip(); }, [this] { return mode(); },
                               [this] { return in_port_io_; }, [this] { return where_ != Where::loop; }});
    vcpu_->set_pio_observer(events_);
}

// --- time ---

std::uint64_t CpuModule::horizon() const {
    // sc_time_to_pending_activity() without its detour over differences: this is asked for after every port access.
    if (kernel_->pending_activity_at_current_time()) return kernel_now_;
    const std::uint64_t limit = kernel_now_ + config_.ahead_ps;
    sc_core::sc_time next;
    return kernel_->next_time(next) ? std::min<std::uint64_t>(next.value(), limit) : limit;
}

// Instructions that start within the next `ps` picoseconds: the quotient rounded up. Each exit asks; no
// division.
std::uint64_t CpuModule::instructions_in(std::uint64_t ps) const {
    __extension__ using Wide = unsigned __int128;
    auto count = static_cast<std::uint64_t>(static_cast<Wide>(ps) * instruction_rate_ >> 64);
    while (count * config_.instruction_time_ps < ps) ++count;
    return count;
}

std::uint64_t CpuModule::local_time_ps() const {
    if (where_ == Where::run) return run_base_ + vcpu_->retired_in_run() * instruction_ps_;
    return std::max(now_, systemc_now());
}

std::uint64_t CpuModule::instructions() const { return retired_ + retired_in_run(); }

void CpuModule::wait_until(std::uint64_t time_ps) {
    ++counters_.synchronisations;
    wait(chipset::from_picoseconds(time_ps - kernel_now_));
    kernel_now_ = systemc_now();
}

void CpuModule::wake(unsigned reason) {
    woken_ |= reason;
    if (where_ == Where::run) vcpu_->request_exit();
    else scheduler_.notice(*this);
}

// --- turns ---

// With `sharing` CPUs each has 1/sharing of the time and is that much faster in it.
void CpuModule::share(unsigned sharing) {
    if (sharing == sharing_) return;
    sharing_ = sharing;
    instruction_ps_ = std::max<std::uint64_t>(1, config_.instruction_time_ps / sharing);
    instruction_rate_ = ~std::uint64_t{0} / instruction_ps_;
    // Where the two clocks have no integer ratio, set_clock() before each run corrects.
    vcpu_->set_ticks_per_instruction(static_cast<std::uint32_t>(tsc_clock_.ticks(instruction_ps_)));
    vcpu_->set_pause_exits(sharing > 1);
}

void CpuModule::begin(std::uint64_t line_ps) {
    kernel_now_ = systemc_now();
    now_ = std::max({now_, line_ps, kernel_now_});
    if (in_smm_) smiact.set(true);
    if (events_) events_->activate();
}

void CpuModule::end() {
    if (in_smm_ && scheduler_.cpus().size() > 1) smiact.set(false);
}

void CpuModule::take_turn(std::uint64_t line_ps, unsigned sharing) {
    share(sharing);
    begin(line_ps);
    turn_end_ = sharing > 1 ? now_ + std::max<std::uint64_t>(1, scheduler_.quantum_ps_ / sharing)
                            : ~std::uint64_t{0};
    while (!scheduler_.give_way_ && runnable() && !unsettled() && now_ < turn_end_) {
        waiting_for_ = 0;
        const std::uint64_t end = horizon();
        if (now_ >= end) wait_until(end);
        else run_slice(std::min(end, turn_end_));
    }
    end();
}

std::uint64_t CpuModule::finish_port_io(std::uint64_t line_ps) {
    if (!reset_in_transaction_ && (cpurst.level() || power_lost_ || reset_wanted_)) {
        begin(line_ps);
        complete_pending();
        reset_in_transaction_ = true;
        end();
    }
    return now_;
}

void CpuModule::settle(std::uint64_t line_ps) {
    begin(line_ps);
    if (cpurst.level() || power_lost_) {
        hold();
    } else {
        held_ = false;
        if (reset_wanted_) leave_reset();
        if (init_latched_) take_latched_init();
        if (start_pending_ && !start_charged_) {
            // A policy that completes the pending port I/O at the reset vector does so before the first fetch.
            complete_pending();
            const bool by_init = starting_ == CpuReset::init || starting_ == CpuReset::start_up;
            now_ += by_init ? config_.init_to_fetch_ps : config_.reset_to_fetch_ps;
            start_charged_ = true;
        }
        if (sipi_) start_up(*std::exchange(sipi_, std::nullopt));
    }
    end();
}

void CpuModule::first_fetch() {
    start_pending_ = false;
    if (waits_for_start_up()) {
        if (events_) events_->cpu_activity(CpuActivity::wait_for_sipi, vcpu_->linear_rip());
        return;
    }
    ++counters_.starts;
    if (events_) events_->first_fetch(starting_, vcpu_->linear_rip());
    if (started_) started_(starting_);
}

void CpuModule::run_slice(std::uint64_t end) {
    if (start_pending_) {
        first_fetch();
        if (scheduler_.stopping_) return;
    }
    if (map_changed_) apply_memory_map();

    cpu::Budget budget;
    budget.instructions = instructions_in(end - now_);
    if (const std::uint64_t limit = scheduler_.instruction_limit_) {
        if (scheduler_.retired_ >= limit) {
            scheduler_.limit_reached_();
            scheduler_.stop();
            return;
        }
        budget.instructions = std::min(budget.instructions, limit - scheduler_.retired_);
    }
    woken_ = 0;
    horizon_ = end;
    run_base_ = now_;
    vcpu_->set_clock(tsc_clock_.ticks(now_));
    where_ = Where::run;
    const cpu::Exit exit = vcpu_->run(budget);
    account(exit);

    const bool behind_port_io = std::exchange(after_port_io_, exit.reason == cpu::ExitReason::pio);
    switch (exit.reason) {
        case cpu::ExitReason::pio:
            // Nothing ran since the last one: it was dropped and is issued again, or never ends. Time goes on.
            if (behind_port_io && exit.retired == 0) now_ += instruction_ps_;
            port_io(exit.pio);
            break;
        case cpu::ExitReason::hlt:
            if (events_) events_->cpu_activity(CpuActivity::halt, vcpu_->linear_rip());
            special_cycle(chipset::SpecialCycle::Kind::halt, tlm::TLM_IGNORE_COMMAND, nullptr);
            waiting_for_ = wake_any;
            break;
        case cpu::ExitReason::wait_for_sipi:
            waiting_for_ = wake_from_sipi_wait;
            break;
        case cpu::ExitReason::shutdown:
            shutdown();
            break;
        case cpu::ExitReason::pause:
            if (sharing_ > 1) {
                ++counters_.pauses;
                now_ = std::max(now_, turn_end_);
            }
            break;
        case cpu::ExitReason::internal_error:
            internal_error_ = exit.message ? exit.message : "the engine gave no reason";
            scheduler_.stop();
            break;
        case cpu::ExitReason::budget_end:
        case cpu::ExitReason::interrupt_window:
        case cpu::ExitReason::debug:
            break;
    }
    // An INIT# that SMM held back is taken by the engine behind RSM.
    if (init_blocked_ && !vcpu_->events().init_pending) {
        init_blocked_ = false;
        start(CpuReset::init);
    }
}

void CpuModule::account(const cpu::Exit& exit) {
    where_ = Where::loop;
    now_ = run_base_ + exit.retired * instruction_ps_;
    retired_ += exit.retired;
    scheduler_.retired_ += exit.retired;
}

void CpuModule::complete_pending() {
    if (map_changed_) apply_memory_map();
    run_base_ = now_;
    horizon_ = ~std::uint64_t{0};
    where_ = Where::run;
    account(vcpu_->run(cpu::Budget{0, true}));
}

void CpuModule::shutdown() {
    if (events_) events_->cpu_activity(CpuActivity::shutdown, vcpu_->linear_rip(), vcpu_->triple_fault());
    woken_ = 0;
    special_cycle(chipset::SpecialCycle::Kind::shutdown, tlm::TLM_IGNORE_COMMAND, nullptr);
    // Left only by INIT#, RESET#, NMI and SMI# (SDM vol. 3A 6.15); the chipset may have answered inside the
    // cycle.
    waiting_for_ = wake_from_shutdown;
}

// --- reset ---

void CpuModule::start(CpuReset kind) {
    starting_ = kind;
    start_pending_ = true;
    start_charged_ = false;
    waiting_for_ = 0;
    if (events_) events_->cpu_activity(CpuActivity::reset, vcpu_->linear_rip());
}

void CpuModule::init_changed(bool asserted) {
    if (!asserted) return;
    if (where_ == Where::transaction) {
        // The platform holds the CPU in the exit of its own port I/O: INIT acts now, the completion comes
        // later. The registers are then of the platform's writing (KVM_SET_REGS), which some policies ask for.
        if (vcpu_->take_init_now()) {
            vcpu_->set_regs(vcpu_->regs());
            start(CpuReset::init);
        } else {
            init_blocked_ = true;
        }
    } else {
        init_latched_ = true;
        sipi_.reset();
    }
    wake(wake_init);
}

void CpuModule::take_latched_init() {
    init_latched_ = false;
    complete_pending();
    if (vcpu_->take_init_now())
        start(CpuReset::init);
    else
        init_blocked_ = true;
}

bool CpuModule::waits_for_start_up() const {
    return vcpu_->events().activity == cpu::ActivityState::wait_for_sipi;
}

void CpuModule::start_up(std::uint8_t vector) {
    if (reset_wanted_) return;
    if (where_ == Where::transaction && start_pending_ && waits_for_start_up()) {
        // As the INIT before it in the same port I/O.
        vcpu_->start_up(vector);
        starting_ = CpuReset::start_up;
    } else if (unsettled() && !sipi_) {
        // Behind an INIT that is still to be taken.
        sipi_ = vector;
    } else if (waits_for_start_up()) {
        vcpu_->start_up(vector);
        starting_ = CpuReset::start_up;
        start_pending_ = start_charged_ = true;
    }
    wake(wake_sipi);
}

void CpuModule::cpurst_changed(bool asserted) {
    if (asserted && !reset_wanted_) {
        reset_wanted_ = true;
        reset_in_transaction_ = where_ == Where::transaction;
    }
    wake(wake_reset);
}

void CpuModule::power_changed(bool good) {
    power_lost_ = !good;
    if (!good) power_up_ = true;
    cpurst_changed(!good);
}

void CpuModule::hold() {
    held_ = true;
    reset_in_transaction_ = true;
    sipi_.reset();
    if (events_) events_->cpu_activity(CpuActivity::held, vcpu_->linear_rip());
}

void CpuModule::leave_reset() {
    // All CPUs start their time-stamp counters from this moment.
    vcpu_->set_clock(tsc_clock_.ticks(now_));
    vcpu_->reset(power_up_);
    start(power_up_ ? CpuReset::power_on : CpuReset::reset);
    power_up_ = reset_wanted_ = reset_in_transaction_ = false;
    init_latched_ = init_blocked_ = false;  // RESET# wins over INIT# (SDM vol. 3A 9.1)
}

// --- transactions ---

// `local` is the local time before and, with the delay the target annotated, after.
void CpuModule::transport_at(tlm::tlm_fw_transport_if<>& target, tlm::tlm_generic_payload& trans,
                             std::uint64_t& local) {
    sc_core::sc_time delay = chipset::from_picoseconds(local > kernel_now_ ? local - kernel_now_ : 0);
    target.b_transport(trans, delay);
    kernel_now_ = systemc_now();  // the target may have waited
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

// --- for people ---

std::string_view CpuModule::mode() const {
    constexpr std::uint64_t pe = 1, pg = 1u << 31, vm = 1u << 17, lma = 1u << 10;
    if (vcpu_->events().in_smm) return "smm";
    const auto sregs = vcpu_->sregs();
    const auto& cs = sregs.seg[static_cast<unsigned>(cpu::Seg::cs)];
    if (!(sregs.cr0 & pe)) return "real";
    if (vcpu_->regs().rflags & vm) return "v86";
    if (sregs.efer & lma) return cs.attributes & cpu::SegmentRegister::l ? "long 64" : "long compat";
    const bool wide = cs.attributes & cpu::SegmentRegister::db;
    if (sregs.cr0 & pg) return wide ? "paged 32" : "paged 16";
    return wide ? "protected 32" : "protected 16";
}

}  // namespace southgate::platform
