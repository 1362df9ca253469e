#include "platform/cpu_scheduler.h"

#include <algorithm>

#include "platform/cpu_module.h"

namespace southgate::platform {

CpuScheduler::CpuScheduler(const sc_core::sc_module_name& name, std::uint64_t quantum_ps)
    : sc_module(name), quantum_ps_(quantum_ps) {
    SC_HAS_PROCESS(CpuScheduler);
    SC_THREAD(thread);
    // The engines run on this stack: guest code decides how deep their handlers nest.
    set_stack_size(512 * 1024);
}

void CpuScheduler::thread() {
    if (!cpus_.empty()) last_ = cpus_.size() - 1;
    for (;;) {
        while (stopping_) wait(wake_event_);
        settle();
        active_ = next();
        if (!active_) {
            idle_ = true;
            wait(wake_event_);
            idle_ = false;
            continue;
        }
        give_way_ = stopping_;
        active_->take_turn(line_ps_, sharing_);
        line_ps_ = std::max(line_ps_, active_->now_);
        active_ = nullptr;
    }
}

void CpuScheduler::settle() {
    const auto unsettled = [](const CpuModule* cpu) { return cpu->unsettled(); };
    while (!stopping_ && std::ranges::any_of(cpus_, unsettled)) {
        for (CpuModule* cpu : cpus_)
            if (cpu->unsettled()) line_ps_ = std::max(line_ps_, cpu->finish_port_io(line_ps_));
        for (CpuModule* cpu : cpus_)
            if (cpu->unsettled()) cpu->settle(line_ps_);
    }
}

// Whose turn comes next, round robin; nullptr when all wait.
CpuModule* CpuScheduler::next() {
    CpuModule* found = nullptr;
    const std::size_t start = last_ + 1;
    sharing_ = 0;
    for (std::size_t i = 0; i < cpus_.size(); ++i) {
        const std::size_t index = (start + i) % cpus_.size();
        if (!cpus_[index]->runnable()) continue;
        if (sharing_++ == 0) {
            found = cpus_[index];
            last_ = index;
        }
    }
    return found;
}

void CpuScheduler::notice(const CpuModule& cpu) {
    if (idle_) {
        wake_event_.notify(sc_core::SC_ZERO_TIME);
    } else if (active_ && active_ != &cpu && (cpu.unsettled() || (sharing_ == 1 && cpu.runnable()))) {
        give_way_ = true;
        active_->leave_run();
    }
}

void CpuScheduler::stop() {
    if (stopping_) return;
    stopping_ = give_way_ = true;
    if (active_) active_->leave_run();
    sc_core::sc_stop();
}

void CpuScheduler::limit_instructions(std::uint64_t limit, std::function<void()> reached) {
    instruction_limit_ = limit;
    limit_reached_ = std::move(reached);
}

bool CpuScheduler::all_waiting() const {
    return std::ranges::all_of(cpus_, [](const CpuModule* cpu) { return cpu->is_waiting(); });
}

std::uint64_t CpuScheduler::local_time_ps() const {
    return active_ ? active_->local_time_ps() : std::max<std::uint64_t>(line_ps_, sc_core::sc_time_stamp().value());
}

std::uint64_t CpuScheduler::instructions() const {
    return active_ ? retired_ + active_->retired_in_run() : retired_;
}

}  // namespace southgate::platform
