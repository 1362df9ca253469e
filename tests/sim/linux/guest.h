// A Linux guest for tests, made of Debian's packages by scripts/linux-guest, and what its runs print.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "command.h"

namespace southgate::sim::test {

struct LinuxGuest {
    std::string missing;  // why there is none, one line; empty: there is one
    std::string kernel, initrd, iso;
};
// Options are those of the script. The parameters are those of the kernel on the ISO.
LinuxGuest linux_guest(const std::vector<std::string>& options = {}, const std::string& parameters = "");
#define REQUIRE_LINUX(guest) \
    if (!(guest).missing.empty()) GTEST_SKIP() << (guest).missing

// Kernel parameters of every boot: nothing is left out but the self-tests of the cryptographic algorithms, which take
// most of a boot's time.
inline const std::string linux_parameters = "console=ttyS0 quiet cryptomgr.notests";
inline const std::string linux_prompt = "linux# ";

// Tests that take minutes run only if this environment variable is set.
inline constexpr const char* long_run_variable = "SOUTHGATE_LINUX_LONG";
bool long_run();
#define REQUIRE_LONG_RUN() \
    if (!long_run()) GTEST_SKIP() << "only with " << long_run_variable << "=1"

struct LinuxRun {
    Result result;
    std::string serial;  // what COM1 showed
    std::string events;  // the file of --events
};
// `southgate run` with the guest booted by --kernel; `arguments` are added.
LinuxRun boot_linux(const LinuxGuest& guest, const std::vector<std::string>& arguments,
                    const std::string& parameters = linux_parameters);
LinuxRun run_linux(const std::vector<std::string>& arguments);

// The lines of a text that hold `part`.
std::vector<std::string> lines_with(const std::string& text, const std::string& part);
std::size_t count(const std::string& text, const std::string& part);
// What stands behind "marker=" on a line; the echo of the command that prints it must not hold that.
std::string answer(const std::string& serial, const std::string& marker);

struct PortWrite {
    std::uint64_t time_ps;
    std::uint32_t data;
};
// The bytes and words written to a port, in order, out of an event file.
std::vector<PortWrite> writes_to(const std::string& events, std::uint16_t port);

// Messages of the kernel that are warnings or worse ("<level>[time] text", dmesg -r), but for those of a healthy i440FX:
// it has no MMCONFIG, and the numbers of the processors come in the middle of a line.
std::string unexpected_warnings(const std::string& text);

}  // namespace southgate::sim::test
