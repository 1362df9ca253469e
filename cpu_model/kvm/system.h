// The few calls a KVM engine makes to its kernel: open, ioctl, mmap, and a clock. Linux is one implementation
// (host_system.h); the tests bring another, so that the engine is proven where no /dev/kvm opens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>

namespace southgate::cpu::kvm {

// There is no usable KVM: the device does not open, or lacks something the engine cannot do without. One line.
struct Unavailable : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class System {
  public:
    virtual ~System() = default;

    // A file descriptor of /dev/kvm, or -errno.
    virtual int open_device() = 0;
    // What ioctl(2) returns, or -errno. `argument` is the third argument: a pointer or a number.
    virtual int ioctl(int fd, unsigned long request, unsigned long argument) = 0;
    // The shared page of a vCPU (struct kvm_run); nullptr on failure.
    virtual void* map(int fd, std::size_t size) = 0;
    virtual void unmap(void* address, std::size_t size) = 0;
    virtual void close(int fd) = 0;

    // CPU time of the calling thread, ns. The engine charges the guest with what passes inside KVM_RUN.
    virtual std::uint64_t cpu_time_ns() = 0;
    // After about `ns` sets *immediate_exit and makes a KVM_RUN under way return -EINTR (api.rst, kvm_run.immediate_exit).
    virtual void arm(std::uint64_t ns, volatile std::uint8_t* immediate_exit) = 0;
    virtual void disarm() = 0;
};

template <class T>
int control(System& system, int fd, unsigned long request, T* argument) {
    return system.ioctl(fd, request, reinterpret_cast<unsigned long>(argument));
}

}  // namespace southgate::cpu::kvm
