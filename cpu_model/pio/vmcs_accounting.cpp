#include "cpu_model/pio/vmcs_accounting.h"

#include <string_view>

#include "cpu_model/pio/policy.h"

namespace southgate::cpu {

namespace {

using Field = VmcsField;

constexpr std::uint32_t never_cached =
    vmcs_bit(Field::instruction_length) | vmcs_bit(Field::interruptibility);
constexpr std::uint32_t segment_fields = vmcs_bit(Field::cs_access_rights) | vmcs_bit(Field::cs_base) |
                                         vmcs_bit(Field::cs_selector) | vmcs_bit(Field::cs_limit) |
                                         vmcs_bit(Field::ss_access_rights) | vmcs_bit(Field::other_segment);
// Six segment registers, LDTR and TR have four fields each; five are counted by name.
constexpr unsigned other_segment_fields = 8 * 4 - 5, descriptor_table_fields = 4;

}  // namespace

std::string letters(const std::vector<VmcsField>& fields) {
    constexpr std::string_view names = "QFRABSLI";
    std::string text;
    unsigned unnamed = 0;
    for (const VmcsField field : fields) {
        const auto index = static_cast<std::size_t>(field);
        if (index < names.size())
            text += names[index];
        else
            ++unnamed;
    }
    if (unnamed != 0) text.append(1, '+').append(std::to_string(unnamed));
    return text;
}

void VmcsAccounting::read(std::vector<VmcsField>& phase, VmcsField field, unsigned times) {
    const std::uint32_t bit = vmcs_bit(field);
    if (cached_ & bit) return;
    if (!(bit & never_cached)) cached_ |= bit;
    if (svm_) {
        // Those of the register ioctls are not the policy's, here as there.
        if (&phase != &access_.by_ioctls) access_.vmcb_loads += times;
        return;
    }
    phase.insert(phase.end(), times, field);
}

void VmcsAccounting::touch(std::vector<VmcsField>& phase, PioAdvance advance, std::uint32_t reads,
                           std::uint32_t writes, bool real_mode) {
    svm_ = advance == PioAdvance::absolute;
    // Virtual-8086 stands in for real mode: the base is the one in memory once the selector agrees with it.
    if (real_mode && !options_.unrestricted_guest && (reads & vmcs_bit(Field::cs_base)))
        reads = (reads & ~vmcs_bit(Field::cs_base)) | vmcs_bit(Field::cs_selector);
    for (unsigned i = 0; reads >> i != 0; ++i)
        if (reads >> i & 1) read(phase, static_cast<VmcsField>(i));
    if (writes & vmcs_bit(Field::rip)) dirty_rip();
    access_.vmwrites += !svm_ && (writes & vmcs_bit(Field::interruptibility)) != 0;
}

// Written once, at the next VM entry.
void VmcsAccounting::dirty_rip() {
    cached_ |= vmcs_bit(Field::rip);
    access_.vmwrites += !svm_ && !rip_dirty_;
    rip_dirty_ = true;
}

void VmcsAccounting::pio_exit(PioAdvance advance, std::uint32_t reads, std::uint32_t writes, bool real_mode) {
    access_ = {};
    cached_ = options_.cs_ar_precached ? vmcs_bit(Field::cs_access_rights) : 0;
    pending_ = true;
    rip_dirty_ = false;
    // The handler decodes the exit; every exit to userspace reports IF, and perhaps whether an interrupt
    // would be taken.
    reads |= vmcs_bit(Field::exit_qualification) | vmcs_bit(Field::rflags);
    touch(access_.at_exit, advance, reads, writes, real_mode);
    if (options_.userspace_irqchip) read(access_.at_exit, Field::interruptibility);
}

void VmcsAccounting::pio_entry(PioAdvance advance, std::uint32_t reads, std::uint32_t writes,
                               bool real_mode) {
    if (!pending_) return;
    pending_ = false;
    touch(access_.at_completion, advance, reads, writes, real_mode);
}

void VmcsAccounting::get_regs() {
    if (paused_ || !pending_) return;
    for (const Field field : {Field::rip, Field::rsp, Field::rflags}) read(access_.by_ioctls, field);
}

void VmcsAccounting::set_regs() {
    if (paused_ || !pending_) return;
    cached_ |= vmcs_bit(Field::rsp) | vmcs_bit(Field::rflags);
    dirty_rip();
}

void VmcsAccounting::get_sregs() {
    if (paused_ || !pending_) return;
    for (const Field field : {Field::cs_selector, Field::cs_base, Field::cs_limit, Field::cs_access_rights,
                              Field::ss_access_rights})
        read(access_.by_ioctls, field);
    read(access_.by_ioctls, Field::other_segment, other_segment_fields);
    read(access_.by_ioctls, Field::descriptor_table, descriptor_table_fields);
}

void VmcsAccounting::set_sregs() {
    if (paused_ || !pending_) return;
    cached_ &= ~segment_fields;
}

}  // namespace southgate::cpu
