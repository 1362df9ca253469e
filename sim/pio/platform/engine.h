// The matrix on the whole platform: the machine `pc`, where the chipset performs the resets.
#pragma once

#include <memory>

#include "sim/pio/matrix/engine.h"

namespace southgate::pio {

// Each scenario runs in a child process with a machine of its own, every cell by every reset source that applies; a
// cell has the verdict that all of them have. Needs a process in which SystemC has not elaborated yet.
std::unique_ptr<MatrixEngine> make_platform_engine();

}  // namespace southgate::pio
