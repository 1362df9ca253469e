#include "chipset/video/vga_core.h"

#include "chipset/clock.h"

namespace southgate::chipset::video {

namespace {

constexpr ClockRate dot_clock_25(25'175'000), dot_clock_28(28'322'000);
constexpr std::uint8_t floating = 0xff;
constexpr unsigned overflow = 0x07;
constexpr std::uint8_t display_disabled = 0x01, vertical_retrace = 0x08;

}  // namespace

VgaCore::VgaCore(const char* device, std::size_t memory_bytes)
    : sequencer_(device, sequencer_registers),
      crtc_(device, crtc_registers),
      graphics_(device, graphics_registers),
      attribute_(device, attribute_registers),
      misc_(misc_output_register),
      feature_(feature_control_register),
      device_(device),
      memory_(memory_bytes) {
    dispi.set_memory(memory_);
}

void VgaCore::reset() {
    for (IndexedRegisters* group : {&sequencer_, &crtc_, &graphics_, &attribute_}) group->reset();
    misc_.reset();
    feature_.reset();
    sequencer_index_ = crtc_index_ = graphics_index_ = attribute_index_ = 0;
    attribute_data_next_ = false;
    enable_ = 1;
    pel_mask_ = 0xff;
    palette_read_ = palette_write_ = palette_component_ = 0;
    palette_reading_ = false;
    latches_ = 0;
    dispi.reset();
}

std::uint8_t VgaCore::read_port(std::uint16_t port, const AccessContext& context) {
    switch (port) {
        case 0x3c0:
            return attribute_index_;
        case 0x3c1:
            return attribute_.read(attribute_index_ & 0x1f, context);
        case 0x3c2:
            return 0x10;  // input status 0: a colour monitor is sensed
        case 0x3c3:
            return enable_;
        case 0x3c4:
            return sequencer_index_;
        case 0x3c5:
            return sequencer_.read(sequencer_index_, context);
        case 0x3c6:
            return pel_mask_;
        case 0x3c7:
            return palette_reading_ ? 3 : 0;
        case 0x3c8:
            return palette_write_;
        case 0x3c9:
            return read_palette(context.debug);
        case 0x3ca:
            return static_cast<std::uint8_t>(feature_.read(context));
        case 0x3cc:
            return static_cast<std::uint8_t>(misc_.read(context));
        case 0x3ce:
            return graphics_index_;
        case 0x3cf:
            return graphics_.read(graphics_index_, context);
        default:
            return read_crtc_port(port, context);
    }
}

// 3B4h, 3B5h, 3BAh or 3D4h, 3D5h, 3DAh, whichever the miscellaneous output register selects.
std::uint8_t VgaCore::read_crtc_port(std::uint16_t port, const AccessContext& context) {
    if ((port & 0x3f0) != (colour_ports() ? 0x3d0 : 0x3b0)) return floating;
    switch (port & 15) {
        case 0x4:
            return crtc_index_;
        case 0x5:
            return crtc_.read(crtc_index_, context);
        case 0xa:
            if (!context.debug) attribute_data_next_ = false;
            return input_status_1(context);
        default:
            return floating;
    }
}

void VgaCore::write_port(std::uint16_t port, std::uint8_t value, const AccessContext& context) {
    if (context.debug) return;
    switch (port) {
        case 0x3c0:
            return write_attribute_port(value, context);
        case 0x3c2:
            return misc_.write(value, 0xff, context, device_);
        case 0x3c3:
            enable_ = value;
            return;
        case 0x3c4:
            sequencer_index_ = value;
            return;
        case 0x3c5:
            return sequencer_.write(sequencer_index_, value, context);
        case 0x3c6:
            pel_mask_ = value;
            return;
        case 0x3c7:
            palette_read_ = value;
            palette_component_ = 0;
            palette_reading_ = true;
            return;
        case 0x3c8:
            palette_write_ = value;
            palette_component_ = 0;
            palette_reading_ = false;
            return;
        case 0x3c9:
            return write_palette(value);
        case 0x3ce:
            graphics_index_ = value;
            return;
        case 0x3cf:
            return graphics_.write(graphics_index_, value, context);
        default:
            break;
    }
    if ((port & 0x3f0) != (colour_ports() ? 0x3d0 : 0x3b0)) return;
    if ((port & 15) == 0x4)
        crtc_index_ = value;
    else if ((port & 15) == 0x5)
        write_crtc(value, context);
    else if ((port & 15) == 0xa)
        feature_.write(value, 0xff, context, device_);
}

// CR11 bit 7 protects CR00 to CR07, but for the line compare bit of CR07.
void VgaCore::write_crtc(std::uint8_t value, const AccessContext& context) {
    if ((crtc(0x11) & 0x80) && crtc_index_ <= overflow) {
        if (crtc_index_ != overflow) return;
        value = static_cast<std::uint8_t>((crtc(overflow) & ~0x10) | (value & 0x10));
    }
    crtc_.write(crtc_index_, value, context);
}

// 3C0h takes index and data in turn; reading input status 1 starts over. The palette can be written while the
// display does not use it (index bit 5 = 0).
void VgaCore::write_attribute_port(std::uint8_t value, const AccessContext& context) {
    attribute_data_next_ = !attribute_data_next_;
    if (attribute_data_next_) {
        attribute_index_ = value & 0x3f;
        return;
    }
    const std::uint8_t index = attribute_index_ & 0x1f;
    if (index < 0x10 && (attribute_index_ & 0x20)) return;
    attribute_.write(index, value, context);
}

std::uint8_t VgaCore::read_palette(bool debug) {
    const std::uint8_t value = palette_[palette_read_][palette_component_];
    if (!debug && ++palette_component_ == 3) {
        palette_component_ = 0;
        ++palette_read_;
    }
    return value;
}

void VgaCore::write_palette(std::uint8_t value) {
    palette_[palette_write_][palette_component_] = dispi.eight_bit_palette() ? value : value & 0x3f;
    if (++palette_component_ == 3) {
        palette_component_ = 0;
        ++palette_write_;
    }
}

Colour VgaCore::colour(std::uint8_t index) const {
    const auto& entry = palette_[index & pel_mask_];
    if (dispi.eight_bit_palette()) return {entry[0], entry[1], entry[2]};
    const auto widen = [](std::uint8_t six) {
        return static_cast<std::uint8_t>((six & 0x3f) << 2 | (six >> 4 & 3));
    };
    return {widen(entry[0]), widen(entry[1]), widen(entry[2])};
}

unsigned VgaCore::crtc_line(unsigned reg, unsigned bit_8, unsigned bit_9) const {
    const unsigned high = crtc(overflow);
    return crtc(reg) | (high >> bit_8 & 1) << 8 | (high >> bit_9 & 1) << 9;
}

unsigned VgaCore::line_compare() const {
    return crtc(0x18) | (crtc(overflow) >> 4 & 1u) << 8 | (crtc(0x09) >> 6 & 1u) << 9;
}

// Where the beam is follows from the time and the CRTC's totals; frame 0 begins at time 0.
std::uint8_t VgaCore::input_status_1(const AccessContext& context) {
    const std::uint64_t ps = to_picoseconds(context.now);
    const bool fast = (misc_.value >> 2 & 3) == 1;
    std::uint64_t dots = (fast ? dot_clock_28 : dot_clock_25).ticks(ps);
    if (sequencer(1) & 0x08) dots /= 2;
    const std::uint64_t characters = dots / (sequencer(1) & 0x01 ? 8 : 9);
    const unsigned line_characters = crtc(0x00) + 5u, lines = crtc_line(0x06, 0, 5) + 2;
    const auto column = static_cast<unsigned>(characters % line_characters);
    const auto line = static_cast<unsigned>(characters / line_characters % lines);
    std::uint8_t status = 0;
    if (column > crtc(0x01) || line >= visible_lines()) status |= display_disabled;
    // The retrace lasts until the low 4 bits of the line number match CR11.
    const unsigned start = crtc_line(0x10, 2, 7), length = ((crtc(0x11) - start) & 15u);
    if (line >= start && line < start + (length ? length : 16)) status |= vertical_retrace | display_disabled;
    return status;
}

}  // namespace southgate::chipset::video
