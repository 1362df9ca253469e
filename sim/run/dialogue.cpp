#include "sim/run/dialogue.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "sim/run/error.h"

namespace southgate::sim {

namespace {

constexpr std::string_view no_end_of_line = "\\c";

// The character of \xNN, whose digits start `text`.
char hexadecimal(std::string_view text, std::string_view whole) {
    unsigned value = 0;
    if (text.size() >= 2) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + 2, value, 16);
        if (error == std::errc{} && end == text.data() + 2) return static_cast<char>(value);
    }
    throw UsageError(fmt::format("'{}': \\x needs two hexadecimal digits", whole));
}

// Whether `text` ends in \c, and not in an escaped backslash and a c.
bool ends_without_end_of_line(std::string_view text) {
    if (!text.ends_with(no_end_of_line)) return false;
    text.remove_suffix(no_end_of_line.size());
    const auto other = text.find_last_not_of('\\');
    return (text.size() - (other == std::string_view::npos ? 0 : other + 1)) % 2 == 0;
}

// The text of an option.
std::string unescape_option(std::string_view option, std::string_view text) {
    try {
        return unescape(text);
    } catch (const UsageError& error) {
        throw UsageError(fmt::format("{}: {}", option, error.what()));
    }
}

}  // namespace

std::string unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            out.push_back(text[i]);
            continue;
        }
        if (++i == text.size()) throw UsageError(fmt::format("'{}' ends in a single backslash", text));
        switch (text[i]) {
            case 'r': out.push_back('\r'); break;
            case 'n': out.push_back('\n'); break;
            case 't': out.push_back('\t'); break;
            case 'e': out.push_back('\x1b'); break;
            case '0': out.push_back('\0'); break;
            case '\\': out.push_back('\\'); break;
            case 'x':
                out.push_back(hexadecimal(text.substr(i + 1), text));
                i += 2;
                break;
            default: throw UsageError(fmt::format("'{}': unknown escape \\{}", text, text[i]));
        }
    }
    return out;
}

Dialogue::Dialogue(const std::vector<DialogueStep>& steps) {
    for (const auto& [expect, send] : steps) {
        Step step{.name = expect, .expect = unescape_option("--expect", expect), .answer = {}};
        if (step.expect.empty()) throw UsageError("--expect: the text is empty");
        const bool bare = ends_without_end_of_line(send);
        step.answer = unescape_option("--send", std::string_view(send).substr(0, send.size() - (bare ? no_end_of_line.size() : 0)));
        if (!bare) step.answer.push_back('\r');
        steps_.push_back(std::move(step));
    }
    listen();
}

void Dialogue::listen() {
    matchers_.clear();
    if (!done()) matchers_.assign(consoles, TextMatcher({steps_[at_].expect}));
}

void Dialogue::console_byte(unsigned console, std::uint8_t byte) {
    if (done() || matchers_[console].feed(byte).empty()) return;
    answers_ += steps_[at_++].answer;
    listen();
}

std::string Dialogue::take_answers() { return std::exchange(answers_, {}); }

}  // namespace southgate::sim
