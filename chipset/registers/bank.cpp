#include "chipset/registers/bank.h"

#include <cstring>
#include <stdexcept>

namespace southgate::chipset {

namespace {
constexpr std::uint32_t ones(unsigned bytes) { return bytes >= 4 ? ~0u : (1u << (8 * bytes)) - 1; }
}  // namespace

RegisterBank::RegisterBank(const char* device, std::uint32_t size, std::uint8_t floating)
    : device_(device), floating_(floating), index_(size, 0) {}

void RegisterBank::add(Register& reg, bool shadowed) {
    const RegisterInfo& info = reg.info();
    if (info.offset + info.width > index_.size())
        throw std::logic_error(device_ + ": register " + info.name + " lies outside its bank");
    registers_.push_back(&reg);
    for (unsigned i = 0; i < info.width; ++i) {
        std::uint16_t& slot = index_[info.offset + i];
        if (slot && !shadowed) throw std::logic_error(device_ + ": register " + info.name + " overlaps another");
        slot = static_cast<std::uint16_t>(registers_.size());
    }
}

// The register that is just the accessed bytes, unless a later one shadows some of them; nullptr otherwise.
Register* RegisterBank::whole(std::uint32_t offset, unsigned size) const {
    if (offset >= index_.size() || size > index_.size() - offset) return nullptr;
    const std::uint16_t slot = index_[offset];
    if (!slot) return nullptr;
    for (unsigned i = 1; i < size; ++i)
        if (index_[offset + i] != slot) return nullptr;
    Register& reg = *registers_[slot - 1];
    return reg.info().offset == offset && reg.info().width == size ? &reg : nullptr;
}

std::uint32_t RegisterBank::read(std::uint32_t offset, unsigned size, const AccessContext& context) const {
    if (const Register* reg = whole(offset, size)) return reg->read(context) & ones(size);
    std::uint32_t result = 0;
    for (unsigned i = 0; i < size;) {
        const std::uint32_t at = offset + i;
        const std::uint16_t slot = at < index_.size() ? index_[at] : 0;
        if (!slot) {
            ++ignored_;
            result |= static_cast<std::uint32_t>(floating_) << (8 * i++);
            continue;
        }
        const Register& reg = *registers_[slot - 1];
        std::uint32_t lanes = reg.read(context) >> (8 * (at - reg.info().offset));
        for (; i < size && offset + i < index_.size() && index_[offset + i] == slot; ++i, lanes >>= 8)
            result |= (lanes & 0xff) << (8 * i);
    }
    return result;
}

void RegisterBank::write(std::uint32_t offset, unsigned size, std::uint32_t data, const AccessContext& context) {
    if (Register* reg = whole(offset, size))
        return reg->write(data & ones(size), ones(size), context, device_.c_str());
    for (unsigned i = 0; i < size;) {
        const std::uint32_t at = offset + i;
        const std::uint16_t slot = at < index_.size() ? index_[at] : 0;
        if (!slot) {
            ++ignored_;
            ++i;
            continue;
        }
        Register& reg = *registers_[slot - 1];
        std::uint32_t lanes = 0, mask = 0;
        for (; i < size && offset + i < index_.size() && index_[offset + i] == slot; ++i) {
            const unsigned shift = 8 * (offset + i - reg.info().offset);
            lanes |= (data >> (8 * i) & 0xff) << shift;
            mask |= 0xffu << shift;
        }
        reg.write(lanes, mask, context, device_.c_str());
    }
}

void RegisterBank::reset(ResetDomain domain) {
    for (Register* reg : registers_)
        if (reg->info().domain <= domain) reg->reset();
}

const Register* RegisterBank::find(const char* name) const {
    for (const Register* reg : registers_)
        if (std::strcmp(reg->info().name, name) == 0) return reg;
    return nullptr;
}

}  // namespace southgate::chipset
