// The laboratory on the whole platform: the chipset's resets against the interpreter's register writes.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "command.h"

namespace southgate::sim::test {
namespace {

using nlohmann::json;

// Every row with a reset has the interpreter's verdict in every cell, by every reset source; the others say why not.
TEST(PioPlatform, EveryResetHasTheVerdictsOfTheInterpreter) {
    const Result platform = southgate({"pio-matrix", "--engine", "platform", "--format", "json"});
    ASSERT_EQ(platform.status, 0) << platform.err << platform.out;
    const Result interpreter = southgate({"pio-matrix", "--format", "json"});
    ASSERT_EQ(interpreter.status, 0);
    const json rows = json::parse(platform.out)["scenarios"], expected = json::parse(interpreter.out)["scenarios"];
    ASSERT_EQ(rows.size(), expected.size());
    std::set<std::string> reset_rows;
    unsigned cells = 0, by_start_up = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const json& row = rows[i];
        const std::string id = row["id"];
        ASSERT_EQ(id, expected[i]["id"]);
        if (row.contains("not_applicable")) {
            EXPECT_FALSE(row["not_applicable"].get<std::string>().empty()) << id;
            EXPECT_FALSE(row.contains("vmx")) << id;
            continue;
        }
        reset_rows.insert(id);
        for (const char* model : {"vmx", "svm"}) {
            ASSERT_EQ(row[model].size(), 8u) << id;
            for (const auto& [column, cell] : row[model].items()) {
                const std::string note = cell["note"];
                EXPECT_EQ(cell["verdict"], expected[i][model][column]["verdict"]) << id << ' ' << model << ' ' << column;
                EXPECT_TRUE(note == "reset by port92, cf9-soft, cf9-hard, kbc-pulse, reset-button" ||
                            note == "reset by init-ipi, port92, cf9-soft, kbc-pulse")
                    << note;
                by_start_up += contains(note, "init-ipi");
                ++cells;
            }
        }
    }
    EXPECT_EQ(json::parse(platform.out)["cells"], cells);
    EXPECT_EQ(by_start_up, 8u * 16);
    // Rows of every kind: by OUT and IN, aliasing places, an application processor, strings, drained first, twice.
    for (const char* id : {"S05", "S06", "S07", "S08", "S08-m64", "S11", "S12", "S13", "S13b-in", "S13c", "S15", "S15b-m32",
                           "S16b", "S24", "S25", "S26", "S26c", "S37", "S38b", "S41c", "S43b", "S44-in", "S46-in", "S49", "S63"})
        EXPECT_TRUE(reset_rows.contains(id)) << id;
    for (const char* id : {"S01", "S09", "S17-in", "S18", "S27", "S35", "S41-in", "S47"})
        EXPECT_FALSE(reset_rows.contains(id)) << id;
}

TEST(PioPlatform, ATableNamesWhatIsNotApplicable) {
    const std::vector<std::string> command{"pio-matrix", "--engine", "platform", "--scenario", "S08", "--scenario", "S35",
                                           "--scenario", "S01"};
    const Result r = southgate(command);
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_TRUE(contains(r.out, "S01  not applicable: no reset\n")) << r.out;
    EXPECT_TRUE(contains(r.out, "S35  not applicable: no reset: userspace moves the state to a fresh vCPU\n")) << r.out;
    EXPECT_TRUE(contains(r.out, "1 scenarios, 16 cells on platform: 16 as predicted, 0 not\n"
                                "2 further scenarios not applicable\n"))
        << r.out;
    EXPECT_EQ(southgate(command).out, r.out);
}

// A prediction that is wrong for the whole machine ends with status 1, and so does one for a single source.
TEST(PioPlatform, ADifferenceEndsWithStatusOne) {
    const std::string folder = scratch();
    write_file(folder + "/wrong.toml",
               "id = \"WRONG\"\ntitle = \"Wrong\"\nwhy = \"Own.\"\nmode = \"real16\"\ncode = \"E4 92 F4\"\n"
               "userspace = [\"run\", \"reset\", \"drain\"]\n[right]\nrip = \"FFF0\"\nrax = \"0\"\n"
               "[vmx]\nLR = \"ok\"\nCA = \"ok\"\n");
    const Result r =
        southgate({"pio-matrix", "--engine", "platform", "--scenarios", folder, "--scenario", "WRONG", "--policy", "LR",
                   "--policy", "CA", "--skip-model", "vmx"});
    EXPECT_EQ(r.status, 1);
    EXPECT_TRUE(contains(r.out, "WRONG CA vmx: SK FFF2+RX at FFF2/5A, predicted ok")) << r.out;
    EXPECT_TRUE(contains(r.out, "2 cells on platform: 1 as predicted, 1 not")) << r.out;
}

// A guest that leaves the way of the scenario before its reset: it halts, or never gets anywhere.
TEST(PioPlatform, AGuestThatGoesAstrayIsAResult) {
    const std::string folder = scratch();
    const std::string rest = "userspace = [\"run\", \"run\", \"reset\", \"drain\"]\n[right]\nrip = \"FFF0\"\nrax = \"0\"\n"
                             "[vmx]\nLR = \"ok\"\n[svm]\nLR = \"ok\"\n";
    const auto guest = [&](const std::string& id, const std::string& code) {
        write_file(folder + "/" + id + ".toml", "id = \"" + id + "\"\ntitle = \"Astray\"\nwhy = \"Own.\"\nmode = \"real16\"\ncode = \"" +
                                                    code + "\"\n" + rest);
    };
    guest("HALTS", "E6 80 F4");
    guest("RUNS", "E6 80 EB FE");
    const Result r = southgate({"pio-matrix", "--engine", "platform", "--scenarios", folder, "--scenario", "HALTS",
                                "--scenario", "RUNS", "--policy", "LR", "--skip-model", "vmx"});
    EXPECT_EQ(r.status, 1);
    EXPECT_TRUE(contains(r.out, "HALTS LR vmx: XX 8003+RA 7788 at 8003/7788, predicted ok")) << r.out;
    EXPECT_TRUE(contains(r.out, "RUNS LR vmx: no end")) << r.out;
}

TEST(PioPlatform, TracesTellTheOrderOfThings) {
    const Result drained = southgate({"pio-trace", "S44-in", "--engine", "platform", "--policy", "LR"});
    EXPECT_EQ(drained.status, 0);
    const auto at = [&](const char* text) { return drained.out.find(text); };
    EXPECT_NE(at("userspace supplies 5A"), std::string::npos) << drained.out;
    EXPECT_LT(at("rip 8000 (linear 8000), RAX 7788"), at("port I/O completed")) << drained.out;
    EXPECT_LT(at("port I/O completed"), at("rip 8002 (linear 8002), RAX 775A")) << drained.out;
    EXPECT_LT(at("rip 8002 (linear 8002), RAX 775A"), at("userspace: reset")) << drained.out;
    EXPECT_LT(at("userspace: reset"), at("rip FFF0 (linear FFFFFFF0), RAX 0")) << drained.out;
    EXPECT_NE(at("verdict ok at rip FFF0, RAX 0; reset by port92"), std::string::npos) << drained.out;

    const Result pending = southgate({"pio-trace", "S15b", "--engine", "platform", "--policy", "RV"});
    EXPECT_TRUE(contains(pending.out, "linear rip at the exit 8000, at the re-entry 9A000\n      port I/O completed"))
        << pending.out;
    const Result refused = southgate({"pio-trace", "S01", "--engine", "platform", "--policy", "LR"});
    EXPECT_EQ(refused.status, 2);
    EXPECT_TRUE(contains(refused.err, "S01 is not applicable on platform: no reset")) << refused.err;
}

TEST(PioPlatform, ThePageSaysWhatIsNotApplicable) {
    const std::string page = scratch() + "/page.html";
    const Result r = southgate({"pio-matrix", "--engine", "platform", "--format", "html", "--output", page, "--scenario",
                                "S08", "--scenario", "S18"});
    EXPECT_EQ(r.status, 0) << r.err;
    const std::string html = read_file(page);
    EXPECT_TRUE(contains(html, "re-entry: drain"));
    EXPECT_TRUE(contains(html, "reset by port92"));
    EXPECT_TRUE(contains(html, "<td colspan=\"8\">not applicable: the reset vector"));
}

}  // namespace
}  // namespace southgate::sim::test
