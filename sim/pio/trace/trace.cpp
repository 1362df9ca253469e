#include "sim/pio/trace/trace.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/pio/trace/story.h"

namespace southgate::pio {

namespace {

std::string heading(const Scenario& s) {
    return fmt::format("{}  {}\n{}\n{}\n", s.id, s.title, s.why, describe_start(s));
}

std::string name(const Told& t) {
    const Column& column = columns[t.column];
    return fmt::format("{} {}{}, {}", column.name, cpu::name_of(column.kind), column.quirk ? " with the 7Eh quirk" : "",
                       cpu::name_of(t.advance));
}

std::string ending(const Told& t) {
    std::string text = fmt::format("verdict {} at rip {:X}, RAX {:X}", t.result.code, t.result.rip, t.result.rax);
    if (!t.predicted.empty() && t.predicted != t.result.code) text += fmt::format("; predicted {}", t.predicted);
    if (!t.result.note.empty()) text += "; " + t.result.note;
    return text;
}

void side_by_side(std::string& out, const std::vector<std::string>& left, const std::vector<std::string>& right,
                  std::size_t width) {
    for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
        const std::string a = i < left.size() ? left[i] : "", b = i < right.size() ? right[i] : "";
        out += b.empty() ? a : fmt::format("{:<{}} | {}", a, width, b);
        out += '\n';
    }
}

}  // namespace

Told tell(MatrixEngine& engine, const Scenario& scenario, unsigned column, cpu::PioAdvance advance) {
    Told told;
    told.column = column;
    told.advance = advance;
    told.result = engine.run(scenario, column, advance, &told.story);
    told.predicted = engine.predicted(scenario, column, advance);
    return told;
}

std::size_t first_divergence(const Story& a, const Story& b) {
    const std::size_t common = std::min(a.steps.size(), b.steps.size());
    for (std::size_t i = 0; i < common; ++i)
        if (!(a.steps[i] == b.steps[i])) return i;
    return common;
}

std::string format_trace(const Scenario& scenario, const Told& told) {
    std::string out = heading(scenario) + "\n" + name(told) + "\n";
    unsigned number = 0;
    for (const Step& step : told.story.steps) {
        const auto lines = describe(step);
        out += fmt::format("{:>2}  {}\n", ++number, lines[0]);
        for (std::size_t i = 1; i < lines.size(); ++i) out += fmt::format("    {}\n", lines[i]);
    }
    return out + ending(told) + '\n';
}

std::string format_traces(const Scenario& scenario, const Told& left, const Told& right) {
    const std::size_t divergence = first_divergence(left.story, right.story);
    const std::size_t last = std::max(left.story.steps.size(), right.story.steps.size());
    std::vector<std::vector<std::string>> a, b;
    std::size_t width = std::max(name(left).size(), ending(left).size());
    for (std::size_t i = 0; i < last && i <= divergence; ++i) {
        a.push_back(i < left.story.steps.size() ? describe(left.story.steps[i]) : std::vector<std::string>{});
        b.push_back(i < right.story.steps.size() ? describe(right.story.steps[i]) : std::vector<std::string>{});
        for (const std::string& line : a.back()) width = std::max(width, line.size());
    }
    std::string out = heading(scenario) + '\n';
    side_by_side(out, {name(left)}, {name(right)}, width);
    for (std::size_t i = 0; i < a.size(); ++i) side_by_side(out, a[i], b[i], width);
    out += divergence < last ? fmt::format("-- they part at step {} --\n", divergence + 1) : "-- they do not part --\n";
    side_by_side(out, {ending(left)}, {ending(right)}, width);
    return out;
}

}  // namespace southgate::pio
