// Privileged behaviour: guest programs (roms/) report what the processor did, line by line; expected/ holds what the
// manuals say. `compare` shows the same lines of other machines.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "../command.h"

namespace southgate::sim::test {
namespace {

const std::filesystem::path expectations = SOUTHGATE_SYSTEM_ORACLE "/expected";

std::vector<std::string> names() {
    std::vector<std::string> result;
    for (const auto& entry : std::filesystem::directory_iterator(expectations))
        result.push_back(entry.path().stem().string());
    std::sort(result.begin(), result.end());
    return result;
}

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> result;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) result.push_back(line);
    return result;
}

class SystemOracle : public testing::TestWithParam<std::string> {};

TEST_P(SystemOracle, TheProcessorDoesWhatTheManualsSay) {
    const Result r = southgate({"run", "--firmware", guest("system-" + GetParam() + ".rom"), "--smp", "2",
                                "--debugcon", "stdout", "--debug-exit", "0x501", "--max-time", "10s"});
    EXPECT_EQ(r.status, 1) << r.err;  // the ROM's status 0
    const auto want = lines(read_file(expectations / (GetParam() + ".txt")));
    const auto got = lines(r.out);
    ASSERT_GT(want.size(), 10u);
    for (size_t n = 0; n < std::min(want.size(), got.size()); ++n) EXPECT_EQ(got[n], want[n]) << "line " << n + 1;
    EXPECT_EQ(got.size(), want.size());
}

INSTANTIATE_TEST_SUITE_P(Roms, SystemOracle, testing::ValuesIn(names()), [](const auto& info) { return info.param; });

}  // namespace
}  // namespace southgate::sim::test
