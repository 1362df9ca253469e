// A bank of registers behind one address space: decodes any byte, word or dword access into registers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chipset/registers/register.h"

namespace southgate::chipset {

class RegisterBank {
  public:
    // `size` bytes of address space; offsets nobody declared read as `floating` (open bus) and ignore writes.
    RegisterBank(const char* device, std::uint32_t size, std::uint8_t floating = 0xff);

    // Registers must outlive the bank and may not overlap, except where `shadowed` says that a later register
    // replaces the bytes of an earlier one.
    void add(Register& reg, bool shadowed = false);

    // size is 1, 2 or 4; accesses that straddle registers are split, bytes past the end float.
    std::uint32_t read(std::uint32_t offset, unsigned size, const AccessContext& context) const;
    void write(std::uint32_t offset, unsigned size, std::uint32_t data, const AccessContext& context);

    // Reloads every register whose domain is `domain` or narrower.
    void reset(ResetDomain domain);

    const std::vector<Register*>& registers() const { return registers_; }
    const Register* find(const char* name) const;
    std::uint64_t ignored_accesses() const { return ignored_; }

  private:
    Register* whole(std::uint32_t offset, unsigned size) const;

    std::string device_;
    std::uint8_t floating_;
    std::vector<Register*> registers_;
    std::vector<std::uint16_t> index_;  // offset -> position in registers_ + 1, 0 = nobody
    mutable std::uint64_t ignored_ = 0;
};

}  // namespace southgate::chipset
