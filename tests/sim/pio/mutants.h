// Wrong policies and string rules: each breaks one rule of a real one. The scenarios must tell every one of
// them from the policy it breaks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cpu_model/pio/completion_policy.h"
#include "cpu_model/pio/string_rules.h"
#include "cpu_model/pio/vmcs_accounting.h"
#include "sim/pio/lab/column.h"

namespace southgate::pio::test {

struct Mutant {
    std::string rule;    // what is broken, in words
    std::string column;  // of the policy it is made from, e.g. "LR"
    cpu::PioAdvance advance = cpu::PioAdvance::relative;
    // One of the two.
    std::shared_ptr<const cpu::CompletionPolicy> policy;
    std::shared_ptr<const cpu::StringIoRules> strings;
    // Breaks no outcome, but what it costs on VMX: the scenarios' VMREADs have to tell.
    bool costs = false;
    cpu::VmcsOptions host{};  // another host than the one the scenarios are about
};

std::vector<Mutant> policy_mutants();
std::vector<Mutant> string_mutants();
std::vector<Mutant> cost_mutants();

}  // namespace southgate::pio::test
