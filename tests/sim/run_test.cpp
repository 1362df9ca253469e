// Whole runs: SeaBIOS boots, stop conditions, limits, exit statuses, reports, determinism.
#include <gtest/gtest.h>

#include "command.h"

namespace southgate::sim::test {
namespace {

class SeaBios : public testing::TestWithParam<std::string> {};

TEST_P(SeaBios, ReachesNoBootableDevice) {
    const Result r = southgate({"run", "--firmware", GetParam(), "--debugcon", "stdout", "--stop-at",
                                "No bootable device.", "--max-time", "10s"});
    EXPECT_EQ(r.status, 0);
    EXPECT_EQ(r.err, "");
    EXPECT_TRUE(contains(r.out, "Found 1 cpu(s)"));
    EXPECT_TRUE(r.out.ends_with("No bootable device.")) << r.out;
}

INSTANTIATE_TEST_SUITE_P(Images, SeaBios, testing::Values(seabios_128k, seabios_256k), [](const auto& info) {
    return info.param == seabios_128k ? "bios128k" : "bios256k";
});

class Policy : public testing::TestWithParam<std::string> {};

TEST_P(Policy, BootsSeaBios) {
    const Result r = southgate({"run", "--pio-policy", GetParam(), "--debugcon", "stdout", "--stop-at",
                                "No bootable device.", "--max-time", "10s"});
    EXPECT_EQ(r.status, 0) << r.err;
}

// With zero timing INIT# lands inside the OUT; what is fetched next tells the policies apart.
TEST_P(Policy, DecidesWhereTheCpuStartsAfterAReset) {
    const Result r = southgate({"run", "--pio-policy", GetParam(), "--firmware", guest("reset-real.rom"),
                                "--stop-after-resets", "1", "--timeline", "--max-time", "1s"});
    ASSERT_EQ(r.status, 0) << r.err;
    const bool completes_late = GetParam() == "complete-always";
    EXPECT_EQ(contains(r.out, "first fetch FFFFFFF2 after init"), completes_late) << r.out;
    EXPECT_EQ(contains(r.out, "first fetch FFFFFFF0 after init"), !completes_late) << r.out;
    if (completes_late)
        EXPECT_TRUE(contains(r.out, "completed after the reset"));
    else if (GetParam() == "skip-before-exit" || GetParam() == "full-emulator")
        EXPECT_TRUE(contains(r.out, "completed before the exit"));
    else
        EXPECT_TRUE(contains(r.out, "dropped"));
}

INSTANTIATE_TEST_SUITE_P(All, Policy,
                         testing::Values("complete-always", "skip-before-exit", "cancel-on-rip-write",
                                         "cancel-on-rip-change", "match-reset-vector", "linear-rip-snapshot",
                                         "full-emulator"),
                         [](const auto& info) {
                             std::string name = info.param;
                             std::erase(name, '-');
                             return name;
                         });

class Reset : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(Reset, EveryPathTellsItsStory) {
    const auto& [rom, timing] = GetParam();
    const Result r = southgate({"run", "--firmware", guest("reset-" + rom + ".rom"), "--timing", timing,
                                "--debugcon", "stdout", "--timeline", "--max-time", "5s"});
    ASSERT_EQ(r.status, 0) << r.err;
    EXPECT_TRUE(contains(r.out, "done")) << r.out;
    for (const std::string source :
         {"port92", "cf9-soft", "cf9-hard", "cf9-full", "kbc-pulse", "kbc-output-port", "shutdown", "s5"})
        EXPECT_TRUE(contains(r.out, source)) << source;
    EXPECT_TRUE(contains(r.out, "reset timeline: 8 resets"));
    // Every start is at the reset vector.
    EXPECT_FALSE(contains(r.out, "first fetch 0"));
    EXPECT_EQ(contains(r.out, "dropped"), timing == "zero");
    EXPECT_EQ(contains(r.out, "completed before the line came"), timing == "datasheet");
}

INSTANTIATE_TEST_SUITE_P(Roms, Reset,
                         testing::Combine(testing::Values("real", "protected", "paging"),
                                          testing::Values("zero", "datasheet")),
                         [](const auto& info) {
                             return std::get<0>(info.param) + "_" + std::get<1>(info.param);
                         });

TEST(Run, DemoDiskResetsByEveryPath) {
    const Result r = southgate(
        {"run", "--disk", guest("demo.img"), "--debugcon", "stdout", "--timeline", "--max-time", "20s"});
    ASSERT_EQ(r.status, 0) << r.err;
    EXPECT_TRUE(contains(r.out, "demo: boot 8 after triple fault, RAM kept")) << r.out;
    EXPECT_TRUE(contains(r.out, "demo: firing ACPI soft-off"));
}

TEST(Run, TwoRunsGiveTheSameBytes) {
    const std::string dir = scratch();
    for (const std::string n : {"1", "2"}) {
        const Result r =
            southgate({"run", "--stop-at", "No bootable device.", "--events", dir + "/events" + n, "--vcd",
                       dir + "/vcd" + n, "--log", dir + "/log" + n, "--max-time", "10s"});
        ASSERT_EQ(r.status, 0) << r.err;
    }
    for (const std::string file : {"/events", "/vcd", "/log"}) {
        const std::string first = read_file(dir + file + "1");
        EXPECT_GT(first.size(), 100u) << file;
        EXPECT_TRUE(first == read_file(dir + file + "2")) << file;
    }
    const std::string events = read_file(dir + "/events1");
    EXPECT_TRUE(contains(
        events,
        R"("kind":"cpu.first_fetch","source":"pc.cpu","after":"power-on","linear_rip":"0xfffffff0"})"));
    EXPECT_TRUE(contains(events, R"("kind":"pio.exit")"));
    EXPECT_TRUE(contains(events, R"("kind":"end")"));
}

// Reports must not change a run.
TEST(Run, EventsDoNotDisturb) {
    const std::vector<std::string> arguments{
        "run", "--disk", guest("demo.img"), "--max-instructions", "20000000", "--debugcon", "stdout"};
    auto with = arguments;
    with.insert(with.end(), {"--events", scratch() + "/events"});
    const Result a = southgate(arguments), b = southgate(with);
    EXPECT_EQ(a.status, 3);
    EXPECT_EQ(b.status, 3);
    EXPECT_EQ(a.out, b.out);
}

TEST(Run, LimitsEndWithStatusThree) {
    Result r = southgate({"run", "--max-instructions", "123456", "--stats"});
    EXPECT_EQ(r.status, 3);
    EXPECT_TRUE(contains(r.err, "--max-instructions"));
    EXPECT_TRUE(contains(r.out, "instructions                 123456\n")) << r.out;
    r = southgate({"run", "--max-time", "1234567ns", "--stats"});
    EXPECT_EQ(r.status, 3);
    EXPECT_TRUE(contains(r.out, "simulated time               1.235 ms\n")) << r.out;
    r = southgate({"run", "--max-wall", "0.2"});
    EXPECT_EQ(r.status, 3);
    EXPECT_TRUE(contains(r.err, "--max-wall"));
}

TEST(Run, DebugExitGivesTheStatus) {
    const Result r = southgate({"run", "--firmware", guest("bench-reset-cf9-hard.rom"), "--debug-exit", "f4"});
    EXPECT_EQ(r.status, 1);  // (0 << 1) | 1
    EXPECT_EQ(r.err, "");
}

TEST(Run, PersonalityQemuBoots) {
    const Result r = southgate({"run", "--personality", "qemu", "--disk", guest("demo.img"), "--debugcon",
                                "stdout", "--timeline", "--max-time", "20s"});
    EXPECT_EQ(r.status, 0) << r.err;
    // Every source resets the machine.
    EXPECT_FALSE(contains(r.out, "after init"));
}

TEST(Run, ConfigurationFileSetsOptionsAndTheCommandLineWins) {
    const std::string dir = scratch();
    write_file(dir + "/c.toml",
               "memory = \"64M\"\ndebugcon = \"stdout\"\nstop-at = [\"No bootable device.\"]\nstats = true\n"
               "max-time = \"10s\"\n[timing.reset]\ninit_pulse = \"480 ns\"\n[personality]\na20_last_writer "
               "= true\n");
    Result r = southgate({"run", "--config", dir + "/c.toml"});
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_TRUE(contains(r.out, "len 0x0000000004000000 [RAM]")) << r.out;
    EXPECT_TRUE(contains(r.out, "block")) << r.out;
    r = southgate({"run", "--config", dir + "/c.toml", "--memory", "32M"});
    EXPECT_TRUE(contains(r.out, "len 0x0000000002000000 [RAM]")) << r.out;
}

TEST(Run, SerialPortIsWrittenToAFile) {
    const std::string file = scratch() + "/com1";
    const Result r =
        southgate({"run", "--serial", file, "--stop-at", "No bootable device", "--max-time", "10s"});
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_TRUE(contains(read_file(file), "SeaBIOS (version"));
}

TEST(Run, ScreenIsSearchedDumpedAndPictured) {
    const std::string png = scratch() + "/screen.png";
    const Result r = southgate({"run", "--vga", "std", "--stop-at", "Boot failed: could not read",
                                "--screen-text", "-", "--screenshot", png, "--max-time", "10s"});
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_TRUE(contains(r.out, "SeaBIOS (version")) << r.out;
    EXPECT_EQ(read_file(png).substr(1, 3), "PNG");
}

TEST(Run, ScreenInAGraphicsModeHasNoText) {
    const std::string image = scratch() + "/graphics.rom";
    std::string rom(65536, '\xf4');
    const std::string code("\xba\xf8\x0c\x66\xb8\x04\x10\x00\x80\x66\xef"  // CONFADD: command register of 00:02.0
                           "\xba\xfc\x0c\xb0\x03\xee"                      // I/O and memory space
                           "\xba\xce\x03\xb8\x06\x01\xef\xfa\xf4",        // graphics controller 6: graphics; cli; hlt
                           26);
    rom.replace(0xff00, code.size(), code);
    rom.replace(0xfff0, 3, std::string("\xe9\x0d\xff", 3));  // jmp ff00h
    write_file(image, rom);
    const Result r = southgate({"run", "--firmware", image, "--vga", "std", "--screen-text", "-"});
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_EQ(r.out, "");
    EXPECT_TRUE(contains(r.err, "in a graphics mode; --screenshot shows it")) << r.err;
}

// x87 arithmetic, PAE paging, ATAPI through SeaBIOS and the text screen, all in one.
TEST(Run, MemtestShowsItsScreen) {
    const std::string png = scratch() + "/memtest.png";
    const Result r = southgate({"run", "--cdrom", "/usr/lib/memtest86+/memtest86+ia32.iso", "--vga", "std", "--stop-at",
                                "Moving inversions", "--screen-text", "-", "--screenshot", png, "--max-time", "20s"});
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_TRUE(contains(r.out, "Memtest86+ v6.10")) << r.out;
    EXPECT_TRUE(contains(r.out, "Errors: 0")) << r.out;
    EXPECT_EQ(read_file(png).substr(1, 3), "PNG");
}

// Who reads the pipe sees what the guest wrote while the guest goes on.
TEST(Run, ConsolesReachAPipeAtOnce) {
    EXPECT_TRUE(contains(output_of_running({"run", "--debugcon", "stdout"}, "No bootable device."), "No bootable device."));

    const std::string image = scratch() + "/loops.rom";
    std::string rom(65536, '\xf4');
    std::string code = "\xba\xfb\x03\xb0\x03\xee"  // LCR: mov dx, 3fbh; mov al, 3; out dx, al
                       "\xb2\xf8";                  // mov dl, f8h
    for (const char c : std::string("up\n")) code += std::string("\xb0") + c + "\xee";  // mov al, c; out dx, al
    code += "\xeb\xfe";  // jmp $
    rom.replace(0xf000, code.size(), code);
    rom.replace(0xfff0, 3, "\xe9\x0d\xf0");  // jmp f000h
    write_file(image, rom);
    for (const char* where : {"stdout", "stdio"})
        EXPECT_EQ(output_of_running({"run", "--firmware", image, "--serial", where}, "up\n"), "up\n") << where;
}

TEST(Run, TypedKeysReachTheGuest) {
    const Result r = southgate({"run", "--keys", "<ctrl-alt-del>@1s", "--timeline", "--stop-after-resets",
                                "1", "--max-time", "10s"});
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_TRUE(contains(r.out, "cf9-hard")) << r.out;
}

TEST(Run, AGuestThatStopsForGoodEndsTheRun) {
    std::string rom(65536, '\xf4');  // HLT with interrupts disabled
    write_file(scratch() + "/hlt.rom", rom);
    Result r = southgate({"run", "--firmware", scratch() + "/hlt.rom"});
    EXPECT_EQ(r.status, 0) << r.err;
    r = southgate({"run", "--firmware", scratch() + "/hlt.rom", "--stop-at", "never"});
    EXPECT_EQ(r.status, 3);
    EXPECT_TRUE(contains(r.err, "stopped for good")) << r.err;
}

TEST(Run, EveryImageSizeOfTheRuleStarts) {
    for (const std::size_t size : {std::size_t{64} << 10, std::size_t{68} << 10, std::size_t{132} << 10,
                                   std::size_t{3580} << 10, std::size_t{16} << 20}) {
        std::string rom(size, '\x90');
        rom.back() = '\xf4';
        rom.replace(size - 16, 2, "\xeb\x0d");  // to the HLT in the last byte
        write_file(scratch() + "/rom", rom);
        const Result r = southgate({"run", "--firmware", scratch() + "/rom", "--max-time", "1s"});
        EXPECT_EQ(r.status, 0) << size << ": " << r.err;
    }
}

TEST(Run, HelpAndVersion) {
    Result r = southgate({"--version"});
    EXPECT_EQ(r.status, 0);
    EXPECT_TRUE(r.out.starts_with("southgate "));
    r = southgate({"run", "--help"});
    EXPECT_EQ(r.status, 0);
    EXPECT_TRUE(contains(r.out, "--pio-policy"));
    EXPECT_EQ(southgate({"--help"}).status, 0);
}

}  // namespace
}  // namespace southgate::sim::test
