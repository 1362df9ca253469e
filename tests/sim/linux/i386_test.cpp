// Debian's kernels for 32-bit PCs: the one with PAE on the default processor, the one without on a P6.
#include <gtest/gtest.h>

#include "guest.h"

namespace southgate::sim::test {
namespace {

const std::string report = "dmesg -r | grep '^<[0-4]>'; echo c''pus=$(nproc) $(uname -m) "
                           "$(grep -owE 'pae|lm|nx' /proc/cpuinfo | sort -u | tr '\\n' ' '); poweroff -f";

std::vector<std::string> run_arguments(const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"--memory", "256M", "--max-time", "60s", "--expect", linux_prompt, "--send", report};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

TEST(LinuxI386, BringsUpFourProcessorsWithPaeAndSwitchesOff) {
    const LinuxGuest guest = linux_guest({"--fetched", "686-pae"});
    REQUIRE_LINUX(guest);
    const LinuxRun r = boot_linux(guest, run_arguments({"--smp", "4"}));
    EXPECT_EQ(r.result.status, 0) << r.result.err << r.serial;
    EXPECT_EQ(answer(r.serial, "cpus"), "4 i686 lm nx pae") << r.serial;
    EXPECT_EQ(unexpected_warnings(r.serial), "");
}

TEST(LinuxLongI386, BootsThroughSeaBiosAndGrub) {
    REQUIRE_LONG_RUN();
    const LinuxGuest guest = linux_guest({"--fetched", "686-pae", "--iso"}, linux_parameters);
    REQUIRE_LINUX(guest);
    const LinuxRun r = run_linux(run_arguments({"--cdrom", guest.iso, "--vga", "std"}));
    EXPECT_EQ(r.result.status, 0) << r.result.err << r.serial;
    EXPECT_EQ(count(r.serial, "Booting `Linux'"), 1u) << r.serial;
    EXPECT_EQ(answer(r.serial, "cpus"), "1 i686 lm nx pae") << r.serial;
    EXPECT_EQ(unexpected_warnings(r.serial), "");
}

// A processor without long mode, SSE and NX; this kernel leaves its PAE alone.
TEST(LinuxLongI386, BootsWithoutPaeOnAP6) {
    REQUIRE_LONG_RUN();
    const LinuxGuest guest = linux_guest({"--fetched", "686"});
    REQUIRE_LINUX(guest);
    for (const std::string cpus : {"1", "4"}) {
        const LinuxRun r = boot_linux(guest, run_arguments({"--cpu", "p6", "--smp", cpus}));
        EXPECT_EQ(r.result.status, 0) << r.result.err << r.serial;
        EXPECT_EQ(answer(r.serial, "cpus"), cpus + " i686 pae") << r.serial;
        // The model has no performance counters, and without PAE the kernel cannot move its page table entries away.
        for (const auto& warning : lines_with(unexpected_warnings(r.serial), ">["))
            EXPECT_TRUE(contains(warning, "perfctr msr (MSR 186") || contains(warning, "L1TF: Kernel not compiled for PAE"))
                << warning;
    }
}

}  // namespace
}  // namespace southgate::sim::test
