// The interpreter in 64-bit mode against the host processor, which executes the same bytes: one random user-level
// instruction at a time, registers, flags, memory and exceptions compared. SOUTHGATE_ORACLE_CASES and
// SOUTHGATE_ORACLE_SEED make it longer and different.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <sstream>
#include <string>

#include "oracle/long_generate.h"
#include "oracle/long_guest.h"
#include "oracle/native.h"
#include "tests/setting.h"

namespace southgate::cpu::test {
namespace {

constexpr std::uint32_t compared_flags = 0x40ed5;  // status, IF, DF, NT, AC; not RF

std::string describe(const LongCase& t) {
    char text[128] = "undefined";
    if (t.form != LongForm::undefined) {
        ZydisFormatter formatter;
        ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
        ZydisFormatterFormatInstruction(&formatter, &t.instruction.info, t.instruction.operands.data(),
                                        t.instruction.info.operand_count_visible, text, sizeof text, t.before.rip,
                                        nullptr);
    }
    std::ostringstream out;
    out << text << " [" << std::hex;
    for (unsigned i = 0; i < t.instruction.length; ++i) out << ' ' << unsigned{t.instruction.bytes[i]};
    out << " ]\n";
    return out.str();
}
std::string describe(const LongOutcome& o) {
    std::ostringstream out;
    out << "vector " << o.vector << std::hex << " error " << o.error_code << " cr2 " << o.cr2 << " rip "
        << o.state.rip << " rflags " << o.state.rflags << " gpr";
    for (auto r : o.state.gpr) out << ' ' << r;
    return out.str();
}

class LongOracle : public testing::Test {
  protected:
    void SetUp() override {
        if (!native_.available()) GTEST_SKIP() << "the address ranges are in use on this host";
        for (const bool high : {false, true}) {
            std::memset(native_.code(high).data(), 0xcc, native_.code(high).size());
            std::memset(guest_.code(high).data(), 0xcc, guest_.code(high).size());
            guest_.memory_changed(high);
        }
    }

    void put(bool high, std::uint64_t linear, std::uint64_t value) {
        const std::uint64_t at = linear - (high ? oracle_high : 0) - oracle_data;
        if (at > oracle_data_size - 8) return;
        std::memcpy(native_.data(high).data() + at, &value, 8);
        std::memcpy(guest_.data(high).data() + at, &value, 8);
    }

    void compare(const LongCase& t, LongGenerator& generator) {
        const auto native_code = native_.code(t.high), guest_code = guest_.code(t.high);
        const auto native_data = native_.data(t.high), guest_data = guest_.data(t.high);
        const std::uint64_t at = t.before.rip & 0xfff;
        std::memcpy(native_code.data() + at, t.instruction.bytes.data(), t.instruction.length);
        std::memcpy(guest_code.data() + at, t.instruction.bytes.data(), t.instruction.length);
        // Fresh values where this case may look; the rest is what earlier cases left, the same on both sides.
        const std::uint64_t base = t.high ? oracle_high : 0;
        for (int i = 0; i < 4; ++i)
            put(t.high, base + oracle_data + generator.word() % (oracle_data_size / 8) * 8,
                generator.word() * 0x100000001u);
        if (t.form == LongForm::flags || t.form == LongForm::ret) put(t.high, t.before.gpr[4], t.stack_value);
        if (t.form == LongForm::jump && t.instruction.modrm_memory())
            put(t.high, linear_address(t.instruction, *t.instruction.memory_operand(), t.before), t.stack_value);
        guest_.memory_changed(t.high);

        const LongOutcome expected = native_.execute(t.before);
        // REP: an iteration counts as one instruction; a fault comes with the one after the last that retired.
        unsigned instructions = 1;
        if (t.form == LongForm::string && t.instruction.repeat_prefix()) {
            const auto done = static_cast<std::uint32_t>(t.before.gpr[1] - expected.state.gpr[1]);
            instructions = expected.vector >= 0 ? done + 1 : std::max(done, 1u);
        }
        const LongOutcome actual = guest_.execute(t.before, instructions, generator.one_in(2));

        std::uint32_t mask = compared_flags;
        if (t.form != LongForm::undefined) mask &= ~undefined_flags(t.instruction, t.before.gpr[1]);
        // A fault inside REP CMPS / SCAS: Intel restores the flags (SDM vol. 2B "REP"), AMD keeps the last
        // comparison's.
        if (expected.vector >= 0 && t.form == LongForm::string) mask &= ~0x8d5u;
        if (t.form == LongForm::call || t.form == LongForm::jump) forget_return_address(t, expected, actual);
        const bool same_data = std::memcmp(native_data.data(), guest_data.data(), native_data.size()) == 0;
        const bool same = same_fault(t, expected, actual) && same_registers(t, expected, actual) &&
                          actual.state.rip == expected.state.rip &&
                          ((actual.state.rflags ^ expected.state.rflags) & mask) == 0 && same_data;
        if (!same) {
            ++differences_[t.form == LongForm::undefined
                               ? "undefined"
                               : ZydisMnemonicGetString(t.instruction.info.mnemonic)];
            if (reported_++ < 20) {
                ADD_FAILURE() << describe(t) << "before " << describe(LongOutcome{-1, 0, 0, t.before})
                              << "\nhost   " << describe(expected) << "\nengine " << describe(actual)
                              << (same_data ? "" : "\nmemory differs");
            }
            std::memcpy(guest_data.data(), native_data.data(), native_data.size());
        }
        std::memset(native_code.data() + at, 0xcc, t.instruction.length);
        std::memset(guest_code.data() + at, 0xcc, t.instruction.length);
    }

