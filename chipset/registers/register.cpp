#include "chipset/registers/register.h"

#include "chipset/observer.h"

namespace southgate::chipset {

namespace {
std::uint32_t ones(unsigned bytes) { return bytes >= 4 ? ~0u : (1u << (8 * bytes)) - 1; }
}  // namespace

std::uint32_t RegisterInfo::mask_of(FieldAccess access) const {
    if (fields.empty()) return access == FieldAccess::rw ? ones(width) : 0;
    std::uint32_t mask = 0;
    for (const Field& field : fields)
        if (field.access == access)
            mask |= (field.width >= 32 ? ~0u : (1u << field.width) - 1) << field.lsb;
    return mask;
}

Register::Register(const RegisterInfo& info)
    : value(info.reset),
      info_(&info),
      rw_(info.mask_of(FieldAccess::rw)),
      w1c_(info.mask_of(FieldAccess::w1c)),
      once_(info.mask_of(FieldAccess::rw_once)),
      wo_(info.mask_of(FieldAccess::wo)) {}

std::uint32_t Register::read(const AccessContext& context) const {
    return read_ ? read_(context) : value & ~wo_;
}

void Register::write(std::uint32_t data, std::uint32_t lane_mask, const AccessContext& context,
                     const char* device) {
    const std::uint32_t before = value;
    const std::uint32_t once = once_ & ~once_done_ & lane_mask;
    const std::uint32_t plain = (rw_ | wo_ | once) & lane_mask;
    value = (value & ~plain) | (data & plain);
    value &= ~(data & w1c_ & lane_mask);
    once_done_ |= once;
    if (context.debug) return;
    if (write_) write_(before, data & lane_mask, context);
    if (observer) observer->register_written(device, *info_, before, value, context.now);
}

void Register::reset() {
    value = info_->reset;
    once_done_ = 0;
}

}  // namespace southgate::chipset
