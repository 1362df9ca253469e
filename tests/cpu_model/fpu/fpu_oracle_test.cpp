// Every x87 instruction against the host CPU: registers, status, tags, EFLAGS, memory. Instruction and data
// pointers are not compared: the addresses differ, and AMD processors keep them only for instructions with
// unmasked exceptions (APM vol. 2 11.4.4.3); fpu_test.cpp has them. SOUTHGATE_ORACLE_CASES and SOUTHGATE_ORACLE_SEED make
// it longer and different.
#include <gtest/gtest.h>

#include <cstring>
#include <iomanip>
#include <sstream>
#include <vector>

#include "tests/cpu_model/fpu/fpu_machine.h"
#include "tests/cpu_model/fpu/native_x87.h"
#include "tests/cpu_model/fpu/x87_values.h"
#include "tests/setting.h"

namespace southgate::cpu::test {
namespace {

enum class Operand : std::uint8_t { none, single, real, extended, bcd, integer, environment, state };

struct Encoding {
    std::vector<std::uint8_t> bytes;
    Operand operand = Operand::none;
};

// Memory forms, [esi]: opcode, ModRM.reg, what the operand is.
struct MemoryForm {
    unsigned opcode, reg;
    Operand operand;
};
constexpr MemoryForm memory_forms[] = {
    {0xd9, 0, Operand::single},      {0xd9, 2, Operand::single},   {0xd9, 3, Operand::single},
    {0xd9, 4, Operand::environment}, {0xd9, 5, Operand::integer},  {0xd9, 6, Operand::environment},
    {0xd9, 7, Operand::integer},     {0xdb, 0, Operand::integer},  {0xdb, 2, Operand::integer},
    {0xdb, 3, Operand::integer},     {0xdb, 5, Operand::extended}, {0xdb, 7, Operand::extended},
    {0xdd, 0, Operand::real},        {0xdd, 2, Operand::real},     {0xdd, 3, Operand::real},
    {0xdd, 4, Operand::state},       {0xdd, 6, Operand::state},    {0xdd, 7, Operand::integer},
    {0xdf, 0, Operand::integer},     {0xdf, 2, Operand::integer},  {0xdf, 3, Operand::integer},
    {0xdf, 4, Operand::bcd},         {0xdf, 5, Operand::integer},  {0xdf, 6, Operand::bcd},
    {0xdf, 7, Operand::integer},     {0xdb, 1, Operand::integer},  {0xdd, 1, Operand::integer},
    {0xdf, 1, Operand::integer},
};

void add_registers(std::vector<Encoding>& out, unsigned opcode, unsigned first, unsigned last) {
    for (unsigned modrm = first; modrm <= last; modrm++)
        out.push_back({{static_cast<std::uint8_t>(opcode), static_cast<std::uint8_t>(modrm)}});
}

std::vector<Encoding> encodings() {
    std::vector<Encoding> v;
    for (const unsigned op : {0xd8u, 0xdcu}) add_registers(v, op, 0xc0, 0xff);
    add_registers(v, 0xd9, 0xc0, 0xd0);
    for (const unsigned m : {0xe0u, 0xe1u, 0xe4u, 0xe5u}) add_registers(v, 0xd9, m, m);
    add_registers(v, 0xd9, 0xe8, 0xee);
    add_registers(v, 0xd9, 0xf0, 0xff);
    add_registers(v, 0xda, 0xc0, 0xdf);
    add_registers(v, 0xda, 0xe9, 0xe9);
    add_registers(v, 0xdb, 0xc0, 0xdf);
    add_registers(v, 0xdb, 0xe2, 0xe3);
    add_registers(v, 0xdb, 0xe8, 0xf7);
    add_registers(v, 0xdd, 0xc0, 0xc7);
    add_registers(v, 0xdd, 0xd0, 0xef);
    add_registers(v, 0xde, 0xc0, 0xcf);
    add_registers(v, 0xde, 0xd9, 0xd9);
    add_registers(v, 0xde, 0xe0, 0xff);
    add_registers(v, 0xdf, 0xc0, 0xc7);  // FFREEP
    add_registers(v, 0xdf, 0xe0, 0xe0);
    add_registers(v, 0xdf, 0xe8, 0xf7);
    // Aliases of FXCH, FCOM, FCOMP and FSTP.
    for (const unsigned m : {0xd8u, 0xdbu}) add_registers(v, 0xd9, m, m);
    add_registers(v, 0xdd, 0xc9, 0xcb);
    add_registers(v, 0xde, 0xd0, 0xd3);
    add_registers(v, 0xdf, 0xc9, 0xca);
    add_registers(v, 0xdf, 0xd1, 0xd2);
    add_registers(v, 0xdf, 0xd9, 0xda);
    for (unsigned reg = 0; reg < 8; reg++) {
        const auto modrm = static_cast<std::uint8_t>(reg << 3 | 6);
        v.push_back({{0xd8, modrm}, Operand::single});
        v.push_back({{0xdc, modrm}, Operand::real});
        v.push_back({{0xda, modrm}, Operand::integer});
        v.push_back({{0xde, modrm}, Operand::integer});
    }
    for (const MemoryForm& m : memory_forms)
        v.push_back(
            {{static_cast<std::uint8_t>(m.opcode), static_cast<std::uint8_t>(m.reg << 3 | 6)}, m.operand});
    return v;
}

void fill_operand(X87Values& values, Operand operand, X87& s) {
    for (std::size_t n = 0; n < s.memory.size(); n += 8) {
        const std::uint64_t any = values.bits();
        std::memcpy(s.memory.data() + n, &any, 8);
    }
    switch (operand) {
        case Operand::single: {
            const std::uint32_t v = values.single();
            std::memcpy(s.memory.data(), &v, sizeof v);
            break;
        }
        case Operand::real: {
            const std::uint64_t v = values.double_precision();
            std::memcpy(s.memory.data(), &v, sizeof v);
            break;
        }
        case Operand::extended: {
            const auto v = values.extended();
            std::memcpy(s.memory.data(), v.data(), v.size());
            break;
        }
        case Operand::bcd: {
            const auto v = values.bcd();
            std::memcpy(s.memory.data(), v.data(), v.size());
            break;
        }
        case Operand::state:
            for (unsigned i = 0; i < 8; i++) {
                const auto v = values.extended();
                std::memcpy(s.memory.data() + 28 + 10 * i, v.data(), v.size());
            }
            break;
        default:
            break;
    }
}

X87 random_state(X87Values& values, Operand operand) {
    X87 s;
    // Half of the control words mask everything, as software does; the others any combination.
    const unsigned masks = values.below(2) ? 0x3f : values.below(64);
    s.fcw = static_cast<std::uint16_t>(0x40 | masks | values.below(16) << 8);
    if (values.below(3) == 0) s.fcw = 0x37f;
    s.fsw = static_cast<std::uint16_t>(values.bits() & 0x7f7f);
    // Nothing pending.
    s.fsw = static_cast<std::uint16_t>(s.fsw & (0x7f40 | (s.fcw & 0x3f)));
    s.ftw = 0;
    for (unsigned n = 0; n < 8; n++) {
        s.st[n] = values.extended();
        if (values.below(6) == 0) s.ftw = static_cast<std::uint16_t>(s.ftw | 3u << 2 * n);
    }
    // Pushes need a free register: ST(7), mostly.
    if (values.below(2)) s.ftw = static_cast<std::uint16_t>(s.ftw | 3u << 2 * (((s.fsw >> 11) + 7) & 7));
    s.flags = values.bits() & 0x8d5;
    s.ax = static_cast<std::uint16_t>(values.bits());
    fill_operand(values, operand, s);
    return s;
}

std::string show(const X87& s) {
    std::ostringstream o;
    o << std::hex << std::setfill('0') << "fcw " << s.fcw << " fsw " << s.fsw << " ftw " << s.ftw << " flags "
      << s.flags << " ax " << s.ax << "\n";
    for (unsigned i = 0; i < 8; i++) {
        o << "  ST(" << i << ") ";
        for (unsigned n = 10; n-- > 0;) o << std::setw(2) << unsigned{s.st[i][n]};
        o << "\n";
    }
    o << "  memory";
    for (unsigned n = 0; n < 28; n++) o << ' ' << std::setw(2) << unsigned{s.memory[n]};
    return o.str();
}

// The pointers of an environment in memory are not comparable.
void drop_pointers(X87& s) { std::memset(s.memory.data() + 12, 0, 16); }

// Condition codes that processors disagree about.
std::uint16_t comparable_status(const Encoding& e) {
    const unsigned op = e.bytes[0], modrm = e.bytes[1];
    if (modrm < 0xc0) return 0xffff;
    // FFREE, FFREEP: C0 to C3 are undefined (SDM vol. 2A FFREE).
    if ((op == 0xdd || op == 0xdf) && modrm < 0xc8) return 0xb8ff;
    // FCOMI, FUCOMI: C1 is 0 on Intel processors (SDM vol. 2A FCOMI), unchanged on AMD's.
    if ((op == 0xdb || op == 0xdf) && modrm >= 0xe8 && modrm < 0xf8) return 0xfdff;
    return 0xffff;
}

TEST(FpuOracle, EveryInstructionDoesWhatTheHostDoes) {
    const std::uint64_t wanted = southgate::test::setting("SOUTHGATE_ORACLE_CASES", 100'000);
    const std::vector<Encoding> all = encodings();
    CpuModel model;
    model.add_simd();  // FISTTP
    FpuMachine guest(model);
    NativeX87 host;
    std::vector<std::uint32_t> at;
    for (const Encoding& e : all) at.push_back(guest.add_code(e.bytes));
    X87Values values(southgate::test::setting("SOUTHGATE_ORACLE_SEED", 20240229));
    std::uint64_t compared = 0;
    unsigned shown = 0;
    std::vector<unsigned> wrong(all.size());
    while (compared < wanted) {
        for (std::size_t n = 0; n < all.size(); n++) {
            const Encoding& e = all[n];
            const X87 before = random_state(values, e.operand);
            X87 want = host.run(e.bytes, before);
            // The tags the host computes for the guest's start state: FNSAVE after FNOP.
            X87 start = before;
            start.ftw = host.run(std::vector<std::uint8_t>{0xd9, 0xd0}, before).ftw;
            X87 got = guest.run(at[n], start);
            if (e.operand == Operand::environment || e.operand == Operand::state)
                drop_pointers(want), drop_pointers(got);
            want.fsw &= comparable_status(e);
            got.fsw &= comparable_status(e);
            compared++;
            if (got == want || wrong[n]++ != 0 || shown++ >= 8) continue;
            ADD_FAILURE() << std::hex << unsigned{e.bytes[0]} << ' ' << unsigned{e.bytes[1]} << "\nbefore "
                          << show(start) << "\ngot " << show(got) << "\nhost " << show(want);
        }
    }
    std::ostringstream list;
    for (std::size_t n = 0; n < all.size(); n++)
        if (wrong[n])
            list << std::hex << unsigned{all[n].bytes[0]} << ' ' << unsigned{all[n].bytes[1]} << ' ';
    EXPECT_EQ(list.str(), "") << "instructions that differ";
}

}  // namespace
}  // namespace southgate::cpu::test
