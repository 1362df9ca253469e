#include <array>
#include <utility>

#include "cpu_model/pio/cancel_on_rip_change.h"
#include "cpu_model/pio/cancel_on_rip_write.h"
#include "cpu_model/pio/complete_always.h"
#include "cpu_model/pio/completion_policy.h"
#include "cpu_model/pio/full_emulator.h"
#include "cpu_model/pio/linear_rip_snapshot.h"
#include "cpu_model/pio/match_reset_vector.h"
#include "cpu_model/pio/quirk_out_7e.h"
#include "cpu_model/pio/skip_before_exit.h"

namespace southgate::cpu {

namespace {

constexpr std::array<std::pair<PioPolicyKind, std::string_view>, 7> names{{
    {PioPolicyKind::complete_always, "complete-always"},
    {PioPolicyKind::skip_before_exit, "skip-before-exit"},
    {PioPolicyKind::cancel_on_rip_write, "cancel-on-rip-write"},
    {PioPolicyKind::cancel_on_rip_change, "cancel-on-rip-change"},
    {PioPolicyKind::match_reset_vector, "match-reset-vector"},
    {PioPolicyKind::linear_rip_snapshot, "linear-rip-snapshot"},
    {PioPolicyKind::full_emulator, "full-emulator"},
}};

std::unique_ptr<CompletionPolicy> make_plain(PioPolicyKind kind) {
    switch (kind) {
        case PioPolicyKind::complete_always:
            return std::make_unique<CompleteAlways>();
        case PioPolicyKind::skip_before_exit:
            return std::make_unique<SkipBeforeExit>();
        case PioPolicyKind::cancel_on_rip_write:
            return std::make_unique<CancelOnRipWrite>();
        case PioPolicyKind::cancel_on_rip_change:
            return std::make_unique<CancelOnRipChange>();
        case PioPolicyKind::match_reset_vector:
            return std::make_unique<MatchResetVector>();
        case PioPolicyKind::full_emulator:
            return std::make_unique<FullEmulator>();
        case PioPolicyKind::linear_rip_snapshot:
            break;
    }
    return std::make_unique<LinearRipSnapshot>();
}

}  // namespace

std::optional<PioPolicyKind> parse_pio_policy(std::string_view name) {
    for (const auto& [kind, text] : names) {
        if (text == name) return kind;
    }
    return std::nullopt;
}

std::string_view name_of(PioPolicyKind kind) {
    for (const auto& [candidate, text] : names) {
        if (candidate == kind) return text;
    }
    return "unknown";
}

std::optional<PioAdvance> parse_skip_model(std::string_view name) {
    if (name == "vmx") return PioAdvance::relative;
    if (name == "svm") return PioAdvance::absolute;
    return std::nullopt;
}

std::string_view name_of(PioAdvance advance) { return advance == PioAdvance::relative ? "vmx" : "svm"; }

std::optional<StringRules> parse_string_rules(std::string_view name) {
    if (name == "architectural") return StringRules::architectural;
    if (name == "kernel") return StringRules::kernel;
    return std::nullopt;
}

std::string_view name_of(StringRules rules) {
    return rules == StringRules::architectural ? "architectural" : "kernel";
}

std::unique_ptr<CompletionPolicy> make_completion_policy(PioPolicyKind kind, bool quirk_out_7e) {
    auto policy = make_plain(kind);
    if (!quirk_out_7e) return policy;
    return std::make_unique<QuirkOut7e>(std::move(policy));
}

}  // namespace southgate::cpu
