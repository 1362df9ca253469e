// An input file or setting the machine cannot use: one line that names it and says what was expected.
#pragma once

#include <stdexcept>

namespace southgate::platform {

struct InputError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace southgate::platform
