// Each reboot method of Linux (Documentation/admin-guide/kernel-parameters.txt, "reboot=") resets the machine by another
// path. The timeline has to name it; the firmware starts again, and Linux boots a second time.
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>

#include "guest.h"

namespace southgate::sim::test {
namespace {

struct Method {
    std::string name;       // of the test
    std::string parameter;  // reboot=
    std::vector<std::uint32_t> cf9;         // what Linux writes to port CF9h
    std::vector<std::string> story;         // in the timeline, in this order
    // Lines of the story only if the machine follows the datasheets, where INIT# reaches the processor alone.
    bool init = false;

    friend void PrintTo(const Method& method, std::ostream* out) { *out << method.name; }
};

// SeaBIOS finds its shadow RAM in use after an INIT# and asks for a hard reset (PIIX: CF9h).
const std::vector<Method> methods{
    // The FADT's reset register: CF9h, value 06h.
    {"acpi", "acpi", {6}, {"cf9-hard", "out CF9h <- 06h", "long 64 mode"}},
    {"pci_warm", "warm,pci", {2, 6}, {"cf9-hard", "out CF9h <- 06h", "long 64 mode"}},
    {"pci_cold", "cold,pci", {2, 0xe}, {"cf9-full", "out CF9h <- 0Eh", "long 64 mode"}},
    {"kbd", "kbd", {}, {"kbc-pulse", "out 64h <- FEh", "long 64 mode", "after init", "cf9-hard", "protected 32 mode"}, true},
    {"triple", "triple", {}, {"shutdown", "triple fault #GP(", "long 64 mode", "after init", "cf9-hard", "protected 32 mode"}, true},
    {"bios", "bios", {}, {"jump", "to F000:FFF0, real mode", "no line moved", "cf9-hard", "protected 32 mode"}},
};

// Whether the parts come in this order.
testing::AssertionResult in_order(const std::string& text, const std::vector<std::string>& parts) {
    std::size_t at = 0;
    for (const auto& part : parts) {
        at = text.find(part, at);
        if (at == std::string::npos) return testing::AssertionFailure() << "'" << part << "' is missing in\n" << text;
        at += part.size();
    }
    return testing::AssertionSuccess();
}

std::vector<std::string> run_arguments(std::vector<std::string> more) {
    std::vector<std::string> arguments{"--memory", "256M", "--timeline", "--max-time", "60s", "--expect", linux_prompt,
                                       "--send", "reboot -f", "--stop-at", linux_prompt};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

void expect_two_boots(const LinuxRun& r, unsigned cpus = 1) {
    ASSERT_EQ(r.result.status, 0) << r.result.err << r.serial;
    EXPECT_EQ(count(r.serial, "southgate-linux: " + std::to_string(cpus) + " processors"), 2u) << r.serial;
    EXPECT_EQ(count(r.serial, "Booting from ROM"), 2u) << r.serial;
}

class LinuxReboot : public testing::TestWithParam<Method> {};

TEST_P(LinuxReboot, IsNamedAndLinuxBootsAgain) {
    const Method& method = GetParam();
    const LinuxGuest guest = linux_guest();
    if (!guest.missing.empty()) GTEST_SKIP() << guest.missing;
    const LinuxRun r = boot_linux(guest, run_arguments({}), linux_parameters + " reboot=" + method.parameter);
    expect_two_boots(r);
    EXPECT_TRUE(in_order(r.result.out, method.story));
    const std::string lines = method.init ? "init on +0 for 0" : "pcirst on +0 for 0, rstdrv on +0 for 0, cpurst on +0 for 0";
    EXPECT_TRUE(in_order(r.result.out, {"#1 ", lines, method.init ? "#2 " : "after reset"}));
    std::vector<std::uint32_t> cf9;
    for (const auto& write : writes_to(r.events, 0xcf9)) cf9.push_back(write.data);
    // The last ones are SeaBIOS's, when it resets the machine itself.
    cf9.resize(std::min(cf9.size(), method.cf9.size()));
    EXPECT_EQ(cf9, method.cf9);
}

INSTANTIATE_TEST_SUITE_P(Methods, LinuxReboot, testing::ValuesIn(methods),
                         [](const auto& info) { return info.param.name; });

// The long run (docs/linux.md): each method with every timing, personality and number of processors.
TEST(LinuxLong, EveryMethodUnderEveryTimingAndPersonality) {
    if (!long_run()) GTEST_SKIP() << "only with " << long_run_variable << "=1";
    const LinuxGuest guest = linux_guest();
    if (!guest.missing.empty()) GTEST_SKIP() << guest.missing;
    for (const Method& method : methods)
        for (const std::string timing : {"zero", "datasheet"})
            for (const std::string personality : {"strict", "qemu"})
                for (const unsigned cpus : {1u, 4u}) {
                    SCOPED_TRACE(method.name + " " + timing + " " + personality + " " + std::to_string(cpus));
                    const LinuxRun r = boot_linux(
                        guest,
                        run_arguments({"--timing", timing, "--personality", personality, "--smp", std::to_string(cpus)}),
                        linux_parameters + " reboot=" + method.parameter);
                    expect_two_boots(r, cpus);
                    std::vector<std::string> story = method.story;
                    if (personality == "qemu") std::erase(story, "after init");
                    EXPECT_TRUE(in_order(r.result.out, story));
                }
}

TEST(LinuxLong, RebootsThroughGrub) {
    if (!long_run()) GTEST_SKIP() << "only with " << long_run_variable << "=1";
    const LinuxGuest guest = linux_guest({"--iso"}, linux_parameters);
    if (!guest.missing.empty()) GTEST_SKIP() << guest.missing;
    const LinuxRun r = run_linux(run_arguments({"--cdrom", guest.iso, "--vga", "std"}));
    ASSERT_EQ(r.result.status, 0) << r.result.err << r.serial;
    EXPECT_EQ(count(r.serial, "Booting `Linux'"), 2u) << r.serial;
    EXPECT_EQ(count(r.serial, "southgate-linux: 1 processors"), 2u) << r.serial;
}

}  // namespace
}  // namespace southgate::sim::test
