// CMPS, SCAS.
#include <cstring>

#include "cpu_model/decode/select.h"
#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/flags.h"
#include "cpu_model/interpreter/string.h"
#include "cpu_model/interpreter/string_select.h"

namespace southgate::cpu {
namespace {

template <class T>
T element(const std::uint8_t* host) {
    T value;
    std::memcpy(&value, host, sizeof value);
    return value;
}

// The mandatory repeat prefix tells which comparison result goes on: Uop::aux holds Repeat.
inline bool goes_on(const Uop* u, bool equal) { return equal == (static_cast<Repeat>(u->aux) == Repeat::equal); }

template <class T, class A>
struct Cmps {
    using Address = A;
    static constexpr bool compares = true;

    static void one(Cpu* c, const Uop* u) {
        const auto first = to_linear<T, Mem::segmented>(c, u, static_cast<Seg>(u->seg), get_reg<A>(c, Gpr::rsi), false);
        const T a = load_at<T>(c, u, first);
        const T b = load_at<T>(c, u, to_linear<T, Mem::segmented>(c, u, Seg::es, get_reg<A>(c, Gpr::rdi), false));
        sub_flags<T>(c, a, b);
        add_to<A>(c, Gpr::rsi, string_delta<T>(c));
        add_to<A>(c, Gpr::rdi, string_delta<T>(c));
    }

    static std::uint64_t run(Cpu* c, const Uop* u, std::uint64_t max) {
        const bool down = (c->eflags & eflags::df) != 0;
        const Window first = window(c, static_cast<Seg>(u->seg), false);
        const Window second = window(c, Seg::es, false);
        const A rsi = get_reg<A>(c, Gpr::rsi), rdi = get_reg<A>(c, Gpr::rdi);
        const std::uint64_t n = std::min({max, run_length<T, A>(first, rsi, down),
                                          run_length<T, A>(second, rdi, down)});
        if (n == 0) return 0;
        const std::uint8_t* p = host_span(c, first.linear(rsi), false);
        if (!p) return 0;
        const std::uint8_t* q = host_span(c, second.linear(rdi), false);
        if (!q) return 0;
        const std::ptrdiff_t step = down ? -static_cast<std::ptrdiff_t>(sizeof(T)) : sizeof(T);
        std::uint64_t done = 1;
        while (done < n && goes_on(u, element<T>(p) == element<T>(q))) {
            p += step;
            q += step;
            ++done;
        }
        sub_flags<T>(c, element<T>(p), element<T>(q));
        add_to<A>(c, Gpr::rsi, string_delta<T>(c) * done);
        add_to<A>(c, Gpr::rdi, string_delta<T>(c) * done);
        return done;
    }
};

template <class T, class A>
struct Scas {
    using Address = A;
    static constexpr bool compares = true;

    static void one(Cpu* c, const Uop* u) {
        const T b = load_at<T>(c, u, to_linear<T, Mem::segmented>(c, u, Seg::es, get_reg<A>(c, Gpr::rdi), false));
        sub_flags<T>(c, get_reg<T>(c, Gpr::rax), b);
        add_to<A>(c, Gpr::rdi, string_delta<T>(c));
    }

    static std::uint64_t run(Cpu* c, const Uop* u, std::uint64_t max) {
        const bool down = (c->eflags & eflags::df) != 0;
        const Window second = window(c, Seg::es, false);
        const A rdi = get_reg<A>(c, Gpr::rdi);
        const std::uint64_t n = std::min(max, run_length<T, A>(second, rdi, down));
        if (n == 0) return 0;
        const std::uint8_t* q = host_span(c, second.linear(rdi), false);
        if (!q) return 0;
        const T wanted = get_reg<T>(c, Gpr::rax);
        const std::ptrdiff_t step = down ? -static_cast<std::ptrdiff_t>(sizeof(T)) : sizeof(T);
        std::uint64_t done = 1;
        while (done < n && goes_on(u, element<T>(q) == wanted)) {
            q += step;
            ++done;
        }
        sub_flags<T>(c, wanted, element<T>(q));
        add_to<A>(c, Gpr::rdi, string_delta<T>(c) * done);
        return done;
    }
};

}  // namespace

void register_string_compares(HandlerTable& t) {
    const auto cmps = [](const Instruction& i, Translation& x) { select_string<Cmps>(i, x); };
    const auto scas = [](const Instruction& i, Translation& x) { select_string<Scas>(i, x); };
    for (auto m : {ZYDIS_MNEMONIC_CMPSB, ZYDIS_MNEMONIC_CMPSW, ZYDIS_MNEMONIC_CMPSD, ZYDIS_MNEMONIC_CMPSQ})
        t.add(m, cmps);
    for (auto m : {ZYDIS_MNEMONIC_SCASB, ZYDIS_MNEMONIC_SCASW, ZYDIS_MNEMONIC_SCASD, ZYDIS_MNEMONIC_SCASQ})
        t.add(m, scas);
}

}  // namespace southgate::cpu
