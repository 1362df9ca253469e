#pragma once

#include <cstring>

#include "cpu_model/kvm/kvm_vcpu.h"

namespace southgate::cpu::kvm {

template <class T>
bool KvmVcpu::call(unsigned long request, const char* name, T* argument) const {
    const int result = control(*fd_.system, fd_.vcpu, request, argument);
    if (result < 0) fail("%s: %s", name, std::strerror(-result));
    return result >= 0;
}

}  // namespace southgate::cpu::kvm
