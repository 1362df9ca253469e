// The command that compares machines, with a script in the place of QEMU.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>

#include "../command.h"

namespace southgate::sim::test {
namespace {

// Finds the file of `-debugcon file:PATH` and writes the first lines that a ROM is expected to print into it.
const std::string stand_in = R"(#!/bin/sh
while [ "$1" != -debugcon ]; do shift; done
output=${2#file:}
head -n 4 ")" SOUTHGATE_SYSTEM_ORACLE R"(/expected/debug.txt" > "$output"
)";

Result compare_with(const std::string& ending, const std::string& options) {
    const std::string qemu = scratch() + "/qemu", out = scratch() + "/out", err = scratch() + "/err";
    write_file(qemu, stand_in + ending);
    std::filesystem::permissions(qemu, std::filesystem::perms::owner_all);
    const std::string build = std::filesystem::path(SOUTHGATE_COMMAND).parent_path();
    const int status = std::system(("python3 '" SOUTHGATE_SYSTEM_ORACLE "/compare' --build '" + build +
                                    "' --qemu '" + qemu + "' " + options + " >'" + out + "' 2>'" + err + "'")
                                       .c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(out), read_file(err)};
}

TEST(SystemOracleCompare, AMachineThatHangsIsGivenUpAndItsPartialLineDoesNotCount) {
    const Result r =
        compare_with("printf part >> \"$output\"\nwhile :; do :; done\n", "--machine tcg --stall 0.2 debug");
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_NE(r.out.find(
                  "debug on tcg: 4 lines compared, 4 agree, 0 listed deviations, 0 unlisted, 76 not reached"),
              std::string::npos)
        << r.out;
    EXPECT_EQ(r.err, "");  // no progress in a pipe
}

TEST(SystemOracleCompare, AMachineThatSaysThatItGaveUpIsNotWaitedFor) {
    const Result r = compare_with("echo 'KVM internal error. Suberror: 1' >&2\nexec sleep 1000\n",
                                  "--machine tcg --stall 1000 --timeout 1000 debug");
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_NE(r.out.find("76 not reached"), std::string::npos) << r.out;
}

TEST(SystemOracleCompare, ADifferenceThatNobodyListedIsStatus1) {
    const Result r = compare_with("echo 'something else' >> \"$output\"\necho end >> \"$output\"\n",
                                  "--machine tcg debug");
    EXPECT_EQ(r.status, 1) << r.err;
    EXPECT_NE(r.out.find("got something else"), std::string::npos) << r.out;
    EXPECT_NE(r.out.find("tcg: 6 lines compared, 4 agree, 0 listed deviations, 2 unlisted, 74 not reached"),
              std::string::npos)
        << r.out;
}

TEST(SystemOracleCompare, AnUnknownRomIsStatus2) {
    const Result r = compare_with("", "no_such_rom");
    EXPECT_EQ(r.status, 2);
    EXPECT_NE(r.err.find("unknown ROM no_such_rom; there are access_rights, "), std::string::npos) << r.err;
}

}  // namespace
}  // namespace southgate::sim::test
