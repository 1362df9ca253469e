// Scenario files: what they say, and what is wrong with bad ones, in one line that names file, line and key.
#include <gtest/gtest.h>

#include <string>

#include "sim/pio/scenario/load.h"
#include "sim/run/error.h"

namespace southgate::pio {
namespace {

const std::string good = R"(id = "X1"
title = "A title"
why = "A reason."
mode = "real16"
code = "FB 66 E5 92 F4"
port_at = 1
userspace = ["run", "reset", "drain"]
[start]
rip = "FFFF800000008000"
[devices]
in = "12345678"
[[memory]]
at = "9000"
bytes = "01 02"
[right]
rip = "FFF0"
again = "by reset"
debug = []
[[right.memory]]
at = "9000"
bytes = "01"
[vmx]
CA = "SK FFF3+RX"
LR = "ok"
[svm]
CA = "JN 3"
)";

std::string replaced(const std::string& from, const std::string& to) {
    std::string text = good;
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

void refused(const std::string& text, const std::string& says) {
    try {
        load_scenario(text, "x.toml");
        ADD_FAILURE() << "loads, wanted: " << says;
    } catch (const sim::UsageError& error) {
        const std::string what = error.what();
        EXPECT_EQ(what.find("x.toml:"), 0u) << what;
        EXPECT_NE(what.find(says), std::string::npos) << "wanted '" << says << "', got: " << what;
        EXPECT_EQ(what.find('\n'), std::string::npos);
    }
}

TEST(LoadScenario, EveryField) {
    const Scenario s = load_scenario(good, "x.toml");
    EXPECT_EQ(s.id, "X1");
    EXPECT_EQ(s.title, "A title");
    EXPECT_EQ(s.why, "A reason.");
    EXPECT_EQ(s.origin, "x.toml");
    EXPECT_EQ(s.guest.mode, GuestMode::real16);
    EXPECT_EQ(s.guest.code, (std::vector<std::uint8_t>{0xfb, 0x66, 0xe5, 0x92, 0xf4}));
    EXPECT_EQ(s.guest.rip, 0xffff800000008000u);
    EXPECT_EQ(s.port_rip(), 0xffff800000008001u);
    EXPECT_EQ(s.port_length, 3u);
    EXPECT_EQ(s.port_size, 4u);
    EXPECT_TRUE(s.port_is_in);
    EXPECT_EQ(s.in_data, 0x12345678u);
    EXPECT_EQ(s.memory, (std::vector<MemoryBytes>{{0x9000, {1, 2}}}));
    ASSERT_EQ(s.script.size(), 3u);
    EXPECT_EQ(s.script[1], reset_jam());
    EXPECT_EQ(s.right.rip, 0xfff0u);
    EXPECT_FALSE(s.right.rax);
    EXPECT_EQ(s.right.again, Again::by_reset);
    EXPECT_TRUE(s.right.debug && s.right.debug->empty());
    EXPECT_EQ(s.right.memory.size(), 1u);
    EXPECT_EQ(s.cells[0][0], "SK FFF3+RX");
    EXPECT_EQ(s.cells[0][1], "");
    EXPECT_EQ(s.cells[1][0], "JN 3");
    EXPECT_EQ(s.cells[1][5], "ok");
}

TEST(LoadScenario, Errors) {
    refused("id = ", "x.toml:1: ");
    refused(replaced("id = \"X1\"\n", ""), "id: missing");
    refused(replaced("\"X1\"", "\"\""), "x.toml:1: id: is empty");
    refused(replaced("\"X1\"", "5"), "x.toml:1: id: must be a string");
    refused(replaced("why =", "whi ="), "why: missing");
    refused(replaced("real16", "real"), "x.toml:4: mode: 'real' is not one of real16, protected16");
    refused(replaced("FB 66", "FB G6"), "x.toml:5: code: 'G6' is not a hexadecimal number");
    refused(replaced("FB 66", "FB 166"), "code: '166' is not a byte");
    refused(replaced("port_at = 1", "port_at = 0"), "x.toml:5: code: no IN, OUT, INS or OUTS at offset port_at");
    refused(replaced("port_at = 1", "port_at = 90"), "code: no IN, OUT");
    refused(replaced("port_at = 1", "port_at = -1"), "x.toml:6: port_at: must be a number");
    refused(replaced("\"reset\", ", "\"explode\", "), "x.toml:7: userspace: 'explode' is no action");
    refused(replaced("\"run\", ", ""), "userspace: never runs the guest");
    refused(replaced("[\"run\", \"reset\", \"drain\"]", "\"run\""), "userspace: must be a list of strings");
    refused(replaced("rip = \"FFFF", "rip = \"10000000"), "is not a hexadecimal number");
    refused(replaced("FFFF800000008000", "200000"), "code: does not lie in RAM or flash");
    refused(replaced("rip = \"FFFF800000008000\"", "rbx = \"0\""), "x.toml:9: rbx: unknown key");
    refused(replaced("in = \"12345678\"", "in = \"123456789\""), "in: '123456789' is more than FFFFFFFF");
    refused(replaced("[devices]", "[device]"), "device: unknown key");
    refused(replaced("at = \"9000\"\nbytes = \"01 02\"", "bytes = \"01 02\""), "at: missing");
    refused(replaced("at = \"9000\"", "at = \"FFFFF\""), "at: outside the 1 MiB of RAM");
    refused(replaced("by reset", "perhaps"), "again: 'perhaps' is not one of no, yes, by reset");
    refused(replaced("debug = []", "debug = [\"x\"]"), "debug: 'x' is not a hexadecimal number");
    refused(replaced("[right]", "[wrong]"), "wrong: unknown key");
    refused(replaced("LR = \"ok\"", "ZZ = \"ok\""), "ZZ: unknown key");
    refused(replaced("LR = \"ok\"", "LR = true"), "LR: must be a string");
}

struct Instruction {
    const char* mode;
    const char* code;
    unsigned length, size;
    bool in;
};

TEST(LoadScenario, PortInstructions) {
    for (const Instruction& i : {Instruction{"real16", "E4 80", 2, 1, true}, {"real16", "E7 80", 2, 2, false},
                                 {"real16", "66 ED", 2, 4, true}, {"protected32", "EF", 1, 4, false},
                                 {"protected32", "66 E5 80", 3, 2, true}, {"long64", "48 E6 80", 3, 1, false},
                                 {"real16", "F3 6C", 2, 1, true}, {"protected16", "6F", 1, 2, false},
                                 {"long64", "F3 67 6D", 3, 4, true}}) {
        std::string text = replaced("FB 66 E5 92 F4", i.code);
        text.replace(text.find("port_at = 1"), 11, "port_at = 0");
        text.replace(text.find("real16"), 6, i.mode);
        text.replace(text.find("FFFF800000008000"), 16, "8000");
        const Scenario s = load_scenario(text, "x.toml");
        EXPECT_EQ(s.port_length, i.length) << i.code;
        EXPECT_EQ(s.port_size, i.size) << i.code;
        EXPECT_EQ(s.port_is_in, i.in) << i.code;
    }
    refused(replaced("FB 66 E5 92 F4", "66 66"), "no IN, OUT");
    refused(replaced("FB 66 E5 92 F4", "90 E5"), "no IN, OUT");
}

}  // namespace
}  // namespace southgate::pio
