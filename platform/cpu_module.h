// A vCPU as an sc_module: the drop-in x86 initiator.
//
// Two initiator sockets (memory, I/O) carry plain generic payloads; interrupt acknowledge and the Shutdown
// and Halt special cycles travel on the I/O socket with a chipset::SpecialCycle extension. The pins are
// immediate lines (chipset/lines.h). Time is loosely timed and exact at once: an instruction never *starts*
// at or after the next pending SystemC activity, so a timer interrupt is taken at the first instruction
// boundary after its time; PIO round trips and memory accesses never wait(). Several modules share a
// CpuScheduler (platform/cpu_scheduler.h tells how); one alone brings its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <systemc>
#include <tlm>

#include "chipset/bus/special_cycle.h"
#include "chipset/clock.h"
#include "chipset/lines.h"
#include "cpu_model/pio/policy.h"
#include "cpu_model/vcpu.h"
#include "platform/cpu_scheduler.h"
#include "platform/events/event.h"
#include "platform/memory_map.h"

namespace southgate::platform {

class CpuEvents;
class EventStream;

struct CpuConfig {
    std::uint64_t instruction_time_ps = 10'000;  // 10 ns: 100 million instructions a simulated second
    std::uint64_t tsc_hz = 1'000'000'000;        // derived from the same virtual time
    // The CPU runs at most this far ahead of SystemC when nothing is pending.
    std::uint64_t ahead_ps = 1'000'000'000;
    std::uint64_t init_to_fetch_ps = 0;        // processor-internal time from INIT# to the first fetch
    std::uint64_t reset_to_fetch_ps = 0;       // ... from the release of RESET# to the first fetch
    cpu::PioPolicyKind pio_policy = cpu::PioPolicyKind::linear_rip_snapshot;
    bool quirk_out_7e = false;  // KVM_X86_QUIRK_OUT_7E_INC_RIP
    cpu::PioAdvance skip_model = cpu::PioAdvance::relative;
    cpu::StringRules string_rules = cpu::StringRules::architectural;
};

struct CpuCounters {
    std::uint64_t pio_transactions = 0, memory_transactions = 0, floating_accesses = 0;
    std::uint64_t dmi_grants = 0, dmi_invalidations = 0, memory_map_updates = 0;
    std::uint64_t synchronisations = 0;  // waits for SystemC time
    std::uint64_t starts = 0;            // first fetches: power-on, RESET#, INIT#, start-up IPI
    std::uint64_t pauses = 0;            // turns given away by PAUSE

    // The sum over several CPUs.
    CpuCounters& operator+=(const CpuCounters& o) {
        pio_transactions += o.pio_transactions, memory_transactions += o.memory_transactions;
        floating_accesses += o.floating_accesses;
        dmi_grants += o.dmi_grants, dmi_invalidations += o.dmi_invalidations;
        memory_map_updates += o.memory_map_updates;
        synchronisations += o.synchronisations, starts += o.starts, pauses += o.pauses;
        return *this;
    }
};

class CpuModule : public sc_core::sc_module, private cpu::Bus, private tlm::tlm_bw_transport_if<> {
  public:
    using EngineFactory = std::function<std::unique_ptr<cpu::Vcpu>(cpu::Bus&)>;

    tlm::tlm_initiator_socket<32> memory{"memory"};
    tlm::tlm_initiator_socket<32> io{"io"};

    chipset::LineIn init{"init"};      // INIT#: taken from the asserting edge
    chipset::LineIn cpurst{"cpurst"};  // RESET#: held while asserted, starts from the releasing edge
    chipset::LineIn power_good{
        "power_good"};                  // a falling edge is loss of power; unbound means always powered
    chipset::LineIn smi{"smi"};         // SMI#, edge
    chipset::LineIn nmi{"nmi"};         // NMI, edge
    chipset::LineIn intr{"intr"};       // INTR, level
    chipset::LineIn a20m{"a20m"};       // A20M#: asserted = address bit 20 forced to 0
    // SMIACT#. Of several CPUs only the one whose turn it is drives it: the level says whether the one that uses
    // the bus is in SMM, as the SMMEM# attribute of a transaction does (Pentium Pro Family Developer's Manual
    // vol. 1, 3.5.2).
    chipset::LineOut smiact{"smiact"};
    chipset::LineIn ignne{"ignne"};     // IGNNE#, level
    chipset::LineOut ferr{"ferr"};      // FERR#: an x87 exception pends while CR0.NE is 0; deasserted in RESET#

    // Without a scheduler the CPU is alone. The scheduler must outlive it.
    CpuModule(const sc_core::sc_module_name& name, const CpuConfig& config, const EngineFactory& factory,
              CpuScheduler* scheduler = nullptr);
    ~CpuModule() override;

