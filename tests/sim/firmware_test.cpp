// The catalogue of firmware images, and images that boot by name or with a kernel handed to them.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "command.h"

namespace southgate::sim::test {
namespace {

TEST(Firmware, ListNamesEveryImage) {
    const Result table = southgate({"firmware", "list"});
    ASSERT_EQ(table.status, 0) << table.err;
    const Result json = southgate({"firmware", "list", "--format", "json"});
    ASSERT_EQ(json.status, 0) << json.err;
    const auto list = nlohmann::json::parse(json.out);
    EXPECT_GE(list.size(), 8u);
    for (const auto& image : list) {
        EXPECT_TRUE(contains(table.out, image["name"].get<std::string>()));
        EXPECT_EQ(image["present"].get<bool>(), std::filesystem::exists(image["path"].get<std::string>()));
    }
}

TEST(Firmware, PathOfAnImage) {
    const Result r = southgate({"firmware", "path", "seabios"});
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_EQ(r.out, seabios_256k + "\n");
    const Result unknown = southgate({"firmware", "path", "phoenix"});
    EXPECT_EQ(unknown.status, 2);
    EXPECT_TRUE(contains(unknown.err, "'phoenix' is no known image: seabios, ")) << unknown.err;
}

TEST(Firmware, AnImageThatIsNotThereSaysHowToGetIt) {
    setenv("XDG_CACHE_HOME", scratch().c_str(), 1);
    const Result path = southgate({"firmware", "path", "coreboot"});
    const Result run = southgate({"run", "--firmware", "coreboot"});
    unsetenv("XDG_CACHE_HOME");
    EXPECT_EQ(path.status, 3);
    EXPECT_TRUE(contains(path.err, "scripts/build-coreboot builds it")) << path.err;
    EXPECT_EQ(run.status, 2);
    EXPECT_TRUE(contains(run.err, "scripts/build-coreboot builds it")) << run.err;
}

TEST(Firmware, AnImageGivenByItsPathHearsOfItsName) {
    const std::string path = "/usr/share/OVMF/OVMF_CODE_4M.fd", hint = "--firmware ovmf-4m, the name of this image, adds";
    const auto run = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "run");
        arguments.insert(arguments.end(), {"--max-instructions", "1000"});
        const Result r = southgate(arguments);
        EXPECT_EQ(r.status, 3) << r.err;
        return r.err;
    };
    EXPECT_TRUE(contains(run({"--firmware", path}), hint));
    EXPECT_FALSE(contains(run({"--firmware", "ovmf-4m"}), "adds"));
    const std::string vars = scratch() + "/vars.fd";
    std::filesystem::copy_file("/usr/share/OVMF/OVMF_VARS_4M.fd", vars, std::filesystem::copy_options::overwrite_existing);
    EXPECT_TRUE(contains(run({"--firmware", path, "--flash-vars", vars}), hint));
    EXPECT_FALSE(contains(run({"--firmware", path, "--flash-vars", vars, "--personality", "qemu"}), "adds"));
}

TEST(Firmware, BochsBiosLooksForABootDevice) {
    const Result r = southgate({"run", "--firmware", "bochs", "--debugcon", "stdout", "--stop-at",
                                "No bootable device.", "--max-time", "10s"});
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_TRUE(contains(r.out, "Starting rombios32")) << r.out;
}

TEST(Firmware, CorebootStartsItsPayload) {
    if (southgate({"firmware", "path", "coreboot"}).status != 0) GTEST_SKIP() << "scripts/build-coreboot makes the image";
    const std::string serial = scratch() + "/serial";
    const Result r = southgate({"run", "--firmware", "coreboot", "--serial", serial, "--stop-at", "No bootable device.",
                                "--max-time", "20s"});
    EXPECT_EQ(r.status, 0) << r.err;
    const std::string text = read_file(serial);
    for (const std::string stage : {"bootblock", "romstage", "postcar", "ramstage"})
        EXPECT_TRUE(contains(text, stage + " starting")) << text;
    EXPECT_TRUE(contains(text, "coreboot-4.15")) << text;
    EXPECT_TRUE(contains(text, "SeaBIOS (version ")) << text;
}

// The demo's boot sector resets the machine by every path; coreboot starts again from its bootblock each time, and needs
// no second reset as SeaBIOS alone does after an INIT.
TEST(Firmware, CorebootStartsAgainAfterEveryReset) {
    if (southgate({"firmware", "path", "coreboot"}).status != 0) GTEST_SKIP() << "scripts/build-coreboot makes the image";
    const Result r = southgate({"run", "--firmware", "coreboot", "--disk", guest("demo.img"), "--debugcon", "stdout",
                                "--timeline", "--max-time", "60s"});
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_TRUE(contains(r.out, "demo: boot 8 after triple fault")) << r.out;
    EXPECT_TRUE(contains(r.out, "reset timeline: 8 resets")) << r.out;
    std::size_t at = 0;
    for (const std::string source :
         {"power-on", "port92", "cf9-soft", "cf9-hard", "cf9-full", "kbc-pulse", "kbc-output-port", "shutdown", "s5"}) {
        at = r.out.find("  " + source + " ", at);
        ASSERT_NE(at, std::string::npos) << source << r.out;
    }
}

