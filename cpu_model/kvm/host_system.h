// Linux.
#pragma once

#include <memory>
#include <string>

#include "cpu_model/kvm/system.h"

namespace southgate::cpu::kvm {

std::shared_ptr<System> host_system();

// Empty when /dev/kvm opens and answers; else why not, in one line.
std::string host_unavailable();

}  // namespace southgate::cpu::kvm
