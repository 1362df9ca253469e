// Everything a user can get wrong is refused with one line that names it, and status 2.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "command.h"

namespace southgate::sim::test {
namespace {

void refused(const std::vector<std::string>& arguments, const std::string& says) {
    const Result r = southgate(arguments, scratch());
    EXPECT_EQ(r.status, 2) << says;
    EXPECT_EQ(r.out, "");
    EXPECT_EQ(std::count(r.err.begin(), r.err.end(), '\n'), 1) << r.err;
    EXPECT_NE(r.err.find(says), std::string::npos) << "wanted '" << says << "', got: " << r.err;
}

void run_refused(std::vector<std::string> arguments, const std::string& says) {
    arguments.insert(arguments.begin(), "run");
    refused(arguments, says);
}

TEST(BadInput, Commands) {
    refused({}, "subcommand");
    refused({"fly"}, "unknown command 'fly'");
    refused({"run", "--nonsense"}, "--nonsense");
    refused({"run", "stray"}, "stray");
    refused({"run", "--memory"}, "--memory");
}

TEST(BadInput, Firmware) {
    run_refused({"--firmware", "absent.bin"}, "absent.bin: no such file");
    run_refused({"--firmware", "."}, ".: not a regular file");
    const std::string dir = scratch();
    for (const auto size : {0, 4096, 65536 + 1, 65536 + 4095, (16 << 20) + 4096}) {
        write_file(dir + "/rom", std::string(static_cast<std::size_t>(size), '\xff'));
        run_refused({"--firmware", "rom"},
                    "multiple of 4 KiB from 64 KiB to 16 MiB, this file has " + std::to_string(size));
    }
}

TEST(BadInput, FlashVariables) {
    const std::string dir = scratch();
    run_refused({"--flash-vars", "absent.fd"}, "absent.fd: no such file");
    run_refused({"--flash-vars", "."}, ".: not a regular file");
    for (const auto size : {1, 4097, (16 << 20) - (256 << 10) + 4096}) {
        write_file(dir + "/vars.fd", std::string(static_cast<std::size_t>(size), '\xff'));
        run_refused({"--flash-vars", "vars.fd"}, "vars.fd: " + std::to_string(size) + " bytes");
    }
    write_file(dir + "/vars.fd", std::string(8192, '\xff'));
    run_refused({"--firmware", "ovmf-4m", "--flash-vars", "vars.fd"}, "vars.fd: 8192 bytes, ovmf-4m needs 540672");
    run_refused({"--firmware", "ovmf-4m", "--flash-vars", "absent.fd"}, "start with a copy of /usr/share/OVMF");
    std::filesystem::permissions(dir + "/vars.fd", std::filesystem::perms::owner_read);
    run_refused({"--flash-vars", "vars.fd"}, "vars.fd: is read-only");
    std::filesystem::remove(dir + "/vars.fd");  // a later run writes it again
}

TEST(BadInput, Machine) {
    run_refused({"--machine", "toaster"}, "toaster");
    run_refused({"--memory", "lots"}, "--memory: 'lots' is not a size");
    run_refused({"--memory", "0"}, "--memory");
    run_refused({"--memory", "100T"}, "--memory");
    run_refused({"--memory", "-1M"}, "--memory");
    run_refused({"--personality", "friendly"}, "friendly");
    run_refused({"--vga", "cga"}, "cga");
    run_refused({"--vga", "std", "--vga-rom", "absent.rom"}, "absent.rom");
    run_refused({"--pio-policy", "hope"}, "hope");
    run_refused({"--cpu", "z80"}, "--cpu: 'z80' is not one of x86_64, p6");
    run_refused({"--cpu", "x86_64,smap"}, "--cpu: 'smap' is no change of a feature");
    run_refused({"--cpu", "x86_64,-smap,-avx"}, "--cpu: 'avx' is not one of vme, sse3");
    run_refused({"--cpu", "p6,+smap"}, "--cpu: p6 has no smap");
    run_refused({"--random-seed", "dice"}, "--random-seed");
    run_refused({"--quirk-out-7e", "maybe"}, "maybe");
    run_refused({"--skip-model", "tdx"}, "tdx");
    run_refused({"--string-rules", "maybe"}, "maybe");
    run_refused({"--mips", "0"}, "--mips");
    run_refused({"--tsc-mhz", "fast"}, "--tsc-mhz");
}

TEST(BadInput, Dialogue) {
    run_refused({"--expect", "# "}, "--expect and --send come in pairs, 1 and 0 were given");
    run_refused({"--expect", "# ", "--send", "ls", "--send", "ls"}, "1 and 2");
    run_refused({"--expect", "", "--send", "ls"}, "--expect: the text is empty");
    run_refused({"--expect", "# ", "--send", "\\q"}, "--send: '\\q': unknown escape \\q");
    run_refused({"--expect", "\\x1", "--send", "ls"}, "--expect: '\\x1': \\x needs two hexadecimal digits");
}

TEST(BadInput, Drives) {
    const std::string dir = scratch();
    write_file(dir + "/empty.img", "");
    write_file(dir + "/odd.img", std::string(513, 'x'));
    write_file(dir + "/ok.img", std::string(512, 'x'));
    run_refused({"--disk", "absent.img"}, "absent.img");
    run_refused({"--disk", "empty.img"}, "empty.img");
    run_refused({"--disk", "odd.img"}, "odd.img");
    run_refused({"--disk", "."}, ".");
    run_refused({"--cdrom", "ok.img"}, "ok.img");
    run_refused(
        {"--disk", "ok.img", "--disk", "ok.img", "--disk", "ok.img", "--disk", "ok.img", "--disk", "ok.img"},
        "four IDE drives");
}

TEST(BadInput, Consoles) {
    run_refused({"--debugcon", "no/such/dir/file"}, "no/such/dir/file");
    run_refused({"--debugcon-port", "12345"}, "12345");
    run_refused({"--debugcon-port", "xyz"}, "xyz");
    run_refused({"--debug-exit", "-1"}, "-1");
    run_refused({"--serial", "tcp:99999"}, "tcp:99999");
    run_refused({"--serial", "tcp:"}, "tcp:");
    run_refused({"--serial", "a", "--serial", "b", "--serial", "c"}, "two serial ports");
    run_refused({"--keys", "hello"}, "TEXT@TIME");
    run_refused({"--keys", "hello@soon"}, "soon");
    run_refused({"--keys", "<nokey>@1s"}, "nokey");
    run_refused({"--screenshot", "a.png"}, "--vga std");
    run_refused({"--screen-text", "-"}, "--vga std");
}

TEST(BadInput, Limits) {
    run_refused({"--max-time", "5"}, "--max-time: '5' is not a time");
    run_refused({"--max-time", "-5s"}, "--max-time");
    run_refused({"--max-instructions", "many"}, "--max-instructions");
    run_refused({"--max-wall", "-1"}, "--max-wall");
    run_refused({"--stop-after-resets", "-1"}, "--stop-after-resets");
    run_refused({"--stop-at", ""}, "--stop-at");
    run_refused({"--wake-after", "later"}, "--wake-after");
}

TEST(BadInput, Reports) {
    run_refused({"--events", "no/dir/events"}, "no/dir/events");
    run_refused({"--vcd", "no/dir/vcd"}, "no/dir/vcd");
    run_refused({"--log", "no/dir/log"}, "no/dir/log");
}

TEST(BadInput, TimingFiles) {
    const std::string dir = scratch();
    const auto file = [&](const std::string& text, const std::string& says) {
        write_file(dir + "/t.toml", text);
        run_refused({"--timing", "t.toml"}, says);
    };
    run_refused({"--timing", "absent.toml"}, "absent.toml");
    file("reset = [", "t.toml:1");
    file("\n[reset]\nwarp = \"1 us\"", "t.toml:3: unknown timing 'warp'");
    file("[reset]\ninit_pulse = 5", "t.toml:2: 'init_pulse' must be a string");
    file("[reset]\ninit_pulse = \"5 parsec\"", "t.toml:2: '5 parsec' is not a time");
    file("[engine]\nx = 1", "unknown key 'engine'");
    file("base = \"guess\"", "'base' must be");
    file("[cpu]\ninstruction = \"0\"", "cpu.instruction");
}

TEST(BadInput, ConfigurationFiles) {
    const std::string dir = scratch();
    const auto file = [&](const std::string& text, const std::string& says) {
        write_file(dir + "/c.toml", text);
        run_refused({"--config", "c.toml"}, says);
    };
    run_refused({"--config", "absent.toml"}, "absent.toml");
    run_refused({"--config", "."}, ".");
    file("memory = ", "c.toml:1");
    file("memmory = \"1M\"", "c.toml:1: unknown key 'memmory'");
    file("config = \"c.toml\"", "unknown key 'config'");
    file("memory = {a = 1}", "'memory' must be");
    file("memory = \"1X\"", "'1X' is not a size");
    file("timeline = \"perhaps\"", "timeline");
    file("[personality]\nkind = true", "unknown deviation 'kind'");
    file("[personality]\npam_survives_reset = 1", "must be true or false");
    file("[timing.warp]\nx = \"1 s\"", "timing.warp");
}

}  // namespace
}  // namespace southgate::sim::test
