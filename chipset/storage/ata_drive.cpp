#include "chipset/storage/ata_drive.h"

#include <algorithm>
#include <bit>
#include <stdexcept>

#include "chipset/storage/identify.h"

namespace southgate::chipset::storage {

namespace {

constexpr std::uint8_t power_on_dma_mode = 0x22;  // multiword DMA mode 2

}  // namespace

AtaDrive::AtaDrive(std::unique_ptr<BlockBackend> medium, const AtaDriveConfig& config)
    : Drive(config.timing),
      medium_(std::move(medium)),
      config_(config),
      sectors_(medium_->size() / sector_bytes) {
    if (sectors_ == 0 || medium_->size() % sector_bytes != 0)
        throw std::invalid_argument("ATA drive: the medium's size is not a multiple of 512 bytes");
    // The usual 16 x 63 translation; larger disks report 16383 cylinders (ATA/ATAPI-5, C.1).
    const auto cylinders = static_cast<unsigned>(std::clamp<std::uint64_t>(sectors_ / (16 * 63), 1, 16383));
    default_geometry_ = geometry_ = {cylinders, 16, 63};
}

void AtaDrive::on_reset(bool hardware) {
    remaining_ = 0;
    if (!hardware) return;  // SRST keeps what the host configured
    geometry_ = default_geometry_;
    multiple_ = 0;
    pio_dma_mode_ = power_on_dma_mode;
    write_cache_ = look_ahead_ = true;
}

void AtaDrive::execute(std::uint8_t opcode) {
    if (execute_transfer(opcode)) return;
    if ((opcode & 0xf0) == ata::recalibrate) return finish();
    if ((opcode & 0xf0) == ata::seek) return verify(false, 1);
    switch (opcode) {
        case ata::identify_device:
            return identify();
        case ata::set_features:
            return set_features();
        case ata::set_multiple_mode:
            return set_multiple();
        case ata::initialize_device_parameters:
            return set_parameters();
        case ata::read_native_max:
            return read_native_max(false);
        case ata::read_native_max_ext:
            return read_native_max(true);
        case ata::read_verify:
        case ata::read_verify_no_retry:
            return verify(false, 0);
        case ata::read_verify_ext:
            return verify(true, 0);
        case ata::flush_cache:
        case ata::flush_cache_ext:
            return medium_->flush() ? finish() : finish(ata::unc);
        case ata::check_power_mode:
            count_.now = 0xff;
            return finish();  // active or idle
        case ata::standby_immediate:
        case ata::idle_immediate:
        case ata::standby:
        case ata::idle:
        case ata::sleep:
            return finish();
        default:
            return abort_command();
    }
}

bool AtaDrive::execute_transfer(std::uint8_t opcode) {
    switch (opcode) {
        case ata::read_sectors:
        case ata::read_sectors_no_retry:
            start_pio(Transfer::read, false, 1);
            return true;
        case ata::read_sectors_ext:
            start_pio(Transfer::read, true, 1);
            return true;
        case ata::read_multiple:
            start_pio(Transfer::read, false, multiple_);
            return true;
        case ata::read_multiple_ext:
            start_pio(Transfer::read, true, multiple_);
            return true;
        case ata::write_sectors:
        case ata::write_sectors_no_retry:
        case ata::write_verify:
            start_pio(Transfer::write, false, 1);
            return true;
        case ata::write_sectors_ext:
            start_pio(Transfer::write, true, 1);
            return true;
        case ata::write_multiple:
            start_pio(Transfer::write, false, multiple_);
            return true;
        case ata::write_multiple_ext:
            start_pio(Transfer::write, true, multiple_);
            return true;
        case ata::read_dma:
        case ata::read_dma_no_retry:
            start_dma(Transfer::read, false);
            return true;
        case ata::read_dma_ext:
            start_dma(Transfer::read, true);
            return true;
        case ata::write_dma:
        case ata::write_dma_no_retry:
            start_dma(Transfer::write, false);
            return true;
        case ata::write_dma_ext:
            start_dma(Transfer::write, true);
            return true;
        default:
            return false;
    }
}

bool AtaDrive::load_address(bool ext) {
    ext_ = ext;
    const unsigned count = ext ? count_.previous << 8 | count_.now : count_.now;
    remaining_ = count ? count : ext ? 0x10000 : 0x100;
    if (ext) {
        lba_ = std::uint64_t{lba_high_.previous} << 40 | std::uint64_t{lba_mid_.previous} << 32 |
               std::uint64_t{lba_low_.previous} << 24;
        lba_ |= static_cast<unsigned>(lba_high_.now << 16 | lba_mid_.now << 8 | lba_low_.now);
    } else if (device_ & ata::lba_mode) {
        lba_ = static_cast<unsigned>((device_ & 15) << 24 | lba_high_.now << 16 | lba_mid_.now << 8 |
                                     lba_low_.now);
    } else {
        const unsigned cylinder = lba_high_.now << 8 | lba_mid_.now, head = device_ & 15,
                       sector = lba_low_.now;
        if (sector == 0 || sector > geometry_.sectors || head >= geometry_.heads) return false;
        lba_ = (std::uint64_t{cylinder} * geometry_.heads + head) * geometry_.sectors + sector - 1;
    }
    return lba_ < sectors_;
}

void AtaDrive::store_address(std::uint64_t lba) {
    if (!ext_ && !(device_ & ata::lba_mode)) {
        const std::uint64_t track = lba / geometry_.sectors, cylinder = track / geometry_.heads;
        lba_low_.now = static_cast<std::uint8_t>(lba % geometry_.sectors + 1);
        lba_mid_.now = static_cast<std::uint8_t>(cylinder);
        lba_high_.now = static_cast<std::uint8_t>(cylinder >> 8);
        device_ = static_cast<std::uint8_t>((device_ & 0xf0) | track % geometry_.heads);
        return;
    }
    lba_low_.now = static_cast<std::uint8_t>(lba);
    lba_mid_.now = static_cast<std::uint8_t>(lba >> 8);
    lba_high_.now = static_cast<std::uint8_t>(lba >> 16);
    if (ext_) {
        lba_low_.previous = static_cast<std::uint8_t>(lba >> 24);
        lba_mid_.previous = static_cast<std::uint8_t>(lba >> 32);
        lba_high_.previous = static_cast<std::uint8_t>(lba >> 40);
    } else {
        device_ = static_cast<std::uint8_t>((device_ & 0xf0) | (lba >> 24 & 15));
    }
}

// After an error the registers hold the first sector not done, else the last one done; the count, what is
// left.
void AtaDrive::finish_at(std::uint8_t error) {
    store_address(error || lba_ == 0 ? lba_ : lba_ - 1);
    count_.now = static_cast<std::uint8_t>(remaining_);
    count_.previous = ext_ ? static_cast<std::uint8_t>(remaining_ >> 8) : count_.previous;
    finish(error);
}

unsigned AtaDrive::block_sectors(unsigned limit) const {
    return static_cast<unsigned>(
        std::min<std::uint64_t>(std::min<std::uint64_t>(limit, remaining_), sectors_ - lba_));
}

void AtaDrive::start_pio(Transfer kind, bool ext, unsigned per_block) {
    if (per_block == 0 || (kind == Transfer::write && !medium_->writable())) return abort_command();
    transfer_ = kind;
    per_block_ = per_block;
    if (!load_address(ext)) return finish(ata::idnf);
    if (kind == Transfer::read) return read_block();
    begin_data_out(block_sectors(per_block_) * sector_bytes, false);
}

void AtaDrive::read_block() {
    const unsigned count = block_sectors(per_block_);
    if (count == 0) return finish_at(ata::idnf);
    buffer_.resize(count * sector_bytes);
    if (!medium_->read(lba_ * sector_bytes, buffer_)) return finish_at(ata::unc);
    lba_ += count;
    remaining_ -= count;
    begin_data_in(buffer_.size());
    if (remaining_ == 0) {
        store_address(lba_ - 1);
        count_.now = 0;
    }
}

void AtaDrive::continue_pio() {
    if (transfer_ == Transfer::read) return read_block();
    const auto count = static_cast<unsigned>(buffer_.size() / sector_bytes);
    if (!medium_->write(lba_ * sector_bytes, buffer_)) return finish_at(ata::abrt);
    lba_ += count;
    remaining_ -= count;
    if (remaining_ == 0) return finish_at(0);
    const unsigned next = block_sectors(per_block_);
    if (next == 0) return finish_at(ata::idnf);
    begin_data_out(next * sector_bytes, true);
}

void AtaDrive::start_dma(Transfer kind, bool ext) {
    if (kind == Transfer::write && !medium_->writable()) return abort_command();
    transfer_ = kind;
    if (!load_address(ext)) return finish(ata::idnf);
    dma_stretch(block_sectors(dma_stretch_sectors) * sector_bytes);
    if (kind == Transfer::read && !medium_->read(lba_ * sector_bytes, buffer_)) return finish_at(ata::unc);
    begin_dma(kind == Transfer::read ? Dma::to_memory : Dma::from_memory);
}

void AtaDrive::continue_dma() {
    const auto count = static_cast<unsigned>(buffer_.size() / sector_bytes);
    if (transfer_ == Transfer::write && !medium_->write(lba_ * sector_bytes, buffer_))
        return finish_at(ata::abrt);
    lba_ += count;
    remaining_ -= count;
    if (remaining_ == 0) return finish_at(0);
    const unsigned next = block_sectors(dma_stretch_sectors);
    if (next == 0) return finish_at(ata::idnf);
    dma_stretch(next * sector_bytes);
    if (transfer_ == Transfer::read && !medium_->read(lba_ * sector_bytes, buffer_))
        return finish_at(ata::unc);
}

void AtaDrive::verify(bool ext, std::uint32_t sectors) {
    if (!load_address(ext)) return finish(ata::idnf);
    if (sectors) remaining_ = sectors;
    const auto reachable = static_cast<std::uint32_t>(std::min<std::uint64_t>(remaining_, sectors_ - lba_));
    lba_ += reachable;
    remaining_ -= reachable;
    finish_at(remaining_ ? ata::idnf : 0);
}

void AtaDrive::read_native_max(bool ext) {
    ext_ = ext;
    device_ |= ata::lba_mode;
    store_address(std::min<std::uint64_t>(sectors_, ext ? ~0ull >> 16 : 0x0fffffff) - 1);
    finish();
}

void AtaDrive::set_multiple() {
    if (count_.now > max_multiple || (count_.now & (count_.now - 1)) != 0) {
        multiple_ = 0;  // 8.36: a refused value disables the multiple commands
        return abort_command();
    }
    multiple_ = count_.now;
    finish();
}

void AtaDrive::set_parameters() {
    if (count_.now == 0) return abort_command();
    geometry_.heads = (device_ & 15) + 1u;
    geometry_.sectors = count_.now;
    geometry_.cylinders = static_cast<unsigned>(
        std::min<std::uint64_t>(sectors_ / (geometry_.heads * geometry_.sectors), 65535));
    finish();
}

void AtaDrive::set_features() {
    switch (features_.now) {
        case 0x02:
            write_cache_ = true;
            return finish();
        case 0x82:
            write_cache_ = false;
            return medium_->flush() ? finish() : abort_command();
        case 0xaa:
            look_ahead_ = true;
            return finish();
        case 0x55:
            look_ahead_ = false;
            return finish();
        case 0x66:  // keep settings over SRST
        case 0xcc:
            return finish();
        case 0x03:
            if (valid_dma_mode(count_.now))
                pio_dma_mode_ = count_.now;
            else if (!valid_pio_mode(count_.now))
                return abort_command();
            return finish();
        default:
            return abort_command();
    }
}

void AtaDrive::identify() {
    transfer_ = Transfer::identify;
    remaining_ = 0;
    buffer_.resize(sector_bytes);
    IdentifyData id(buffer_);
    id.word(0, 0x0040);
    id.word(1, default_geometry_.cylinders);
    id.word(3, default_geometry_.heads);
    id.word(6, default_geometry_.sectors);
    id.text(10, 10, config_.serial);
    id.word(21, 512);
    id.text(23, 4, "1.0");
    id.text(27, 20, config_.model);
    id.word(47, 0x8000 | max_multiple);
    id.word(48, 1);       // 32-bit access to the data register
    id.word(49, 0x0b00);  // IORDY, LBA, DMA
    id.word(50, 0x4000);
    id.word(53, 7);
    id.word(54, geometry_.cylinders);
    id.word(55, geometry_.heads);
    id.word(56, geometry_.sectors);
    id.number(57, 2, std::uint64_t{geometry_.cylinders} * geometry_.heads * geometry_.sectors);
    id.word(59, multiple_ ? 0x100 | multiple_ : 0);
    id.number(60, 2, std::min<std::uint64_t>(sectors_, 0x0fffffff));
    id.word(63, multiword_dma_word(pio_dma_mode_));
    id.word(64, 3);                                       // PIO modes 3 and 4
    for (unsigned i = 65; i <= 68; ++i) id.word(i, 120);  // cycle times, ns
    id.word(80, 0x007e);                                  // ATA-1 to ATA/ATAPI-6
    id.word(82, 0x4068);                                  // NOP, look-ahead, write cache, power management
    id.word(83, 0x7400);                                  // FLUSH CACHE (EXT), 48-bit addresses
    id.word(84, 0x4000);
    id.word(85, 0x4008 | (look_ahead_ ? 0x40u : 0) | (write_cache_ ? 0x20u : 0));
    id.word(86, 0x3400);
    id.word(87, 0x4000);
    id.word(88, ultra_dma_word(pio_dma_mode_));
    id.word(93, device1() ? 0x6300 : 0x6003);  // 80-conductor cable, device number by jumper
    id.number(100, 4, sectors_);
    begin_data_in(sector_bytes);
}

}  // namespace southgate::chipset::storage
