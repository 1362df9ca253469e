#include "sim/run/units.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "sim/run/error.h"

namespace southgate::sim {

namespace {

struct Quantity {
    double value;
    std::string_view unit;
};

// A non-negative decimal number and what follows it. False: there is no number.
bool split(std::string_view text, Quantity& out) {
    const auto* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, out.value, std::chars_format::fixed);
    if (error != std::errc{} || !std::isfinite(out.value) || out.value < 0) return false;
    std::string_view unit(rest, static_cast<std::size_t>(end - rest));
    while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
    out.unit = unit;
    return true;
}

}  // namespace

std::uint64_t parse_size(std::string_view text) {
    struct Unit {
        std::string_view name;
        unsigned shift;
    };
    static constexpr std::array<Unit, 14> units{{{"", 0},
                                                 {"B", 0},
                                                 {"K", 10},
                                                 {"k", 10},
                                                 {"KB", 10},
                                                 {"KiB", 10},
                                                 {"M", 20},
                                                 {"MB", 20},
                                                 {"MiB", 20},
                                                 {"G", 30},
                                                 {"GB", 30},
                                                 {"GiB", 30},
                                                 {"T", 40},
                                                 {"TiB", 40}}};
    Quantity q{};
    if (split(text, q)) {
        for (const Unit& unit : units) {
            if (unit.name != q.unit) continue;
            const double bytes = q.value * static_cast<double>(std::uint64_t{1} << unit.shift);
            if (bytes < 0x1p62 && bytes == std::floor(bytes)) return static_cast<std::uint64_t>(bytes);
        }
    }
    throw UsageError(fmt::format("'{}' is not a size: expected a number with K, M or G, such as 128M", text));
}

std::uint64_t parse_duration(std::string_view text) {
    struct Unit {
        std::string_view name;
        double ps;
    };
    static constexpr std::array<Unit, 6> units{
        {{"ps", 1}, {"ns", 1e3}, {"us", 1e6}, {"ms", 1e9}, {"s", 1e12}, {"min", 60e12}}};
    Quantity q{};
    if (split(text, q)) {
        if (q.value == 0 && q.unit.empty()) return 0;
        for (const Unit& unit : units)
            if (unit.name == q.unit && q.value * unit.ps < 4e18)
                return static_cast<std::uint64_t>(std::llround(q.value * unit.ps));
    }
    throw UsageError(
        fmt::format("'{}' is not a time: expected a number with s, ms, us, ns or ps, such as 1.5s", text));
}

std::uint64_t parse_count(std::string_view text) {
    std::uint64_t value = 0;
    const auto* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
    const std::uint64_t factor = unit.empty()  ? 1
                                 : unit == "K" ? 1'000
                                 : unit == "M" ? 1'000'000
                                 : unit == "G" ? 1'000'000'000
                                               : 0;
    if (error != std::errc{} || factor == 0 || value > 1'000'000'000'000'000'000 / factor)
        throw UsageError(
            fmt::format("'{}' is not a count: expected a whole number, such as 5000000 or 5M", text));
    return value * factor;
}

double parse_number(std::string_view text) {
    Quantity q{};
    if (!split(text, q) || !q.unit.empty())
        throw UsageError(fmt::format("'{}' is not a number of 0 or more", text));
    return q.value;
}

std::uint16_t parse_port(std::string_view text) {
    std::string_view digits = text;
    if (digits.starts_with("0x") || digits.starts_with("0X"))
        digits.remove_prefix(2);
    else if (digits.ends_with('h') || digits.ends_with('H'))
        digits.remove_suffix(1);
    std::uint16_t port = 0;
    const auto* end = digits.data() + digits.size();
    const auto [rest, error] = std::from_chars(digits.data(), end, port, 16);
    if (error != std::errc{} || rest != end)
        throw UsageError(
            fmt::format("'{}' is not an I/O port: expected hexadecimal 0 to ffff, such as 402", text));
    return port;
}

}  // namespace southgate::sim
