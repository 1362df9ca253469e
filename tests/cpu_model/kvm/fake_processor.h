// One vCPU of the fake kernel.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "cpu_model/interpreter/interpreter.h"
#include "cpu_model/kvm/abi.h"
#include "kvm/fake_kernel.h"

namespace southgate::cpu::test {

// Guest code runs on a thread of its own, because the interpreter asks for device memory in the middle of an
// instruction and KVM_RUN must return there. Only one of the two threads runs at any time.
class FakeKernel::Processor final : public Bus {
  public:
    Processor(const Config& config, std::span<const MemorySlot> slots);
    ~Processor() override;

    // The shared pages: kvm_run and the port data behind it.
    static constexpr std::size_t run_size = 0x3000;
    void* shared() { return pages_.data(); }

    void set_slots(std::span<const MemorySlot> slots);
    int ioctl(unsigned long request, void* argument);
    // KVM_RUN for at most `instructions`; `retired` says how many it took. -EINTR when they are used up.
    int run(std::uint64_t instructions, std::uint64_t& retired);

  private:
    enum class Turn : std::uint8_t { kernel, guest, over };

    void guest_thread();
    void work();
    void pass_to(Turn to, std::unique_lock<std::mutex>& lock);
    void fill_exit(const Exit& exit);
    bool can_interrupt() const;
    void set_regs(const kvm_regs& k);
    void set_sregs(const kvm_sregs& k);
    int msrs(unsigned long request, void* argument);
    kvm_run* page() { return reinterpret_cast<kvm_run*>(pages_.data()); }

    // Bus
    void read(std::uint64_t physical, void* data, unsigned size) override { memory(false, physical, data, size); }
    void write(std::uint64_t physical, const void* data, unsigned size) override {
        memory(true, physical, const_cast<void*>(data), size);
    }
    void memory(bool write, std::uint64_t physical, void* data, unsigned size);
    std::uint8_t interrupt_acknowledge() override { return 0xff; }
    void smm_changed(bool) override {}
    void apic_base_written(std::uint64_t) override {}
    std::uint8_t read_cr8() override { return static_cast<std::uint8_t>(page()->cr8); }
    void write_cr8(std::uint8_t value) override { page()->cr8 = value; }

    Config config_;
    std::vector<std::uint8_t> pages_;
    std::unique_ptr<Interpreter> cpu_;
    std::vector<MemorySlot> slots_;
    std::map<std::uint32_t, std::uint64_t> msrs_;
    Exit pending_;  // the port exit userspace answers
    bool owes_ = false;

    std::mutex mutex_;
    std::condition_variable changed_;
    Turn turn_ = Turn::kernel;
    bool in_memory_access_ = false;  // the guest thread waits in the middle of an instruction
    bool abandoned_ = false;
    std::uint64_t left_ = 0, retired_ = 0, reported_ = 0;
    bool timed_out_ = false;
    std::thread thread_;
};

}  // namespace southgate::cpu::test
