// What the compatibility-mode oracle generates: nothing that the engine decodes in 16- and 32-bit code is left out unnoticed.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "cpu_model/decode/table.h"
#include "oracle/compat_catalogue.h"
#include "oracle/decoded.h"

namespace southgate::cpu::test {
namespace {

using Names = std::set<std::string>;

// With an operand or address size prefix some encodings have another name: CWD for CDQ, JCXZ for JECXZ.
void add_names(const Encoding& e, Names& names) {
    names.insert(ZydisMnemonicGetString(e.mnemonic));
    for (const std::uint8_t size_prefix : {0x66, 0x67}) {
        std::array<std::uint8_t, 16> bytes{size_prefix};
        unsigned n = 1;
        if (e.prefix) bytes[n++] = e.prefix;
        n = static_cast<unsigned>(std::copy_n(e.opcode.begin(), e.opcode_size, bytes.begin() + n) - bytes.begin());
        const unsigned reg = e.reg == Encoding::any ? 0 : e.reg, rm = e.rm == Encoding::any ? 0 : e.rm;
        if (e.modrm) bytes[n] = static_cast<std::uint8_t>((e.memory ? 0 : 0xc0) | reg << 3 | rm);
        const auto d = decode(bytes.data(), bytes.size(), false);
        if (d && known(d->info)) names.insert(ZydisMnemonicGetString(d->info.mnemonic));
    }
}

TEST(CompatCatalogue, HasEverythingTheDecodeTableKnows) {
    // SDM vol. 2: "N.E." or "Inv." in compatibility and legacy mode.
    const Names only_64_bit{"cdqe",     "cmpsq",    "cmpxchg16b", "cqo",      "fxrstor64", "fxsave64", "iretq",   "jrcxz",
                            "lodsq",    "movsq",    "movsxd",     "pextrq",   "pinsrq",    "popfq",    "pushfq",  "rdfsbase",
                            "rdgsbase", "scasq",    "stosq",      "swapgs",   "wrfsbase",  "wrgsbase", "xrstor64", "xsave64",
                            "xsaveopt64"};
    Names names;
    for (const Encoding& e : compat_catalogue()) add_names(e, names);
    for (unsigned m = 1; m <= ZYDIS_MNEMONIC_MAX_VALUE; ++m) {
        const auto id = static_cast<ZydisMnemonic>(m);
        if (!HandlerTable::instance().find(id)) continue;
        const std::string name = ZydisMnemonicGetString(id);
        EXPECT_NE(names.contains(name), only_64_bit.contains(name)) << name;
    }
}

TEST(CompatCatalogue, LeavesOutFewForAReason) {
    std::map<std::string, std::string> excluded;
    for (const Encoding& e : compat_catalogue()) {
        if (!e.excluded) continue;
        const std::string reason = e.excluded;
        if (reason.starts_with("x87, MMX and SSE") || reason == "the host does not have it") continue;
        excluded[ZydisMnemonicGetString(e.mnemonic)] = reason;
    }
    const Names expected{"syscall", "sysenter", "sysexit", "sysret", "sgdt",   "sidt",    "sldt",   "str",
                         "smsw",    "cpuid",    "rdtsc",   "rdtscp", "rdrand", "rdseed",  "rdpmc",  "xgetbv",
                         "xsave",   "xrstor",   "xsaveopt", "nop"};
    Names names;
    for (const auto& [name, reason] : excluded) names.insert(name);
    EXPECT_EQ(names, expected);
    const auto compared = std::count_if(compat_catalogue().begin(), compat_catalogue().end(), [](const Encoding& e) {
        return !e.excluded;
    });
    EXPECT_GT(compared, 700);
}

TEST(CompatCatalogue, SystemCallsNeverRun) {
    const auto enters = [](std::initializer_list<std::uint8_t> bytes) {
        return enters_kernel(bytes.begin(), static_cast<unsigned>(bytes.size()));
    };
    EXPECT_TRUE(enters({0xcd, 0x80}));
    EXPECT_TRUE(enters({0x66, 0x2e, 0xcd, 0x80}));
    EXPECT_TRUE(enters({0xf3, 0x0f, 0x05}));
    EXPECT_TRUE(enters({0x0f, 0x34}));
    EXPECT_FALSE(enters({0xcd, 0x81}));
    EXPECT_FALSE(enters({0x0f, 0x06}));
}

}  // namespace
}  // namespace southgate::cpu::test