TEST(Firmware, DialogueWithUBoot) {
    const std::string serial = scratch() + "/serial";
    const Result r = southgate({"run", "--firmware", "u-boot", "--serial", serial, "--expect", "=> ", "--send",
                                "setenv a 4", "--expect", "=> ", "--send",
                                "echo <${a}2>", "--stop-at", "<42>", "--max-time", "30s"});
    EXPECT_EQ(r.status, 0) << r.err << read_file(serial);
    // A text of --stop-at before the end of the dialogue does not count.
    const Result early = southgate({"run", "--firmware", "u-boot", "--expect", "=> ", "--send", "", "--expect",
                                    "never", "--send", "", "--stop-at", "=> ", "--max-time", "4s"});
    EXPECT_EQ(early.status, 3);
    EXPECT_TRUE(contains(early.err, "; 'never' has not appeared")) << early.err;
}

TEST(Firmware, AProcessorWithoutSimdRunsSeaBios) {
    const Result r = southgate({"run", "--cpu", "p6", "--debugcon", "stdout", "--stop-at", "No bootable device.",
                                "--max-time", "10s"});
    EXPECT_EQ(r.status, 0) << r.err;
}

TEST(DirectBoot, SeaBiosStartsTheKernelItIsGiven) {
    const Result r = southgate({"run", "--kernel", "/boot/memtest86+ia32.bin", "--append", "console=ttyS0,115200",
                                "--memory", "64M", "--debugcon", "stdout", "--serial", scratch() + "/serial",
                                "--stop-at", "Memtest86+", "--max-time", "20s"});
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_TRUE(contains(r.out, "Booting from ROM")) << r.out;
}

// qboot reads the kernel's items itself, and has nothing else to boot.
TEST(DirectBoot, QbootStartsTheKernelItIsGiven) {
    const std::string serial = scratch() + "/serial";
    const Result r = southgate({"run", "--firmware", "qboot", "--kernel", "/boot/memtest86+x64.bin", "--append",
                                "console=ttyS0,115200", "--memory", "64M", "--serial", serial, "--stop-at", "Memtest86+",
                                "--max-time", "20s"});
    EXPECT_EQ(r.status, 0) << r.err;
    const Result none = southgate({"run", "--firmware", "qboot", "--max-time", "20s"});
    EXPECT_EQ(none.status, 0) << "halted for good: " << none.err;
}

TEST(DirectBoot, RefusesWhatIsNoKernel) {
    const std::string dir = scratch();
    write_file(dir + "/zeros", std::string(100'000, '\0'));
    const Result zeros = southgate({"run", "--kernel", "zeros"}, dir);
    EXPECT_EQ(zeros.status, 2);
    EXPECT_TRUE(contains(zeros.err, "zeros: neither a Linux kernel image nor a multiboot kernel")) << zeros.err;
    const Result small = southgate({"run", "--kernel", "/boot/memtest86+ia32.bin", "--memory", "1M"}, dir);
    EXPECT_EQ(small.status, 2);
    EXPECT_TRUE(contains(small.err, "do not fit")) << small.err;
    const Result alone = southgate({"run", "--append", "quiet"}, dir);
    EXPECT_EQ(alone.status, 2);
    EXPECT_TRUE(contains(alone.err, "need --kernel")) << alone.err;
}

// Every header field a hostile image can lie in: refused or booted, never a crash.
TEST(DirectBoot, BadHeaders) {
    const std::string dir = scratch();
    const std::string kernel = read_file("/boot/memtest86+ia32.bin");
    for (const std::size_t offset : {0x1f1u, 0x206u, 0x211u, 0x22cu, 0x238u, 0x258u, 0x25eu, 0x262u}) {
        std::string bad = kernel;
        bad[offset] = '\xff';
        if (offset != 0x211u) bad[offset + 1] = '\xff';
        write_file(dir + "/bad", bad);
        const Result r = southgate({"run", "--kernel", "bad", "--memory", "16M", "--max-instructions", "1000"}, dir);
        EXPECT_TRUE(r.status == 2 || r.status == 3) << offset << ": " << r.status << r.err;
    }
    for (const std::size_t size : {0u, 0x1f0u, 0x230u, 0x268u, 1024u}) {
        write_file(dir + "/short", kernel.substr(0, size));
        EXPECT_EQ(southgate({"run", "--kernel", "short", "--memory", "16M"}, dir).status, 2) << size;
    }
}

}  // namespace
}  // namespace southgate::sim::test
