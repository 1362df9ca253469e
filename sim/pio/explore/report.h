// What pio-explore prints.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/pio/explore/classes.h"
#include "sim/pio/explore/predicted.h"

namespace southgate::pio::explore {

// One policy under one skip model, or an engine's own rules.
struct Exploration {
    std::string name;    // "LR linear-rip-snapshot"
    std::string models;  // "vmx", "svm", "vmx and svm" where it makes no difference; empty: neither
    SearchResult found;
    std::vector<FailureClass> classes;
    std::vector<Prediction> predictions;  // of an engine with rules of its own
};

// "OUT 92h, AL: rewind, step-on (real16, at reset-vector)".
std::string describe(const Sequence& sequence);

std::string format_text(const Exploration& exploration);
// One JSON document for all of them.
std::string format_json(const std::vector<Exploration>& explorations);

}  // namespace southgate::pio::explore
