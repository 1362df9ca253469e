// Random instructions, segments and states of 16- and 32-bit code for the compatibility-mode oracle, from a seed.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "oracle/compat_catalogue.h"
#include "oracle/compat_native.h"
#include "oracle/decoded.h"

namespace southgate::cpu::test {

struct CompatCase {
    const Encoding* encoding = nullptr;
    bool undefined = false;  // of undefined_encodings(), or LOCK is: of `instruction` only bytes and length (15)
    Decoded instruction;
    // An instruction behind one that loads a segment register, which uses it.
    std::array<std::uint8_t, 8> sequel{};
    unsigned sequel_length = 0;
    CompatState before;
    // Bytes to put into memory first; whatever of it does not lie in the writable data is dropped.
    struct Write {
        std::uint32_t linear;
        std::array<std::uint8_t, 16> bytes;
    };
    std::vector<Write> writes;
    bool names_long_code = false;  // a selector of a 64-bit code segment was given to it
    bool nested_return = false;    // IRET with NT: a task switch in legacy mode, #GP(0) in long mode
};

class CompatGenerator {
  public:
    // `flat`: segments of 4 GiB may be used, too.
    CompatGenerator(std::uint64_t seed, bool flat) : random_(seed), flat_allowed_(flat) { new_segments(); }

    const Ldt& ldt() const { return ldt_; }
    void new_segments() { ldt_ = random_ldt(random_); }

    // One attempt; nullopt if the bytes are no instruction we compare.
    std::optional<CompatCase> next();
    std::uint32_t word() { return static_cast<std::uint32_t>(random_()); }
    bool one_in(unsigned n) { return word() % n == 0; }

  private:
    std::uint32_t value();  // registers: corner cases and random bits
    std::uint16_t selector();
    std::uint16_t any_selector();
    std::uint16_t entry(std::initializer_list<Role> roles);
    std::uint32_t offset(const LdtDescriptor& d);
    std::uint32_t code_offset(const LdtDescriptor& d);
    std::uint32_t flags_image();
    void choose_segments(CompatCase& t);
    bool place(CompatCase& t);
    bool fits(const CompatCase& t, std::uint32_t length) const;
    void bytes_of(const Encoding& e, std::uint8_t* bytes, bool code16);
    void aim(CompatCase& t, std::uint8_t* bytes);
    void aim_operand(CompatCase& t, const ZydisDecodedOperand& operand, std::uint8_t* bytes);
    void shape_registers(CompatCase& t);
    void shape_immediates(CompatCase& t, std::uint8_t* bytes);
    void fill_stack(CompatCase& t);
    void add_sequel(CompatCase& t, bool code16);
    std::array<std::uint8_t, 16> contents(const CompatCase& t);
    std::uint16_t far_selector(CompatCase& t, std::uint32_t& offset);

    std::mt19937_64 random_;
    bool flat_allowed_;
    bool names_long_code_ = false;  // selector() returned one of a 64-bit code segment
    std::uint16_t last_selector_ = 0;  // what selector() returned
    Ldt ldt_;
};

}  // namespace southgate::cpu::test
