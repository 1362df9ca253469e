#include "oracle/compat_catalogue.h"

#include <cpuid.h>

#include <algorithm>
#include <optional>

#include "cpu_model/decode/table.h"

namespace southgate::cpu::test {

namespace {

// CPUID.1:ECX and CPUID.(7,0):EBX of the host.
bool host_has(unsigned leaf1_ecx, unsigned leaf7_ebx = 0) {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    const bool has1 = __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & leaf1_ecx) == leaf1_ecx;
    const bool has7 = leaf7_ebx == 0 || (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & leaf7_ebx) == leaf7_ebx);
    return has1 && has7;
}

constexpr const char* not_there = "the host does not have it";
constexpr unsigned invpcid_feature = 1u << 10;

bool own_oracle(const ZydisDecodedInstruction& i) {
    switch (i.meta.isa_ext) {
        case ZYDIS_ISA_EXT_X87:
        case ZYDIS_ISA_EXT_MMX:
        case ZYDIS_ISA_EXT_SSE:
        case ZYDIS_ISA_EXT_SSE2:
        case ZYDIS_ISA_EXT_SSE3:
        case ZYDIS_ISA_EXT_SSSE3:
        case ZYDIS_ISA_EXT_SSE4:
        case ZYDIS_ISA_EXT_AES:
        case ZYDIS_ISA_EXT_PCLMULQDQ:
        case ZYDIS_ISA_EXT_SHA:
        case ZYDIS_ISA_EXT_GFNI: break;
        default: return i.meta.category == ZYDIS_CATEGORY_X87_ALU;
    }
    switch (i.mnemonic) {
        case ZYDIS_MNEMONIC_PREFETCHNTA:
        case ZYDIS_MNEMONIC_PREFETCHT0:
        case ZYDIS_MNEMONIC_PREFETCHT1:
        case ZYDIS_MNEMONIC_PREFETCHT2:
        case ZYDIS_MNEMONIC_LFENCE:
        case ZYDIS_MNEMONIC_MFENCE:
        case ZYDIS_MNEMONIC_SFENCE:
        case ZYDIS_MNEMONIC_MOVNTI:
        case ZYDIS_MNEMONIC_POPCNT:
        case ZYDIS_MNEMONIC_CRC32: return false;
        default: return true;
    }
}

}  // namespace

bool known(const ZydisDecodedInstruction& i) {
    return i.encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY && HandlerTable::instance().find(i.mnemonic);
}

const char* excluded(const ZydisDecodedInstruction& i) {
    if (own_oracle(i)) return "x87, MMX and SSE: fpu_oracle_test.cpp, simd_oracle_test.cpp";
    switch (i.mnemonic) {
        case ZYDIS_MNEMONIC_SYSCALL:
        case ZYDIS_MNEMONIC_SYSENTER: return "enters the host's kernel";
        case ZYDIS_MNEMONIC_SYSEXIT:
        case ZYDIS_MNEMONIC_SYSRET:
            return "SYSRET in compatibility mode is #UD on Intel processors, #GP(0) at CPL 3 on AMD's (SDM vol. 2B and APM "
                   "vol. 3, SYSRET); SYSEXIT in compatibility mode is #UD on AMD's (APM vol. 3, SYSEXIT)";
        case ZYDIS_MNEMONIC_SGDT:
        case ZYDIS_MNEMONIC_SIDT:
        case ZYDIS_MNEMONIC_SLDT:
        case ZYDIS_MNEMONIC_STR:
        case ZYDIS_MNEMONIC_SMSW: return "CR4.UMIP and the values are the host's system's (SDM vol. 3A 2.5); Linux emulates them";
        case ZYDIS_MNEMONIC_CPUID:
        case ZYDIS_MNEMONIC_RDTSC:
        case ZYDIS_MNEMONIC_RDTSCP:
        case ZYDIS_MNEMONIC_RDRAND:
        case ZYDIS_MNEMONIC_RDSEED: return "the result is the host's own";
        case ZYDIS_MNEMONIC_RDPMC: return "CR4.PCE and the number of counters are the host's (SDM vol. 2B RDPMC)";
        case ZYDIS_MNEMONIC_XGETBV:
        case ZYDIS_MNEMONIC_XSAVE:
        case ZYDIS_MNEMONIC_XRSTOR:
        case ZYDIS_MNEMONIC_XSAVEOPT: return "the state they move is the host's";
        case ZYDIS_MNEMONIC_NOP:
            return i.opcode == 0x0d ? "0F 0D with a register: #UD on AMD processors, a reserved NOP in SDM vol. 2D table A-3"
                                    : nullptr;
        case ZYDIS_MNEMONIC_MOVBE: return host_has(bit_MOVBE) ? nullptr : not_there;
        case ZYDIS_MNEMONIC_POPCNT: return host_has(bit_POPCNT) ? nullptr : not_there;
        case ZYDIS_MNEMONIC_CRC32: return host_has(bit_SSE4_2) ? nullptr : not_there;
        case ZYDIS_MNEMONIC_XSETBV: return host_has(bit_OSXSAVE) ? nullptr : not_there;
        case ZYDIS_MNEMONIC_CLFLUSHOPT: return host_has(0, bit_CLFLUSHOPT) ? nullptr : not_there;
        case ZYDIS_MNEMONIC_INVPCID: return host_has(0, invpcid_feature) ? nullptr : not_there;
        default: return nullptr;
    }
}

