#include "pio_matrix.h"

#include <charconv>

namespace southgate::cpu::test {

namespace {

constexpr std::uint64_t reset_base = 0xffff0000;

PlatformAction nothing() { return {}; }
PlatformAction same_regs() {
    PlatformAction action;
    action.writes_regs = true;
    return action;
}
PlatformAction jam(std::uint16_t selector, std::uint64_t base, std::uint64_t rip) {
    PlatformAction action = same_regs();
    action.rip = rip;
    action.rax = 0;
    action.cs_selector = selector;
    action.cs_base = base;
    action.to_real_mode = true;
    return action;
}
PlatformAction reset() { return jam(0xf000, reset_base, 0xfff0); }
PlatformAction write_rip(std::uint64_t rip, std::optional<std::uint64_t> rax = std::nullopt) {
    PlatformAction action = same_regs();
    action.rip = rip;
    action.rax = rax;
    return action;
}
PlatformAction add_to_rip(std::uint64_t bytes) {
    PlatformAction action = same_regs();
    action.rip_add = bytes;
    return action;
}
PlatformAction move_cs(std::uint16_t selector, std::uint64_t base) {
    PlatformAction action;
    action.cs_selector = selector;
    action.cs_base = base;
    return action;
}
PlatformAction move_all(std::uint16_t selector, std::uint64_t base, std::uint64_t rip) {
    PlatformAction action = write_rip(rip);
    action.cs_selector = selector;
    action.cs_base = base;
    return action;
}

constexpr Mode real = Mode::real, prot = Mode::protected32, long64 = Mode::long64;

std::vector<MatrixRow> build() {
    // id, code, mode, CS base, rip, action, right rip, right RAX, {CA, SB, AW, RC, RV, LR, LQ, FE}
    std::vector<MatrixRow> rows{
        {"S01",
         {0xe6, 0x80},
         real,
         0,
         0x8000,
         nothing(),
         0x8002,
         0x7788,
         {"ok", "ok+wr", "ok", "ok", "ok", "ok", "ok", "ok+wr"}},
        {"S02",
         {0xec},
         real,
         0,
         0x8000,
         nothing(),
         0x8001,
         0x775a,
         {"ok", "ok+wr", "ok", "ok", "ok", "ok", "ok", "ok"}},
        {"S03",
         {0x66, 0xe5, 0x80},
         prot,
         0,
         0x8000,
         nothing(),
         0x8003,
         0x5a5a,
         {"ok", "ok+wr", "ok", "ok", "ok", "ok", "ok", "ok"}},
        {"S04",
         {0xed},
         long64,
         0,
         0x8000,
         nothing(),
         0x8001,
         0x5a5a5a5a,
         {"ok", "ok+wr", "ok", "ok", "ok", "ok", "ok", "ok"},
         0x1122334455667788},
        {"S05",
         {0xe6, 0x92},
         real,
         0,
         0x8000,
         reset(),
         0xfff0,
         0,
         {"SK FFF2", "ok+wr", "ok", "ok", "ok", "ok", "ok", "ok+wr"}},
        {"S06",
         {0xee},
         prot,
         0,
         0x8000,
         reset(),
         0xfff0,
         0,
         {"SK FFF1", "ok+wr", "ok", "ok", "ok", "ok", "ok", "ok+wr"},
         0x7788,
         0,
         0xcf9},
        {"S07",
         {0xee},
         long64,
         0,
         0xffff800000008000,
         reset(),
         0xfff0,
         0,
         {"SK FFF1", "ok+wr", "ok", "ok", "ok", "ok", "ok", "ok+wr"},
         0x7788,
         0,
         0xcf9},
        {"S08",
         {0xe4, 0x92},
         real,
         0,
         0x8000,
         reset(),
         0xfff0,
         0,
         {"SK FFF2+RX", "RX+wr", "ok", "ok", "ok", "ok", "ok", "JN 8002"}},
        {"S08b",
         {0x66, 0xe5, 0x92},
         real,
         0,
         0x8000,
         reset(),
         0xfff0,
         0,
         {"SK FFF3+RX", "RX+wr", "ok", "ok", "ok", "ok", "ok", "JN 8003"}},
        {"S09",
         {0xee},
         real,
         0,
         0x8000,
         same_regs(),
         0x8001,
         0x7788,
         {"ok", "ok+wr", "RP 8000", "ok", "ok", "ok", "ok", "ok+wr"}},
        {"S10",
         {0xec},
         real,
         0,
         0x8000,
         same_regs(),
         0x8001,
         0x775a,
         {"ok", "ok+wr", "RP 8000+LD", "ok", "ok", "ok", "ok", "LD"}},
        {"S11",
         {0xee},
         real,
         0x10000,
         0xfff0,
         reset(),
         0xfff0,
         0,
         {"SK FFF1", "ok+wr", "ok", "SK FFF1", "ok", "ok", "ok", "ok+wr"}},
        {"S12",
         {0xec},
         real,
         0x10000,
         0xfff0,
         reset(),
         0xfff0,
         0,
         {"SK FFF1+RX", "RX+wr", "ok", "SK FFF1+RX", "ok", "ok", "ok", "SK FFF1"}},
        {"S13",
         {0xe6, 0x92},
         real,
         reset_base,
         0xfff0,
         reset(),
         0xfff0,
         0,
         {"SK FFF2", "ok+wr", "ok", "SK FFF2", "ok", "SK FFF2", "SK FFF2", "ok+wr"}},
        {"S13b",
         {0xe6, 0x92},
         long64,
         0,
         0xfffffff0,
         reset(),
         0xfff0,
         0,
         {"SK FFF2", "ok+wr", "ok", "ok", "ok", "SK FFF2", "SK FFF2", "ok+wr"}},
        {"S13c",
         {0xe6, 0x92},
         long64,
         0,
         0x1fffffff0,
         reset(),
         0xfff0,
         0,
         {"SK FFF2", "ok+wr", "ok", "ok", "ok", "ok", "ok", "ok+wr"}},
        {"S14",
         {0xe6, 0x80},
         real,
         reset_base,
         0xfff0,
         nothing(),
         0xfff2,
         0x7788,
         {"ok", "ok+wr", "ok", "ok", "RP FFF0", "ok", "ok", "ok+wr"}},
        {"S15",
         {0xe6, 0x92},
         real,
         0,
         0x8000,
         jam(0x9a00, 0x9a000, 0),
         0,
         0,
         {"SK 2", "ok+wr", "ok", "ok", "SK 2", "ok", "ok", "ok+wr"}},
        {"S15b",
         {0xe4, 0x92},
         real,
         0,
         0x8000,
         jam(0x9a00, 0x9a000, 0),
         0,
         0,
         {"SK 2+RX", "RX+wr", "ok", "ok", "SK 2+RX", "ok", "ok", "JN 8002"}},
        {"S16",
         {0xe6, 0x80},
         real,
         0x8000,
         0,
         jam(0x9a00, 0x9a000, 0),
         0,
         0,
         {"SK 2", "ok+wr", "ok", "SK 2", "SK 2", "ok", "ok", "ok+wr"}},
        {"S16b",
         {0xe4, 0x80},
         real,
         0x8000,
         0,
         jam(0x9a00, 0x9a000, 0),
         0,
         0,
         {"SK 2+RX", "RX+wr", "ok", "SK 2+RX", "SK 2+RX", "ok", "ok", "SK 2"}},
        {"S18",
         {0xe6, 0x92},
         real,
         0,
         0x8000,
         jam(0xb000, 0xb0000, 0xfff0),
         0xfff0,
         0,
         {"SK FFF2", "ok+wr", "ok", "ok", "SK FFF2", "ok", "ok", "ok+wr"}},
        {"S18b",
         {0xe4, 0x92},
         real,
         0,
         0x8000,
         jam(0xb000, 0xb0000, 0xfff0),
         0xfff0,
         0,
         {"SK FFF2+RX", "RX+wr", "ok", "ok", "SK FFF2+RX", "ok", "ok", "JN 8002"}},
        {"S23",
         {0xe6, 0x7e},
         prot,
         0,
         0x8000,
         nothing(),
         0x8002,
         0x7788,
         {"ok", "ok+wr", "ok", "ok", "ok", "ok", "ok+wr", "ok+wr"}},
        {"S24",
         {0xe6, 0x7e},
         prot,
         0,
         0x8000,
         reset(),
         0xfff0,
         0,
         {"SK FFF2", "ok+wr", "ok", "ok", "ok", "ok", "ok+wr", "ok+wr"}},
        {"S24b",
         {0xe6, 0x7e},
         prot,
         0,
         0x8000,
         same_regs(),
         0x8002,
         0x7788,
         {"ok", "ok+wr", "RP 8000", "ok", "ok", "ok", "ok+wr", "ok+wr"}},
        {"S27",
         {0xe6, 0x80},
         real,
         0,
         0x8000,
         write_rip(0x8002),
         0x8002,
         0x7788,
         {"SK 8004", "ok+wr", "ok", "ok", "SK 8004", "ok", "ok", "ok+wr"}},
        {"S27b",
         {0xe6, 0x80},
         real,
         0,
         0x8000,
         add_to_rip(2),
         0x8002,
         0x7788,
         {"SK 8004", "SK 8004+wr", "ok", "ok", "SK 8004", "ok", "ok", "SK 8004+wr"}},
        {"S27c",
         {0xe4, 0x80},
         real,
         0,
         0x8000,
         write_rip(0x8002, 0x7799),
         0x8002,
         0x7799,
         {"SK 8004+RX", "RX+wr", "ok", "ok", "SK 8004+RX", "ok", "ok", "ok"}},
        {"S27d",
         {0xe4, 0x80},
         real,
         0,
         0x8000,
         write_rip(0x9000, 0x7799),
         0x9000,
         0x7799,
         {"SK 9002+RX", "RX+wr", "ok", "ok", "SK 9002+RX", "ok", "ok", "JN 8002"}},
        {"S27e",
         {0xe6, 0x80},
         real,
         0,
         0x8000,
         write_rip(0x8000),
         0x8000,
         0x7788,
         {"NR 8002", "ok+wr", "ok", "NR 8002", "NR 8002", "NR 8002", "NR 8002", "ok+wr"}},
        {"S29",
         {0xe6, 0x80},
         real,
         0,
         0x8000,
         move_cs(0x1000, 0x10000),
         0x8000,
         0x7788,
         {"SK 8002", "SK 8002+wr", "SK 8002", "SK 8002", "SK 8002", "ok", "ok", "SK 8002+wr"}},
        {"S29b",
         {0xe4, 0x80},
         real,
         0,
         0x8000,
         move_cs(0x1000, 0x10000),
         0x8000,
         0x7788,
         {"SK 8002+RX", "SK 8002+RX+wr", "SK 8002+RX", "SK 8002+RX", "SK 8002+RX", "ok", "ok", "SK 8002+RX"}},
        {"S30",
         {0xe4, 0x80},
         long64,
         0,
         0x8000,
         move_cs(0x1000, 0x10000),
         0x8002,
         0x775a,
         {"ok", "ok+wr", "ok", "ok", "ok", "ok", "ok", "ok"}},
        {"S31",
         {0xe4, 0x80},
         real,
         0,
         0x8000,
         move_all(0x0400, 0x4000, 0x4000),
         0x4002,
         0x775a,
         {"ok", "RP 4000+wr", "RP 4000+LD", "RP 4000+LD", "ok", "ok", "ok", "JN 8002+LD"}},
        {"S32",
         {0xe6, 0x80},
         real,
         0x10000,
         0xfffe,
         nothing(),
         0x10000,
         0x7788,
         {"ok", "ok+wr", "ok", "ok", "ok", "ok", "ok", "ok+wr"}},
        {"S33",
         {0xe6, 0x80},
         prot,
         0,
         0xfffffffe,
         nothing(),
         0,
         0x7788,
         {"ok", "ok+wr", "ok", "ok", "ok", "ok", "ok", "ok+wr"}},
        {"S34",
         {0xe6, 0x80},
         long64,
         0,
         0xfffffffe,
         nothing(),
         0x100000000,
         0x7788,
         {"ok", "ok+wr", "ok", "ok", "ok", "ok", "ok", "ok+wr"}},
        {"S37",
         {0xe4, 0x92},
         real,
         0,
         0x8000,
         reset(),
         0xfff0,
         0,
         {"SK FFF2+RX", "RX+wr", "ok", "ok", "ok", "ok", "ok", "JN 8002"}},
        {"S38",
         {0xe6, 0x92},
         real,
         reset_base,
         0xfff1,
         reset(),
         0xfff0,
         0,
         {"SK FFF2", "ok+wr", "ok", "ok", "ok", "ok", "ok", "ok+wr"}},
        {"S38b",
         {0xe4, 0x92},
         real,
         reset_base,
         0xfff1,
         reset(),
         0xfff0,
         0,
         {"SK FFF2+RX", "RX+wr", "ok", "ok", "ok", "ok", "ok", "JN FFF3"}},
    };
    return rows;
}

constexpr AbsoluteCell absolute[] = {
    {"S05", "CA", "JN"},      {"S06", "CA", "JN"},          {"S07", "CA", "JN"},
    {"S08", "CA", "JN+RX"},   {"S08b", "CA", "JN+RX"},      {"S13b", "CA", "JN"},
    {"S13c", "CA", "JN"},     {"S15", "CA", "JN"},          {"S15b", "CA", "JN+RX"},
    {"S18", "CA", "JN"},      {"S18b", "CA", "JN+RX"},      {"S24", "CA", "JN"},
    {"S31", "CA", "JN"},      {"S37", "CA", "JN+RX"},       {"S38", "CA", "JN"},
    {"S38b", "CA", "JN+RX"},  {"S27", "CA", "ok"},          {"S27b", "CA", "ok"},
    {"S27c", "CA", "RX"},     {"S27d", "CA", "JN 8002+RX"}, {"S13b", "LR", "JN FFFFFFF2"},
    {"S31", "LR", "JN 8002"},
};

}  // namespace

std::span<const MatrixRow> matrix_a() {
    static const std::vector<MatrixRow> rows = build();
    return rows;
}

std::span<const AbsoluteCell> matrix_a_absolute() { return absolute; }

// E4-E7 take an immediate port, EC-EF take DX; bit 1 is OUT, bit 0 the wide form.
bool MatrixRow::is_in() const { return (code[code[0] == 0x66 ? 1 : 0] & 2) == 0; }

unsigned MatrixRow::size() const {
    const bool prefix = code[0] == 0x66;
    if ((code[prefix ? 1 : 0] & 1) == 0) return 1;
    return (mode == Mode::real) == prefix ? 4 : 2;
}

std::uint16_t MatrixRow::port() const { return (code[code[0] == 0x66 ? 1 : 0] & 8) ? dx : code.back(); }

std::uint64_t MatrixRow::next_rip() const {
    const std::uint64_t next = rip + code.size();
    return mode == Mode::long64 ? next : static_cast<std::uint32_t>(next);
}

Prediction predict(const MatrixRow& row, std::string_view cell) {
    Prediction result{row.rip, row.right_rip, row.right_rax};
    const std::uint64_t rax = row.action.rax.value_or(row.rax);
    const std::uint64_t mask = row.size() == 4 ? 0xffffffff : row.size() == 2 ? 0xffff : 0xff;
    const std::uint64_t merged = ((row.size() == 4 ? 0 : rax) & ~mask) | (row.data & mask);
    while (!cell.empty()) {
        const auto plus = cell.find('+');
        const std::string_view part = cell.substr(0, plus);
        cell = plus == std::string_view::npos ? std::string_view{} : cell.substr(plus + 1);
        if (part == "wr") {
            result.visible_rip = row.next_rip();
        } else if (part == "RX") {
            result.rax = merged;
        } else if (part == "LD") {
            result.rax = rax;
        } else if (part == "JN") {
            result.rip = row.next_rip();
        } else if (part.size() > 3) {
            std::from_chars(part.data() + 3, part.data() + part.size(), result.rip, 16);
        }
    }
    return result;
}

}  // namespace southgate::cpu::test
