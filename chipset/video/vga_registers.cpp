#include "chipset/video/vga_registers.h"

namespace southgate::chipset::video {

namespace {

constexpr char source[] = "IBM PS/2 Hardware Interface TR, Video Subsystem";

constexpr Field low_2[] = {{"VALUE", 0, 2, FieldAccess::rw, ""}, {"RSVD", 2, 6, FieldAccess::ro, ""}};
constexpr Field low_4[] = {{"VALUE", 0, 4, FieldAccess::rw, ""}, {"RSVD", 4, 4, FieldAccess::ro, ""}};
constexpr Field low_5[] = {{"VALUE", 0, 5, FieldAccess::rw, ""}, {"RSVD", 5, 3, FieldAccess::ro, ""}};
constexpr Field low_6[] = {{"VALUE", 0, 6, FieldAccess::rw, ""}, {"RSVD", 6, 2, FieldAccess::ro, ""}};

constexpr Field clocking_mode[] = {
    {"D89", 0, 1, FieldAccess::rw, "8 dots a character instead of 9"},
    {"RSVD", 1, 1, FieldAccess::ro, ""},
    {"SL", 2, 1, FieldAccess::rw, "load the shift registers every second character clock"},
    {"DC", 3, 1, FieldAccess::rw, "dot clock divided by 2"},
    {"SH4", 4, 1, FieldAccess::rw, "load the shift registers every fourth character clock"},
    {"SO", 5, 1, FieldAccess::rw, "screen off"},
    {"RSVD", 6, 2, FieldAccess::ro, ""},
};
constexpr Field memory_mode[] = {
    {"RSVD", 0, 1, FieldAccess::ro, ""},
    {"EM", 1, 1, FieldAccess::rw, "more than 64 KiB of memory"},
    {"OE", 2, 1, FieldAccess::rw, "0: even addresses go to planes 0 and 2, odd ones to 1 and 3"},
    {"CH4", 3, 1, FieldAccess::rw, "address bits 1:0 select the plane"},
    {"RSVD", 4, 4, FieldAccess::ro, ""},
};
constexpr Field graphics_mode[] = {
    {"WM", 0, 2, FieldAccess::rw, "write mode"},
    {"RSVD", 2, 1, FieldAccess::ro, ""},
    {"RM", 3, 1, FieldAccess::rw, "read mode"},
    {"OE", 4, 1, FieldAccess::rw, "odd/even reads"},
    {"SR", 5, 1, FieldAccess::rw, "shift register interleave"},
    {"C256", 6, 1, FieldAccess::rw, "256 colours"},
    {"RSVD", 7, 1, FieldAccess::ro, ""},
};
constexpr Field graphics_misc[] = {
    {"GM", 0, 1, FieldAccess::rw, "graphics instead of text"},
    {"OE", 1, 1, FieldAccess::rw, "chain odd and even planes"},
    {"MM", 2, 2, FieldAccess::rw, "window: A0000 128 KiB, A0000 64 KiB, B0000 32 KiB, B8000 32 KiB"},
    {"RSVD", 4, 4, FieldAccess::ro, ""},
};
constexpr Field attribute_mode[] = {
    {"G", 0, 1, FieldAccess::rw, "graphics"},
    {"ME", 1, 1, FieldAccess::rw, "monochrome emulation"},
    {"ELG", 2, 1, FieldAccess::rw, "ninth dot of C0h-DFh repeats the eighth"},
    {"EB", 3, 1, FieldAccess::rw, "attribute bit 7 blinks instead of a bright background"},
    {"RSVD", 4, 1, FieldAccess::ro, ""},
    {"PP", 5, 1, FieldAccess::rw, "pel panning ends at the line compare"},
    {"PW", 6, 1, FieldAccess::rw, "8-bit pixels"},
    {"PS", 7, 1, FieldAccess::rw, "palette bits 5:4 come from the colour select register"},
};

constexpr RegisterInfo reg(const char* name, std::uint32_t index, std::span<const Field> fields = {}) {
    return {name, index, 1, 0, ResetDomain::platform, source, fields};
}

constexpr RegisterInfo sequencer[] = {
    reg("SR00", 0x00, low_2),                                    // reset
    reg("SR01", 0x01, clocking_mode), reg("SR02", 0x02, low_4),  // map mask
    reg("SR03", 0x03, low_6),                                    // character map select
    reg("SR04", 0x04, memory_mode),
};

constexpr RegisterInfo crtc[] = {
    reg("CR00", 0x00),         // horizontal total
    reg("CR01", 0x01),         // horizontal display enable end
    reg("CR02", 0x02),         // start horizontal blanking
    reg("CR03", 0x03),         // end horizontal blanking
    reg("CR04", 0x04),         // start horizontal retrace
    reg("CR05", 0x05),         // end horizontal retrace
    reg("CR06", 0x06),         // vertical total
    reg("CR07", 0x07),         // overflow
    reg("CR08", 0x08),         // preset row scan
    reg("CR09", 0x09),         // maximum scan line
    reg("CR0A", 0x0a, low_6),  // cursor start
    reg("CR0B", 0x0b),         // cursor end
    reg("CR0C", 0x0c),         // start address high
    reg("CR0D", 0x0d),         // start address low
    reg("CR0E", 0x0e),         // cursor location high
    reg("CR0F", 0x0f),         // cursor location low
    reg("CR10", 0x10),         // vertical retrace start
    reg("CR11", 0x11),         // vertical retrace end
    reg("CR12", 0x12),         // vertical display enable end
    reg("CR13", 0x13),         // offset
    reg("CR14", 0x14),         // underline location
    reg("CR15", 0x15),         // start vertical blanking
    reg("CR16", 0x16),         // end vertical blanking
    reg("CR17", 0x17),         // mode control
    reg("CR18", 0x18),         // line compare
};

constexpr RegisterInfo graphics[] = {
    reg("GR00", 0x00, low_4),  // set/reset
    reg("GR01", 0x01, low_4),  // enable set/reset
    reg("GR02", 0x02, low_4),  // colour compare
    reg("GR03", 0x03, low_5),  // data rotate
    reg("GR04", 0x04, low_2),  // read map select
    reg("GR05", 0x05, graphics_mode),
    reg("GR06", 0x06, graphics_misc),
    reg("GR07", 0x07, low_4),  // colour don't care
    reg("GR08", 0x08),         // bit mask
};

constexpr RegisterInfo attribute[] = {
    reg("AR00", 0x00, low_6), reg("AR01", 0x01, low_6),          reg("AR02", 0x02, low_6),
    reg("AR03", 0x03, low_6), reg("AR04", 0x04, low_6),          reg("AR05", 0x05, low_6),
    reg("AR06", 0x06, low_6), reg("AR07", 0x07, low_6),          reg("AR08", 0x08, low_6),
    reg("AR09", 0x09, low_6), reg("AR0A", 0x0a, low_6),          reg("AR0B", 0x0b, low_6),
    reg("AR0C", 0x0c, low_6), reg("AR0D", 0x0d, low_6),          reg("AR0E", 0x0e, low_6),
    reg("AR0F", 0x0f, low_6), reg("AR10", 0x10, attribute_mode), reg("AR11", 0x11),  // overscan colour
    reg("AR12", 0x12, low_6),                                                        // colour plane enable
    reg("AR13", 0x13, low_4),                                                        // horizontal pel panning
    reg("AR14", 0x14, low_4),                                                        // colour select
};

constexpr Field misc_output_fields[] = {
    {"IOS", 0, 1, FieldAccess::rw, "CRTC at 3Dxh instead of 3Bxh"},
    {"ERAM", 1, 1, FieldAccess::rw, "decode the memory window"},
    {"CS", 2, 2, FieldAccess::rw, "dot clock: 25.175 MHz, 28.322 MHz"},
    {"RSVD", 4, 1, FieldAccess::ro, ""},
    {"PB", 5, 1, FieldAccess::rw, "page bit of odd/even modes"},
    {"HSP", 6, 1, FieldAccess::rw, "horizontal sync polarity"},
    {"VSP", 7, 1, FieldAccess::rw, "vertical sync polarity"},
};

}  // namespace

const std::span<const RegisterInfo> sequencer_registers = sequencer;
const std::span<const RegisterInfo> crtc_registers = crtc;
const std::span<const RegisterInfo> graphics_registers = graphics;
const std::span<const RegisterInfo> attribute_registers = attribute;
const RegisterInfo misc_output_register = {
    "MISC", 0x3c2, 1, 0, ResetDomain::platform, source, misc_output_fields};
const RegisterInfo feature_control_register = {"FCR", 0x3da, 1, 0, ResetDomain::platform, source, low_2};

IndexedRegisters::IndexedRegisters(const char* device, std::span<const RegisterInfo> infos)
    : registers_(infos.begin(), infos.end()), bank_(device, 0x100, 0x00) {
    for (Register& reg : registers_) bank_.add(reg);
}

}  // namespace southgate::chipset::video
