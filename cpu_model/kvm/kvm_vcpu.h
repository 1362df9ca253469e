// The KVM engine: the vCPU contract over /dev/kvm. One virtual machine with one vCPU; interrupt controllers are the
// platform's (no in-kernel irqchip). docs/kvm.md tells what it can and cannot do.
#pragma once

#include <linux/kvm.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cpu_model/interpreter/interpreter.h"
#include "cpu_model/kvm/descriptors.h"
#include "cpu_model/kvm/kernel_apic.h"
#include "cpu_model/kvm/memory_slots.h"
#include "cpu_model/kvm/model_registers.h"
#include "cpu_model/kvm/system.h"
#include "cpu_model/mmu/memory_map.h"
#include "cpu_model/pio/policy.h"
#include "cpu_model/state/reset_tables.h"
#include "cpu_model/statistics.h"
#include "cpu_model/vcpu.h"

namespace southgate::cpu::kvm {

struct KvmConfig {
    CpuModel model;
    // What one "retired instruction" is worth in CPU time of the guest: KVM counts none.
    std::uint64_t instruction_time_ps = 10'000;
    // Instructions the kernel gives up on (KVM_INTERNAL_ERROR_EMULATION: code outside every slot, instructions its
    // emulator lacks) are executed by the interpreter. Off: they end as ExitReason::internal_error.
    bool interpret_failures = false;
    // KVM_X86_QUIRK_OUT_7E_INC_RIP switched off by KVM_CAP_DISABLE_QUIRKS2.
    bool disable_quirk_out_7e = false;
    // Every port I/O an observer hears of is completed by a KVM_RUN of its own (immediate_exit), so that it can be told
    // what became of it. Off: observers hear of exits only.
    bool report_completions = false;
    // Interrupt controllers in the kernel (KVM_CREATE_IRQCHIP): MP_STATE, HLT, INIT and SIPI are the kernel's then, and
    // INTR has no effect. For the laboratory.
    bool kernel_apic = false;
};

class KvmVcpu final : public Vcpu {
  public:
    // In the power-up state. Throws Unavailable.
    KvmVcpu(Bus& bus, const KvmConfig& config, std::shared_ptr<System> system);
    ~KvmVcpu() override;
    KvmVcpu(const KvmVcpu&) = delete;
    KvmVcpu& operator=(const KvmVcpu&) = delete;

    Exit run(const Budget& budget) override;
    std::uint64_t retired_in_run() const override;
    void request_exit() override;

    GeneralRegisters regs() const override;
    void set_regs(const GeneralRegisters& r) override;
    SpecialRegisters sregs() const override;
    void set_sregs(const SpecialRegisters& s) override;
    DebugRegisters debug_regs() const override;
    void set_debug_regs(const DebugRegisters& d) override;
    FpuState fpu() const override;
    void set_fpu(const FpuState& f) override;
    ModelSpecificRegisters msrs() const override;
    void set_msrs(const ModelSpecificRegisters& m) override;
    EventState events() const override;
    void set_events(const EventState& e) override;
    std::uint64_t linear_rip() const override;

    std::uint64_t tsc() const override;
    void set_clock(std::uint64_t ticks) override;                // the guest's TSC is the kernel's
    void set_ticks_per_instruction(std::uint32_t ticks) override;

    void set_memory_map(std::span<const MemorySlot> slots) override;
    void memory_written(const std::uint8_t* host, std::size_t size) override;

    void set_intr(bool level) override;
    void pulse_nmi() override;
    void pulse_smi() override;
    void pulse_init() override;
    void reset(bool power_up) override;
    void set_a20m(bool masked) override;
    void start_up(std::uint8_t vector) override;
    bool take_init_now() override;

    void set_single_step(bool on) override;
    // The kernel has its own policy and nobody can change it: ignored.
    void set_pio_policy(PioPolicyKind kind, bool quirk_out_7e) override;
    // Hears of exits; of completions with KvmConfig::report_completions.
    void set_pio_observer(PioObserver* observer) override;
    CpuStatistics statistics() const override;

    // --- What userspace of KVM can do and the contract cannot say; for the laboratory. ---

