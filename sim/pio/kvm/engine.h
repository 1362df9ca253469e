// The matrix on the host's /dev/kvm: one column, the host's own.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "sim/pio/kvm/host_run.h"
#include "sim/pio/kvm/model_run.h"
#include "sim/pio/kvm/probe.h"
#include "sim/pio/matrix/engine.h"

namespace southgate::pio {

class KvmEngine final : public MatrixEngine {
  public:
    // Probes the host. Throws cpu::kvm::Unavailable.
    KvmEngine();

    const std::array<ModeProbes, guest_modes.size()>& probes() const { return probes_; }
    const HostPath& path(GuestMode mode) const { return probes_[static_cast<std::size_t>(mode)].path; }

    std::string_view name() const override { return "kvm"; }
    bool has(const Scenario& scenario, unsigned column, cpu::PioAdvance advance) const override;
    // What the model of the host does: the scenario's own prediction, but for what the probes found besides.
    std::string_view predicted(const Scenario& scenario, unsigned column, cpu::PioAdvance advance) const override;
    CellResult run(const Scenario& scenario, unsigned column, cpu::PioAdvance advance, Story* story) override;

  private:
    std::array<ModeProbes, guest_modes.size()> probes_;
    mutable ModelRun model_;
    mutable std::string predicted_;
};

std::unique_ptr<MatrixEngine> make_kvm_engine();

}  // namespace southgate::pio
