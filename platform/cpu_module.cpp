#include "platform/cpu_module.h"

#include <algorithm>
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
    ignne.on_change([this](bool level) {
        if (events_) events_->line_changed("ignne", level);
        vcpu_->set_ignne(level);
        if (level) wake(wake_ignne);
    });

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
        case cpu::ExitReason::frozen:
            if (events_) events_->cpu_activity(CpuActivity::frozen, vcpu_->linear_rip());
            waiting_for_ = wake_from_freeze;
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
