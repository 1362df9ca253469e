#include "chipset/fw_cfg/fw_cfg.h"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace southgate::chipset::fw_cfg {

namespace {

constexpr std::uint32_t selector_port = 0, data_port = 1, dma_port = 4, dma_low_port = 8;
constexpr std::string_view dma_signature = "QEMU CFG";  // what the DMA address register reads as
constexpr std::uint32_t id_ports = 1, id_dma = 2;
constexpr std::uint16_t write_channel = 0x4000;  // of the selector; has no meaning since items are read-only

constexpr std::uint32_t dma_error = 0x01, dma_read = 0x02, dma_skip = 0x04, dma_select = 0x08,
                        dma_write = 0x10;
constexpr std::uint64_t most_past_end = 16 * 1024 * 1024;

constexpr std::size_t name_bytes = 56;  // of a directory entry, with the terminating zero

template <unsigned bytes>
std::uint64_t big_endian(const std::uint8_t* from) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bytes; ++i) value = value << 8 | from[i];
    return value;
}

template <unsigned bytes>
void append_big_endian(std::vector<std::uint8_t>& to, std::uint64_t value) {
    for (unsigned i = bytes; i > 0; --i) to.push_back(static_cast<std::uint8_t>(value >> (8 * (i - 1))));
}

std::uint32_t swap_bytes(std::uint32_t value) {
    return value >> 24 | (value >> 8 & 0xff00) | (value << 8 & 0xff0000) | value << 24;
}

}  // namespace

FwCfg::FwCfg(const sc_core::sc_module_name& name, const FwCfgConfig& config)
    : sc_module(name), has_dma_(config.dma) {
    add_item(Key::signature, {'Q', 'E', 'M', 'U'});
    add_integer(Key::id, id_ports | (config.dma ? id_dma : 0), 4);
    rebuild_directory();
    reset();
    pcirst.on_change([this](bool asserted) {
        if (asserted) reset();
    });
}

void FwCfg::reset() {
    select(0);
    dma_high_ = 0;
}

void FwCfg::add_item(Key key, std::vector<std::uint8_t> data) {
    items_[static_cast<std::uint16_t>(key)] = std::move(data);
}

void FwCfg::add_integer(Key key, std::uint64_t value, unsigned bytes) {
    Blob data(bytes);
    for (unsigned i = 0; i < bytes && i < 8; ++i) data[i] = static_cast<std::uint8_t>(value >> (8 * i));
    add_item(key, std::move(data));
}

void FwCfg::add_file(const std::string& file, std::vector<std::uint8_t> data) {
    if (file.empty() || file.size() >= name_bytes)
        throw std::invalid_argument("fw_cfg: file name '" + file + "' must have 1 to 55 characters");
    live_.erase(file);
    files_[file] = std::move(data);
    rebuild_directory();
}

void FwCfg::add_live_file(const std::string& file, std::function<Blob()> make) {
    add_file(file, make());
    live_[file] = std::move(make);
    rebuild_directory();
}

std::vector<std::string> FwCfg::files() const {
    std::vector<std::string> names;
    for (const auto& [file, data] : files_) names.push_back(file);
    return names;
}

std::uint16_t FwCfg::key_of(const std::string& file) const {
    const auto found = files_.find(file);
    if (found == files_.end()) return 0;
    return static_cast<std::uint16_t>(static_cast<std::uint16_t>(Key::first_file) +
                                      std::distance(files_.begin(), found));
}

// Count, then size, key, reserved and name of each file, all big-endian.
void FwCfg::rebuild_directory() {
    Blob directory;
    append_big_endian<4>(directory, files_.size());
    auto key = static_cast<std::uint16_t>(Key::first_file);
    live_items_.clear();
    for (const auto& [file, data] : files_) {
        if (const auto live = live_.find(file); live != live_.end()) live_items_[key] = &live->second;
        append_big_endian<4>(directory, data.size());
        append_big_endian<2>(directory, key);
        append_big_endian<2>(directory, 0);
        directory.insert(directory.end(), file.begin(), file.end());
        directory.resize(directory.size() + name_bytes - file.size(), 0);
        items_[key++] = data;
    }
    add_item(Key::file_directory, std::move(directory));
}

void FwCfg::select(std::uint16_t key) {
    key &= static_cast<std::uint16_t>(~write_channel);
    const auto found = items_.find(key);
    if (const auto live = live_items_.find(key); live != live_items_.end()) {
        Blob contents = (*live->second)();
        contents.resize(found->second.size());
        found->second = std::move(contents);
    }
    item_ = found == items_.end() ? nullptr : &found->second;
    position_ = 0;
}

std::uint8_t FwCfg::next_byte() {
    const std::uint8_t byte = item_ && position_ < item_->size() ? (*item_)[position_] : 0;
    ++position_;
    return byte;
}

std::uint32_t FwCfg::read(std::uint32_t offset, unsigned size, const AccessContext& context) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < size; ++i) {
        const std::uint32_t port = offset + i;
        std::uint32_t byte = 0xff;
        if (port == data_port && !context.debug)
            byte = next_byte();
        else if (has_dma_ && port >= dma_port && port < port_count)
            byte = static_cast<std::uint8_t>(dma_signature[port - dma_port]);
        value |= byte << (8 * i);
    }
    return value;
}

void FwCfg::write(std::uint32_t offset, unsigned size, std::uint32_t data, const AccessContext& context) {
    if (context.debug) return;
    if (offset == selector_port && size == 2) return select(static_cast<std::uint16_t>(data));
    if (!has_dma_ || size != 4) return;
    if (offset == dma_port) {
        dma_high_ = swap_bytes(data);
    } else if (offset == dma_low_port) {
        const std::uint64_t descriptor = std::uint64_t{dma_high_} << 32 | swap_bytes(data);
        dma_high_ = 0;
        run_dma(descriptor);
    }
}

void FwCfg::run_dma(std::uint64_t descriptor) {
    std::array<std::uint8_t, 16> bytes;
    if (!dma.read(descriptor, bytes)) return;  // nowhere to report to
    const bool done = execute(static_cast<std::uint32_t>(big_endian<4>(&bytes[0])),
                              static_cast<std::uint32_t>(big_endian<4>(&bytes[4])), big_endian<8>(&bytes[8]));
    const std::array<std::uint8_t, 4> control = {0, 0, 0, static_cast<std::uint8_t>(done ? 0 : dma_error)};
    dma.write(descriptor, control);
}

bool FwCfg::execute(std::uint32_t control, std::uint32_t length, std::uint64_t address) {
    if (control & dma_select) select(static_cast<std::uint16_t>(control >> 16));
    if (control & dma_read) return copy_to_memory(address, length);
    if (control & dma_write) return false;
    if (control & dma_skip) position_ += length;
    return true;
}

bool FwCfg::copy_to_memory(std::uint64_t address, std::uint32_t length) {
    const std::uint64_t size = item_ ? item_->size() : 0;
    const std::uint64_t available = position_ < size ? std::min<std::uint64_t>(size - position_, length) : 0;
    if (length - available > most_past_end) return false;
    if (available && !dma.write(address, std::span(*item_).subspan(position_, available))) return false;
    position_ += length;
    static constexpr std::array<std::uint8_t, 4096> zeros{};
    address += available;
    for (std::uint64_t left = length - available; left > 0;) {
        const std::uint64_t part = std::min<std::uint64_t>(left, zeros.size());
        if (!dma.write(address, std::span(zeros).first(part))) return false;
        address += part;
        left -= part;
    }
    return true;
}

}  // namespace southgate::chipset::fw_cfg
