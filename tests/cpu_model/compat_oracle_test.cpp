// The interpreter in 16- and 32-bit code against the host processor, which executes the same bytes in compatibility mode and
// in the same segments: one random user-level instruction at a time, registers, selectors, flags, memory and exceptions
// compared. Some of the cases run in legacy protected mode of the interpreter, too. SOUTHGATE_ORACLE_CASES and
// SOUTHGATE_ORACLE_SEED make it longer and different.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <sstream>
#include <string>

#include "oracle/compat_guest.h"
#include "oracle/compat_layout.h"
#include "oracle/compat_rules.h"
#include "tests/setting.h"

namespace southgate::cpu::test {
namespace {

constexpr std::uint32_t compared_flags = 0x3c7fd5;  // all but RF

std::string name_of(const CompatCase& t) {
    return t.undefined ? "undefined" : ZydisMnemonicGetString(t.instruction.info.mnemonic);
}

std::string describe(const CompatCase& t, const Ldt& ldt) {
    char text[128] = "undefined";
    if (!t.undefined) {
        ZydisFormatter formatter;
        ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
        ZydisFormatterFormatInstruction(&formatter, &t.instruction.info, t.instruction.operands.data(),
                                        t.instruction.info.operand_count_visible, text, sizeof text, t.before.eip, nullptr);
    }
    std::ostringstream out;
    out << text << " [" << std::hex;
    for (unsigned i = 0; i < t.instruction.length; ++i) out << ' ' << unsigned{t.instruction.bytes[i]};
    out << " ]";
    for (unsigned i = 0; i < t.sequel_length; ++i) out << ' ' << unsigned{t.sequel[i]};
    out << '\n';
    constexpr const char* names[] = {"es", "cs", "ss", "ds", "fs", "gs"};
    for (unsigned i = 0; i < seg_count; ++i) {
        const auto d = descriptor_of(ldt, t.before.selector[i]);
        if (!d) continue;
        out << names[i] << ' ' << d->base << '+' << d->byte_limit() << (d->big ? " big" : "") << (d->code ? " code" : "")
            << (d->expand_down ? " down" : "") << (d->restricted ? " restricted" : "") << "; ";
    }
    for (const auto& w : t.writes) {
        out << "\n[" << w.linear << "] =";
        for (const auto b : w.bytes) out << ' ' << unsigned{b};
    }
    out << '\n';
    return out.str();
}
std::string describe(const CompatOutcome& o) {
    std::ostringstream out;
    out << "vector " << o.vector << std::hex << " error " << o.error_code << " cr2 " << o.cr2 << " eip " << o.state.eip
        << " eflags " << o.state.eflags << " gpr";
    for (const auto r : o.state.gpr) out << ' ' << r;
    out << " es cs ss ds fs gs";
    for (const auto r : o.state.selector) out << ' ' << r;
    return out.str();
}

class CompatOracle : public testing::Test {
  protected:
    void SetUp() override {
        if (!native_.unavailable().empty()) GTEST_SKIP() << native_.unavailable();
        const auto native = native_.memory();
        std::fill_n(native.data() + compat::code_at, compat::code_size, std::uint8_t{0xcc});
        for (std::size_t i = compat::data_at; i < native.size(); ++i) native[i] = static_cast<std::uint8_t>(i * 7);
        copy(guest_);
        copy(legacy_);
    }

    // Gives a guest the host's memory.
    void copy(CompatGuest& guest) {
        const auto from = native_.memory(), to = guest.memory();
        std::memcpy(to.data(), from.data(), from.size());
        guest.memory_changed(0, from.size());
    }

    void set_segments(const Ldt& ldt) {
        native_.set_ldt(ldt);
        guest_.set_ldt(ldt);
        legacy_.set_ldt(ldt);
    }

    // Into the writable data of both sides.
    void put(std::uint32_t linear, std::uint8_t value) {
        const std::uint32_t at = linear - compat::data;
        if (at < compat::data_size) native_.memory()[compat::data_at + at] = guest_.memory()[compat::data_at + at] = value;
    }
    void put_code(std::uint32_t at, const std::uint8_t* bytes, std::size_t size) {
        std::memcpy(native_.memory().data() + at, bytes, size);
        std::memcpy(guest_.memory().data() + at, bytes, size);
        guest_.memory_changed(at, size);
    }

