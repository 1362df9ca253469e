// The matrix as text and as JSON.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/pio/machine/verdict.h"
#include "sim/pio/matrix/matrix.h"

namespace southgate::pio {

namespace {

constexpr std::string_view green = "\x1b[32m", yellow = "\x1b[33m", red = "\x1b[1;31m", plain = "\x1b[0m";

std::string state(const Cell& cell) { return fmt::format("{:X}/{:X}", cell.result.rip, cell.result.rax); }

// The second line of a cell.
std::string detail(const Cell& cell, bool vmreads) {
    if (!cell.present) return {};
    if (!vmreads) return state(cell);
    if (!cell.result.cost) return "?";
    if (cell.advance == cpu::PioAdvance::absolute) return fmt::format("VMCB {}", cell.result.cost->vmcb_loads);
    return vmx_cost(*cell.result.cost);
}

std::string verdict(const Cell& cell) {
    if (!cell.present) return "-";
    return cell.differs() ? fmt::format("{} !", cell.result.code) : cell.result.code;
}

std::string_view colour_of(const Cell& cell) {
    if (cell.differs()) return red;
    return is_right(cell.result.code) ? green : yellow;
}

void append(std::string& out, std::string_view text, std::size_t width, std::string_view colour) {
    out += colour;
    out += text;
    if (!colour.empty()) out += plain;
    out.append(width > text.size() ? width - text.size() : 0, ' ');
}

// "CA", or "CA svm" when both skip models are shown side by side in rows.
void append_row(std::string& out, const Matrix& m, std::size_t row, std::size_t advance,
                const std::vector<std::size_t>& widths, std::size_t id_width, bool colour, bool vmreads) {
    const Scenario& s = *m.scenarios[row];
    append(out, advance == 0 ? s.id : "", id_width + 2, "");
    append(out, cpu::name_of(m.advances[advance]), 5, "");
    for (std::size_t c = 0; c < m.columns.size(); ++c) {
        const Cell& cell = m.cell(row, advance, c);
        append(out, verdict(cell), widths[c] + 2, colour && cell.present ? colour_of(cell) : "");
    }
    while (out.ends_with(' ')) out.pop_back();
    out += '\n';
    append(out, "", id_width + 7, "");
    for (std::size_t c = 0; c < m.columns.size(); ++c) {
        const Cell& cell = m.cell(row, advance, c);
        append(out, detail(cell, vmreads), widths[c] + 2, "");
    }
    while (out.ends_with(' ')) out.pop_back();
    out += '\n';
}

void append_not_applicable(std::string& out, const Matrix& m, std::size_t row, std::size_t id_width) {
    append(out, m.scenarios[row]->id, id_width + 2, "");
    out += fmt::format("not applicable: {}\n", m.not_applicable[row]);
}

// An SVM row that says what the VMX row above it says is left out.
bool same_as_first(const Matrix& m, std::size_t row, std::size_t advance, bool vmreads) {
    if (advance == 0 || vmreads) return advance != 0 && !vmreads;
    for (std::size_t c = 0; c < m.columns.size(); ++c) {
        const Cell &a = m.cell(row, 0, c), &b = m.cell(row, advance, c);
        if (a.present != b.present || a.result.code != b.result.code || a.result.rip != b.result.rip ||
            a.result.rax != b.result.rax || a.differs() != b.differs())
            return false;
    }
    return true;
}

void append_differences(std::string& out, const Matrix& m) {
    for (const Cell& cell : m.cells)
        if (cell.cost_differs())
            out += fmt::format("{} {} {}: VMREADs {}, predicted {}\n", cell.scenario->id, columns[cell.column].name,
                               cpu::name_of(cell.advance), vmread_letters(*cell.result.cost), cell.predicted_cost);
        else if (cell.differs())
            out += fmt::format("{} {} {}: {} at {}, predicted {}\n", cell.scenario->id, columns[cell.column].name,
                               cpu::name_of(cell.advance), cell.result.code, state(cell), cell.predicted);
    for (const Cell& cell : m.cells)
        if (cell.result.not_runnable)
            out += fmt::format("{} is not runnable here: {}\n", cell.scenario->id, cell.result.note);
}

}  // namespace

std::string format_table(const Matrix& m, bool colour, bool vmreads) {
    std::size_t id_width = 2;
    for (const Scenario* s : m.scenarios) id_width = std::max(id_width, s->id.size());
    std::vector<std::size_t> widths(m.columns.size(), 2);
    for (std::size_t i = 0; i < m.cells.size(); ++i) {
        std::size_t& width = widths[i % m.columns.size()];
        width = std::max({width, verdict(m.cells[i]).size(), detail(m.cells[i], vmreads).size()});
    }
    std::string out;
    append(out, "", id_width + 7, "");
    for (std::size_t c = 0; c < m.columns.size(); ++c) append(out, columns[m.columns[c]].name, widths[c] + 2, "");
    while (out.ends_with(' ')) out.pop_back();
    out += '\n';
    for (std::size_t row = 0; row < m.scenarios.size(); ++row)
        if (!m.not_applicable[row].empty()) append_not_applicable(out, m, row, id_width);
        else
            for (std::size_t advance = 0; advance < m.advances.size(); ++advance)
                if (!same_as_first(m, row, advance, vmreads))
                    append_row(out, m, row, advance, widths, id_width, colour, vmreads);
    append_differences(out, m);
    out += fmt::format("{} scenarios, {} cells on {}: {} as predicted, {} not\n", m.applicable(), m.present, m.engine,
                       m.present - m.differing, m.differing);
    if (const std::size_t others = m.scenarios.size() - m.applicable())
        out += fmt::format("{} further scenarios not applicable\n", others);
    return out;
}

std::string format_json(const Matrix& m) {
    nlohmann::ordered_json root{{"engine", m.engine}, {"cells", m.present}, {"differing", m.differing}};
    auto& rows = root["scenarios"] = nlohmann::ordered_json::array();
    for (std::size_t row = 0; row < m.scenarios.size(); ++row) {
        const Scenario& s = *m.scenarios[row];
        nlohmann::ordered_json json{{"id", s.id}, {"title", s.title}, {"mode", name_of(s.guest.mode)}};
        if (!m.not_applicable[row].empty()) json["not_applicable"] = m.not_applicable[row];
        for (std::size_t a = 0; a < m.advances.size() && m.not_applicable[row].empty(); ++a) {
            auto& model = json[std::string(cpu::name_of(m.advances[a]))];
            for (std::size_t c = 0; c < m.columns.size(); ++c) {
                const Cell& cell = m.cell(row, a, c);
                if (!cell.present) continue;
                auto& entry = model[std::string(columns[cell.column].name)];
                entry = {{"verdict", cell.result.code},
                         {"predicted", cell.predicted},
                         {"rip", fmt::format("{:X}", cell.result.rip)},
                         {"rax", fmt::format("{:X}", cell.result.rax)}};
                if (!cell.result.note.empty()) entry["note"] = cell.result.note;
                if (!cell.result.cost) continue;
                const cpu::VmcsAccess& cost = *cell.result.cost;
                if (cell.advance == cpu::PioAdvance::absolute) entry["vmcb_words"] = cost.vmcb_loads;
                else
                    entry["vmread"] = {{"exit", cpu::letters(cost.at_exit)},
                                       {"completion", cpu::letters(cost.at_completion)},
                                       {"count", cost.total()},
                                       {"vmwrites", cost.vmwrites}};
            }
        }
        rows.push_back(std::move(json));
    }
    return root.dump(1) + '\n';
}

}  // namespace southgate::pio
