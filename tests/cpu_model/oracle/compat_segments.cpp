#include "oracle/compat_segments.h"

#include <algorithm>

#include "oracle/compat_layout.h"

namespace southgate::cpu::test {

namespace {

constexpr std::array<Role, ldt_entries - 1> roles{
    Role::data32, Role::data32, Role::data32, Role::data16, Role::data16, Role::read_only, Role::down32,
    Role::down32, Role::down16, Role::down16, Role::down_read_only, Role::data_pages, Role::code32, Role::code32,
    Role::code32_execute_only, Role::code16, Role::code16, Role::code16_execute_only, Role::code_short, Role::code_short,
    Role::code_top, Role::code_top,
    Role::absent_data, Role::absent_code, Role::absent_conforming, Role::absent_down, Role::nothing, Role::data32,
    Role::data16};

class Maker {
  public:
    explicit Maker(std::mt19937_64& random) : random_(random) {}

    LdtDescriptor make(Role role) {
        LdtDescriptor d;
        if (role == Role::nothing) return d;
        d.empty = false;
        d.available = one_in(2);
        switch (role) {
            case Role::data32: d.big = true; return up(d);
            case Role::data16: return up(d);
            case Role::read_only: d.restricted = true; d.big = one_in(2); return up(d);
            case Role::down_read_only: d.restricted = true; [[fallthrough]];
            case Role::down32: d.big = true; return down(d);
            case Role::down16: return down(d);
            case Role::data_pages: d.big = one_in(2); d.pages = true; return up(d);
            case Role::code32: return code(d, true, false, false);
            case Role::code32_execute_only: return code(d, true, true, false);
            case Role::code16: return code(d, false, false, false);
            case Role::code16_execute_only: return code(d, false, true, false);
            case Role::code_short: return code(d, one_in(2), false, true);
            case Role::code_top: return top_of_64k(d);
            case Role::absent_data: d.absent = true; d.big = true; return up(d);
            case Role::absent_down: d.absent = true; return down(d);
            case Role::absent_conforming: d.conforming = true; [[fallthrough]];
            default: d.absent = true; return code(d, one_in(2), false, false);
        }
    }

  private:
    std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
    bool one_in(unsigned n) { return below(n) == 0; }

    // Starts in front of or inside the data and ends inside it, behind it, or far behind it.
    LdtDescriptor up(LdtDescriptor d) {
        d.base = one_in(2) ? compat::data - below(0x4000) : compat::data + below(compat::data_size);
        if (one_in(3)) d.base &= ~0xfu;
        const std::uint32_t last = one_in(2) ? compat::data + below(compat::data_size) : compat::end + below(0x8000);
        d.limit = d.pages ? below(16) : last > d.base ? last - d.base : below(0x2000);
        return d;
    }
    // The offsets above the limit: up to FFFFh or FFFFFFFFh, where the base must wrap to reach the data.
    LdtDescriptor down(LdtDescriptor d) {
        d.expand_down = true;
        d.base = compat::data + below(compat::data_size);
        if (d.big) {
            d.base += 0x1000;
            d.pages = true;
            d.limit = 0xfffff - (1 + below(6));
        } else {
            d.limit = below(0x8000);
            d.base -= 0x8000;
        }
        return d;
    }
    LdtDescriptor code(LdtDescriptor d, bool big, bool execute_only, bool short_limit) {
        d.code = true;
        d.big = big;
        d.restricted = execute_only;
        d.base = compat::code - below(0x1800);
        if (one_in(3)) d.base &= ~0xfu;
        const std::uint32_t to_code = compat::code - d.base;
        d.limit = short_limit ? to_code + 0x100 + below(compat::code_size - 0x100)
                  : one_in(2) ? to_code + compat::code_size + below(0x8000)
                              : 0xffff;
        if (big && one_in(4) && !short_limit) {
            d.pages = true;
            d.limit = 8 + below(8);
        }
        return d;
    }

    // Offset FFFFh, where IP wraps, lies in the code.
    LdtDescriptor top_of_64k(LdtDescriptor d) {
        d.code = true;
        d.big = one_in(3);
        d.base = compat::code + 0x1000 + below(0x800) - 0xffff;
        d.limit = one_in(2) ? 0xffff : 0x10000 + below(0x10000);
        return d;
    }

    std::mt19937_64& random_;
};

}  // namespace

std::uint64_t LdtDescriptor::raw() const {
    if (empty) return 0;
    const unsigned type = 1u | (restricted ? 0u : 2u) | (expand_down || conforming ? 4u : 0u) | (code ? 8u : 0u);
    const std::uint64_t high = (base >> 16 & 0xff) | type << 8 | 0x7000u | (absent ? 0u : 0x8000u) | (limit & 0xf0000) |
                               (available ? 1u << 20 : 0u) | (big ? 1u << 22 : 0u) | (pages ? 1u << 23 : 0u) |
                               (base & 0xff000000);
    return high << 32 | (base & 0xffff) << 16 | (limit & 0xffff);
}

std::optional<Role> role_of(unsigned entry) {
    if (entry >= roles.size()) return std::nullopt;
    return roles[entry];
}

Ldt random_ldt(std::mt19937_64& random) {
    Ldt ldt;
    Maker maker(random);
    std::transform(roles.begin(), roles.end(), ldt.begin(), [&](Role r) { return maker.make(r); });
    LdtDescriptor& flat = ldt[trampoline_entry];
    flat.empty = false;
    flat.code = flat.big = flat.pages = true;
    flat.limit = 0xfffff;
    return ldt;
}

std::optional<LdtDescriptor> descriptor_of(const Ldt& ldt, std::uint16_t selector) {
    const unsigned index = selector >> 3;
    if ((selector & 4) != 0) return index < ldt.size() ? std::optional{ldt[index]} : std::nullopt;
    if (index == 0 || index >= linux_gdt.size()) return std::nullopt;
    LdtDescriptor d;
    d.empty = false;
    d.limit = 0xfffff;
    d.pages = true;
    d.code = selector != user_ds && index != kernel_ds >> 3;
    d.big = index != user_cs >> 3 && index != kernel_cs >> 3;
    return d;
}

}  // namespace southgate::cpu::test