    // False if the case cannot be compared.
    bool compare(const CompatCase& t, CompatGenerator& generator) {
        const Ldt& ldt = generator.ldt();
        const auto native = native_.memory(), guest = guest_.memory();
        const std::uint32_t linear = descriptor_of(ldt, t.before.cs())->base + t.before.eip;
        const std::uint32_t at = compat::code_at + (linear - compat::code);
        std::array<std::uint8_t, 23> bytes;
        std::copy_n(t.instruction.bytes.begin(), 15, bytes.begin());
        std::copy(t.sequel.begin(), t.sequel.end(), bytes.begin() + t.instruction.length);
        const std::size_t length = std::min<std::size_t>(t.instruction.length + t.sequel_length, compat::data_at - at);
        put_code(at, bytes.data(), length);
        for (const auto& w : t.writes) {
            for (std::uint32_t i = 0; i < w.bytes.size(); ++i) put(w.linear + i, w.bytes[i]);
        }
        native_.prepare(t.before);
        std::memcpy(guest.data(), native.data(), compat::code_at);
        const bool legacy = !t.names_long_code && !t.nested_return && generator.one_in(4);
        if (legacy) copy(legacy_);

        // First, because it shows where the instruction leads: what the host may execute is INT3, and nothing else.
        const bool one_by_one = generator.one_in(2);
        auto actual = guest_.execute(t.before, t.instruction.length, one_by_one);
        if (actual) {
            CompatOutcome expected = native_.execute();
            settle(expected, t, ldt);
            check(t, ldt, expected, *actual, guest_, "compatibility mode");
            if (legacy) {
                auto other = legacy_.execute(t.before, t.instruction.length, one_by_one);
                if (!other || !legacy_.hidden(other->cr2)) check(t, ldt, expected, other.value_or(CompatOutcome{}), legacy_, "legacy mode");
            }
        } else {
            copy(guest_);
        }
        bytes.fill(0xcc);
        put_code(at, bytes.data(), length);
        return actual.has_value();
    }

    void check(const CompatCase& t, const Ldt& ldt, const CompatOutcome& host, CompatOutcome engine, CompatGuest& guest,
               const char* mode) {
        settle(engine, t, ldt);
        take_over(t, ldt, host, engine, native_.memory(), guest.memory());
        const std::uint32_t mask = compared_flags & ~open_flags(t, host);
        const auto data = [](std::span<std::uint8_t> m) { return m.subspan(compat::data_at); };
        const auto native_data = data(native_.memory()), guest_data = data(guest.memory());
        const bool same_data = std::memcmp(native_data.data(), guest_data.data(), native_data.size()) == 0;
        const bool same = host.vector == engine.vector && host.error_code == engine.error_code && host.cr2 == engine.cr2 &&
                          host.state.gpr == engine.state.gpr && host.state.selector == engine.state.selector &&
                          host.state.eip == engine.state.eip && ((host.state.eflags ^ engine.state.eflags) & mask) == 0 &&
                          same_data;
        if (same) return;
        if (open_outcome(t, ldt, host, engine, native_.memory())) return copy(guest);
        ++differences_[name_of(t)];
        if (reported_++ < 20) {
            std::ostringstream memory;
            for (std::size_t i = 0; i < native_data.size() && !same_data; ++i) {
                if (native_data[i] == guest_data[i]) continue;
                memory << std::hex << "\n[" << compat::data + i << "] host " << unsigned{native_data[i]} << " engine "
                       << unsigned{guest_data[i]};
            }
            ADD_FAILURE() << mode << ": " << describe(t, ldt) << "before " << describe(CompatOutcome{-1, 0, 0, t.before})
                          << "\nhost   " << describe(host) << "\nengine " << describe(engine) << memory.str();
        }
        copy(guest);
    }

    CompatNative native_;
    CompatGuest guest_{true}, legacy_{false};
    unsigned reported_ = 0;
    std::map<std::string, unsigned> differences_;
};

TEST_F(CompatOracle, RandomInstructions) {
    CompatGenerator generator(southgate::test::setting("SOUTHGATE_ORACLE_SEED", 1), native_.low_memory_is_ours());
    const std::uint64_t cases = southgate::test::setting("SOUTHGATE_ORACLE_CASES", 200'000);
    constexpr unsigned attempts_per_ldt = 1500;
    unsigned attempt = 0;
    std::map<const Encoding*, std::uint64_t> seen;
    for (std::uint64_t done = 0; done < cases;) {
        if (attempt++ % attempts_per_ldt == 0) {
            generator.new_segments();
            set_segments(generator.ldt());
        }
        const auto t = generator.next();
        if (!t || open_case(*t, generator.ldt()) || !compare(*t, generator)) continue;
        ++seen[t->encoding];
        ++done;
    }
    for (const auto& [name, count] : differences_) std::printf("%s: %u differences\n", name.c_str(), count);
    for (const Encoding& e : compat_catalogue()) {
        if (!e.excluded && !seen.contains(&e)) ADD_FAILURE() << "not generated: " << ZydisMnemonicGetString(e.mnemonic);
    }
}

}  // namespace
}  // namespace southgate::cpu::test
