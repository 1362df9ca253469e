// Firmware with a prompt of its own: it answers, and resets the machine when told to.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "command.h"

namespace southgate::sim::test {
namespace {

using Commands = std::vector<std::string>;

// Types each command at the prompt.
std::vector<std::string> at_prompt(const std::string& firmware, const std::string& prompt, const Commands& commands,
                                   const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"run", "--firmware", firmware, "--serial", "serial", "--timeline"};
    for (const auto& command : commands)
        arguments.insert(arguments.end(), {"--expect", prompt, "--send", command});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

// `cause` is the line of the timeline that says what caused reset `number`.
void expect_reset(const Result& r, unsigned number, const std::string& source, const std::string& cause,
                  const std::string& lines) {
    const std::string text = r.out + r.err;
    const auto at = text.find("#" + std::to_string(number) + " ");
    ASSERT_NE(at, std::string::npos) << text;
    const std::string story = text.substr(at, text.find("\n#", at) - at);
    EXPECT_TRUE(contains(story.substr(0, story.find('\n')), source)) << story;
    EXPECT_TRUE(contains(story, "cause      " + cause)) << story;
    EXPECT_TRUE(contains(story, "lines      " + lines)) << story;
}

TEST(UBoot, AnswersAndResets) {
    for (const auto& [name, compiler] : {std::pair{"u-boot", "i686-linux-gnu-gcc"},
                                         std::pair{"u-boot-64", "x86_64-linux-gnu-gcc"}}) {
        const Result r =
            southgate(at_prompt(name, "=> ", {"version", "reset"}, {"--stop-at", "=> ", "--max-time", "30s"}), scratch());
        EXPECT_EQ(r.status, 0) << r.err;
        const std::string serial = read_file(scratch() + "/serial");
        EXPECT_TRUE(contains(serial, "southgate x86-64 processor")) << serial;
        EXPECT_TRUE(contains(serial, compiler)) << serial;
        expect_reset(r, 1, "cf9-full", "out CF9h <- 0Eh", "pcirst on +0 for 0, rstdrv on +0 for 0, cpurst on +0 for 0");
    }
}

const std::vector<std::string> ovmf_limits{"--memory", "256M", "--max-instructions", "3G"};

std::vector<std::string> operator+(std::vector<std::string> a, const std::vector<std::string>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

TEST(Ovmf, ShellAnswersAndStartsAgainAfterItsWarmReset) {
    const Result r = southgate(at_prompt("ovmf", "Shell>", {"ver", "reset -w", "reset -c"},
                                         ovmf_limits + Commands{"--stop-after-resets", "2"}),
                               scratch());
    EXPECT_EQ(r.status, 0) << r.err;
    const std::string serial = read_file(scratch() + "/serial");
    // At its start, when asked, and at its second start.
    std::size_t shells = 0;
    for (std::size_t at = serial.find("UEFI Interactive Shell v2"); at != std::string::npos;
         at = serial.find("UEFI Interactive Shell v2", at + 1))
        ++shells;
    EXPECT_EQ(shells, 3u) << serial;
    expect_reset(r, 1, "kbc-pulse", "out 64h <- FEh", "rcin on +0 for 0, init on +0 for 0");
    expect_reset(r, 2, "cf9-hard", "out CF9h <- 06h", "pcirst");
}

TEST(Ovmf, VariablesAreThereInTheNextRun) {
    const std::string dir = scratch();
    std::filesystem::copy_file("/usr/share/OVMF/OVMF_VARS_4M.fd", dir + "/vars.fd",
                               std::filesystem::copy_options::overwrite_existing);
    const auto more = ovmf_limits + Commands{"--flash-vars", "vars.fd", "--stop-after-resets", "1"};
    const std::string variable = "setvar southgate -guid 6f9c2a6e-71d3-4f0e-9a5e-3c1d2b4a5968";
    const Result set = southgate(
        at_prompt("ovmf-4m", "Shell>", {"ver", variable + " -nv -bs =S\"kept\"", "reset -w"}, more), dir);
    EXPECT_EQ(set.status, 0) << set.err;
    expect_reset(set, 1, "kbc-pulse", "out 64h <- FEh", "rcin on +0 for 0, init on +0 for 0");
    const Result get = southgate(at_prompt("ovmf-4m", "Shell>", {variable, "reset -c"}, more), dir);
    EXPECT_EQ(get.status, 0) << get.err;
    EXPECT_TRUE(contains(read_file(dir + "/serial"), "southgate - 0004 Bytes"));
    EXPECT_TRUE(contains(read_file(dir + "/serial"), "6B 65 70 74"));
    expect_reset(get, 1, "cf9-hard", "out CF9h <- 06h", "pcirst");
}

TEST(Ovmf, TwoMegabyteImageAnswersAndKeepsItsVariables) {
    const std::string dir = scratch(), fresh = "/usr/share/OVMF/OVMF_VARS.fd";
    std::filesystem::copy_file(fresh, dir + "/vars.fd", std::filesystem::copy_options::overwrite_existing);
    const Result r = southgate(at_prompt("ovmf-2m", "Shell>", {"setvar kept -guid 6f9c2a6e-71d3-4f0e-9a5e-3c1d2b4a5968 -nv "
                                                               "-bs =S\"kept\"", "reset -c"},
                                         ovmf_limits + Commands{"--flash-vars", "vars.fd", "--stop-after-resets", "1"}),
                               dir);
    EXPECT_EQ(r.status, 0) << r.err;
    expect_reset(r, 1, "cf9-hard", "out CF9h <- 06h", "pcirst");
    EXPECT_FALSE(contains(read_file(fresh), std::string("k\0e\0p\0t\0", 8)));
    EXPECT_TRUE(contains(read_file(dir + "/vars.fd"), std::string("k\0e\0p\0t\0", 8)));
}

}  // namespace
}  // namespace southgate::sim::test