namespace {

struct Decoding {
    ZydisDecodedInstruction info;
    bool operator==(const Decoding& o) const {
        return info.mnemonic == o.info.mnemonic && info.operand_count_visible == o.info.operand_count_visible;
    }
};

std::optional<Decoding> try_decode(const Encoding& e, unsigned modrm) {
    ZydisDecoder decoder;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
    std::array<std::uint8_t, 16> bytes{};
    unsigned n = 0;
    if (e.prefix) bytes[n++] = e.prefix;
    std::copy_n(e.opcode.begin(), e.opcode_size, bytes.begin() + n);
    n += e.opcode_size;
    bytes[n] = static_cast<std::uint8_t>(modrm);
    Decoding d;
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, nullptr, bytes.data(), bytes.size(), &d.info)))
        return std::nullopt;
    return known(d.info) ? std::optional{d} : std::nullopt;
}

using Decodings = std::array<std::optional<Decoding>, 256>;

void add(std::vector<Encoding>& list, Encoding e, const Decoding& d) {
    e.mnemonic = d.info.mnemonic;
    e.excluded = excluded(d.info);
    list.push_back(e);
}

// One opcode: as few encodings as tell its instructions apart.
void add_opcode(std::vector<Encoding>& list, Encoding e) {
    Decodings all;
    for (unsigned modrm = 0; modrm < 256; ++modrm) all[modrm] = try_decode(e, modrm);
    const auto first = std::find_if(all.begin(), all.end(), [](const auto& d) { return d.has_value(); });
    if (first == all.end()) return;
    if (!((**first).info.attributes & ZYDIS_ATTRIB_HAS_MODRM)) return add(list, e, **first);
    e.modrm = true;
    for (const bool memory : {true, false}) {
        e.memory = memory;
        const unsigned begin = memory ? 0 : 0xc0, finish = memory ? 0xc0 : 0x100;
        const auto range = [&](unsigned from, unsigned to) {
            return std::all_of(all.begin() + from, all.begin() + to, [&](const auto& d) { return d && *d == *all[from]; });
        };
        e.reg = e.rm = Encoding::any;
        if (range(begin, finish)) {
            add(list, e, *all[begin]);
            continue;
        }
        for (std::uint8_t reg = 0; reg < 8; ++reg) {
            const unsigned from = begin + 8u * reg;
            e.reg = reg;
            e.rm = Encoding::any;
            if (memory || range(from, from + 8)) {
                if (all[from]) add(list, e, *all[from]);
                continue;
            }
            for (std::uint8_t rm = 0; rm < 8; ++rm) {
                e.rm = rm;
                if (all[from + rm]) add(list, e, *all[from + rm]);
            }
        }
    }
}

bool is_prefix(unsigned byte) {
    constexpr std::array<std::uint8_t, 11> prefixes{0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3};
    return std::find(prefixes.begin(), prefixes.end(), byte) != prefixes.end();
}

