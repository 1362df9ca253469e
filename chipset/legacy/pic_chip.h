// One 8259A interrupt controller as plain logic: Intel 231468, and 82371AB 290562 section 8.8 for what the
// PIIX fixes (8086 mode only, edge/level per input through ELCR instead of ICW1.LTIM).
#pragma once

#include <cstdint>

namespace southgate::chipset {

class PicChip {
  public:
    enum class Role : std::uint8_t { master, slave };
    static constexpr unsigned kSpurious = 7;  // IR7 is what a withdrawn request acknowledges as

    explicit PicChip(Role role) : role_(role) {}

    // Power-on or hard reset. The datasheet leaves ICW, OCW, IRR and ISR undefined; here they are cleared and
    // the chip delivers nothing until it has seen ICW1 to ICW4.
    void reset();

    void write(bool a0, std::uint8_t data);
    // A read after OCW3.P acknowledges (poll command); `debug` shows the register and changes nothing.
    std::uint8_t read(bool a0, bool debug);

    void set_input(unsigned n, bool asserted);
    // Bit n: input n is level-triggered (ELCR).
    void set_level_triggered(std::uint8_t mask) { level_triggered_ = mask; }

    // INT output.
    bool requesting() const { return pending() >= 0; }
    // Input the priority resolver would acknowledge, or -1.
    int pending() const;
    // INTA cycle: the input acknowledged, kSpurious without a request. Enters ISR, leaves the edge latch,
    // AEOI.
    unsigned acknowledge();

    // An INTA for input 2 belongs to the slave (ICW1.SNGL = 0 and ICW3 bit 2).
    bool cascades() const { return !single_ && (icw3_ & 4); }
    // A slave answers INTA only on the cascade code of its ICW3.
    bool answers_cascade(std::uint8_t code) const { return !single_ && (icw3_ & 7) == code; }
    std::uint8_t vector(unsigned input) const { return static_cast<std::uint8_t>(vector_base_ | input); }

    std::uint8_t irr() const {
        return static_cast<std::uint8_t>((lines_ & level_triggered_) | (edges_ & ~level_triggered_));
    }
    std::uint8_t isr() const { return isr_; }
    std::uint8_t imr() const { return imr_; }

  private:
    enum class Expect : std::uint8_t { icw1, icw2, icw3, icw4, operation };

    void write_icw1(std::uint8_t data);
    void write_ocw2(std::uint8_t data);
    void write_ocw3(std::uint8_t data);
    void finish(Expect done);
    unsigned rank(unsigned input) const { return (input - lowest_ - 1) & 7; }  // 0 = highest priority
    int highest(std::uint8_t requests) const;

    Role role_;
    Expect expect_ = Expect::icw1;
    std::uint8_t lines_ = 0;  // input levels
    std::uint8_t edges_ = 0;  // edge latches: a rising edge since ICW1, still high, not acknowledged
    std::uint8_t level_triggered_ = 0;
    std::uint8_t isr_ = 0;
    std::uint8_t imr_ = 0;
    std::uint8_t vector_base_ = 0;
    std::uint8_t icw3_ = 0;
    std::uint8_t lowest_ = 7;  // input of lowest priority
    bool needs_icw4_ = false;
    bool single_ = false;
    bool auto_eoi_ = false;
    bool special_fully_nested_ = false;
    bool special_mask_ = false;
    bool rotate_on_auto_eoi_ = false;
    bool read_isr_ = false;
    bool poll_ = false;
};

}  // namespace southgate::chipset
