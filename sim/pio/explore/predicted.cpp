#include "sim/pio/explore/predicted.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/pio/explore/classes.h"
#include "sim/pio/explore/command.h"

namespace southgate::pio::explore {
namespace {

std::vector<Mechanism> classes_of(Subject subject, const SearchOptions& how, const VcpuFactory& factory) {
    // What the engine cannot count must not make a class here either.
    subject.counts_instructions = false;
    const SearchResult found = search(subject, how, factory);
    Driver driver(factory);
    driver.set_subject(subject);
    std::vector<Mechanism> mechanisms;
    for (const FailureClass& c : classify(found.minimal, driver)) mechanisms.push_back(c.mechanism);
    std::ranges::sort(mechanisms);
    return mechanisms;
}

}  // namespace

std::vector<Prediction> predict_by_columns(const SearchOptions& how) {
    std::vector<Prediction> predictions;
    for (const Column& column : columns) {
        const bool both = uses_skip_model(column.kind);
        for (const cpu::PioAdvance advance : skip_models) {
            if (!both && advance != skip_models[0]) continue;
            predictions.push_back({both ? fmt::format("{} {}", column.name, cpu::name_of(advance)) : std::string(column.name), true,
                                   classes_of({.policy = column.kind, .quirk_out_7e = column.quirk, .advance = advance,
                                               .strings = cpu::StringRules::kernel, .customise = {}},
                                              how, interpreter_factory())});
        }
    }
    return predictions;
}

Prediction predict_by(const HostedModel& model, const SearchOptions& how) {
    return {model.name, false, classes_of(model.subject, how, model.factory)};
}

std::vector<std::string> predictors_of(const Mechanism& mechanism, const std::vector<Prediction>& predictions) {
    std::vector<std::string> names;
    for (const Prediction& p : predictions)
        if (std::ranges::binary_search(p.classes, mechanism)) names.push_back(p.name);
    return names;
}

}  // namespace southgate::pio::explore
