// Every cell of the matrix on the interpreter, and what the matrix looks like.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/pio/html/html.h"
#include "sim/pio/machine/verdict.h"
#include "sim/pio/matrix/matrix.h"
#include "sim/pio/scenario/catalogue.h"

namespace southgate::pio {
namespace {

const std::vector<Scenario>& scenarios() {
    static const std::vector<Scenario> all = load_catalogue();
    return all;
}

std::vector<unsigned> all_columns() {
    std::vector<unsigned> result(column_count);
    for (unsigned i = 0; i < column_count; ++i) result[i] = i;
    return result;
}

Matrix full_matrix(const std::vector<std::string>& globs, bool stories) {
    const auto engine = make_interpreter_engine();
    return run_matrix(*engine, select(scenarios(), globs), all_columns(), skip_models, stories);
}

// Acceptance of the model: all rows, all policies, both skip models.
TEST(PioMatrix, EveryCellIsAsPredicted) {
    const Matrix m = full_matrix({}, false);
    EXPECT_EQ(m.present, scenarios().size() * column_count * 2);
    EXPECT_EQ(m.differing, 0u);
    for (const Cell& cell : m.cells) {
        EXPECT_EQ(cell.result.code, cell.predicted)
            << cell.scenario->id << ' ' << columns[cell.column].name << ' ' << cpu::name_of(cell.advance) << " at "
            << std::hex << cell.result.rip << '/' << cell.result.rax;
    }
}

// A cell does not depend on what ran before it, nor on a story being recorded.
TEST(PioMatrix, CellsAreIndependent) {
    const auto forward = make_interpreter_engine(), backward = make_interpreter_engine();
    const Matrix m = run_matrix(*forward, select(scenarios(), {}), all_columns(), skip_models, false);
    for (std::size_t i = m.cells.size(); i-- > 0;) {
        const Cell& cell = m.cells[i];
        Story story;
        const CellResult again = backward->run(*cell.scenario, cell.column, cell.advance, i % 2 ? &story : nullptr);
        EXPECT_EQ(again.code, cell.result.code) << cell.scenario->id << ' ' << columns[cell.column].name;
        EXPECT_EQ(again.rip, cell.result.rip) << cell.scenario->id;
        EXPECT_EQ(again.rax, cell.result.rax) << cell.scenario->id;
    }
}

// The snapshot policy fails nowhere but where docs/pio-completion.md says so.
TEST(PioMatrix, WhereTheSnapshotFails) {
    const unsigned lr = *parse_column("LR");
    std::string failing;
    for (const Scenario& s : scenarios()) {
        const bool emulator_too = s.cells[0][lr] == s.cells[0][*parse_column("FE")] && s.guest.code[s.port_offset] == 0xf3;
        if (!is_right(s.cells[0][lr]) && !emulator_too && s.id < "S48") failing += s.id + ' ';
    }
    EXPECT_EQ(failing,
              "S13 S13-in S13b S13b-in S13d S19-wish S19-wish-rip S19b S20c S27e S35 S35-7e S35b S41-7e S41-in S41-out ");
}

TEST(PioMatrix, ColumnsByName) {
    EXPECT_EQ(parse_column("LR"), 5u);
    EXPECT_EQ(parse_column("linear-rip-snapshot"), 5u);
    EXPECT_EQ(parse_column("full-emulator"), 7u);
    EXPECT_FALSE(parse_column("lr"));
    EXPECT_FALSE(parse_column(""));
}

TEST(PioMatrix, Table) {
    const Matrix m = full_matrix({"S08"}, false);
    const std::string plain = format_table(m, false);
    EXPECT_EQ(plain.find('\x1b'), std::string::npos);
    EXPECT_NE(plain.find("SK FFF2+RX"), std::string::npos);
    EXPECT_NE(plain.find("JN 8002+RX"), std::string::npos);  // the svm row
    EXPECT_NE(plain.find("FFF0/5A"), std::string::npos);
    EXPECT_NE(plain.find("1 scenarios, 16 cells on interpreter: 16 as predicted, 0 not"), std::string::npos);
    EXPECT_NE(format_table(m, true).find("\x1b[32mok"), std::string::npos);
    // svm rows that say nothing new are left out.
    EXPECT_EQ(format_table(full_matrix({"S01"}, false), false).find("svm"), std::string::npos);
}

TEST(PioMatrix, TableMarksDifferences) {
    Scenario wrong = *select(scenarios(), {"S01"})[0];
    wrong.cells[0][5] = "SK 8004";
    const Scenario* const chosen[] = {&wrong};
    const auto engine = make_interpreter_engine();
    const Matrix m = run_matrix(*engine, chosen, all_columns(), skip_models, false);
    EXPECT_EQ(m.differing, 1u);
    const std::string text = format_table(m, false);
    EXPECT_NE(text.find("ok !"), std::string::npos);
    EXPECT_NE(text.find("S01 LR vmx: ok at 8002/7788, predicted SK 8004"), std::string::npos);
    EXPECT_NE(format_table(m, true).find("\x1b[1;31mok !"), std::string::npos);
}

TEST(PioMatrix, Json) {
    const auto json = nlohmann::json::parse(format_json(full_matrix({"S08", "S10"}, false)));
    EXPECT_EQ(json["cells"], 32);
    EXPECT_EQ(json["scenarios"][0]["id"], "S08");
    EXPECT_EQ(json["scenarios"][0]["vmx"]["CA"]["verdict"], "SK FFF2+RX");
    EXPECT_EQ(json["scenarios"][0]["svm"]["CA"]["rip"], "8002");
    EXPECT_EQ(json["scenarios"][1]["vmx"]["FE"]["predicted"], "LD");
}

// The cost of a port I/O stands beside the verdict, and a wrong one is a difference.
TEST(PioMatrix, VmReads) {
    const Matrix m = full_matrix({"S01", "S05", "S10c-compat"}, false);
    EXPECT_EQ(m.differing, 0u);
    const std::string table = format_table(m, false, true);
    for (const char* cost : {"QFRB/LI 6+1", "QFRLI/- 5+1", "QFRB/B 5+1", "QFRAB/ABLI 9+1", "VMCB 5"})
        EXPECT_NE(table.find(cost), std::string::npos) << cost << '\n' << table;
    const auto json = nlohmann::json::parse(format_json(m));
    const auto& lr = json["scenarios"][0]["vmx"]["LR"]["vmread"];
    EXPECT_EQ(lr["exit"], "QFRB");
    EXPECT_EQ(lr["completion"], "LI");
    EXPECT_EQ(lr["count"], 6);
    EXPECT_EQ(lr["vmwrites"], 1);
    EXPECT_GT(json["scenarios"][0]["svm"]["LR"]["vmcb_words"], 0);

    Scenario wrong = *select(scenarios(), {"S01"})[0];
    wrong.vmreads[5] = "QFR/LI";
    const Scenario* const chosen[] = {&wrong};
    const auto engine = make_interpreter_engine();
    const Matrix different = run_matrix(*engine, chosen, all_columns(), skip_models, false);
    EXPECT_EQ(different.differing, 1u);
    EXPECT_NE(format_table(different, false).find("S01 LR vmx: VMREADs QFRB/LI, predicted QFR/LI\n"), std::string::npos);
}

// Tags open and close in order; the few void elements excepted.
void expect_balanced(const std::string& html) {
    std::vector<std::string> open;
    for (std::size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
        const bool closes = html[at + 1] == '/';
        const std::size_t from = at + (closes ? 2 : 1), to = html.find_first_of(" >\n", from);
        ASSERT_NE(to, std::string::npos);
        const std::string name = html.substr(from, to - from);
        if (name[0] == '!' || name == "meta" || name == "br" || name == "input") continue;
        if (closes) {
            ASSERT_FALSE(open.empty()) << name;
            ASSERT_EQ(open.back(), name);
            open.pop_back();
        } else {
            open.push_back(name);
        }
        if (!closes && (name == "script" || name == "style")) at = html.find("</" + name, at) - 1;
    }
    EXPECT_TRUE(open.empty());
}

TEST(PioHtml, OneSelfContainedPage) {
    const Matrix m = full_matrix({"S08*", "S26", "S13"}, true);
    const std::string html = format_html(m);
    expect_balanced(html);
    for (const char* external : {"http:", "https:", "src=", "href=", "@import", "url("})
        EXPECT_EQ(html.find(external), std::string::npos) << external;
    const auto count = [&](const std::string& what) {
        std::size_t n = 0;
        for (auto at = html.find(what); at != std::string::npos; at = html.find(what, at + 1)) ++n;
        return n;
    };
    EXPECT_EQ(count("<td class=\"cell "), m.cells.size());
    EXPECT_EQ(count("<template>"), m.cells.size());
    EXPECT_EQ(count("data-cell=\"S13.LQ.svm\""), 1u);  // what the fragment names
    EXPECT_EQ(count("<tr class=\"again same\""), 2u);     // S13 and S26: svm says what vmx says
    EXPECT_EQ(count("class=\"cost\""), m.cells.size());
    EXPECT_NE(html.find("<small class=\"cost\">QFRB/B 5+1</small>"), std::string::npos);
    EXPECT_EQ(count("userspace: reset\n") + count("userspace: reset sregs-first"), m.cells.size());
    EXPECT_NE(html.find("class=\"cell right\""), std::string::npos);
    EXPECT_NE(html.find("class=\"cell wrong\""), std::string::npos);
    EXPECT_EQ(html.find("class=\"cell differs\""), std::string::npos);
    for (const Code& code : verdict_codes()) EXPECT_NE(html.find(escape_html(code.meaning)), std::string::npos);
}

TEST(PioHtml, Escapes) { EXPECT_EQ(escape_html("<a href=\"x\">&"), "&lt;a href=&quot;x&quot;&gt;&amp;"); }

}  // namespace
}  // namespace southgate::pio
