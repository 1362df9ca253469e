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
    std::vector<std::string> arguments{"--memory", "256M", "--timeline", "--max-time", "100s", "--expect", linux_prompt,
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
    REQUIRE_LINUX(guest);
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

// The long run (docs/linux.md): each method with every timing, personality and number of processors, and from a 32-bit
// kernel.
struct Case {
    Method method;
    std::string kernel, timing, personality;
    unsigned cpus;

    std::string name() const { return method.name + "_" + kernel + "_" + timing + "_" + personality + "_" + std::to_string(cpus); }
    friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name(); }
};

std::vector<Case> long_cases() {
    std::vector<Case> cases;
    for (const Method& method : methods) {
        for (const std::string timing : {"zero", "datasheet"})
            for (const std::string personality : {"strict", "qemu"})
                for (const unsigned cpus : {1u, 4u}) cases.push_back({method, "amd64", timing, personality, cpus});
        for (const unsigned cpus : {1u, 4u}) cases.push_back({method, "i386", "zero", "strict", cpus});
    }
    return cases;
}

std::vector<std::string> story_of(const Case& c) {
    std::vector<std::string> story = c.method.story;
    if (c.personality == "qemu") std::erase(story, "after init");
    if (c.kernel == "i386") std::ranges::replace(story, "long 64 mode", "paged 32 mode");
    return story;
}

class Reboot : public testing::TestWithParam<Case> {};

TEST_P(Reboot, IsNamedAndLinuxBootsAgain) {
    REQUIRE_LONG_RUN();
    const Case& c = GetParam();
    const LinuxGuest guest = c.kernel == "i386" ? linux_guest({"--fetched", "686-pae"}) : linux_guest();
    REQUIRE_LINUX(guest);
    const LinuxRun r = boot_linux(
        guest,
        run_arguments({"--timing", c.timing, "--personality", c.personality, "--smp", std::to_string(c.cpus)}),
        linux_parameters + " reboot=" + c.method.parameter);
    expect_two_boots(r, c.cpus);
    EXPECT_TRUE(in_order(r.result.out, story_of(c)));
}

INSTANTIATE_TEST_SUITE_P(LinuxLong, Reboot, testing::ValuesIn(long_cases()),
                         [](const auto& info) { return info.param.name(); });

// OVMF starts the kernel by its EFI stub, and the kernel resets through the firmware's runtime services.
TEST(LinuxLong, RebootsThroughOvmf) {
    REQUIRE_LONG_RUN();
    const LinuxGuest guest = linux_guest();
    REQUIRE_LINUX(guest);
    for (const auto& [how, source] : {std::pair{"warm,efi", "kbc-pulse"}, std::pair{"cold,efi", "cf9-hard"}}) {
        const LinuxRun r = boot_linux(guest, run_arguments({"--firmware", "ovmf", "--smp", "4"}),
                                      linux_parameters + " reboot=" + how);
        ASSERT_EQ(r.result.status, 0) << r.result.err << r.serial;
        EXPECT_EQ(count(r.serial, "southgate-linux: 4 processors"), 2u) << r.serial;
        EXPECT_TRUE(in_order(r.result.out, {"#1 ", source, "long 64 mode"}));
    }
}

TEST(LinuxLong, RebootsThroughGrub) {
    REQUIRE_LONG_RUN();
    const LinuxGuest guest = linux_guest({"--iso"}, linux_parameters);
    REQUIRE_LINUX(guest);
    const LinuxRun r = run_linux(run_arguments({"--cdrom", guest.iso, "--vga", "std"}));
    ASSERT_EQ(r.result.status, 0) << r.result.err << r.serial;
    EXPECT_EQ(count(r.serial, "Booting `Linux'"), 2u) << r.serial;
    EXPECT_EQ(count(r.serial, "southgate-linux: 1 processors"), 2u) << r.serial;
}

}  // namespace
}  // namespace southgate::sim::test
