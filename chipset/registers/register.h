// Registers are data: a chipset register is declared once, and the model, the `regs` dump, the documentation and
// the tests read that one declaration. Behaviour attaches to a declaration by callback.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <systemc>

namespace southgate::chipset {

// The event that reloads a register, from the narrowest to the widest: an event of one domain reloads every
// register whose domain is not wider (power cycle > hard reset; INIT# never reaches a chipset register).
enum class ResetDomain : std::uint8_t {
    platform,     // PCIRST# / RSTDRV: CF9h hard reset, reset button
    power_good,   // core well: PWROK low (S3..S5, power cycle)
    resume_well,  // RSMRST#: loss of standby power
    rtc_well,     // RTCRST#: loss of the battery
    never,        // no reset function, e.g. 8254 counters; contents undefined at power-on
};

// How software sees a bit field.
enum class FieldAccess : std::uint8_t {
    rw,
    ro,       // writes have no effect
    wo,       // reads as 0
    w1c,      // write 1 to clear
    rw_once,  // first write after the reset of its domain sticks
    reserved, // reads as its reset value
};

struct Field {
    const char* name;
    std::uint8_t lsb;
    std::uint8_t width;
    FieldAccess access;
    const char* description;
};

// The declaration. Meant for `static constexpr` tables next to the device.
struct RegisterInfo {
    const char* name;          // datasheet mnemonic, e.g. "P92"
    std::uint32_t offset;      // within its space: port offset, config offset
    std::uint8_t width;        // bytes: 1, 2 or 4
    std::uint32_t reset;       // value the domain reloads
    ResetDomain domain;
    const char* source;        // document and section, e.g. "82371AB 290562 4.2.7.2"
    std::span<const Field> fields = {};  // none: the whole register is rw
    bool synchronise = false;  // an access may change a line or must see exact time (design, "Time")

    std::uint32_t mask_of(FieldAccess access) const;
};

// One access as a register callback sees it.
struct AccessContext {
    sc_core::sc_time now;  // sc_time_stamp() plus the local delay of the transaction
    bool debug = false;    // transport_dbg: must not change anything
};

class Register {
  public:
    // Bits the software wrote (after access rules); may adjust `reg.value`. Not called for debug writes.
    using WriteHandler = std::function<void(std::uint32_t before, std::uint32_t written, const AccessContext&)>;
    // Value to return instead of the stored one. Must not change state when context.debug.
    using ReadHandler = std::function<std::uint32_t(const AccessContext&)>;

    explicit Register(const RegisterInfo& info);

    const RegisterInfo& info() const { return *info_; }
    std::uint32_t value = 0;

    Register& on_write(WriteHandler handler) { return write_ = std::move(handler), *this; }
    Register& on_read(ReadHandler handler) { return read_ = std::move(handler), *this; }

    std::uint32_t read(const AccessContext& context) const;
    // Applies field access rules to the lanes of `lane_mask`, stores, then calls the write handler.
    void write(std::uint32_t data, std::uint32_t lane_mask, const AccessContext& context, const char* device);
    // Reloads the value; handlers are not called.
    void reset();

    // The register's fields have read-only, w1c ... bits all over; these are their masks.
    std::uint32_t rw_mask() const { return rw_; }

  private:
    const RegisterInfo* info_;
    std::uint32_t rw_, w1c_, once_, wo_, once_done_ = 0;
    WriteHandler write_;
    ReadHandler read_;
};

}  // namespace southgate::chipset
