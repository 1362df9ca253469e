// The file descriptors and the shared page of one vCPU, given back in the right order.
#pragma once

#include <linux/kvm.h>

#include <memory>

#include "cpu_model/kvm/system.h"

namespace southgate::cpu::kvm {

struct Descriptors {
    explicit Descriptors(std::shared_ptr<System> s) : system(std::move(s)) {}
    ~Descriptors() {
        if (run) system->unmap(run, run_size);
        for (const int fd : {vcpu, vm, device})
            if (fd >= 0) system->close(fd);
    }
    Descriptors(const Descriptors&) = delete;
    Descriptors& operator=(const Descriptors&) = delete;

    std::shared_ptr<System> system;
    int device = -1, vm = -1, vcpu = -1;
    kvm_run* run = nullptr;
    std::size_t run_size = 0;
};

}  // namespace southgate::cpu::kvm
