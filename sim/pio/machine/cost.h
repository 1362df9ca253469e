// What the VMREADs of one port I/O look like to a reader.
#pragma once

#include <string>

#include "cpu_model/pio/vmcs_accounting.h"

namespace southgate::pio {

// "QFRB/LI": at the exit, at the completion; a letter a field (docs/pio-completion.md), "-" for none.
std::string vmread_letters(const cpu::VmcsAccess& access);
// "QFRB/LI 6+1": those letters, how many VMREADs they are, and the VMWRITEs.
std::string vmx_cost(const cpu::VmcsAccess& access);
// "VMREAD QFRB / LI: 6; VMWRITE: 1", or for SVM the words of the VMCB looked at.
std::string describe_cost(const cpu::VmcsAccess& access, cpu::PioAdvance advance);

}  // namespace southgate::pio
