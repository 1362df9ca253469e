// Debian's standard 64-bit kernel, with the drivers of a PC that the cloud flavour leaves out. It unpacks itself from XZ
// for half a simulated minute.
#include <gtest/gtest.h>

#include "guest.h"

namespace southgate::sim::test {
namespace {

const std::string report = "dmesg -r | grep '^<[0-4]>'; echo c''pus=$(nproc) $(uname -r); poweroff -f";

void expect_shell(const LinuxRun& r, const std::string& cpus, std::size_t boots) {
    ASSERT_EQ(r.result.status, 0) << r.result.err << r.serial;
    EXPECT_EQ(count(r.serial, "southgate-linux: " + cpus + " processors"), boots) << r.serial;
    const std::string shown = answer(r.serial, "cpus");
    EXPECT_EQ(shown.substr(0, 4), cpus + " 6.") << r.serial;
    EXPECT_FALSE(contains(shown, "cloud")) << shown;
    EXPECT_EQ(unexpected_warnings(r.serial), "");
}

TEST(LinuxStandard, BringsUpTwoProcessorsAndSwitchesOff) {
    const LinuxGuest guest = linux_guest({"--fetched", "amd64"});
    REQUIRE_LINUX(guest);
    expect_shell(boot_linux(guest, {"--memory", "512M", "--smp", "2", "--max-time", "100s", "--expect", linux_prompt, "--send",
                                    report}),
                 "2", 1);
}

TEST(LinuxLongStandard, BootsTwiceThroughSeaBiosAndGrub) {
    REQUIRE_LONG_RUN();
    const LinuxGuest guest = linux_guest({"--fetched", "amd64", "--iso"}, linux_parameters);
    REQUIRE_LINUX(guest);
    const LinuxRun r = run_linux({"--memory", "512M", "--max-time", "200s", "--timeline", "--cdrom", guest.iso, "--vga", "std",
                                  "--expect", linux_prompt, "--send", "reboot -f", "--expect", linux_prompt, "--send", report});
    expect_shell(r, "1", 2);
    EXPECT_EQ(count(r.serial, "Booting `Linux'"), 2u) << r.serial;
    EXPECT_TRUE(contains(r.result.out, "cf9-hard")) << r.result.out;
}

}  // namespace
}  // namespace southgate::sim::test