std::vector<Encoding> enumerate() {
    std::vector<Encoding> list;
    for (unsigned op = 0; op < 256; ++op) {
        if (op != 0x0f && !is_prefix(op)) add_opcode(list, {.opcode = {static_cast<std::uint8_t>(op)}});
    }
    Encoding pause{.prefix = 0xf3, .opcode = {0x90}};
    add_opcode(list, pause);
    const auto escaped = [&list](std::array<std::uint8_t, 3> opcode, std::uint8_t size) {
        const std::size_t before = list.size();
        for (const std::uint8_t prefix : {0x00, 0x66, 0xf2, 0xf3}) {
            const std::size_t from = list.size();
            add_opcode(list, {.prefix = prefix, .opcode = opcode, .opcode_size = size});
            // Prefixes that make nothing new are chosen at random later.
            const auto known = [&](const Encoding& e) {
                return std::any_of(list.begin() + static_cast<std::ptrdiff_t>(before),
                                   list.begin() + static_cast<std::ptrdiff_t>(from), [&](const Encoding& o) {
                                       return o.mnemonic == e.mnemonic && o.memory == e.memory && o.reg == e.reg && o.rm == e.rm;
                                   });
            };
            list.erase(std::remove_if(list.begin() + static_cast<std::ptrdiff_t>(from), list.end(), known), list.end());
        }
    };
    for (unsigned op = 0; op < 256; ++op) {
        const auto byte = static_cast<std::uint8_t>(op);
        if (op != 0x38 && op != 0x3a) escaped({0x0f, byte}, 2);
        escaped({0x0f, 0x38, byte}, 3);
        escaped({0x0f, 0x3a, byte}, 3);
    }
    return list;
}

std::vector<Encoding> make_undefined() {
    std::vector<Encoding> list;
    const auto group = [&list](std::uint8_t opcode, std::initializer_list<std::uint8_t> regs, bool memory) {
        for (const std::uint8_t reg : regs)
            list.push_back({.opcode = {opcode}, .modrm = true, .memory = memory, .reg = reg});
    };
    const auto group0f = [&list](std::uint8_t opcode, std::initializer_list<std::uint8_t> regs, bool memory) {
        for (const std::uint8_t reg : regs)
            list.push_back({.opcode = {0x0f, opcode}, .opcode_size = 2, .modrm = true, .memory = memory, .reg = reg});
    };
    // Not Sreg: CS as a destination, 6 and 7.
    for (const bool memory : {false, true}) {
        group(0x8c, {6, 7}, memory);
        group(0x8e, {1, 6, 7}, memory);
        group(0xfe, {2, 3, 4, 5, 6, 7}, memory);
        group(0xff, {7}, memory);
        group(0xc6, {1, 2, 3, 4, 5, 6}, memory);
        group(0xc7, {1, 2, 3, 4, 5, 6}, memory);
        group0f(0xba, {0, 1, 2, 3}, memory);
        group0f(0x00, {6, 7}, memory);
    }
    // Memory operands only.
    group(0x8d, {0, 5}, false);
    group(0xff, {3, 5}, false);
    group0f(0xb2, {0, 3}, false);
    group0f(0xb4, {1, 2}, false);
    group0f(0xb5, {4, 7}, false);
    group0f(0xc7, {0, 2}, false);
    for (const std::uint8_t op : {0x04, 0x0a, 0x0c, 0x24, 0x25, 0x26, 0x27, 0x36, 0x39})
        list.push_back({.opcode = {0x0f, op}, .opcode_size = 2});
    return list;
}

}  // namespace

const std::vector<Encoding>& compat_catalogue() {
    static const std::vector<Encoding> list = enumerate();
    return list;
}

const std::vector<Encoding>& undefined_encodings() {
    static const std::vector<Encoding> list = make_undefined();
    return list;
}

bool enters_kernel(const std::uint8_t* bytes, unsigned size) {
    unsigned n = 0;
    while (n < size && is_prefix(bytes[n])) ++n;
    if (n + 1 >= size) return true;
    const std::uint8_t a = bytes[n], b = bytes[n + 1];
    return (a == 0x0f && (b == 0x05 || b == 0x34)) || (a == 0xcd && b == 0x80);
}

}  // namespace southgate::cpu::test
