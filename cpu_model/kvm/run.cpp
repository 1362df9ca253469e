// run(): KVM_RUN, its exits, and what is offered to the guest between them.
#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "cpu_model/kvm/helper_bus.h"
#include "cpu_model/kvm/kvm_call.h"
#include "cpu_model/kvm/kvm_vcpu.h"

namespace southgate::cpu::kvm {
namespace {

constexpr std::uint64_t a20 = 1u << 20;
constexpr std::uint64_t interrupt_flag = 1u << 9;

}  // namespace

Exit KvmVcpu::run(const Budget& budget) {
    limit_ = budget.instructions;
    guest_ns_ = helper_retired_ = 0;
    exit_requested_ = false;
    if (kernel_apic_) {
        limit_ = std::max<std::uint64_t>(limit_, 1);
        return run_with_kernel_apic(budget.immediate_exit);
    }
    // Nobody has started this processor: even what is pending waits.
    if (activity_ == ActivityState::uninitialized && !helper_) return leave(ExitReason::wait_for_sipi);
    if (budget.immediate_exit) return finish_io();
    for (;;) {
        if (!error_.empty()) return leave(ExitReason::internal_error);
        if (exit_requested_ || charged() >= limit_) return finish_io();
        if (helper_) {
            if (const auto exit = run_helper(false)) return *exit;
            continue;
        }
        if (owed_ && (told_ || smi_pending_ || init_pending_ || activity_ == ActivityState::sipi_received)) {
            const Exit exit = finish_io();
            if (exit.reason != ExitReason::budget_end) return exit;
            continue;
        }
        std::uint64_t ns = (limit_ - charged()) * config_.instruction_time_ps / 1000;
        if (take_events()) continue;
        // Something must be over before the SMI can be taken: look again soon.
        if (smi_pending_) ns = 1;
        if (activity_ != ActivityState::running && !wake_up()) {
            switch (activity_) {
                case ActivityState::halted: return leave(ExitReason::hlt);
                case ActivityState::shutdown: return leave(ExitReason::shutdown);
                default: return leave(ExitReason::wait_for_sipi);
            }
        }
        // Without any slot the kernel has no room for page tables, and KVM_RUN fails (ENOSPC).
        if (config_.interpret_failures && map_.slots().empty() && !owed_) {
            start_helper();
            continue;
        }
        offer_interrupt();
        if (const auto exit = dispatch(enter(false, ns))) return *exit;
    }
}

// Completes what is pending and executes nothing else. A completion may itself exit, to memory in parts for instance.
Exit KvmVcpu::finish_io() {
    limit_ = std::max<std::uint64_t>(limit_, 1);
    if (helper_) return run_helper(true).value_or(leave(ExitReason::budget_end));
    for (;;) {
        if (!error_.empty()) return leave(ExitReason::internal_error);
        const GeneralRegisters before = regs();
        const std::uint64_t charged_before = guest_ns_;
        const int result = enter(true, 0);
        // What completes counts as an instruction, the entry as such does not.
        if (result == -EINTR && regs() == before) guest_ns_ = charged_before;
        if (told_ && result == -EINTR) tell_completion(before);
        if (result == -EINTR) return leave(ExitReason::budget_end);
        if (const auto exit = dispatch(result)) return *exit;
        if (helper_) return leave(ExitReason::budget_end);
    }
}

// A halted or unstarted vCPU stays inside KVM_RUN until the time is over; MP_STATE tells why.
Exit KvmVcpu::run_with_kernel_apic(bool immediate) {
    for (;;) {
        if (!error_.empty()) return leave(ExitReason::internal_error);
        const int result = enter(immediate, (limit_ - charged()) * config_.instruction_time_ps / 1000);
        if (result != -EINTR && result != -EAGAIN) {
            if (const auto exit = dispatch(result)) return *exit;
            continue;
        }
        if (const std::string error = kernel_apic_->read(activity_); !error.empty()) fail("%s", error.c_str());
        if (activity_ == ActivityState::uninitialized || activity_ == ActivityState::wait_for_sipi)
            return leave(ExitReason::wait_for_sipi);
        if (activity_ == ActivityState::halted && !immediate) return leave(ExitReason::hlt);
        if (immediate || charged() >= limit_) return leave(ExitReason::budget_end);
    }
}

Exit KvmVcpu::leave(ExitReason reason) {
    Exit exit;
    exit.reason = reason;
    exit.retired = charged();
    if (reason == ExitReason::internal_error) exit.message = error_.c_str();
    statistics_.instructions += exit.retired;
    return exit;
}

std::uint64_t KvmVcpu::charged() const {
    return std::min(limit_, helper_retired_ + guest_ns_ * 1000 / config_.instruction_time_ps);
}

std::uint64_t KvmVcpu::retired_in_run() const {
    return helper_running_ ? charged() + helper_->retired_in_run() : charged();
}

void KvmVcpu::request_exit() {
    exit_requested_ = true;
    if (helper_running_) helper_->request_exit();
}

// --- between instructions ---

// SMI before INIT (SDM vol. 3A table 6-2). True: look again.
bool KvmVcpu::take_events() {
    if (smi_pending_ && activity_ != ActivityState::wait_for_sipi) {
        const kvm_vcpu_events e = kernel_events();
        if (!e.interrupt.shadow && !e.interrupt.injected && !e.exception.injected && !e.nmi.injected) {
            ++statistics_.smis;
            start_helper();
            return true;
        }
    }
    if (init_pending_) {
        init_pending_ = false;
        apply_reset(ResetKind::init);
        return true;
    }
    if (activity_ == ActivityState::sipi_received) {
        activity_ = ActivityState::wait_for_sipi;
        start_up(sipi_vector_);
        return true;
    }
    return false;
}

// Is there something that ends HLT or Shutdown? (SDM vol. 2A HLT; vol. 3A 6.15)
bool KvmVcpu::wake_up() {
    if (activity_ == ActivityState::wait_for_sipi) return false;
    const bool interrupt =
        activity_ == ActivityState::halted && intr_ && (regs().rflags & interrupt_flag) != 0;
    if (!interrupt) {
        const kvm_vcpu_events e = kernel_events();
        if (!e.nmi.pending || e.nmi.masked) return false;
    }
    activity_ = ActivityState::running;
    return true;
}

bool KvmVcpu::can_take_interrupt() {
    if (queued_) {
        queued_ = kernel_events().interrupt.injected != 0;
        if (queued_) return false;
    }
    if (flags_known_) return run_->if_flag != 0 && run_->ready_for_interrupt_injection != 0;
    if (!(regs().rflags & interrupt_flag)) return false;
    const kvm_vcpu_events e = kernel_events();
    return !e.interrupt.shadow && !e.interrupt.injected && !e.exception.injected && !e.nmi.injected;
}

void KvmVcpu::offer_interrupt() {
    run_->request_interrupt_window = 0;
    if (!intr_) return;
    if (can_take_interrupt()) {
        queue_interrupt(bus_.interrupt_acknowledge());
        ++statistics_.interrupts;
    }
    // Another may be behind it, or this one has to wait.
    run_->request_interrupt_window = intr_;
}

// --- KVM_RUN ---

int KvmVcpu::enter(bool immediate, std::uint64_t ns) {
    System& system = *fd_.system;
    run_->cr8 = bus_.read_cr8() & 15;
    const std::uint64_t cr8 = run_->cr8;
    run_->immediate_exit = immediate;
    if (!immediate) system.arm(ns, &run_->immediate_exit);
    const std::uint64_t before = system.cpu_time_ns();
    const int result = system.ioctl(fd_.vcpu, KVM_RUN, 0);
    guest_ns_ += system.cpu_time_ns() - before;
    if (!immediate) system.disarm();

    run_->kvm_dirty_regs = 0;
    regs_.reset();
    sregs_.reset();
    owed_ = false;
    flags_known_ = true;
    if (result < 0 && result != -EINTR && !(result == -EAGAIN && kernel_apic_)) {
        fail("KVM_RUN: %s", std::strerror(-result));
        return result;
    }
    // The time given was used, whatever the clocks say of it.
    if (result == -EINTR && !immediate && run_->immediate_exit && !smi_pending_)
        guest_ns_ = std::max(guest_ns_, (limit_ - std::min(limit_, helper_retired_)) * config_.instruction_time_ps / 1000 + 1);
    if (run_->cr8 != cr8) bus_.write_cr8(static_cast<std::uint8_t>(run_->cr8));
    if (run_->apic_base != apic_base_) {
        apic_base_ = run_->apic_base;
        bus_.apic_base_written(apic_base_);
    }
    return result;
}

// nullopt: nothing for the platform; go on.
std::optional<Exit> KvmVcpu::dispatch(int result) {
    if (result == -EINTR) {
        // Not our timer: somebody has sent this thread a signal, and the platform may want to know.
        if (!run_->immediate_exit) return leave(ExitReason::budget_end);
        return std::nullopt;
    }
    if (result < 0) return leave(ExitReason::internal_error);
    switch (run_->exit_reason) {
        case KVM_EXIT_IO: return port_exit();
        case KVM_EXIT_MMIO: memory_exit(); return std::nullopt;
        case KVM_EXIT_IRQ_WINDOW_OPEN:
        case KVM_EXIT_SET_TPR: return std::nullopt;
        case KVM_EXIT_HLT: activity_ = ActivityState::halted; return std::nullopt;
        case KVM_EXIT_SHUTDOWN: activity_ = ActivityState::shutdown; return std::nullopt;
        case KVM_EXIT_DEBUG: return leave(ExitReason::debug);
        case KVM_EXIT_INTR: return leave(ExitReason::budget_end);
        case KVM_EXIT_FAIL_ENTRY:
            fail("KVM_EXIT_FAIL_ENTRY: hardware reason %#llx",
                 static_cast<unsigned long long>(run_->fail_entry.hardware_entry_failure_reason));
            break;
        case KVM_EXIT_INTERNAL_ERROR: return gave_up();
        default: fail("KVM exit %u, which the engine does not know", run_->exit_reason);
    }
    return leave(ExitReason::internal_error);
}

// Whatever is no slot for the kernel: device memory, slots that only take writes, ROM being written.
void KvmVcpu::memory_exit() {
    owed_ = true;
    const bool write = run_->mmio.is_write != 0;
    ++(write ? statistics_.mmio_writes : statistics_.mmio_reads);
    std::uint64_t at = run_->mmio.phys_addr;
    if (a20_masked_) at &= ~a20;
    std::uint8_t* data = run_->mmio.data;
    for (unsigned left = std::min(run_->mmio.len, 8u); left != 0;) {
        unsigned size = 8;
        while (size > left || (at & 0xfff) + size > 0x1000) size /= 2;
        memory_part(write, at, data, size);
        at += size;
        data += size;
        left -= size;
    }
}

void KvmVcpu::memory_part(bool write, std::uint64_t physical, std::uint8_t* data, unsigned size) {
    const MemorySlot* slot = map_.find(physical);
    std::uint8_t* host = slot ? slot->host + (physical - slot->guest_physical) : nullptr;
    if (write) {
        if (slot && slot->writable) std::memcpy(host, data, size);
        else if (!slot || !slot->drop_writes) bus_.write(physical, data, size);
    } else {
        if (slot && slot->readable) std::memcpy(data, host, size);
        else bus_.read(physical, data, size);
    }
}

std::optional<Exit> KvmVcpu::gave_up() {
    gave_up_ = run_->internal.suberror == KVM_INTERNAL_ERROR_EMULATION;
    if (config_.interpret_failures && gave_up_) {
        start_helper();
        return std::nullopt;
    }
    fail("KVM_EXIT_INTERNAL_ERROR: suberror %u", run_->internal.suberror);
    return leave(ExitReason::internal_error);
}

}  // namespace southgate::cpu::kvm
