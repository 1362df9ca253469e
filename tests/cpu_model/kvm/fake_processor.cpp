#include "kvm/fake_processor.h"

#include <cerrno>
#include <cstring>

#include "cpu_model/kvm/convert.h"
#include "cpu_model/pio/policy.h"

namespace southgate::cpu::test {
namespace {

using namespace kvm;

template <class T>
T& as(void* argument) {
    return *static_cast<T*>(argument);
}

// The MSRs this kernel has: no machine-check banks.
bool known_msr(std::uint32_t index) {
    return index == 0x10 || index == 0x277 || (index >= 0x174 && index <= 0x176) || index == 0x1a0 || index == 0x3a ||
           index == 0x8b || (index >= 0x200 && index < 0x210) || (index >= 0x250 && index < 0x270) ||
           index == 0x2ff || (index >= 0xc0000081 && index <= 0xc0000084) || index == 0xc0000102 ||
           index == 0xc0000103;
}

}  // namespace

FakeKernel::Processor::Processor(const Config& config, std::span<const MemorySlot> slots)
    : config_(config), pages_(run_size), cpu_(std::make_unique<Interpreter>(*this, config.model)) {
    cpu_->set_pio_policy(PioPolicyKind::full_emulator, false);
    cpu_->set_string_rules(StringRules::kernel);
    set_slots(slots);
}

FakeKernel::Processor::~Processor() {
    std::unique_lock lock(mutex_);
    abandoned_ = true;
    // The instruction under way finishes with whatever it reads.
    if (in_memory_access_) pass_to(Turn::guest, lock);
    turn_ = Turn::over;
    changed_.notify_all();
    lock.unlock();
    if (thread_.joinable()) thread_.join();
}

void FakeKernel::Processor::set_slots(std::span<const MemorySlot> slots) {
    slots_.assign(slots.begin(), slots.end());
    cpu_->set_memory_map(slots_);
}

// --- the two threads ---

void FakeKernel::Processor::pass_to(Turn to, std::unique_lock<std::mutex>& lock) {
    const Turn me = turn_;
    turn_ = to;
    changed_.notify_all();
    changed_.wait(lock, [&] { return turn_ == me || turn_ == Turn::over; });
}

void FakeKernel::Processor::guest_thread() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return turn_ != Turn::kernel; });
    while (turn_ == Turn::guest) {
        lock.unlock();
        work();
        lock.lock();
        pass_to(Turn::kernel, lock);
    }
}

void FakeKernel::Processor::memory(bool write, std::uint64_t physical, void* data, unsigned size) {
    std::unique_lock lock(mutex_);
    auto& mmio = page()->mmio;
    page()->exit_reason = KVM_EXIT_MMIO;
    mmio.phys_addr = physical;
    mmio.len = size;
    mmio.is_write = write;
    std::memset(mmio.data, 0, sizeof mmio.data);
    if (write) std::memcpy(mmio.data, data, size);
    if (abandoned_) return;
    in_memory_access_ = true;
    pass_to(Turn::kernel, lock);
    in_memory_access_ = false;
    if (!write) std::memcpy(data, mmio.data, size);
    if (page()->immediate_exit || abandoned_) cpu_->request_exit();
}

// What vcpu_run() does: completion, then guest code, until something is for userspace.
void FakeKernel::Processor::work() {
    const auto spend = [&](const Budget& budget) {
        const Exit exit = cpu_->run(budget);
        retired_ += exit.retired;
        reported_ = 0;
        left_ -= std::min(left_, exit.retired);
        return exit;
    };
    timed_out_ = false;
    Exit exit = spend({0, true});
    while (exit.reason == ExitReason::budget_end) {
        const bool window = page()->request_interrupt_window != 0;
        if (window && !page()->immediate_exit && can_interrupt()) {
            page()->exit_reason = KVM_EXIT_IRQ_WINDOW_OPEN;
            return;
        }
        if (page()->immediate_exit || left_ == 0) {
            timed_out_ = true;
            return;
        }
        // The window is looked for between all instructions.
        exit = spend({window ? 1 : left_, false});
    }
    fill_exit(exit);
}

