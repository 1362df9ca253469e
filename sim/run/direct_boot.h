// --kernel, --initrd and --append: which protocol the kernel's file wants, and the files it needs.
#pragma once

#include "platform/machines/pc.h"
#include "sim/run/options.h"

namespace southgate::sim {

// Fills in linux_boot or multiboot. Throws InputError for files that cannot be read or are no kernel.
void load_kernel(const RunOptions& options, platform::PcConfig& config);

}  // namespace southgate::sim
