// pio-matrix and pio-trace as a user calls them: options, status, output.
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sim/pio/matrix/command.h"
#include "sim/pio/scenario/catalogue.h"
#include "sim/pio/trace/command.h"
#include "sim/pio/trace/trace.h"
#include "sim/run/error.h"

namespace southgate::pio {
namespace {

constexpr EngineEntry engines[] = {{"interpreter", make_interpreter_engine}};

class Command : public testing::Test {
  protected:
    Command() : folder(testing::TempDir() + "southgate-pio-" +
                       testing::UnitTest::GetInstance()->current_test_info()->name()) {
        std::filesystem::remove_all(folder);
        std::filesystem::create_directories(folder);
        options.output = folder + "/out";
    }
    ~Command() override { std::filesystem::remove_all(folder); }

    int run() { return run_matrix_command(options, engines); }
    std::string output() const {
        std::ifstream in(options.output);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    void refused(const std::string& says) {
        try {
            run();
            ADD_FAILURE() << "wanted: " << says;
        } catch (const sim::UsageError& error) {
            EXPECT_NE(std::string(error.what()).find(says), std::string::npos) << error.what();
        }
    }
    void own_scenario(const std::string& cell) {
        std::filesystem::create_directories(folder + "/own");
        std::ofstream(folder + "/own/mine.toml")
            << "id = \"MINE\"\ntitle = \"Mine\"\nwhy = \"Own.\"\nmode = \"real16\"\ncode = \"EC\"\n"
            << "userspace = [\"run\", \"drain\"]\n[right]\nrip = \"8001\"\n[vmx]\nLR = \"" << cell << "\"\n";
        options.folder = folder + "/own";
        options.scenarios = {"MINE"};
    }

    std::string folder;
    MatrixOptions options;
};

TEST_F(Command, StatusSaysWhetherAllCellsAreAsPredicted) {
    options.scenarios = {"S08", "S10"};
    EXPECT_EQ(run(), 0);
    EXPECT_NE(output().find("32 as predicted, 0 not"), std::string::npos);
    own_scenario("ok");
    EXPECT_EQ(run(), 0);
    own_scenario("LD");
    EXPECT_EQ(run(), 1);
    EXPECT_NE(output().find("MINE LR vmx: ok at 8001/775A, predicted LD"), std::string::npos);
}

TEST_F(Command, ColumnsAndModels) {
    options.scenarios = {"S08"};
    options.policies = {"FE", "linear-rip-snapshot"};
    options.skip_model = "svm";
    EXPECT_EQ(run(), 0);
    EXPECT_NE(output().find("2 cells"), std::string::npos);
    EXPECT_NE(output().find("FE"), std::string::npos);
    EXPECT_EQ(output().find("CA"), std::string::npos);
}

TEST_F(Command, Formats) {
    options.scenarios = {"S08"};
    options.format = "json";
    EXPECT_EQ(run(), 0);
    EXPECT_EQ(output()[0], '{');
    options.format = "html";
    EXPECT_EQ(run(), 0);
    EXPECT_EQ(output().find("<!DOCTYPE html>"), 0u);
}

TEST_F(Command, BadUsage) {
    options.policies = {"XX"};
    refused("--policy: 'XX' is not one of CA, SB, AW, RC, RV, LR, LQ, FE");
    options.policies = {};
    options.skip_model = "arm";
    refused("--skip-model: 'arm' is not one of vmx, svm");
    options.skip_model = "";
    options.format = "pdf";
    refused("--format: 'pdf' is not one of table, json, html");
    options.format = "table";
    options.engine = "qemu";
    refused("--engine: 'qemu' is not one of interpreter");
    options.engine = "interpreter";
    options.scenarios = {"S99"};
    refused("--scenario: no scenario matches");
    options.scenarios = {"S01"};
    options.folder = folder + "/absent";
    refused("absent: ");
    options.folder = "";
    options.output = folder + "/absent/out";
    refused("cannot be written");
}

TEST(CommandLine, OptionsThatRepeat) {
    CLI::App app;
    MatrixOptions o;
    declare_matrix_options(app, o);
    app.parse("--scenario S08 --scenario S1* --policy LR --policy FE --skip-model svm --format json --output x");
    EXPECT_EQ(o.scenarios, (std::vector<std::string>{"S08", "S1*"}));
    EXPECT_EQ(o.policies, (std::vector<std::string>{"LR", "FE"}));
    EXPECT_EQ(o.skip_model + o.format + o.output, "svmjsonx");
    EXPECT_EQ(o.engine, "interpreter");

    CLI::App trace;
    TraceOptions t;
    declare_trace_options(trace, t);
    trace.parse("S08 --policy LR --policy CA");
    EXPECT_EQ(t.scenario, "S08");
    EXPECT_EQ(t.policies, (std::vector<std::string>{"LR", "CA"}));
    EXPECT_EQ(t.skip_model, "vmx");
    CLI::App incomplete;
    declare_trace_options(incomplete, t);
    EXPECT_THROW(incomplete.parse("--policy LR"), CLI::ParseError);
}

Told told(const Scenario& scenario, const char* column) {
    const auto engine = make_interpreter_engine();
    return tell(*engine, scenario, *parse_column(column), cpu::PioAdvance::relative);
}

class Trace : public testing::Test {
  protected:
    const Scenario& scenario(const char* id) { return *select(all_, {id})[0]; }

