// Debian's kernel on the machine: every way to boot it, its processors, memory, drives, screen, and power off.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <regex>
#include <thread>

#include "guest.h"

namespace southgate::sim::test {
namespace {

TEST(Linux, BootsDirectlyToAShellWithoutAWarningAndSwitchesOff) {
    const LinuxGuest guest = linux_guest();
    REQUIRE_LINUX(guest);
    const LinuxRun r = boot_linux(guest, {"--memory", "256M", "--timeline", "--max-time", "30s", "--expect", linux_prompt,
                                          "--send", "dmesg -r | grep '^<[0-4]>'; dmesg | grep tsc:; echo c''pus=$(nproc)",
                                          "--expect", linux_prompt, "--send", "poweroff -f"});
    EXPECT_EQ(r.result.status, 0) << r.result.err << r.serial;
    EXPECT_EQ(answer(r.serial, "cpus"), "1") << r.serial;
    EXPECT_EQ(unexpected_warnings(r.serial), "");
    EXPECT_FALSE(contains(r.serial, "unstable"));
    EXPECT_TRUE(contains(r.serial, "tsc: Detected 1000.0")) << r.serial;
    EXPECT_TRUE(contains(r.serial, "reboot: Power down")) << r.serial;
    EXPECT_TRUE(contains(r.result.out, "reset timeline: 1 reset\n")) << r.result.out;
    EXPECT_TRUE(contains(r.result.out, "  s5   ")) << r.result.out;
}

TEST(Linux, BringsUpFourProcessors) {
    const LinuxGuest guest = linux_guest();
    REQUIRE_LINUX(guest);
    const LinuxRun r = boot_linux(
        guest, {"--memory", "256M", "--smp", "4", "--stats", "--max-time", "30s", "--expect", linux_prompt, "--send",
                "dmesg -r | grep '^<[0-4]>'; echo c''pus=$(nproc) i''nfo=$(grep -c ^processor /proc/cpuinfo); "
                "for i in 0 1 2 3; do taskset $((1 << i)) grep Cpus_allowed_list /proc/self/status; done; "
                "grep LOC: /proc/interrupts; dmesg | grep 'TSC deadline'; poweroff -f"});
    EXPECT_EQ(r.result.status, 0) << r.result.err << r.serial;
    EXPECT_EQ(answer(r.serial, "cpus"), "4 info=4") << r.serial;
    for (const char* cpu : {"0", "1", "2", "3"})
        EXPECT_TRUE(std::regex_search(r.serial, std::regex(fmt::format("Cpus_allowed_list:\t{}\r", cpu)))) << cpu;
    EXPECT_TRUE(std::regex_search(r.serial, std::regex("LOC: +[1-9][0-9]* +[1-9][0-9]* +[1-9][0-9]* +[1-9][0-9]*  ")))
        << r.serial;
    EXPECT_TRUE(contains(r.serial, "TSC deadline timer available")) << r.serial;
    EXPECT_EQ(unexpected_warnings(r.serial), "");
    EXPECT_EQ(count(r.result.out, " instructions ("), 4u) << r.result.out;
}

TEST(Linux, BootsThroughSeaBiosAndGrub) {
    const LinuxGuest guest = linux_guest({"--iso"}, linux_parameters);
    REQUIRE_LINUX(guest);
    const LinuxRun r = run_linux({"--cdrom", guest.iso, "--vga", "std", "--memory", "256M", "--debugcon", "stdout",
                                  "--max-time", "60s", "--expect", linux_prompt, "--send", "cat /proc/cmdline; poweroff -f"});
    EXPECT_EQ(r.result.status, 0) << r.result.err << r.serial;
    EXPECT_TRUE(contains(r.result.out, "Booting from DVD/CD")) << r.result.out;
    EXPECT_TRUE(contains(r.serial, "Booting `Linux'")) << r.serial;
    EXPECT_TRUE(contains(r.serial, "BOOT_IMAGE=/boot/vmlinuz " + linux_parameters)) << r.serial;
}

TEST(Linux, FindsMemoryAboveFourGiB) {
    const LinuxGuest guest = linux_guest();
    REQUIRE_LINUX(guest);
    // The processor without some features: the kernel does without them, too.
    const LinuxRun r = boot_linux(guest, {"--memory", "5G", "--cpu", "x86_64,-tsc_deadline,-x2apic,-pcid,-smap", "--max-time",
                                          "60s", "--expect", linux_prompt, "--send",
                                          "echo m''em=$(awk '/MemTotal/ {print $2}' /proc/meminfo) "
                                          "f''ound=$(grep -m1 flags /proc/cpuinfo | grep -c -w -E "
                                          "'tsc_deadline_timer|x2apic|pcid|smap'); "
                                          "dmesg | grep -E 'e820.*0000000100000000.*usable'; poweroff -f"});
    EXPECT_EQ(r.result.status, 0) << r.result.err << r.serial;
    const std::string kib = answer(r.serial, "mem");
    ASSERT_FALSE(kib.empty()) << r.serial;
    EXPECT_GT(std::stoull(kib), 4'900'000u);
    EXPECT_TRUE(contains(r.serial, "[mem 0x0000000100000000-")) << r.serial;
    EXPECT_EQ(answer(r.serial, "found"), "0") << r.serial;
}

// libata over the PIIX: bus-master DMA to a disk and a CD-ROM, with interrupts.
TEST(Linux, ReadsAndWritesDrivesByDma) {
    const LinuxGuest guest = linux_guest({"--drives", "--iso"});
    REQUIRE_LINUX(guest);
    const std::string disk = scratch() + "/disk.img";
    std::string bytes(2 << 20, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 2654435761u >> 24);
    write_file(disk, bytes);
    const LinuxRun r = boot_linux(
        guest, {"--memory", "256M", "--disk", disk, "--persist-disks", "--cdrom", guest.iso, "--max-time", "60s", "--expect",
                linux_prompt, "--send",
                "while [ ! -e /dev/sr0 -o ! -e /dev/sda ]; do sleep 0.1; done; cat /sys/class/ata_device/dev[12].0/xfer_mode; "
                "mount -r /dev/sr0 /mnt; cmp /mnt/boot/initrd /dev/zero 2>&1 | head -1; dd if=/dev/sda of=/dev/sda bs=64k skip=1 seek=16 "
                "count=8 conv=notrunc,fsync; grep ata_piix /proc/interrupts; poweroff -f"});
    EXPECT_EQ(r.result.status, 0) << r.result.err << r.serial;
    EXPECT_TRUE(contains(r.serial, "\nXFER_MW_DMA_2\r\nXFER_MW_DMA_2\r")) << r.serial;
    EXPECT_TRUE(contains(r.serial, "8+0 records out")) << r.serial;
    EXPECT_TRUE(contains(r.serial, "differ: char 1")) << r.serial;
    EXPECT_TRUE(std::regex_search(r.serial, std::regex("14: +[1-9][0-9]* .*ata_piix"))) << r.serial;
    EXPECT_TRUE(std::regex_search(r.serial, std::regex("15: +[1-9][0-9]* .*ata_piix"))) << r.serial;
    bytes.replace(1 << 20, 512 << 10, bytes, 64 << 10, 512 << 10);
    EXPECT_TRUE(read_file(disk) == bytes);
}

TEST(Linux, TalksOnTheScreenAndTheKeyboard) {
    const LinuxGuest guest = linux_guest();
    REQUIRE_LINUX(guest);
    const LinuxRun r = boot_linux(guest, {"--memory", "256M", "--vga", "std", "--keys", "expr 19 + 23; tty<enter>@8s",
                                          "--screen-text", "-", "--max-time", "9s"},
                                  "console=tty0 quiet cryptomgr.notests");
    EXPECT_EQ(r.result.status, 3) << r.result.err;
    EXPECT_TRUE(contains(r.result.out, "southgate-linux: 1 processors\n")) << r.result.out;
    EXPECT_TRUE(contains(r.result.out, "linux# expr 19 + 23; tty\n42\n/dev/tty")) << r.result.out;
}

TEST(Linux, TwoRunsGiveTheSameEvents) {
    const LinuxGuest guest = linux_guest();
    REQUIRE_LINUX(guest);
    const auto run = [&] {
        return boot_linux(guest, {"--memory", "256M", "--smp", "2", "--max-time", "30s", "--expect", linux_prompt, "--send",
                                  "head -c 8 /dev/urandom | md5sum; date; poweroff -f"});
    };
    const LinuxRun first = run(), second = run();
    EXPECT_EQ(first.result.status, 0) << first.result.err << first.serial;
    EXPECT_EQ(first.serial, second.serial);
    EXPECT_GT(first.events.size(), 1'000'000u);
    EXPECT_TRUE(first.events == second.events);
}

// scripts/linux-guest at another time of day.
TEST(Linux, ItsGuestIsTheSameByteForByte) {
    const LinuxGuest guest = linux_guest({"--iso"});
    REQUIRE_LINUX(guest);
    const std::string initrd = read_file(guest.initrd), iso = read_file(guest.iso);
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    (void)linux_guest({"--iso"});
    EXPECT_TRUE(read_file(guest.initrd) == initrd);
    EXPECT_TRUE(read_file(guest.iso) == iso);
}

TEST(LinuxLong, BringsUpSixteenProcessors) {
    REQUIRE_LONG_RUN();
    const LinuxGuest guest = linux_guest();
    REQUIRE_LINUX(guest);
    const LinuxRun r = boot_linux(guest, {"--memory", "1G", "--smp", "16", "--max-time", "60s", "--expect", linux_prompt,
                                          "--send", "dmesg -r | grep '^<[0-4]>'; echo c''pus=$(nproc); poweroff -f"});
    EXPECT_EQ(r.result.status, 0) << r.result.err << r.serial;
    EXPECT_EQ(answer(r.serial, "cpus"), "16") << r.serial;
    EXPECT_EQ(unexpected_warnings(r.serial), "");
}

// The kernel compares its ciphers and hashes, in SSE, AES-NI, PCLMULQDQ and SHA code, with known answers.
TEST(LinuxLong, PassesItsOwnCryptographicSelfTests) {
    REQUIRE_LONG_RUN();
    const LinuxGuest guest = linux_guest();
    REQUIRE_LINUX(guest);
    const LinuxRun r = boot_linux(guest,
                                  {"--memory", "256M", "--max-time", "60s", "--expect", linux_prompt, "--send",
                                   "dmesg -r | grep '^<[0-4]>'; grep -c 'selftest.*passed' /proc/crypto; grep -A9 ^name "
                                   "/proc/crypto | grep selftest | grep -v passed; poweroff -f"},
                                  "console=ttyS0 quiet");
    EXPECT_EQ(r.result.status, 0) << r.result.err << r.serial;
    EXPECT_EQ(unexpected_warnings(r.serial), "");
    EXPECT_FALSE(contains(r.serial, ": unknown")) << r.serial;
}

// Any other kernel: SOUTHGATE_LINUX_KERNEL names its file.
TEST(LinuxLong, BootsAnotherKernel) {
    REQUIRE_LONG_RUN();
    const char* file = std::getenv("SOUTHGATE_LINUX_KERNEL");
    if (!file) GTEST_SKIP() << "SOUTHGATE_LINUX_KERNEL names no kernel";
    const LinuxGuest guest = linux_guest({"--kernel", file});
    REQUIRE_LINUX(guest);
    const LinuxRun r = boot_linux(guest, {"--memory", "512M", "--max-time", "120s", "--expect", linux_prompt, "--send",
                                          "dmesg -r | grep '^<[0-4]>'; uname -a; poweroff -f"});
    EXPECT_EQ(r.result.status, 0) << r.result.err << r.serial;
    EXPECT_EQ(unexpected_warnings(r.serial), "");
}

}  // namespace
}  // namespace southgate::sim::test
