// Which way the host's kernel takes a port I/O, found out from user space: one guest mode at a time, because hardware
// takes the emulator in some modes only. Nothing is concluded from the kernel's version.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "sim/pio/kvm/host_model.h"
#include "sim/pio/lab/guest.h"

namespace southgate::pio {

struct Probe {
    std::string name;   // "P1"
    std::string what;   // what was done
    std::string seen;   // what the kernel did
    bool operator==(const Probe&) const = default;
};

struct ModeProbes {
    GuestMode mode = GuestMode::real16;
    std::vector<Probe> probes;
    HostPath path;
    bool conclusive = false;  // the probes fit one column
    bool operator==(const ModeProbes&) const = default;
};

// In the order of guest_modes. Throws cpu::kvm::Unavailable if there is no usable /dev/kvm.
std::array<ModeProbes, guest_modes.size()> probe_host();

// The same on one vCPU whose path is known: what a kernel of that kind would show. For tests.
ModeProbes probe_model(GuestMode mode, const HostPath& path);

}  // namespace southgate::pio
