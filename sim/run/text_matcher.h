// Finds texts in a stream of bytes, however it is cut.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace southgate::sim {

class TextMatcher {
  public:
    explicit TextMatcher(const std::vector<std::string>& texts);

    // The text that the byte completes, or an empty view. Bytes 0 are skipped: firmware pads with them.
    std::string_view feed(std::uint8_t byte);
    // The first of the texts inside `screen`, or an empty view.
    std::string_view find_in(std::string_view screen) const;

  private:
    struct Text {
        std::string text;
        std::vector<std::size_t> border;  // Knuth-Morris-Pratt failure function
        std::size_t matched = 0;
    };
    std::vector<Text> texts_;
};

}  // namespace southgate::sim
