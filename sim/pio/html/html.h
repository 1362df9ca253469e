// The matrix as one HTML file without external resources: every cell opens its step-by-step story.
#pragma once

#include <string>

#include "sim/pio/matrix/matrix.h"

namespace southgate::pio {

std::string format_html(const Matrix& matrix);

// For text and attribute values.
std::string escape_html(std::string_view text);

}  // namespace southgate::pio
