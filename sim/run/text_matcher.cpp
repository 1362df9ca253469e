#include "sim/run/text_matcher.h"

namespace southgate::sim {

TextMatcher::TextMatcher(const std::vector<std::string>& texts) {
    for (const auto& text : texts) {
        Text t{text, std::vector<std::size_t>(text.size() + 1, 0), 0};
        for (std::size_t i = 1, k = 0; i < text.size(); ++i) {
            while (k && text[i] != text[k]) k = t.border[k];
            if (text[i] == text[k]) ++k;
            t.border[i + 1] = k;
        }
        texts_.push_back(std::move(t));
    }
}

std::string_view TextMatcher::feed(std::uint8_t byte) {
    if (byte == 0) return {};
    const char c = static_cast<char>(byte);
    for (auto& t : texts_) {
        while (t.matched && (t.matched == t.text.size() || t.text[t.matched] != c))
            t.matched = t.border[t.matched];
        if (t.text[t.matched] == c) ++t.matched;
        if (t.matched == t.text.size()) return t.text;
    }
    return {};
}

std::string_view TextMatcher::find_in(std::string_view screen) const {
    for (const auto& t : texts_)
        if (screen.find(t.text) != std::string_view::npos) return t.text;
    return {};
}

}  // namespace southgate::sim
