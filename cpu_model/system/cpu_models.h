// The processor models that have a name.
#pragma once

#include <optional>
#include <string_view>

#include "cpu_model/system/cpuid.h"

namespace southgate::cpu {

inline constexpr std::string_view cpu_model_names = "x86_64, p6";
inline constexpr std::string_view default_cpu_model = "x86_64";

// nullopt for a name that is not in cpu_model_names.
std::optional<CpuModel> cpu_model_named(std::string_view name);

}  // namespace southgate::cpu
