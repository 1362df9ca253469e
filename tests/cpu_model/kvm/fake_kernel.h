// A KVM made of the interpreter: the ioctls the engine uses, with the behaviour of a kernel that takes its emulator's
// path for every port instruction. Time is exact: an instruction takes ten nanoseconds.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "cpu_model/kvm/system.h"
#include "cpu_model/system/cpuid.h"

namespace southgate::cpu::test {

class FakeKernel final : public kvm::System {
  public:
    struct Config {
        CpuModel model;
        // A write of CR0, CR3, CR4 or EFER by KVM_SET_SREGS drops a pending emulated IN, as one observed host does.
        bool mode_change_drops_input = false;
        // The first ioctl with this number fails with EINVAL; 0: none.
        unsigned long failing_request = 0;
    };
    explicit FakeKernel(Config config);
    FakeKernel();
    ~FakeKernel() override;

    int open_device() override;
    int ioctl(int fd, unsigned long request, unsigned long argument) override;
    void* map(int fd, std::size_t size) override;
    void unmap(void* address, std::size_t size) override;
    void close(int fd) override;
    std::uint64_t cpu_time_ns() override { return now_ns_; }
    void arm(std::uint64_t ns, volatile std::uint8_t* immediate_exit) override;
    void disarm() override { armed_ = nullptr; }

    unsigned open_descriptors() const;

    static constexpr std::uint64_t instruction_ns = 10;

  private:
    struct Machine;
    class Processor;
    int device_ioctl(unsigned long request, unsigned long argument);
    int machine_ioctl(Machine& machine, unsigned long request, unsigned long argument);

    Config config_;
    int next_fd_ = 100;
    std::map<int, std::shared_ptr<Machine>> machines_;
    std::map<int, std::shared_ptr<Processor>> processors_;
    unsigned devices_ = 0;
    std::uint64_t now_ns_ = 0, armed_ns_ = 0;
    volatile std::uint8_t* armed_ = nullptr;
};

}  // namespace southgate::cpu::test
