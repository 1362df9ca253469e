// The interpreter against the host processor: one random user-level instruction at a time, registers, flags,
// memory and exceptions compared. SOUTHGATE_ORACLE_CASES and SOUTHGATE_ORACLE_SEED make it longer and
// different.
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <sstream>
#include <string>

#include "oracle/generate.h"
#include "oracle/guest.h"
#include "oracle/native.h"
#include "tests/setting.h"
#include "oracle/transcode.h"

namespace southgate::cpu::test {
namespace {

constexpr std::uint32_t compared_flags = 0x40ed5;  // status, TF, IF, DF, NT, RF excluded, AC

std::string describe(const TestCase& t) {
    ZydisFormatter formatter;
    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
    char text[128];
    ZydisFormatterFormatInstruction(&formatter, &t.instruction.info, t.instruction.operands.data(),
                                    t.instruction.info.operand_count_visible, text, sizeof text,
                                    t.before.eip - t.segments.cs_base, nullptr);
    std::ostringstream out;
    out << text << (t.segments.code16 ? " (16-bit code)" : "") << " [" << std::hex;
    for (unsigned i = 0; i < t.instruction.length; ++i) out << ' ' << unsigned{t.instruction.bytes[i]};
    out << " ] data base " << t.segments.data_base << "\n";
    return out.str();
}

std::string describe(const Outcome& o) {
    std::ostringstream out;
    out << std::hex << "vector " << std::dec << o.vector << std::hex << " error " << o.error_code << " cr2 "
        << o.cr2 << " eip " << o.state.eip << " eflags " << o.state.eflags << " gpr";
    for (auto r : o.state.gpr) out << ' ' << r;
    return out.str();
}

class HostOracle : public testing::Test {
  protected:
    void SetUp() override {
        if (!native_.available()) GTEST_SKIP() << "the low address range is in use on this host";
        std::memset(native_.code().data(), 0xcc, native_.code().size());
        std::memset(guest_.code().data(), 0xcc, guest_.code().size());
        guest_.memory_changed();
    }

    // True if the case could be compared at all.
    bool compare(const TestCase& t, Generator& generator) {
        if (undefined_result(t.instruction, t.before.gpr[1])) return false;
        const auto program = transcode(t.instruction, t.form, t.segments, t.before);
        if (!program) return false;

        // The native code ends where the guest's does, so that relative branches agree.
        const std::uint32_t guest_at = t.before.eip - oracle_code;
        const std::uint32_t native_at =
            guest_at + t.instruction.length - static_cast<std::uint32_t>(program->code.size());
        auto native_code = native_.code(), guest_code = guest_.code();
        std::memcpy(native_code.data() + native_at, program->code.data(), program->code.size());
        std::memcpy(guest_code.data() + guest_at, t.instruction.bytes.data(), t.instruction.length);
        auto native_data = native_.data(), guest_data = guest_.data();
        // Fresh values where this case looks; the rest is what earlier cases left, the same on both sides.
        for (int i = 0; i < 4; ++i) {
            const std::uint32_t value = generator.word(), at = generator.word() % (oracle_data_size / 4) * 4;
            std::memcpy(native_data.data() + at, &value, 4);
            std::memcpy(guest_data.data() + at, &value, 4);
        }
        guest_.memory_changed();

        UserState native_before = program->before;
        native_before.eip = oracle_code + native_at;
        Outcome expected = native_.execute(native_before);
        const UserState raw = expected.state;
        expected.state = program->to_guest(expected.state);
        if (raw.eip == native_before.eip && expected.vector >= 0) expected.state.eip = t.before.eip;

        // REP: an iteration counts as one instruction; a fault comes with the one after the last that
        // retired.
        unsigned instructions = 1;
        if (t.form == Form::string && t.instruction.repeat_prefix()) {
            const std::uint32_t done = t.before.gpr[1] - expected.state.gpr[1];
            instructions = expected.vector >= 0 ? done + 1 : std::max(done, 1u);
        }
        const Outcome actual = guest_.execute(t.before, t.segments, instructions, generator.one_in(2));

        std::uint32_t mask = compared_flags & ~undefined_flags(t.instruction, t.before.gpr[1]);
        // A fault inside REP CMPS / SCAS: Intel restores the flags (SDM vol. 2B "REP"), AMD keeps the last
        // comparison's.
        if (expected.vector >= 0 && t.form == Form::string) mask &= ~0x8d5u;
        const bool same_data = std::memcmp(native_data.data(), guest_data.data(), native_data.size()) == 0;
        const bool same = same_fault(t, expected, actual) && actual.state.gpr == expected.state.gpr &&
                          actual.state.eip == expected.state.eip &&
                          ((actual.state.eflags ^ expected.state.eflags) & mask) == 0 && same_data;
        if (!same) {
            ++differences_[ZydisMnemonicGetString(t.instruction.info.mnemonic)];
            if (reported_++ < 20) {
                ADD_FAILURE() << describe(t) << "before " << describe(Outcome{-1, 0, 0, t.before})
                              << "\nhost   " << describe(expected) << "\nengine " << describe(actual)
                              << (same_data ? "" : "\nmemory differs");
            }
            std::memcpy(guest_data.data(), native_data.data(), native_data.size());
        }
        std::memset(native_code.data() + native_at, 0xcc, program->code.size());
        std::memset(guest_code.data() + guest_at, 0xcc, t.instruction.length);
        return true;
    }

    static AccessFault fault_of(const Outcome& o) { return {o.vector, o.vector == 14 ? o.cr2 : 0}; }
    static bool same_fault(const TestCase& t, const Outcome& host, const Outcome& engine) {
        if (host.vector < 0 || engine.vector < 0) return host.vector == engine.vector;
        const AccessFault a = fault_of(host), b = fault_of(engine);
        if (a == b) return host.error_code == engine.error_code;
        const std::uint32_t mask = t.instruction.address16 ? 0xffff : 0xffffffff;
        const auto operand = [&](unsigned reg) {
            return access_fault((host.state.gpr[reg] & mask) + t.segments.data_base, t.instruction.operand_bytes(),
                                oracle_end);
        };
        return either_operand(t.instruction, operand(6), operand(7), a, b);
    }

    NativeCpu native_;
    GuestCpu guest_;
    unsigned reported_ = 0;
    std::map<std::string, unsigned> differences_;
};

TEST_F(HostOracle, RandomInstructions) {
    Generator generator(southgate::test::setting("SOUTHGATE_ORACLE_SEED", 1));
    const std::uint64_t cases = southgate::test::setting("SOUTHGATE_ORACLE_CASES", 200'000);
    std::map<ZydisMnemonic, std::uint64_t> seen;
    for (std::uint64_t done = 0; done < cases;) {
        const auto t = generator.next();
        if (!t || !compare(*t, generator)) continue;
        ++seen[t->instruction.info.mnemonic];
        ++done;
    }
    for (const auto& [name, count] : differences_) std::printf("%s: %u differences\n", name.c_str(), count);
    // Nothing we mean to compare was left out by the generator.
    EXPECT_GE(seen.size(), 120u);
}

}  // namespace
}  // namespace southgate::cpu::test
