// The fixed parts of the page: how it looks, and what it does when somebody clicks.
#pragma once

#include <string_view>

namespace southgate::pio {

std::string_view page_style();
// Cells and stories are in the page; the script only shows them. Without it everything but the stories can be read.
std::string_view page_script();

}  // namespace southgate::pio