void FakeKernel::Processor::fill_exit(const Exit& exit) {
    kvm_run& run = *page();
    switch (exit.reason) {
        case ExitReason::pio:
            pending_ = exit;
            owes_ = true;
            run.exit_reason = KVM_EXIT_IO;
            run.io.direction = exit.pio.direction == Direction::in ? KVM_EXIT_IO_IN : KVM_EXIT_IO_OUT;
            run.io.port = exit.pio.port;
            run.io.size = exit.pio.size;
            run.io.count = exit.pio.count;
            run.io.data_offset = 0x1000;
            std::memcpy(pages_.data() + 0x1000, exit.pio.data, std::size_t{exit.pio.size} * exit.pio.count);
            break;
        case ExitReason::hlt: {
            run.exit_reason = KVM_EXIT_HLT;
            EventState e = cpu_->events();  // without an in-kernel irqchip the vCPU stays runnable
            e.activity = ActivityState::running;
            cpu_->set_events(e);
            break;
        }
        case ExitReason::shutdown: run.exit_reason = KVM_EXIT_SHUTDOWN; break;
        case ExitReason::debug:
            run.exit_reason = KVM_EXIT_DEBUG;
            run.debug.arch.pc = cpu_->linear_rip();
            break;
        default:
            run.exit_reason = KVM_EXIT_INTERNAL_ERROR;
            run.internal.suberror = KVM_INTERNAL_ERROR_EMULATION;
    }
}

bool FakeKernel::Processor::can_interrupt() const {
    const EventState e = cpu_->events();
    return (cpu_->regs().rflags & 0x200) && !e.sti_shadow && !e.mov_ss_shadow && !e.interrupt_queued;
}

int FakeKernel::Processor::run(std::uint64_t instructions, std::uint64_t& retired) {
    kvm_run& run = *page();
    if (run.kvm_dirty_regs & KVM_SYNC_X86_REGS) set_regs(run.s.regs.regs);
    if (run.kvm_dirty_regs & KVM_SYNC_X86_SREGS) set_sregs(run.s.regs.sregs);
    if (owes_ && pending_.pio.direction == Direction::in)
        std::memcpy(pending_.pio.data, pages_.data() + 0x1000,
                    std::size_t{pending_.pio.size} * pending_.pio.count);
    owes_ = false;
    // A kernel sees at once what userspace writes into guest memory.
    if (!in_memory_access_)
        for (const MemorySlot& slot : slots_) cpu_->memory_written(slot.host, slot.size);

    std::unique_lock lock(mutex_);
    retired_ = 0;
    left_ = instructions;
    const std::uint64_t before = reported_;
    if (!thread_.joinable()) thread_ = std::thread([this] { guest_thread(); });
    pass_to(Turn::guest, lock);
    if (in_memory_access_) {
        // Not returned yet: what has retired so far, less what an earlier stop in the same run() has told.
        const std::uint64_t inside = cpu_->retired_in_run();
        retired = retired_ + inside - before;
        reported_ = inside;
    } else {
        retired = retired_ - std::min(before, retired_);
    }
    run.if_flag = (cpu_->regs().rflags & 0x200) != 0;
    run.ready_for_interrupt_injection = !in_memory_access_ && can_interrupt();
    run.apic_base = cpu_->sregs().apic_base;
    if (in_memory_access_) {
        run.exit_reason = KVM_EXIT_MMIO;
        return 0;
    }
    if (!timed_out_) return 0;
    run.exit_reason = KVM_EXIT_INTR;
    return -EINTR;
}

// --- state ---

void FakeKernel::Processor::set_regs(const kvm_regs& k) { cpu_->set_regs(from_kvm(k)); }

void FakeKernel::Processor::set_sregs(const kvm_sregs& k) {
    const SpecialRegisters old = cpu_->sregs(), now = from_kvm(k);
    cpu_->set_sregs(now);
    const bool mode_changed =
        old.cr0 != now.cr0 || old.cr3 != now.cr3 || old.cr4 != now.cr4 || old.efer != now.efer;
    if (!config_.mode_change_drops_input || !mode_changed || !owes_ || pending_.pio.direction != Direction::in) return;
    // A processor that owes nothing, in the same state.
    const ArchState state = cpu_->state();
    cpu_ = std::make_unique<Interpreter>(*this, config_.model);
    cpu_->set_pio_policy(PioPolicyKind::full_emulator, false);
    cpu_->set_string_rules(StringRules::kernel);
    cpu_->set_memory_map(slots_);
    cpu_->set_sregs(state.sregs);
    cpu_->set_regs(state.regs);
    cpu_->set_debug_regs(state.debug);
    cpu_->set_fpu(state.fpu);
    cpu_->set_events(state.events);
    owes_ = false;
}

