#include "sim/pio/html/html.h"

#include <fmt/format.h>

#include "sim/pio/html/page.h"
#include "sim/pio/machine/verdict.h"
#include "sim/pio/trace/story.h"

namespace southgate::pio {

namespace {

std::string story_text(const Cell& cell) {
    std::string text = describe_start(*cell.scenario) + '\n';
    unsigned number = 0;
    for (const Step& step : cell.story.steps) {
        const auto lines = describe(step);
        text += fmt::format("{:>2}  {}\n", ++number, lines[0]);
        for (std::size_t i = 1; i < lines.size(); ++i) text += fmt::format("    {}\n", lines[i]);
    }
    text += fmt::format("verdict {} at rip {:X}, RAX {:X}", cell.result.code, cell.result.rip, cell.result.rax);
    if (!cell.predicted.empty()) text += fmt::format("; predicted {}", cell.predicted);
    if (!cell.result.note.empty()) text += '\n' + cell.result.note;
    if (cell.cost_differs()) text += fmt::format("; predicted {}", cell.predicted_cost);
    return text;
}

std::string cost_text(const Cell& cell) {
    if (!cell.result.cost) return {};
    return cell.advance == cpu::PioAdvance::absolute ? fmt::format("VMCB {}", cell.result.cost->vmcb_loads)
                                                     : vmx_cost(*cell.result.cost);
}

// data-cell is the fragment that opens the cell: S08.LR.vmx. An id would make the browser scroll the page to it.
std::string cell_html(const Cell& cell) {
    if (!cell.present) return "<td>&ndash;</td>";
    const char* kind = cell.differs() ? "differs" : is_right(cell.result.code) ? "right" : "wrong";
    const Column& column = columns[cell.column];
    const std::string id = escape_html(cell.scenario->id), cost = cost_text(cell);
    return fmt::format(
        "<td class=\"cell {}\" tabindex=\"0\" data-cell=\"{}.{}.{}\" data-name=\"{} under {} ({}{}), {}\">{}"
        "<small>{:X} / {:X}</small>{}<template>{}</template></td>",
        kind, id, column.name, cpu::name_of(cell.advance), id, column.name, cpu::name_of(column.kind),
        column.quirk ? " with the 7Eh quirk" : "", cpu::name_of(cell.advance), escape_html(cell.result.code),
        cell.result.rip, cell.result.rax, cost.empty() ? "" : "<small class=\"cost\">" + escape_html(cost) + "</small>",
        escape_html(story_text(cell)));
}

bool same_cells(const Matrix& m, std::size_t row, std::size_t advance) {
    for (std::size_t c = 0; c < m.columns.size(); ++c) {
        const Cell &a = m.cell(row, 0, c), &b = m.cell(row, advance, c);
        if (a.present != b.present || a.result.code != b.result.code || a.result.rip != b.result.rip ||
            a.result.rax != b.result.rax || a.differs() != b.differs())
            return false;
    }
    return true;
}

std::string row_html(const Matrix& m, std::size_t row, std::size_t advance) {
    const Scenario& s = *m.scenarios[row];
    std::string out =
        fmt::format("<tr class=\"{}\" data-why=\"{}\"><th scope=\"row\"><b>{}</b> {}</th>",
                    advance == 0 ? "first" : same_cells(m, row, advance) ? "again same" : "again", escape_html(s.why),
                    escape_html(s.id), escape_html(s.title));
    if (!m.not_applicable[row].empty())
        return out + fmt::format("<td></td><td colspan=\"{}\">not applicable: {}</td></tr>\n", m.columns.size(),
                                 escape_html(m.not_applicable[row]));
    out += fmt::format("<td>{}</td>", cpu::name_of(m.advances[advance]));
    for (std::size_t c = 0; c < m.columns.size(); ++c) out += cell_html(m.cell(row, advance, c));
    return out + "</tr>\n";
}

// How many cells of each column leave the machine in the right state.
std::string totals(const Matrix& m) {
    std::string out = "<tr><th>right</th><td></td>";
    for (std::size_t c = 0; c < m.columns.size(); ++c) {
        std::size_t right = 0, all = 0;
        for (std::size_t i = c; i < m.cells.size(); i += m.columns.size()) {
            all += m.cells[i].present;
            right += m.cells[i].present && is_right(m.cells[i].result.code);
        }
        out += fmt::format("<td>{} of {}</td>", right, all);
    }
    return out + "</tr>";
}

std::string legend() {
    std::string out = "<section id=\"legend\"><div><h2>Columns</h2><dl class=\"legend\">";
    for (const Column& c : columns)
        out += fmt::format("<dt>{}</dt><dd>{}{}</dd>", c.name, cpu::name_of(c.kind),
                           c.quirk ? ", with the port-7Eh quirk" : "");
    out += "</dl></div><div><h2>Verdicts</h2><dl class=\"legend\">";
    for (const Code& code : verdict_codes())
        out += fmt::format("<dt>{}</dt><dd>{}</dd>", escape_html(code.name), escape_html(code.meaning));
    return out + "</dl></div></section>";
}

}  // namespace

std::string escape_html(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            default: out += c;
        }
    }
    return out;
}

std::string format_html(const Matrix& m) {
    std::string out = fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width\"><title>Port I/O completion matrix</title>"
        "<style>{}</style></head>\n<body>\n<header><h1>Port I/O completion: scenarios and policies</h1>\n"
        "<p>{} scenarios, {} cells on {}: {} as predicted, {} not. A cell holds the verdict and the final rip / RAX; "
        "click it, or go to it with the arrow keys, for its story.</p>\n"
        "<p class=\"controls\"><label>Rows with <input id=\"filter\" type=\"search\"></label>"
        "<label><input id=\"wrong\" type=\"checkbox\"> only rows where a policy fails</label>"
        "<label><input id=\"same\" type=\"checkbox\"> svm rows that say what vmx says</label>{}</p></header>\n"
        "<main><div id=\"matrix\"><table>\n<thead><tr><th>Scenario</th><th>Skip</th>",
        page_style(), m.applicable(), m.present, escape_html(m.engine), m.present - m.differing, m.differing,
        m.counts_costs() ? "<label><input id=\"costs\" type=\"checkbox\"> VMREADs and VMWRITEs</label>" : "");
    for (const unsigned c : m.columns)
        out += fmt::format("<th title=\"{}\">{}</th>", cpu::name_of(columns[c].kind), columns[c].name);
    out += "</tr></thead>\n<tbody>\n";
    for (std::size_t row = 0; row < m.scenarios.size(); ++row)
        for (std::size_t a = 0; a < m.advances.size() && (a == 0 || m.not_applicable[row].empty()); ++a)
            out += row_html(m, row, a);
    return out + "</tbody>\n<tfoot>" + totals(m) + "</tfoot></table></div>\n" +
           "<aside id=\"story\"><p>Click a cell.</p></aside></main>\n" + legend() + "\n<script>" +
           std::string(page_script()) + "</script>\n</body>\n</html>\n";
}

}  // namespace southgate::pio