    // The local APIC of this CPU, if there is one: who learns IA32_APIC_BASE and CR8, who answers the interrupt
    // acknowledge, who holds the x2APIC registers and the TSC deadline; times are the CPU's, ps. Without one, CR8 reads
    // 0, the acknowledge goes to the I/O socket, x2APIC registers raise #GP and a deadline is never armed.
    struct LocalApic {
        std::function<void(std::uint64_t base)> base_written;
        std::function<std::uint8_t()> read_cr8;
        std::function<void(std::uint8_t)> write_cr8;
        std::function<std::uint8_t()> acknowledge;
        std::function<bool(unsigned index, std::uint64_t& value, std::uint64_t now_ps)> read_register{};
        std::function<bool(unsigned index, std::uint64_t value, std::uint64_t now_ps)> write_register{};
        // A point of time, or chipset::kNeverPs to disarm.
        std::function<void(std::uint64_t at_ps, std::uint64_t now_ps)> set_deadline{};
        std::function<bool(std::uint64_t now_ps)> deadline_armed{};
    };
    void attach(LocalApic apic) { apic_ = std::move(apic); }
    // A start-up IPI arrived; ignored unless the CPU waits for one.
    void start_up(std::uint8_t vector);
    // One interrupt acknowledge cycle on the I/O socket: the vector of the 8259s; FFh when nobody answers.
    std::uint8_t acknowledge_on_bus();

    CpuScheduler& scheduler() { return scheduler_; }
    const CpuScheduler& scheduler() const { return scheduler_; }

    // Called at each first fetch after power-on, RESET#, INIT# and a start-up IPI.
    void on_start(std::function<void(CpuReset)> started) { started_ = std::move(started); }
    // Halted, frozen behind an x87 exception, shut down, held in reset or waiting for a start-up IPI; only an event can make
    // it run again.
    bool is_waiting() const { return !runnable(); }

    // Somebody wrote memory that the engine may have decoded (MemoryTarget::on_write).
    void memory_written(const std::uint8_t* host, std::size_t size) { vcpu_->memory_written(host, size); }
    // Builds port-I/O events from now on. The stream must outlive the module.
    void report_to(EventStream& events);

    // Local time of the CPU, ps, and instructions retired since power-on; exact inside transactions too.
    std::uint64_t local_time_ps() const;
    std::uint64_t instructions() const;
    // Processor mode for people: "real", "protected 16", "protected 32", "paged 32", "v86", "long 64", "smm"
    // ...
    std::string_view mode() const;
    std::uint64_t linear_rip() const { return vcpu_->linear_rip(); }
    bool in_port_io() const { return in_port_io_; }

    // Why the engine gave up, if it did (ExitReason::internal_error); nullptr otherwise.
    const char* internal_error() const { return internal_error_; }

    cpu::Vcpu& vcpu() { return *vcpu_; }
    const cpu::Vcpu& vcpu() const { return *vcpu_; }
    const CpuCounters& counters() const { return counters_; }
    const CpuConfig& config() const { return config_; }

  private:
    friend class CpuScheduler;
    enum class Where : std::uint8_t { loop, run, transaction };  // what a line change interrupts
    enum Wake : unsigned {
        wake_intr = 1,
        wake_nmi = 2,
        wake_smi = 4,
        wake_init = 8,
        wake_reset = 16,
        wake_sipi = 32,
        wake_ignne = 64,
        wake_from_sipi_wait = wake_init | wake_reset | wake_sipi,
        wake_from_shutdown = wake_nmi | wake_smi | wake_init | wake_reset,
        wake_any = wake_from_shutdown | wake_intr | wake_sipi,
        wake_from_freeze = wake_any | wake_ignne,
    };

    void end_of_elaboration() override;

    // --- for the scheduler ---
    bool runnable() const { return !held_ && (!waiting_for_ || (woken_ & waiting_for_)); }
    // RESET#, INIT# or a start-up IPI has to be looked at before anybody goes on.
    bool unsettled() const {
        if (cpurst.level() || power_lost_) return !held_;
        return held_ || reset_wanted_ || init_latched_ || sipi_ || (start_pending_ && !start_charged_);
    }
    // Completes a port I/O that ended before RESET# came; the local time after it.
    std::uint64_t finish_port_io(std::uint64_t line_ps);
    void settle(std::uint64_t line_ps);
    // Runs until the turn is over, the CPU waits, or the scheduler asks to give way.
    void take_turn(std::uint64_t line_ps, unsigned sharing);
    void leave_run() {
        if (where_ == Where::run) vcpu_->request_exit();
    }
    std::uint64_t retired_in_run() const { return where_ == Where::run ? vcpu_->retired_in_run() : 0; }

