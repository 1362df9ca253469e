// Multiboot kernels given to --kernel: our own, which tells what it was handed, and Xen. Hostile files.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "command.h"

namespace southgate::sim::test {
namespace {

// What firmware/roms/multiboot_kernel.asm says, without what the firmware said before.
std::string kernel_output(const Result& r) {
    EXPECT_EQ(r.status, 0) << r.err;
    const auto at = r.out.find("eax ");
    EXPECT_NE(at, std::string::npos) << r.out;
    return at == std::string::npos ? "" : r.out.substr(at);
}

constexpr const char* machine_state =
    "eax 2badb002\n"
    "cr0 00000001\n"
    "eflags 00000000\n"
    "a20 11111111\n"
    "flags 0000024d\n"
    "lower 0000027f\n"
    "upper 0000fbfc\n";
constexpr const char* regions =
    "region 0000000000000000 000000000009fc00 00000001\n"
    "region 000000000009fc00 0000000000000400 00000002\n"
    "region 00000000000f0000 0000000000010000 00000002\n"
    "region 0000000000100000 0000000003eff000 00000001\n"
    "region 0000000003fff000 0000000000001000 00000002\n"
    "region 00000000fffc0000 0000000000040000 00000002\n"
    "bss 00000000\n";

TEST(Multiboot, KernelIsToldOfMemoryModulesAndItsCommandLine) {
    const std::string dir = scratch();
    write_file(dir + "/kernel", read_file(guest("multiboot-kernel.elf")));
    write_file(dir + "/one", "abc");
    write_file(dir + "/two,", std::string(5000, '\1'));
    write_file(dir + "/three", "");
    const Result r = southgate({"run", "--kernel", "kernel", "--append", "root=x  y", "--initrd",
                                "one,two,, with arguments,three", "--memory", "64M", "--debugcon", "stdout",
                                "--stop-at", "end\n", "--max-time", "10s"},
                               dir);
    EXPECT_EQ(kernel_output(r), std::string(machine_state) +
                                    "command line kernel root=x  y\n"
                                    "loader southgate\n"
                                    "module 00000000 00000003 00000126 one\n"
                                    "module 00000000 00001388 00001388 two, with arguments\n"
                                    "module 00000000 00000000 00000000 three\n" +
                                    regions + "low 00000000 e81a8000\nend\n");
}

TEST(Multiboot, HeaderWithAddressesNeedsNoExecutableFormat) {
    const std::string kernel = guest("multiboot-kernel.bin");
    const Result r = southgate({"run", "--kernel", kernel, "--memory", "64M", "--debugcon", "stdout", "--stop-at",
                                "end\n", "--max-time", "10s"});
    EXPECT_EQ(kernel_output(r), std::string(machine_state) + "command line " + kernel + "\nloader southgate\n" +
                                    regions + "end\n");
}

TEST(Multiboot, XenStarts) {
    const std::string dir = scratch();
    ASSERT_EQ(std::system(("gzip -dc /boot/xen-4.17-amd64.gz > '" + dir + "/xen'").c_str()), 0);
    write_file(dir + "/dom0", std::string(20'000, '\0'));  // what it will not find a kernel in later
    const Result r = southgate({"run", "--kernel", "xen", "--append", "console=com1 com1=115200,8n1", "--initrd", "dom0",
                                "--memory", "256M", "--serial", "serial", "--stop-at", "Brought up 1 CPUs",
                                "--max-time", "10s"},
                               dir);
    EXPECT_EQ(r.status, 0) << r.err;
    const std::string serial = read_file(dir + "/serial");
    EXPECT_TRUE(contains(serial, "(XEN) Bootloader: southgate")) << serial;
    EXPECT_TRUE(contains(serial, "(XEN) Command line: console=com1 com1=115200,8n1")) << serial;
    EXPECT_TRUE(contains(serial, "[0000000000100000, 000000000fffefff] (usable)")) << serial;
}

// A header with addresses in a file of 64 bytes: what is loaded is all of it, at 1 MiB.
struct Header {
    std::uint32_t flags = 0x10000, header_addr = 0x100000, load_addr = 0x100000, load_end_addr = 0, bss_end_addr = 0,
                  entry_addr = 0x100020;

    std::string file() const {
        const std::uint32_t words[] = {0x1badb002,    flags,        -(0x1badb002 + flags), header_addr, load_addr,
                                       load_end_addr, bss_end_addr, entry_addr};
        std::string bytes(64, '\xf4');
        std::memcpy(bytes.data(), words, sizeof words);
        return bytes;
    }
};

Result boot(const std::string& kernel, const std::vector<std::string>& more = {}) {
    write_file(scratch() + "/kernel", kernel);
    std::vector<std::string> arguments{"run", "--kernel", "kernel", "--memory", "16M", "--max-instructions", "1000"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return southgate(arguments, scratch());
}

// --stop-at looks at COM2 too, unless there is a dialogue.
TEST(Multiboot, KernelThatWritesToCom2) {
    std::string kernel = Header{}.file();
    kernel.replace(0x20, 11, "\x66\xba\xf8\x02\xb0h\xee\xb0i\xee\xf4");  // mov dx, 2f8h; OUT 'h', 'i'; hlt
    const std::vector<std::string> limits{"--stop-at", "hi", "--max-instructions", "20M", "--max-time", "1s"};
    EXPECT_EQ(boot(kernel, limits).status, 0);
    std::vector<std::string> dialogue = limits;
    dialogue.insert(dialogue.end(), {"--expect", "Booting from", "--send", ""});
    EXPECT_EQ(boot(kernel, dialogue).status, 3);
}

TEST(Multiboot, RefusesWhatCannotBeLoaded) {
    EXPECT_EQ(boot(Header{}.file()).status, 3);
    const auto refused = [](const std::string& kernel, const std::string& why,
                            const std::vector<std::string>& more = {}) {
        const Result r = boot(kernel, more);
        EXPECT_EQ(r.status, 2) << why;
        EXPECT_TRUE(contains(r.err, why)) << r.err;
    };
    refused("no header", "neither a Linux kernel image nor a multiboot kernel");
    refused(Header{.flags = 0x10008}.file(), "features 0x8");
    refused(Header{.flags = 0}.file(), "no ELF file");
    refused(Header{.flags = 0x10004}.file(), "add --vga std");
    refused(Header{.load_addr = 0x100004}.file(), "before the file");
    refused(Header{.load_addr = 0xffff0}.file(), "before the file");
    refused(Header{.load_end_addr = 0x200000}.file(), "a segment ends at byte");
    refused(Header{.load_end_addr = 0x1000}.file(), "in no order");
    refused(Header{.bss_end_addr = 0x100001}.file(), "in no order");
    refused(Header{.entry_addr = 0x200000}.file(), "the entry point 0x200000");
    refused(Header{.bss_end_addr = 0xffffffff}.file(), "do not fit 16 MiB");
    refused(Header{.header_addr = 0xa0000, .load_addr = 0xa0000, .entry_addr = 0xa0020}.file(), "no free memory");
    refused(Header{.header_addr = 0, .load_addr = 0, .entry_addr = 0x20}.file(), "no free memory");
    refused(Header{}.file(), "absent", {"--initrd", "absent"});
    refused(Header{}.file(), "names no file", {"--initrd", "kernel,"});
    EXPECT_EQ(boot(Header{.flags = 0x10004}.file(), {"--vga", "std"}).status, 3);
    // Room enough, but only below the kernel.
    EXPECT_EQ(boot(Header{.header_addr = 0xefff00, .load_addr = 0xefff00, .entry_addr = 0xefff00}.file()).status, 3);
}

}  // namespace
}  // namespace southgate::sim::test
