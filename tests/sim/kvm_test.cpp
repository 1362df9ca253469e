// `run --engine kvm`: where /dev/kvm opens, on the host's kernel; elsewhere what is said instead.
#include <gtest/gtest.h>

#include <algorithm>

#include "command.h"

namespace southgate::sim::test {
namespace {

constexpr int no_kvm = 4;

bool one_line(const std::string& text) { return std::ranges::count(text, '\n') == 1 && text.ends_with('\n'); }

// Skipped, with the reason that the command gave, where there is no usable /dev/kvm.
#define SOUTHGATE_SKIP_WITHOUT_KVM(result)                                        \
    if ((result).status == no_kvm) {                                              \
        EXPECT_TRUE((result).err.starts_with("southgate: no KVM: ")) << (result).err; \
        EXPECT_TRUE(one_line((result).err)) << (result).err;                      \
        GTEST_SKIP() << (result).err;                                             \
    }

TEST(KvmRun, BootsSeaBios) {
    const Result r = southgate({"run", "--engine", "kvm", "--debugcon", "stdout", "--stop-at", "No bootable device.",
                                "--max-wall", "120"});
    SOUTHGATE_SKIP_WITHOUT_KVM(r);
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_EQ(r.err, "");
    EXPECT_TRUE(contains(r.out, "Found 1 cpu(s)")) << r.out;
    EXPECT_TRUE(contains(r.out, "Copying SMBIOS")) << r.out;
    EXPECT_TRUE(r.out.ends_with("No bootable device.")) << r.out;
}

// The chipset resets the processor by writing its state, whatever the kernel then makes of the OUT that pends. Real mode has
// a way of its own on many hosts; a triple fault there is left out, because KVM's emulator checks no limit of the IDT.
TEST(KvmRun, EveryResetPathStartsAtTheResetVector) {
    for (const std::string timing : {"zero", "datasheet"}) {
        const Result r = southgate({"run", "--engine", "kvm", "--firmware", guest("reset-protected.rom"), "--timing", timing,
                                    "--debugcon", "stdout", "--timeline", "--max-wall", "60"});
        SOUTHGATE_SKIP_WITHOUT_KVM(r);
        ASSERT_EQ(r.status, 0) << r.err;
        EXPECT_TRUE(contains(r.out, "done")) << r.out;
        EXPECT_TRUE(contains(r.out, "reset timeline: 8 resets")) << r.out;
        for (const std::string source :
             {"port92", "cf9-soft", "cf9-hard", "cf9-full", "kbc-pulse", "kbc-output-port", "shutdown", "s5"})
            EXPECT_TRUE(contains(r.out, source)) << source;
        // What became of each OUT is known, but for the one that switched the machine off.
        const std::size_t off = r.out.find("s5");
        EXPECT_FALSE(contains(r.out.substr(0, off), "never re-entered")) << r.out;
    }
}

TEST(KvmRun, RefusesWhatItCannotHonour) {
    const std::vector<std::vector<std::string>> refused{
        {"--pio-policy", "complete-always"}, {"--quirk-out-7e", "on"}, {"--skip-model", "svm"}, {"--string-rules", "kernel"},
        {"--random-seed", "1"},              {"--quantum", "1us"},     {"--mips", "50"},        {"--max-instructions", "5"},
        {"--tsc-mhz", "2000"},               {"--smp", "2"}};
    for (const auto& option : refused) {
        const Result r = southgate({"run", "--engine", "kvm", option[0], option[1]});
        EXPECT_EQ(r.status, 2) << option[0];
        EXPECT_TRUE(r.err.starts_with("southgate: " + option[0] + ": ")) << r.err;
        EXPECT_TRUE(one_line(r.err)) << r.err;
    }
    const Result r = southgate({"run", "--engine", "qemu"});
    EXPECT_EQ(r.status, 2);
    EXPECT_EQ(r.err, "southgate: --engine: 'qemu' is not one of interpreter, kvm\n");
}

// A configuration file counts as much as the command line.
TEST(KvmRun, RefusesItInAConfigurationFileToo) {
    write_file(scratch() + "/c.toml", "engine = \"kvm\"\npio-policy = \"complete-always\"\n");
    const Result r = southgate({"run", "--config", scratch() + "/c.toml"});
    EXPECT_EQ(r.status, 2);
    EXPECT_EQ(r.err, "southgate: --pio-policy: not with --engine kvm\n");
}

}  // namespace
}  // namespace southgate::sim::test
