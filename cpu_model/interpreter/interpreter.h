// The interpreter engine behind the vCPU contract.
#pragma once

#include <memory>

#include "cpu_model/decode/code_cache.h"
#include "cpu_model/decode/code_sharing.h"
#include "cpu_model/interpreter/cpu.h"

namespace southgate::cpu {

class Interpreter : public Vcpu, private CodeSharing::Member {
  public:
    // In the power-up state. `bus` outlives the interpreter.
    explicit Interpreter(Bus& bus);
    // `sharing`: common to the processors that execute from the same memory; it outlives them.
    Interpreter(Bus& bus, const CpuModel& model, CodeSharing* sharing = nullptr);
    ~Interpreter() override;
    Interpreter(const Interpreter&) = delete;
    Interpreter& operator=(const Interpreter&) = delete;

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
    void set_clock(std::uint64_t ticks) override;
    void set_ticks_per_instruction(std::uint32_t ticks) override;

    void set_memory_map(std::span<const MemorySlot> slots) override;
    void memory_written(const std::uint8_t* host, std::size_t size) override;

    void set_intr(bool level) override;
    void pulse_nmi() override;
    void pulse_smi() override;
    void pulse_init() override;
    void reset(bool power_up) override;
    void set_a20m(bool masked) override;
    void set_ignne(bool asserted) override { c_.ignne_line = asserted; }
    void start_up(std::uint8_t vector) override;
    bool take_init_now() override;

    void set_single_step(bool on) override;
    void set_pause_exits(bool on) override;
    void set_pio_policy(PioPolicyKind kind, bool quirk_out_7e) override;
    void set_pio_observer(PioObserver* observer) override;
    void use_pio_policy(std::shared_ptr<const CompletionPolicy> policy) override;
    void set_pio_advance(PioAdvance advance) override;
    void set_string_rules(StringRules rules) override;
    // String rules from outside the built-in two (cpu_model/pio/string_rules.h).
    void use_string_rules(std::shared_ptr<const StringIoRules> rules);
    void set_vmcs_accounting(VmcsAccounting* accounting) override;
    TripleFault triple_fault() const override { return c_.triple_fault; }
    CpuStatistics statistics() const override;

  private:
    // CodeSharing::Member
    void code_written(const std::uint8_t* host, std::size_t size) override { memory_written(host, size); }
    void watch(const std::uint8_t* host_page) override;

    // run()'s loop (run.cpp)
    bool take_events();
    void execute();
    void run_blocks();
    void run_one();
    void unwind();
    void abandon_block();
    Exit leave(ExitReason reason);

    // Inside run(), so that changes must wait for the end of the instruction.
    bool running_ = false;
    bool frozen_ = false;  // the next instruction waits behind an x87 exception
    Cpu c_;
    CodeCache code_;
};

// For those who want only the contract.
std::unique_ptr<Vcpu> make_interpreter(Bus& bus, const CpuModel& model = {}, CodeSharing* sharing = nullptr);

}  // namespace southgate::cpu
