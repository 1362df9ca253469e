#include "chipset/flash/nor_flash.h"

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <string>
#include <utility>

namespace southgate::chipset::flash {

namespace {

// 290667, "Command Bus-Cycle Definitions".
enum Command : std::uint8_t {
    word_program_alternate = 0x10,
    block_erase = 0x20,
    word_program = 0x40,
    clear_status = 0x50,
    read_status = 0x70,
    read_identifiers = 0x90,
    read_query = 0x98,
    confirm = 0xd0,
    write_to_buffer = 0xe8,
    read_array = 0xff,
};

constexpr std::uint8_t manufacturer_intel = 0x89;
// 28F320J3, 28F640J3, 28F128J3: 4, 8 and 16 MiB. Smaller images carry the smallest code.
constexpr std::uint8_t device_32_mbit = 0x16, device_64_mbit = 0x17, device_128_mbit = 0x18;

}  // namespace

NorFlash::NorFlash(const sc_core::sc_module_name& name, FlashStore store, const Config& config)
    : sc_module(name), config_(config), store_(std::move(store)) {
    const std::size_t size = store_.bytes().size();
    if (!std::has_single_bit(config.block_bytes) || config.block_bytes < 256 || size == 0 ||
        size % config.block_bytes != 0)
        throw std::invalid_argument("a flash of " + std::to_string(size) + " bytes is no whole number of blocks of " +
                                    std::to_string(config.block_bytes) + " bytes");
    query_ = make_cfi_query(size, config.block_bytes, write_buffer_bytes);
    pcirst.on_change([this](bool asserted) {
        if (asserted) reset();
    });
}

NorFlash::~NorFlash() { commit(); }

// ---- bus

std::uint32_t NorFlash::Space::read(std::uint32_t offset, unsigned size, const AccessContext&) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < size; ++i) value |= std::uint32_t{flash.read_byte(offset + i)} << (8 * i);
    return value;
}

void NorFlash::Space::write(std::uint32_t offset, unsigned size, std::uint32_t data, const AccessContext& context) {
    if (context.debug) return;
    for (unsigned i = 0; i < size; ++i) flash.write_byte(offset + i, static_cast<std::uint8_t>(data >> (8 * i)));
}

std::uint8_t NorFlash::read_byte(std::uint32_t offset) const {
    if (offset >= store_.bytes().size()) return 0xff;
    switch (mode_) {
        case Mode::array: return store_.bytes()[offset];
        case Mode::status: return status_;
        case Mode::identifiers: return identifier(offset);
        case Mode::query: break;
    }
    const std::uint32_t in_block = offset & (config_.block_bytes - 1);
    if (in_block < query_.size()) return query_[in_block];
    return 0;
}

// Identifier codes: 0 the manufacturer, 1 the device, 2 of each block its lock configuration (not locked).
std::uint8_t NorFlash::identifier(std::uint32_t offset) const {
    constexpr std::size_t mib = 1 << 20;
    const std::size_t size = store_.bytes().size();
    switch (offset & (config_.block_bytes - 1) & 0xff) {
        case 0: return manufacturer_intel;
        case 1: return size <= 4 * mib ? device_32_mbit : size <= 8 * mib ? device_64_mbit : device_128_mbit;
        default: return 0;
    }
}

// ---- commands

void NorFlash::write_byte(std::uint32_t offset, std::uint8_t data) {
    if (offset >= store_.bytes().size()) return;
    switch (std::exchange(expect_, Expect::command)) {
        case Expect::command: return command(offset, data);
        case Expect::program_data: return program(offset, data);
        case Expect::erase_confirm: return data == confirm ? erase(offset) : bad_sequence();
        case Expect::buffer_count:
            if (data >= write_buffer_bytes || block_of(offset) != block_) return bad_sequence();
            buffer_count_ = buffer_left_ = data + 1u;
            expect_ = Expect::buffer_data;
            return;
        case Expect::buffer_data: return buffer_byte(offset, data);
        case Expect::buffer_confirm: return data == confirm ? program_buffer() : bad_sequence();
    }
}

void NorFlash::command(std::uint32_t offset, std::uint8_t data) {
    switch (data) {
        case read_array:
            mode_ = Mode::array;
            return commit();
        case read_status: mode_ = Mode::status; return;
        case read_identifiers: mode_ = Mode::identifiers; return;
        case read_query: mode_ = Mode::query; return;
        case clear_status:
            status_ = config_.clear_status_clears_ready ? 0 : status_ready;
            return;
        case word_program:
        case word_program_alternate:
            expect_ = Expect::program_data;
            mode_ = Mode::status;
            return;
        case block_erase:
            expect_ = Expect::erase_confirm;
            mode_ = Mode::status;
            return;
        case write_to_buffer:
            block_ = block_of(offset);
            expect_ = Expect::buffer_count;
            status_ |= status_ready;  // what is read now is XSR, bit 7: a buffer is free
            mode_ = Mode::status;
            return;
        default: return;  // reserved, or a command of what is not modelled
    }
}

// The first data cycle sets the start address; all must lie in one block and within the count.
void NorFlash::buffer_byte(std::uint32_t offset, std::uint8_t data) {
    if (buffer_left_ == buffer_count_) buffer_first_ = offset;
    if (block_of(offset) != block_ || offset < buffer_first_ || offset - buffer_first_ >= buffer_count_)
        return bad_sequence();
    buffer_[offset - buffer_first_] = data;
    expect_ = --buffer_left_ > 0 ? Expect::buffer_data : Expect::buffer_confirm;
}

// "Improper command sequence": both error bits.
void NorFlash::bad_sequence() { status_ |= status_ready | status_erase_error | status_program_error; }

void NorFlash::program(std::uint32_t offset, std::uint8_t data) {
    store_.bytes()[offset] &= data;  // programming only clears bits
    changed_ = true;
    status_ |= status_ready;
}

void NorFlash::program_buffer() {
    for (std::uint32_t i = 0; i < buffer_count_; ++i) program(buffer_first_ + i, buffer_[i]);
}

void NorFlash::erase(std::uint32_t offset) {
    const auto block = store_.bytes().subspan(block_of(offset), config_.block_bytes);
    std::fill(block.begin(), block.end(), 0xff);
    changed_ = true;
    status_ |= status_ready;
}

void NorFlash::commit() {
    if (!changed_) return;
    changed_ = false;
    if (!store_.commit()) status_ |= status_program_error;
}

void NorFlash::reset() {
    commit();
    expect_ = Expect::command;
    status_ = status_ready;
    mode_ = Mode::array;
}

}  // namespace southgate::chipset::flash
