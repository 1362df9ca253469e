#include "chipset/piix/smbus_host.h"

namespace southgate::chipset {

namespace {

constexpr Field status_fields[] = {
    {"HOST_BUSY", 0, 1, FieldAccess::ro, "a transaction runs"},
    {"INTER", 1, 1, FieldAccess::w1c, "transaction completed"},
    {"DEV_ERR", 2, 1, FieldAccess::w1c, "no device answered, or the command is invalid"},
    {"BUS_ERR", 3, 1, FieldAccess::w1c, "collision"},
    {"FAILED", 4, 1, FieldAccess::w1c, "killed"},
    {"", 5, 3, FieldAccess::reserved, ""},
};
constexpr Field control_fields[] = {
    {"INTEREN", 0, 1, FieldAccess::rw, "interrupt on completion (stored only)"},
    {"KILL", 1, 1, FieldAccess::rw, "stops the transaction"},
    {"SMB_CMD_PROT", 2, 3, FieldAccess::rw, "protocol"},
    {"", 5, 1, FieldAccess::reserved, ""},
    {"START", 6, 1, FieldAccess::wo, "starts the transaction"},
    {"", 7, 1, FieldAccess::reserved, ""},
};
constexpr Field slave_fields[] = {{"", 0, 8, FieldAccess::ro, "slave interface (idle)"}};
constexpr std::uint32_t dev_err = 0x04, failed = 0x10, kill = 0x02, start_bit = 0x40;

constexpr RegisterInfo declare(const char* name, std::uint32_t offset, std::uint8_t width,
                               std::span<const Field> fields = {}) {
    return {name, offset, width, 0, ResetDomain::platform, "82371AB 290562 7.3", fields};
}
constexpr RegisterInfo infos[] = {
    declare("SMBHSTSTS", 0x0, 1, status_fields),
    declare("SMBSLVSTS", 0x1, 1, slave_fields),
    declare("SMBHSTCNT", 0x2, 1, control_fields),
    declare("SMBHSTCMD", 0x3, 1),
    declare("SMBHSTADD", 0x4, 1),
    declare("SMBHSTDAT0", 0x5, 1),
    declare("SMBHSTDAT1", 0x6, 1),
    declare("SMBBLKDAT", 0x7, 1),
    declare("SMBSLVCNT", 0x8, 1),
    declare("SMBSHDWCMD", 0x9, 1, slave_fields),
    declare("SMBSLVEVT", 0xa, 2),
    declare("SMBSLVDAT", 0xc, 2, slave_fields),
};
enum { status_at = 0, control_at = 2, block_at = 7 };

}  // namespace

SmbusHost::SmbusHost(const char* device) : bank_(device, bytes, 0x00) {
    for (const RegisterInfo& info : infos)
        bank_.add(*registers_.emplace_back(std::make_unique<Register>(info)));
    status_ = registers_[status_at].get();
    Register& control = *registers_[control_at];
    control.on_write([this](std::uint32_t, std::uint32_t written, const AccessContext&) { start(written); });
    // Reading SMBHSTCNT rewinds the block buffer; each access to SMBBLKDAT moves on by one byte.
    control.on_read([this, &control](const AccessContext& context) {
        if (!context.debug) block_index_ = 0;
        return control.value & ~start_bit;
    });
    Register& block = *registers_[block_at];
    block.on_write([this, &block](std::uint32_t, std::uint32_t, const AccessContext&) {
        block_[block_index_] = static_cast<std::uint8_t>(block.value);
        block_index_ = (block_index_ + 1) % block_.size();
    });
    block.on_read([this](const AccessContext& context) -> std::uint32_t {
        const std::uint8_t data = block_[block_index_];
        if (!context.debug) block_index_ = (block_index_ + 1) % block_.size();
        return data;
    });
}

void SmbusHost::start(std::uint32_t written) {
    if (written & kill)
        status_->value |= failed;
    else if (written & start_bit)
        status_->value |= dev_err;
}

void SmbusHost::reset() {
    bank_.reset(ResetDomain::platform);
    block_.fill(0);
    block_index_ = 0;
}

}  // namespace southgate::chipset