    // set_regs() and set_sregs() leave the new values in kvm_run (KVM_CAP_SYNC_REGS), and the next KVM_RUN applies them.
    // False: the kernel has no such thing.
    bool write_through_sync_regs(bool on);
    // The first error the kernel returned, or empty. run() reports it as an internal error; only that it gave up on an
    // instruction is over with the next set_regs().
    const std::string& error() const { return error_; }
    // That error is KVM_INTERNAL_ERROR_EMULATION.
    bool gave_up_on_an_instruction() const { return gave_up_; }

  private:
    // What the interpreter sees while it stands in: the platform, and a stop at RSM.
    struct HelperBus;

    void create();
    [[gnu::format(printf, 2, 3)]] void fail(const char* format, ...) const;
    // An ioctl on the vCPU that must succeed; false and fail() otherwise.
    template <class T>
    bool call(unsigned long request, const char* name, T* argument) const;
    void apply_reset(ResetKind kind);
    void write_state(const ArchState& old, const ArchState& now);
    kvm_vcpu_events kernel_events() const;
    void write_events(const EventState& e);
    void apply_memory_map();

    // run() (run.cpp)
    Exit leave(ExitReason reason);
    Exit finish_io();
    bool take_events();
    bool wake_up();
    bool can_take_interrupt();
    void offer_interrupt();
    // KVM_INTERRUPT: delivered after what is pending, whatever IF says then.
    void queue_interrupt(std::uint8_t vector);
    Exit run_with_kernel_apic(bool immediate);
    int enter(bool immediate, std::uint64_t ns);
    std::optional<Exit> dispatch(int result);
    Exit port_exit();
    struct PortInstruction {
        Direction direction{};
        std::uint16_t port = 0;
        bool string = false;
    };
    std::optional<PortInstruction> port_instruction_at_rip() const;
    void tell_completion(const GeneralRegisters& before);
    void memory_exit();
    void memory_part(bool write, std::uint64_t physical, std::uint8_t* data, unsigned size);
    std::optional<Exit> gave_up();
    std::uint64_t charged() const;

    // The interpreter in place of the kernel: for SMM, and for instructions the kernel gives up on (helper.cpp).
    void start_helper();
    void stop_helper();
    std::optional<Exit> run_helper(bool immediate);

    Bus& bus_;
    KvmConfig config_;
    Descriptors fd_;
    kvm_run* run_ = nullptr;
    unsigned sync_fields_ = 0;  // KVM_CAP_SYNC_REGS
    bool has_xcrs_ = false;
    std::optional<MemorySlots> kernel_slots_;
    std::optional<ModelRegisters> model_registers_;
    std::optional<KernelApic> kernel_apic_;

    MemoryMap map_;
    bool a20_masked_ = false;
    bool intr_ = false, smi_pending_ = false, init_pending_ = false, single_step_ = false;
    ActivityState activity_ = ActivityState::running;
    std::uint8_t sipi_vector_ = 0;
    std::uint32_t smbase_ = 0x30000;
    std::uint16_t fpu_cs_ = 0, fpu_ds_ = 0;  // not in the 64-bit FXSAVE image the kernel exchanges
    PioObserver* observer_ = nullptr;
    std::optional<PioEvent> told_;  // the port I/O whose completion the observer is still to hear of

    // Copies of registers since the last exit or write.
    mutable std::optional<kvm_regs> regs_;
    mutable std::optional<kvm_sregs> sregs_;
    std::uint64_t apic_base_ = 0;  // as the platform knows it
    bool through_sync_ = false;
    bool flags_known_ = false;  // kvm_run's if_flag and ready_for_interrupt_injection hold
    bool queued_ = false;       // KVM_INTERRUPT was called and may not have been delivered
    bool owed_ = false;         // an exit whose completion KVM_RUN still owes
    bool gave_up_ = false;

    // The current run().
    bool exit_requested_ = false, helper_running_ = false;
    std::uint64_t limit_ = 0, guest_ns_ = 0, helper_retired_ = 0;

    std::unique_ptr<HelperBus> helper_bus_;
    std::unique_ptr<Interpreter> helper_;
    bool helper_owes_ = false;

    mutable std::string error_;
    CpuStatistics statistics_;
};

// On this host's /dev/kvm. Throws Unavailable.
std::unique_ptr<KvmVcpu> make_kvm(Bus& bus, const KvmConfig& config = {});

}  // namespace southgate::cpu::kvm
