// A vCPU of nine instructions behind the real contract, so that the CPU module is tested without an engine.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "cpu_model/pio/policy.h"
#include "cpu_model/statistics.h"
#include "cpu_model/vcpu.h"

namespace southgate::platform::test {

struct Op {
    enum Kind { nop, jump, out, in, load, store, hlt, triple_fault, ferr, fwait } kind = nop;
    std::uint64_t operand = 0;  // port, address or target
    std::uint32_t value = 0;    // written by out and store; level of FERR#
};

class FakeVcpu : public cpu::Vcpu {
  public:
    FakeVcpu(cpu::Bus& bus, std::vector<Op> program) : bus_(bus), program_(std::move(program)) {}

    // What the program did.
    std::vector<std::uint8_t> vectors;
    std::vector<std::uint64_t> loaded;
    unsigned writes_while_pending = 0, start_ups_while_pending = 0;
    unsigned inits_while_pending = 0, inits = 0, resets = 0, power_ups = 0, completed = 0, dropped = 0;
    unsigned longest_run = 0;
    bool interrupts_enabled = true;
    bool waits_after_init = false;  // an application processor
    bool forgets_completions = false;  // every port I/O is dropped and issued again
    std::vector<cpu::MemorySlot> slots;

    cpu::Exit run(const cpu::Budget& budget) override {
        retired_ = 0;
        exit_requested_ = false;
        cpu::Exit exit;
        if (pending_) {
            pending_ = false;
            if (rip_ == snapshot_ && !forgets_completions) {
                ++rip_;
                ++retired_;
                ++completed;
            } else {
                ++dropped;
            }
        }
        if (budget.immediate_exit) return finish(exit, cpu::ExitReason::budget_end);
        if (events_.init_pending) init();
        for (;;) {
            if (intr_ && interrupts_enabled && events_.activity != cpu::ActivityState::shutdown) {
                events_.activity = cpu::ActivityState::running;
                vectors.push_back(bus_.interrupt_acknowledge());
            }
            if (events_.activity == cpu::ActivityState::halted) return finish(exit, cpu::ExitReason::hlt);
            if (events_.activity == cpu::ActivityState::wait_for_sipi)
                return finish(exit, cpu::ExitReason::wait_for_sipi);
            if (events_.activity == cpu::ActivityState::shutdown)
                return finish(exit, cpu::ExitReason::shutdown);
            if (retired_ >= budget.instructions || exit_requested_)
                return finish(exit, cpu::ExitReason::budget_end);
            if (auto reason = step(exit)) return finish(exit, *reason);
        }
    }
    std::uint64_t retired_in_run() const override { return retired_; }
    void request_exit() override { exit_requested_ = true; }

    cpu::GeneralRegisters regs() const override {
        cpu::GeneralRegisters r;
        r.rflags = interrupts_enabled ? 1u << 9 : 0;
        return r;
    }
    void set_regs(const cpu::GeneralRegisters&) override { writes_while_pending += pending_; }
    cpu::SpecialRegisters sregs() const override { return {}; }
    void set_sregs(const cpu::SpecialRegisters&) override {}
    cpu::DebugRegisters debug_regs() const override { return {}; }
    void set_debug_regs(const cpu::DebugRegisters&) override {}
    cpu::FpuState fpu() const override { return {}; }
    void set_fpu(const cpu::FpuState&) override {}
    cpu::ModelSpecificRegisters msrs() const override { return {}; }
    void set_msrs(const cpu::ModelSpecificRegisters&) override {}
    cpu::EventState events() const override { return events_; }
    void set_events(const cpu::EventState&) override {}
    std::uint64_t linear_rip() const override { return rip_; }
    std::uint64_t tsc() const override { return clock_; }
    void set_clock(std::uint64_t ticks) override { clock_ = ticks; }
    void set_ticks_per_instruction(std::uint32_t) override {}
    void set_memory_map(std::span<const cpu::MemorySlot> map) override {
        slots.assign(map.begin(), map.end());
    }
    void memory_written(const std::uint8_t*, std::size_t) override {}
    void set_intr(bool level) override { intr_ = level; }
    void pulse_nmi() override { events_.activity = cpu::ActivityState::running; }
    void pulse_smi() override {}
    void pulse_init() override { events_.init_pending = true; }
    void reset(bool power_up) override {
        ++resets;
        power_ups += power_up;
        rip_ = 0;
        ferr_ = false;
        events_ = {};
    }
    void set_a20m(bool) override {}
    void set_ignne(bool asserted) override { ignne_ = asserted; }
    void start_up(std::uint8_t vector) override {
        if (events_.activity != cpu::ActivityState::wait_for_sipi) return;
        start_ups_while_pending += pending_;
        rip_ = vector;
        events_.activity = cpu::ActivityState::running;
    }
    bool take_init_now() override {
        if (pending_) ++inits_while_pending;
        init();
        return true;
    }
    void set_single_step(bool) override {}
    void set_pio_policy(cpu::PioPolicyKind, bool) override {}
    void set_pio_observer(cpu::PioObserver*) override {}
    cpu::CpuStatistics statistics() const override { return {}; }