    void begin(std::uint64_t line_ps);
    void end();
    void share(unsigned sharing);
    // Next moment the CPU may not start an instruction at or after: pending activity or the limit of running
    // ahead.
    std::uint64_t horizon() const;
    std::uint64_t instructions_in(std::uint64_t ps) const;
    void wait_until(std::uint64_t time_ps);
    void run_slice(std::uint64_t horizon);
    void first_fetch();
    void account(const cpu::Exit& exit);
    void complete_pending();
    void port_io(const cpu::PioExit& pio);
    void shutdown();
    void hold();
    void leave_reset();
    void take_latched_init();
    void start(CpuReset kind);
    bool waits_for_start_up() const;

    // One transaction with the reused payload. False when nobody answered; then `data` of a read floats high.
    bool transport(tlm::tlm_fw_transport_if<>& target, tlm::tlm_command command, std::uint64_t address,
                   std::uint8_t* data, unsigned size);
    void transport_at(tlm::tlm_fw_transport_if<>& target, tlm::tlm_generic_payload& trans,
                      std::uint64_t& local);
    void memory_access(tlm::tlm_command command, std::uint64_t address, std::uint8_t* data, unsigned size);
    void special_cycle(chipset::SpecialCycle::Kind kind, tlm::tlm_command command, std::uint8_t* data);
    void request_dmi(std::uint64_t address);
    void apply_memory_map();

    void init_changed(bool asserted);
    void cpurst_changed(bool asserted);
    void power_changed(bool good);
    void wake(unsigned reason);

    // cpu::Bus
    void read(std::uint64_t physical, void* data, unsigned size) override;
    void write(std::uint64_t physical, const void* data, unsigned size) override;
    std::uint8_t interrupt_acknowledge() override;
    void smm_changed(bool in_smm) override;
    void apic_base_written(std::uint64_t value) override;
    void reset_vector_entered(std::uint64_t from) override;
    std::uint8_t read_cr8() override;
    void write_cr8(std::uint8_t value) override;
    bool read_x2apic(unsigned index, std::uint64_t& value) override;
    bool write_x2apic(unsigned index, std::uint64_t value) override;
    void write_tsc_deadline(std::uint64_t clock) override;
    bool tsc_deadline_armed() override;
    void ferr_changed(bool asserted) override;
    void drive_ferr(bool asserted);
    // Something inside run() may have moved the next pending activity.
    void look_at_horizon();

    // tlm_bw_transport_if
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& trans, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) override;
    void invalidate_direct_mem_ptr(sc_dt::uint64 start, sc_dt::uint64 end) override;

    CpuConfig config_;
    std::unique_ptr<CpuScheduler> own_scheduler_;
    CpuScheduler& scheduler_;
    std::unique_ptr<cpu::Vcpu> vcpu_;
    CpuEvents* events_ = nullptr;
    LocalApic apic_;
    tlm::tlm_fw_transport_if<>* memory_if_ = nullptr;
    tlm::tlm_fw_transport_if<>* io_if_ = nullptr;
    sc_core::sc_simcontext* kernel_ = nullptr;

    // Time. `now_` is the CPU's local time outside run(); inside, run_base_ plus what has retired.
    std::uint64_t now_ = 0, run_base_ = 0;
    std::uint64_t kernel_now_ = 0;    // sc_time_stamp(): moves only while the thread waits or a target does
    std::uint64_t retired_ = 0;       // before the current run()
    std::uint64_t horizon_ = 0;       // of the current run()
    std::uint64_t turn_end_ = 0;      // the largest number: not limited
    unsigned sharing_ = 0;            // CPUs that take turns at present
    std::uint64_t instruction_ps_ = 0;    // in this turn
    std::uint64_t instruction_rate_ = 0;  // (2^64 - 1) / instruction_ps_, rounded down
    chipset::ClockRate tsc_clock_;
    std::function<void(CpuReset)> started_;
    Where where_ = Where::loop;
    bool in_port_io_ = false;
    bool after_port_io_ = false;  // the last run() ended with port I/O

    // Lines and activity.
    unsigned woken_ = 0, waiting_for_ = 0;  // Wake
    bool in_smm_ = false;
    bool power_lost_ = false, power_up_ = true;
    bool held_ = false;                 // RESET# or lost power has been taken
    bool reset_wanted_ = true;          // RESET# was asserted since the last start
    bool reset_in_transaction_ = true;  // ... while a transaction of ours was under way
    bool init_latched_ = false;         // INIT# edge to be taken by the loop
    bool init_blocked_ = false;         // INIT# edge the engine has latched (SMM)
    std::optional<std::uint8_t> sipi_;  // start-up IPI behind an INIT that is not taken yet
    CpuReset starting_ = CpuReset::power_on;
    bool start_pending_ = false, start_charged_ = false;

    MemoryMap map_;
    bool map_changed_ = false;
    tlm::tlm_generic_payload payload_, special_payload_;
    chipset::SpecialCycle* special_;  // owned by special_payload_
    const char* internal_error_ = nullptr;
    CpuCounters counters_;
};

}  // namespace southgate::platform