int FakeKernel::Processor::msrs(unsigned long request, void* argument) {
    auto& list = as<abi::Msrs<1>>(argument);
    if (list.count != 1) return -E2BIG;
    kvm_msr_entry& entry = list.entries[0];
    if (!known_msr(entry.index)) return 0;
    if (request == abi::set_msrs) msrs_[entry.index] = entry.data;
    else entry.data = msrs_[entry.index];
    return 1;
}

int FakeKernel::Processor::ioctl(unsigned long request, void* argument) {
    switch (request) {
        case KVM_GET_REGS: as<kvm_regs>(argument) = to_kvm(cpu_->regs()); return 0;
        case KVM_SET_REGS: set_regs(as<kvm_regs>(argument)); return 0;
        case KVM_GET_SREGS: as<kvm_sregs>(argument) = to_kvm(cpu_->sregs()); return 0;
        case KVM_SET_SREGS: {
            // Long-mode code without long mode is refused, as in the kernel.
            const auto& s = as<kvm_sregs>(argument);
            if (!(s.efer & 1u << 10) && s.cs.l) return -EINVAL;
            set_sregs(s);
            return 0;
        }
        case KVM_GET_DEBUGREGS: as<kvm_debugregs>(argument) = to_kvm(cpu_->debug_regs()); return 0;
        case KVM_SET_DEBUGREGS: cpu_->set_debug_regs(from_kvm(as<kvm_debugregs>(argument))); return 0;
        case abi::get_xsave: to_xsave(cpu_->fpu(), as<abi::Xsave>(argument)); return 0;
        case abi::set_xsave: {
            FpuState f = from_xsave(as<abi::Xsave>(argument));
            f.xcr0 = cpu_->fpu().xcr0;
            cpu_->set_fpu(f);
            return 0;
        }
        case KVM_GET_XCRS: {
            auto& xcrs = as<kvm_xcrs>(argument);
            xcrs = {};
            xcrs.nr_xcrs = 1;
            xcrs.xcrs[0].value = cpu_->fpu().xcr0;
            return 0;
        }
        case KVM_SET_XCRS: {
            FpuState f = cpu_->fpu();
            f.xcr0 = as<kvm_xcrs>(argument).xcrs[0].value;
            cpu_->set_fpu(f);
            return 0;
        }
        case KVM_GET_VCPU_EVENTS:
            as<kvm_vcpu_events>(argument) = {};
            to_kvm(cpu_->events(), as<kvm_vcpu_events>(argument));
            return 0;
        case KVM_SET_VCPU_EVENTS: {
            EventState e = from_kvm(as<kvm_vcpu_events>(argument));
            e.smbase = cpu_->events().smbase;
            cpu_->set_events(e);
            return 0;
        }
        case KVM_INTERRUPT: {
            EventState e = cpu_->events();
            e.interrupt_queued = true;
            e.interrupt_vector = static_cast<std::uint8_t>(as<kvm_interrupt>(argument).irq);
            cpu_->set_events(e);
            return 0;
        }
        case KVM_NMI: cpu_->pulse_nmi(); return 0;
        case KVM_SET_GUEST_DEBUG:
            cpu_->set_single_step((as<kvm_guest_debug>(argument).control & KVM_GUESTDBG_SINGLESTEP) != 0);
            return 0;
        case KVM_TRANSLATE: {
            // Enough for flat guests and for low memory seen through a high alias.
            auto& t = as<kvm_translation>(argument);
            t.physical_address = t.linear_address >> 32 ? t.linear_address & 0x1fffff : t.linear_address;
            t.valid = 1;
            return 0;
        }
        case abi::set_cpuid2: return 0;
        case abi::get_msrs:
        case abi::set_msrs: return msrs(request, argument);
        default: return -EINVAL;
    }
}

}  // namespace southgate::cpu::test
