// Which columns of the model show the failures that an engine with rules of its own shows: the same search, on the
// interpreter, under each of them.
#pragma once

#include <string>
#include <vector>

#include "sim/pio/explore/engine.h"
#include "sim/pio/explore/mechanism.h"
#include "sim/pio/explore/search.h"

namespace southgate::pio::explore {

struct Prediction {
    std::string name;                // "LR svm"
    bool column = true;              // false: a model of one host
    std::vector<Mechanism> classes;  // sorted
};

// Every column under every skip model that makes a difference to it, in their order.
std::vector<Prediction> predict_by_columns(const SearchOptions& how);
Prediction predict_by(const HostedModel& model, const SearchOptions& how);

// The names of those that show it.
std::vector<std::string> predictors_of(const Mechanism& mechanism, const std::vector<Prediction>& predictions);

}  // namespace southgate::pio::explore
