// Every MMX and SSE instruction against the host CPU: registers, MXCSR, x87 tags and TOP, EFLAGS, memory,
// #XM. SOUTHGATE_ORACLE_CASES and SOUTHGATE_ORACLE_SEED make it longer and different.
#include <gtest/gtest.h>

#include <cstring>
#include <iomanip>
#include <iostream>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/cpu_model/simd/native_simd.h"
#include "tests/cpu_model/simd/simd_encodings.h"
#include "tests/cpu_model/simd/simd_machine.h"
#include "tests/setting.h"

namespace southgate::cpu::test {
namespace {

// The same on every platform: the engine is specified, the distributions of <random> are not.
class Random {
  public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}
    std::uint64_t bits() { return engine_(); }
    unsigned below(unsigned n) { return static_cast<unsigned>(engine_() % n); }

  private:
    std::mt19937_64 engine_;
};

// Numbers around every corner of the format: `exponent_bits`, `fraction_bits`.
std::uint64_t number(Random& r, unsigned exponent_bits, unsigned fraction_bits) {
    const std::uint64_t ones = (std::uint64_t{1} << exponent_bits) - 1,
                        fraction_mask = (std::uint64_t{1} << fraction_bits) - 1;
    const std::uint64_t bias = ones >> 1;
    std::uint64_t exponent, fraction = r.bits() & fraction_mask;
    switch (r.below(12)) {
        case 0:
            exponent = 0, fraction = 0;
            break;
        case 1:
            exponent = 0;
            break;  // denormal
        case 2:
            exponent = 0, fraction = 1 + r.below(3);
            break;
        case 3:
            exponent = ones, fraction = 0;
            break;  // infinity
        case 4:
            exponent = ones, fraction |= std::uint64_t{1} << (fraction_bits - 1);
            break;  // QNaN
        case 5:
            exponent = ones, fraction = (fraction >> 1) | 1;
            break;  // SNaN
        case 6:
            exponent = 1 + r.below(3);
            break;  // near underflow
        case 7:
            exponent = ones - 1 - r.below(3);
            break;  // near overflow
        case 8:
            exponent = bias + r.below(66), fraction = 0;
            break;
        case 9:
            exponent = bias - 2 + r.below(8), fraction &= fraction_mask << (fraction_bits - 3);
            break;
        case 10:
            exponent = bias + r.below(66);
            break;
        default:
            exponent = r.bits() & ones;
            break;
    }
    return (r.bits() & 1) << (exponent_bits + fraction_bits) | exponent << fraction_bits | fraction;
}
void fill(Random& r, Values values, std::uint8_t* out, unsigned size) {
    for (unsigned n = 0; n < size; n += 8) {
        std::uint64_t v = r.bits();
        if (values == Values::singles && r.below(8)) v = number(r, 8, 23) | number(r, 8, 23) << 32;
        if (values == Values::doubles && r.below(8)) v = number(r, 11, 52);
        if (values == Values::integers) {
            switch (r.below(6)) {
                case 0:
                    v = 0;
                    break;
                case 1:
                    v = r.bits() & 0x8080808080808080;
                    break;
                case 2:
                    v = ~std::uint64_t{0};
                    break;
                case 3:
                    v = r.bits() & r.bits() & r.bits() & 0x3f3f3f3f3f3f3f3f;
                    break;  // shift counts, indices
                case 4:
                    v = r.below(80);
                    break;
                default:
                    break;
            }
        }
        std::memcpy(out + n, &v, 8);
    }
}

std::uint32_t random_mxcsr(Random& r) {
    std::uint32_t v = 0x1f80;
    if (r.below(3) == 0) v = 0x1f80 & static_cast<std::uint32_t>(r.bits());
    if (r.below(2)) v |= static_cast<std::uint32_t>(r.bits()) & 0x603f;
    if (r.below(4) == 0) v |= static_cast<std::uint32_t>(r.bits()) & 0x8040;
    return v;
}

SimdState random_state(Random& r, Values values) {
    SimdState s;
    for (auto& x : s.xmm) fill(r, values, x.data(), 16);
    for (auto& x : s.st) {
        fill(r, values == Values::doubles ? Values::integers : values, x.data(), 8);
        const auto exponent = static_cast<std::uint16_t>(r.bits());
        std::memcpy(x.data() + 8, &exponent, 2);
    }
    fill(r, values, s.memory.data(), simd_memory_size);
    s.ftw = static_cast<std::uint8_t>(r.bits());
    s.fsw = static_cast<std::uint16_t>(r.bits() & 0x4700);
    s.mxcsr = random_mxcsr(r);
    for (unsigned n = 0; n < 14; n++) {
        fill(r, Values::integers, reinterpret_cast<std::uint8_t*>(&s.gpr[n]), 8);
        // Lengths of PCMPESTRI.
        if (r.below(2)) s.gpr[n] = static_cast<std::uint32_t>(r.below(40)) - 20u;
    }
    s.flags = r.bits() & 0x8d5;
    return s;
}

struct Case {
    const SimdEncoding* encoding;
    std::vector<std::uint8_t> bytes;
    std::uint32_t at;
    bool memory;
};

// `wide`: with a random REX prefix.
std::vector<std::uint8_t> encode(Random& r, const SimdEncoding& e, bool memory, bool wide) {
    // Neither RSP nor the pointers nor what NativeSimd keeps.
    constexpr unsigned general[] = {0, 1, 2, 3, 5, 8, 9, 10, 11, 12, 13};
    auto number_of = [&](File f) {
        if (f == File::general) return general[r.below(wide ? 11 : 5)];
        return r.below(wide && f == File::xmm ? 16 : 8);
    };
    const unsigned reg = e.digit >= 0 ? static_cast<unsigned>(e.digit) : number_of(e.reg);
    const unsigned mod = memory ? 0 : 3, rm = memory ? 6 : e.rm == File::none ? 0 : number_of(e.rm);
    std::vector<std::uint8_t> v;
    if (e.prefix) v.push_back(e.prefix);
    const unsigned rex = 0x40 | r.below(2) << 3 | (reg >> 3) << 2 | rm >> 3;
    if (wide && (rex != 0x40 || r.below(2))) v.push_back(static_cast<std::uint8_t>(rex));
    v.push_back(0x0f);
    if (e.map > 1) v.push_back(e.map == 2 ? 0x38 : 0x3a);
    v.push_back(e.opcode);
    v.push_back(static_cast<std::uint8_t>(mod << 6 | (reg & 7) << 3 | (rm & 7)));
    if (e.immediate) v.push_back(static_cast<std::uint8_t>(r.below(2) ? r.below(16) : r.below(256)));
    return v;
}

std::string show(const SimdState& s) {
    std::ostringstream o;
    o << std::hex << std::setfill('0') << "vector " << std::dec << s.vector << std::hex << " mxcsr "
      << s.mxcsr << " fsw " << s.fsw << " ftw " << unsigned{s.ftw} << " flags " << s.flags << " gpr";
    for (unsigned n = 0; n < 14; n++) o << ' ' << s.gpr[n];
    auto bytes = [&o](const char* name, const std::uint8_t* p, unsigned size) {
        o << "\n  " << name << ' ';
        for (unsigned n = size; n-- > 0;) o << std::setw(2) << unsigned{p[n]};
    };
    for (unsigned n = 0; n < 16; n++) bytes("xmm", s.xmm[n].data(), 16);
    for (unsigned n = 0; n < 8; n++) bytes("mm", s.st[n].data(), 10);
    bytes("memory", s.memory.data(), 48);
    return o.str();
}

// What the processors that this runs on do and the SDM says otherwise.
void drop_differences(const SimdEncoding& e, bool memory, SimdState& s) {
    // CVTPI2PS is an MMX instruction with a memory operand too (SDM vol. 2A CVTPI2PS); AMD's is not.
    if (memory && e.map == 1 && e.opcode == 0x2a && e.prefix == 0) s.fsw = s.ftw = 0;
}

bool same(const SimdState& a, const SimdState& b, bool wide) {
    const std::uint64_t mask = wide ? ~std::uint64_t{0} : 0xffffffff;
    for (unsigned n = 0; n < (wide ? 14u : 6u); n++)
        if (n != 4 && n != 6 && n != 7 && ((a.gpr[n] ^ b.gpr[n]) & mask) != 0) return false;
    return a.vector == b.vector && a.xmm == b.xmm && a.st == b.st && a.fsw == b.fsw && a.ftw == b.ftw &&
           a.mxcsr == b.mxcsr && a.flags == b.flags && a.memory == b.memory;
}

// Random choices of registers, prefixes and immediates for every encoding, into the guest's memory.
std::vector<Case> choose_cases(Random& r, SimdMachine& guest, bool wide) {
    std::vector<Case> cases;
    for (const SimdEncoding& e : simd_encodings()) {
        const unsigned variants = e.immediate ? 24 : 8;
        for (unsigned n = 0; n < variants; n++) {
            const bool memory = e.memory && (n % 2 || !e.register_form);
            std::vector<std::uint8_t> bytes = encode(r, e, memory, wide);
            const std::uint32_t at = guest.add_code(bytes);
            cases.push_back({&e, std::move(bytes), at, memory});
        }
    }
    return cases;
}

void compare_all(bool wide) {
    const std::uint64_t wanted = southgate::test::setting("SOUTHGATE_ORACLE_CASES", 100'000);
    Random r(southgate::test::setting("SOUTHGATE_ORACLE_SEED", 20240301));
    NativeSimd host;
    std::optional<SimdMachine> guest;
    std::vector<Case> cases;
    std::set<std::string> different;
    std::uint64_t compared = 0, raised = 0;
    for (unsigned round = 0; compared < wanted; round++) {
        constexpr unsigned rounds_per_choice = 40;
        if (round % rounds_per_choice == 0) {
            guest.emplace();
            if (wide) guest->enter_long_mode();
            cases = choose_cases(r, *guest, wide);
        }
        for (const Case& c : cases) {
            const SimdEncoding& e = *c.encoding;
            SimdState before = random_state(r, e.values);
            if (wide) before.mxcsr |= 0x1f80;  // nothing is raised
            const unsigned offset = e.memory == 16 && !e.unaligned ? 16 * r.below(2) : r.below(32);
            SimdState want = host.run(c.bytes, before, offset);
            SimdState got = guest->run(c.at, before, offset);
            compared++;
            raised += want.vector == 19;
            drop_differences(e, c.memory, want);
            drop_differences(e, c.memory, got);
            if (same(got, want, wide) || different.size() > 400) continue;
            if (!different.insert(e.name).second || different.size() > 6) continue;
            std::ostringstream text;
            for (const auto b : c.bytes)
                text << std::hex << std::setw(2) << std::setfill('0') << unsigned{b} << ' ';
            ADD_FAILURE() << e.name << ": " << text.str() << " offset " << offset << "\nbefore "
                          << show(before) << "\ngot    " << show(got) << "\nhost   " << show(want);
        }
    }
    std::ostringstream list;
    for (const std::string& name : different) list << name << "; ";
    EXPECT_EQ(list.str(), "") << "instructions that differ";
    std::cout << compared << " comparisons, " << raised << " of them #XM, " << simd_encodings().size()
              << " encodings\n";
}

TEST(SimdOracle, EveryInstructionDoesWhatTheHostDoes) { compare_all(false); }

TEST(SimdOracle, EveryInstructionDoesWhatTheHostDoesIn64BitMode) { compare_all(true); }

}  // namespace
}  // namespace southgate::cpu::test
