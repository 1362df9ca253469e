#include "sim/pio/html/html.h"

#include <fmt/format.h>

#include "sim/pio/machine/verdict.h"
#include "sim/pio/trace/story.h"

namespace southgate::pio {

namespace {

constexpr std::string_view style = R"(
body{font:14px/1.45 system-ui,sans-serif;margin:1.5em;color:#1d2733;background:#fff}
h1{font-size:1.4em}h2{font-size:1.1em;margin:1em 0 .3em}
table{border-collapse:collapse}th,td{border:1px solid #d5dbe2;padding:.2em .5em;text-align:left;vertical-align:top}
thead th{position:sticky;top:0;background:#eef2f6}
td.cell{cursor:pointer;font-family:ui-monospace,monospace;font-size:12px;white-space:nowrap}
td.cell small{color:#5d6b7a;display:block}
.right{background:#e6f5e9}.wrong{background:#fdf3d8}.differs{background:#f9d6d5;font-weight:bold}
td.cell:hover,td.cell:focus{outline:2px solid #2f6fbf}
#story{position:sticky;bottom:0;max-height:45vh;overflow:auto;background:#f7f9fb;border:1px solid #b9c4d0;padding:.6em 1em;margin-top:1em}
#story pre{font:12px/1.4 ui-monospace,monospace;margin:.3em 0;white-space:pre-wrap}
dl.legend{display:grid;grid-template-columns:max-content auto;gap:.1em 1em;font-size:13px}dt{font-family:ui-monospace,monospace}dd{margin:0}
input{font:inherit;padding:.2em .4em}
)";

// Cells and stories are in the page; the script only shows them.
constexpr std::string_view script = R"(
const story=document.getElementById("story");
function show(cell){
  const row=cell.parentElement;
  story.innerHTML="";
  const add=(tag,text)=>{const e=document.createElement(tag);e.textContent=text;story.appendChild(e)};
  add("h2",cell.dataset.name);
  add("div",row.dataset.why||"");
  add("pre",cell.querySelector("template").content.textContent);
}
document.addEventListener("click",e=>{const c=e.target.closest("td.cell");if(c)show(c)});
document.addEventListener("keydown",e=>{if(e.key==="Enter"&&e.target.matches("td.cell"))show(e.target)});
document.getElementById("filter").addEventListener("input",e=>{
  const want=e.target.value.toLowerCase();
  for(const row of document.querySelectorAll("tbody tr"))
    row.hidden=!row.textContent.toLowerCase().includes(want);
});
)";

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
    if (!cell.result.note.empty()) text += "; " + cell.result.note;
    return text;
}

std::string cell_html(const Cell& cell) {
    if (!cell.present) return "<td>&ndash;</td>";
    const char* kind = cell.differs() ? "differs" : is_right(cell.result.code) ? "right" : "wrong";
    const Column& column = columns[cell.column];
    return fmt::format(
        "<td class=\"cell {}\" tabindex=\"0\" data-name=\"{} under {} ({}{}), {}\">{}<small>{:X} / {:X}{}</small>"
        "<template>{}</template></td>",
        kind, escape_html(cell.scenario->id), column.name, cpu::name_of(column.kind),
        column.quirk ? " with the 7Eh quirk" : "", cpu::name_of(cell.advance), escape_html(cell.result.code),
        cell.result.rip, cell.result.rax, cell.result.note.empty() ? "" : "<br>" + escape_html(cell.result.note),
        escape_html(story_text(cell)));
}

std::string legend() {
    std::string out = "<h2>Columns</h2><dl class=\"legend\">";
    for (const Column& c : columns)
        out += fmt::format("<dt>{}</dt><dd>{}{}</dd>", c.name, cpu::name_of(c.kind),
                           c.quirk ? ", with the port-7Eh quirk" : "");
    out += "</dl><h2>Verdicts</h2><dl class=\"legend\">";
    for (const Code& code : verdict_codes())
        out += fmt::format("<dt>{}</dt><dd>{}</dd>", escape_html(code.name), escape_html(code.meaning));
    return out + "</dl>";
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
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Port I/O completion matrix</title>"
        "<style>{}</style></head>\n<body>\n<h1>Port I/O completion: scenarios and policies</h1>\n"
        "<p>{} scenarios, {} cells on {}: {} as predicted, {} not. A cell holds the verdict and the final rip / RAX; "
        "click it for its story. svm rows that equal their vmx row are shown as well.</p>\n"
        "<p><label>Show only rows with <input id=\"filter\" type=\"search\"></label></p>\n<table>\n<thead><tr>"
        "<th>Scenario</th><th>Skip</th>",
        style, m.applicable(), m.present, escape_html(m.engine), m.present - m.differing, m.differing);
    for (const unsigned c : m.columns)
        out += fmt::format("<th title=\"{}\">{}</th>", cpu::name_of(columns[c].kind), columns[c].name);
    out += "</tr></thead>\n<tbody>\n";
    for (std::size_t row = 0; row < m.scenarios.size(); ++row) {
        const Scenario& s = *m.scenarios[row];
        if (!m.not_applicable[row].empty()) {
            out += fmt::format("<tr data-why=\"{}\"><th>{} {}</th><td></td><td colspan=\"{}\">not applicable: {}</td></tr>\n",
                               escape_html(s.why), escape_html(s.id), escape_html(s.title), m.columns.size(),
                               escape_html(m.not_applicable[row]));
            continue;
        }
        for (std::size_t a = 0; a < m.advances.size(); ++a) {
            out += fmt::format("<tr data-why=\"{}\"><th>{} {}</th><td>{}</td>", escape_html(s.why), escape_html(s.id),
                               escape_html(s.title), cpu::name_of(m.advances[a]));
            for (std::size_t c = 0; c < m.columns.size(); ++c) out += cell_html(m.cell(row, a, c));
            out += "</tr>\n";
        }
    }
    return out + "</tbody>\n</table>\n<div id=\"story\">Click a cell.</div>\n" + legend() + "\n<script>" +
           std::string(script) + "</script>\n</body>\n</html>\n";
}

}  // namespace southgate::pio