    // CALL to an address that is not canonical: #GP before the push (SDM vol. 2A "CALL", operation), but Intel processors
    // were seen to leave the return address below RSP all the same.
    void forget_return_address(const LongCase& t, const LongOutcome& host, const LongOutcome& engine) {
        if (t.instruction.info.mnemonic != ZYDIS_MNEMONIC_CALL || host.vector != 13 || engine.vector != 13) return;
        const std::uint64_t width = t.instruction.operand16 ? 2 : 8;
        const std::uint64_t at = t.before.gpr[4] - width - (t.high ? oracle_high : 0) - oracle_data;
        if (at > oracle_data_size - width) return;
        std::memcpy(native_.data(t.high).data() + at, guest_.data(t.high).data() + at, width);
    }

    static bool same_registers(const LongCase& t, const LongOutcome& host, const LongOutcome& engine) {
        const auto& before = t.before.gpr;
        auto a = host.state.gpr, b = engine.state.gpr;
        constexpr std::uint64_t low = 0xffffffff;
        const bool untouched = ((a[1] ^ before[1]) & low) == 0 && ((b[1] ^ before[1]) & low) == 0;
        if (t.form == LongForm::string && t.instruction.repeat_prefix() && t.instruction.address32 && untouched) {
            for (const unsigned r : {1u, 6u, 7u}) {
                if (!untouched_count_or_index(before[r], a[r]) || !untouched_count_or_index(before[r], b[r])) return false;
                a[r] = b[r];
            }
        }
        return a == b;
    }

    static AccessFault fault_of(const LongOutcome& o) { return {o.vector, o.vector == 14 ? o.cr2 : 0}; }
    static bool same_fault(const LongCase& t, const LongOutcome& host, const LongOutcome& engine) {
        if (host.vector < 0 || engine.vector < 0) return host.vector == engine.vector;
        const AccessFault a = fault_of(host), b = fault_of(engine);
        if (a == b) return host.error_code == engine.error_code;
        const std::uint64_t mask = t.instruction.address32 ? 0xffffffff : ~std::uint64_t{0};
        const bool gs = t.instruction.info.attributes & ZYDIS_ATTRIB_HAS_SEGMENT_GS;
        const auto operand = [&](unsigned reg, std::uint64_t base) {
            return access_fault((host.state.gpr[reg] & mask) + base, t.instruction.operand_bytes(),
                                oracle_end + (t.high ? oracle_high : 0));
        };
        return either_operand(t.instruction, operand(6, gs ? oracle_gs_base : 0), operand(7, 0), a, b);
    }

    NativeCpu native_;
    LongGuest guest_;
    unsigned reported_ = 0;
    std::map<std::string, unsigned> differences_;
};

TEST_F(LongOracle, RandomInstructions) {
    LongGenerator generator(southgate::test::setting("SOUTHGATE_ORACLE_SEED", 1));
    const std::uint64_t cases = southgate::test::setting("SOUTHGATE_ORACLE_CASES", 200'000);
    std::map<ZydisMnemonic, std::uint64_t> seen;
    for (std::uint64_t done = 0; done < cases;) {
        const auto t = generator.next();
        if (!t || (t->form != LongForm::undefined && undefined_result(t->instruction, t->before.gpr[1]))) continue;
        compare(*t, generator);
        ++seen[t->instruction.info.mnemonic];
        ++done;
    }
    for (const auto& [name, count] : differences_) std::printf("%s: %u differences\n", name.c_str(), count);
    // Nothing we mean to compare was left out by the generator.
    EXPECT_GE(seen.size(), 135u);
}

}  // namespace
}  // namespace southgate::cpu::test
