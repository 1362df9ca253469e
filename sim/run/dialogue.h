// A conversation with the guest: when a console shows an expected text, the answer to it is typed on COM1.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/run/text_matcher.h"

namespace southgate::sim {

// Replaces the escapes of C in `text`: \r \n \t \e \0 \\ and \xNN (two hexadecimal digits). Throws UsageError for others.
std::string unescape(std::string_view text);

// What `--expect EXPECT --send SEND` asks for, as given.
struct DialogueStep {
    std::string expect;  // with escapes
    std::string send;    // with escapes; a carriage return follows unless it ends in \c
};

class Dialogue {
  public:
    static constexpr unsigned consoles = 2;  // the debug console and COM1

    // Throws UsageError for an empty text or a bad escape.
    explicit Dialogue(const std::vector<DialogueStep>& steps);

    // A byte on a console of this number. The steps come in order; a text is looked for behind the one before, on
    // both consoles, and has to be complete on one of them.
    void console_byte(unsigned console, std::uint8_t byte);
    // Whether every text has appeared.
    bool done() const { return at_ == steps_.size(); }
    // The text that is waited for, as given; empty when done.
    std::string_view awaited() const { return done() ? std::string_view() : std::string_view(steps_[at_].name); }
    // What is to be typed now; a second call returns nothing.
    std::string take_answers();

  private:
    struct Step {
        std::string name, expect, answer;
    };
    void listen();

    std::vector<Step> steps_;
    std::size_t at_ = 0;
    std::vector<TextMatcher> matchers_;  // one for each console: their bytes interleave
    std::string answers_;
};

}  // namespace southgate::sim
