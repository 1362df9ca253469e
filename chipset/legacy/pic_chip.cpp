#include "chipset/legacy/pic_chip.h"

namespace southgate::chipset {

namespace {
constexpr std::uint8_t bit(unsigned n) { return static_cast<std::uint8_t>(1u << n); }
constexpr unsigned kCascadeInput = 2;
}  // namespace

void PicChip::reset() {
    const std::uint8_t lines = lines_;
    const std::uint8_t level_triggered = level_triggered_;
    *this = PicChip(role_);
    lines_ = lines;
    level_triggered_ = level_triggered;
}

void PicChip::set_input(unsigned n, bool asserted) {
    const std::uint8_t mask = bit(n);
    if (asserted == ((lines_ & mask) != 0)) return;
    if (asserted) {
        lines_ |= mask;
        edges_ |= mask;
    } else {
        // "The IR inputs must remain high until after the falling edge of the first INTA" (8259A,
        // edge-triggered mode).
        lines_ &= static_cast<std::uint8_t>(~mask);
        edges_ &= static_cast<std::uint8_t>(~mask);
    }
}

int PicChip::highest(std::uint8_t requests) const {
    for (unsigned i = 1; i <= 8; ++i) {
        const unsigned input = (lowest_ + i) & 7;
        if (requests & bit(input)) return static_cast<int>(input);
    }
    return -1;
}

int PicChip::pending() const {
    if (expect_ != Expect::operation) return -1;
    const int request = highest(static_cast<std::uint8_t>(irr() & ~imr_));
    if (request < 0) return -1;
    // Special mask mode takes masked levels out of the nesting, so that lower ones get through.
    const int in_service = highest(special_mask_ ? static_cast<std::uint8_t>(isr_ & ~imr_) : isr_);
    if (in_service < 0) return request;
    const unsigned request_rank = rank(static_cast<unsigned>(request));
    const unsigned service_rank = rank(static_cast<unsigned>(in_service));
    if (request_rank < service_rank) return request;
    // Special fully nested: the slave may interrupt its own service routine with a higher request of its own.
    const bool slave_again = special_fully_nested_ && role_ == Role::master && request == in_service &&
                             cascades() && request == static_cast<int>(kCascadeInput);
    return slave_again ? request : -1;
}

unsigned PicChip::acknowledge() {
    const int request = pending();
    if (request < 0) return kSpurious;
    const auto input = static_cast<unsigned>(request);
    edges_ &= static_cast<std::uint8_t>(~bit(input));
    if (!auto_eoi_)
        isr_ |= bit(input);
    else if (rotate_on_auto_eoi_)
        lowest_ = static_cast<std::uint8_t>(input);
    return input;
}

void PicChip::write(bool a0, std::uint8_t data) {
    if (!a0) {
        if (data & 0x10)
            write_icw1(data);
        else if (data & 0x08)
            write_ocw3(data);
        else
            write_ocw2(data);
        return;
    }
    switch (expect_) {
        case Expect::icw2:
            vector_base_ = data & 0xf8;
            finish(Expect::icw2);
            break;
        case Expect::icw3:
            icw3_ = data;
            finish(Expect::icw3);
            break;
        case Expect::icw4:
            auto_eoi_ = (data & 0x02) != 0;
            special_fully_nested_ = (data & 0x10) != 0;
            finish(Expect::icw4);
            break;
        case Expect::icw1:
        case Expect::operation:
            imr_ = data;
            break;
    }
}

// 8259A, "Initialization command words": what ICW1 clears, items (a) to (f).
void PicChip::write_icw1(std::uint8_t data) {
    edges_ = 0;
    imr_ = 0;
    isr_ = 0;
    lowest_ = 7;
    icw3_ = 0;
    special_mask_ = false;
    rotate_on_auto_eoi_ = false;
    read_isr_ = false;
    poll_ = false;
    auto_eoi_ = false;
    special_fully_nested_ = false;
    needs_icw4_ = (data & 0x01) != 0;
    single_ = (data & 0x02) != 0;
    expect_ = Expect::icw2;
}

void PicChip::finish(Expect done) {
    if (done == Expect::icw2 && !single_)
        expect_ = Expect::icw3;
    else if (done != Expect::icw4 && needs_icw4_)
        expect_ = Expect::icw4;
    else
        expect_ = Expect::operation;
}

// OCW2: bit 7 rotate, bit 6 specific, bit 5 EOI, bits 2..0 level.
void PicChip::write_ocw2(std::uint8_t data) {
    const unsigned level = data & 7;
    const bool rotate = (data & 0x80) != 0;
    const bool specific = (data & 0x40) != 0;
    if (data & 0x20) {
        // In special mask mode a non-specific EOI does not clear an in-service level that is masked.
        const int target = specific ? static_cast<int>(level)
                                    : highest(special_mask_ ? static_cast<std::uint8_t>(isr_ & ~imr_) : isr_);
        if (target < 0) return;
        isr_ &= static_cast<std::uint8_t>(~bit(static_cast<unsigned>(target)));
        if (rotate) lowest_ = static_cast<std::uint8_t>(target);
    } else if (specific) {
        if (rotate) lowest_ = static_cast<std::uint8_t>(level);  // 010: no operation
    } else {
        rotate_on_auto_eoi_ = rotate;
    }
}

void PicChip::write_ocw3(std::uint8_t data) {
    if (data & 0x40) special_mask_ = (data & 0x20) != 0;
    if (data & 0x04)
        poll_ = true;
    else if (data & 0x02)
        read_isr_ = (data & 0x01) != 0;
}

std::uint8_t PicChip::read(bool a0, bool debug) {
    if (poll_ && !debug) {
        poll_ = false;
        if (!requesting()) return kSpurious;  // bit 7 = 0: no request
        return static_cast<std::uint8_t>(0x80 | acknowledge());
    }
    if (a0) return imr_;
    return read_isr_ ? isr_ : irr();
}

}  // namespace southgate::chipset