  private:
    std::vector<Scenario> all_ = load_catalogue();
};

TEST_F(Trace, TellsTheWholeStory) {
    const Scenario& s = scenario("S08");
    const std::string text = format_trace(s, told(s, "LR"));
    for (const char* line :
         {"S08  Reset during IN of 8 bits, real mode", "LR linear-rip-snapshot, vmx",
          "1  re-entry: run", "exit: IN, 1 byte from port 92; userspace supplies 5A", "rip 8000 (linear 8000), RAX 7788",
          "2  userspace: reset", "rip FFF0 (linear FFFFFFF0), RAX 0", "3  re-entry: drain",
          "linear rip at the exit 8000, at the re-entry FFFFFFF0", "port I/O dropped",
          "verdict ok at rip FFF0, RAX 0"})
        EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
}

TEST_F(Trace, TwoPoliciesUpToTheFirstDivergence) {
    const Scenario& s = scenario("S08");
    const Told lr = told(s, "LR"), ca = told(s, "CA"), sb = told(s, "SB");
    EXPECT_EQ(first_divergence(lr.story, ca.story), 2u);
    EXPECT_EQ(first_divergence(lr.story, sb.story), 0u);
    EXPECT_EQ(first_divergence(lr.story, lr.story), 3u);
    const std::string text = format_traces(s, lr, ca);
    EXPECT_NE(text.find("| CA complete-always, vmx"), std::string::npos);
    EXPECT_NE(text.find("port I/O dropped"), std::string::npos);
    EXPECT_NE(text.find("| "), std::string::npos);
    EXPECT_NE(text.find("-- they part at step 3 --"), std::string::npos);
    EXPECT_NE(text.find("| verdict SK FFF2+RX at rip FFF2, RAX 5A"), std::string::npos);
    EXPECT_NE(format_traces(s, lr, lr).find("they do not part"), std::string::npos);
    const std::string early = format_traces(s, lr, sb);
    EXPECT_EQ(early.find("userspace: reset"), std::string::npos);
}

TEST_F(Trace, CompletedBeforeTheExit) {
    const Scenario& s = scenario("S05");
    const std::string text = format_trace(s, told(s, "SB"));
    EXPECT_NE(text.find("port I/O completed before the exit"), std::string::npos) << text;
    EXPECT_NE(text.find("exit: OUT, 1 byte to port 92; userspace gets 88"), std::string::npos) << text;
    EXPECT_EQ(format_trace(s, told(s, "LR")).find("before the exit"), std::string::npos);
}

TEST_F(Trace, Livelock) {
    const Scenario& s = scenario("S26");
    EXPECT_NE(format_trace(s, told(s, "FE")).find("and again, 32 times: it never gets past this"), std::string::npos);
}

TEST_F(Trace, CommandRefuses) {
    const auto refused = [](TraceOptions o, const std::string& says) {
        try {
            run_trace_command(o, engines);
            ADD_FAILURE() << says;
        } catch (const sim::UsageError& error) {
            EXPECT_NE(std::string(error.what()).find(says), std::string::npos) << error.what();
        }
    };
    TraceOptions o;
    o.scenario = "S99";
    o.policies = {"LR"};
    refused(o, "'S99' is no scenario");
    o.scenario = "S08";
    o.policies = {"LR", "CA", "SB"};
    refused(o, "at most two");
    o.policies = {"XX"};
    refused(o, "--policy: 'XX' is not one of");
    o.policies = {"LR"};
    o.skip_model = "arm";
    refused(o, "--skip-model");
}

}  // namespace
}  // namespace southgate::pio
