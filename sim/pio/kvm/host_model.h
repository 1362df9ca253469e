// The model of one particular kernel: the interpreter under a column, with what was found out about the host.
#pragma once

#include <memory>

#include "cpu_model/interpreter/interpreter.h"
#include "sim/pio/lab/column.h"

namespace southgate::pio {

// What the probes found in one guest mode (probe.h).
struct HostPath {
    unsigned column = 0;
    cpu::PioAdvance advance = cpu::PioAdvance::relative;
    // Peculiarity H1 of some hosts: special registers written with another CR0, CR3, CR4 or EFER drop a pending IN or
    // INS of the emulator. Nothing of it happens then, and the instruction runs again if rip is still there.
    bool drops_on_control_change = false;
    bool operator==(const HostPath&) const = default;
};

class HostModel final : public cpu::Interpreter {
  public:
    explicit HostModel(cpu::Bus& bus);

    // Instead of set_pio_policy() and its like, which must not be called afterwards.
    void follow(const HostPath& path);

    cpu::Exit run(const cpu::Budget& budget) override;
    void set_sregs(const cpu::SpecialRegisters& s) override;

  private:
    struct Emulator;
    struct Strings;
    bool pending_in_ = false, dropped_ = false;
};

}  // namespace southgate::pio