  private:
    cpu::Exit finish(cpu::Exit& exit, cpu::ExitReason reason) {
        exit.reason = reason;
        exit.retired = retired_;
        longest_run = std::max(longest_run, static_cast<unsigned>(retired_));
        return exit;
    }
    void init() {
        ++inits;
        events_ = {};
        if (waits_after_init) events_.activity = cpu::ActivityState::wait_for_sipi;
        rip_ = 0;
    }
    std::optional<cpu::ExitReason> step(cpu::Exit& exit) {
        const Op op = program_.at(rip_);
        switch (op.kind) {
            case Op::nop:
                break;
            case Op::jump:
                rip_ = op.operand;
                ++retired_;
                return {};
            case Op::out:
            case Op::in:
                pending_ = true;
                snapshot_ = rip_;
                data_[0] = static_cast<std::uint8_t>(op.value);
                exit.pio = {op.kind == Op::in ? cpu::Direction::in : cpu::Direction::out,
                            static_cast<std::uint16_t>(op.operand),
                            1,
                            1,
                            false,
                            data_,
                            rip_};
                return cpu::ExitReason::pio;
            case Op::load: {
                std::uint64_t value = 0;
                access(op.operand, &value, false);
                loaded.push_back(value);
                break;
            }
            case Op::store: {
                std::uint64_t value = op.value;
                access(op.operand, &value, true);
                break;
            }
            case Op::hlt:
                events_.activity = cpu::ActivityState::halted;
                break;
            case Op::ferr:
                ferr_ = op.value != 0;
                bus_.ferr_changed(ferr_);
                break;
            case Op::fwait:
                if (ferr_ && !ignne_) return cpu::ExitReason::frozen;
                break;
            case Op::triple_fault:
                events_.activity = cpu::ActivityState::shutdown;
                break;
        }
        ++rip_;
        ++retired_;
        return {};
    }
    void access(std::uint64_t address, std::uint64_t* value, bool write) {
        for (const auto& slot : slots) {
            if (address < slot.guest_physical || address >= slot.guest_physical + slot.size) continue;
            std::uint8_t* host = slot.host + (address - slot.guest_physical);
            if (write && slot.writable)
                std::memcpy(host, value, 1);
            else if (!write && slot.readable)
                std::memcpy(value, host, 1);
            else
                break;
            return;
        }
        if (write)
            bus_.write(address, value, 1);
        else
            bus_.read(address, value, 1);
    }

    cpu::Bus& bus_;
    std::vector<Op> program_;
    std::uint64_t rip_ = 0, retired_ = 0, snapshot_ = 0, clock_ = 0;
    bool pending_ = false, intr_ = false, exit_requested_ = false, ferr_ = false, ignne_ = false;
    cpu::EventState events_;
    std::uint8_t data_[8]{};
};

}  // namespace southgate::platform::test
