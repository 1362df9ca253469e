#include "chipset/storage/atapi_drive.h"

#include <algorithm>
#include <stdexcept>

#include "chipset/storage/identify.h"

namespace southgate::chipset::storage {

namespace {

constexpr std::uint8_t power_on_dma_mode = 0x22;  // multiword DMA mode 2
constexpr std::uint8_t event_new_media = 2, event_media_removal = 3;

void check_medium(const BlockBackend& medium) {
    if (medium.size() == 0 || medium.size() % 2048 != 0 || medium.size() / 2048 > 0xffffffff)
        throw std::invalid_argument("ATAPI drive: the medium's size is not a multiple of 2048 bytes");
}

}  // namespace

AtapiDrive::AtapiDrive(std::unique_ptr<BlockBackend> medium, const AtapiDriveConfig& config)
    : Drive(config.timing), config_(config), medium_(std::move(medium)) {
    if (medium_) check_medium(*medium_);
}

void AtapiDrive::insert(std::unique_ptr<BlockBackend> medium) {
    check_medium(*medium);
    medium_ = std::move(medium);
    tray_open_ = false;
    attention_ = medium_changed;
    media_event_ = event_new_media;
}

void AtapiDrive::remove() {
    medium_.reset();
    attention_ = medium_changed;
    media_event_ = event_media_removal;
}

void AtapiDrive::on_reset(bool hardware) {
    phase_ = Phase::idle;
    remaining_ = 0;
    sense_ = {};
    if (!hardware) return;
    locked_ = false;
    dma_mode_ = power_on_dma_mode;
    attention_ = power_on_reset;
}

void AtapiDrive::execute(std::uint8_t opcode) {
    switch (opcode) {
        case ata::packet:
            return accept_packet();
        case ata::identify_packet_device:
            return identify();
        case ata::set_features:
            return set_features();
        case ata::check_power_mode:
            count_.now = 0xff;
            return finish();
        case ata::standby_immediate:
        case ata::idle_immediate:
        case ata::sleep:
            return finish();
        case ata::identify_device:
        case ata::read_sectors: {
            // 8.15, 8.27: a packet device refuses these and shows its signature instead.
            const std::uint8_t device = device_;
            post_signature();
            device_ = device;
            return abort_command();
        }
        default:
            return abort_command();
    }
}

void AtapiDrive::set_features() {
    if (features_.now != 0x03)
        return features_.now == 0x66 || features_.now == 0xcc ? finish() : abort_command();
    if (valid_dma_mode(count_.now))
        dma_mode_ = count_.now;
    else if (!valid_pio_mode(count_.now))
        return abort_command();
    finish();
}

void AtapiDrive::identify() {
    buffer_.resize(512);
    IdentifyData id(buffer_);
    id.word(0, 0x85c0);  // ATAPI, CD-ROM, removable, DRQ within 50 us of PACKET, 12-byte packets
    id.text(10, 10, config_.serial);
    id.text(23, 4, "1.0");
    id.text(27, 20, config_.model);
    id.word(49, 0x0b00);  // IORDY, LBA, DMA
    id.word(53, 6);
    id.word(63, multiword_dma_word(dma_mode_));
    id.word(64, 3);
    for (unsigned i = 65; i <= 68; ++i) id.word(i, 120);
    id.word(80, 0x007e);
    id.word(82, 0x4210);  // NOP, DEVICE RESET, PACKET
    id.word(83, 0x4000);
    id.word(84, 0x4000);
    id.word(85, 0x4210);
    id.word(87, 0x4000);
    id.word(88, ultra_dma_word(dma_mode_));
    id.word(93, device1() ? 0x6300 : 0x6003);
    phase_ = Phase::idle;
    begin_data_in(512);
}

void AtapiDrive::accept_packet() {
    if (features_.now & 0x02) return abort_command();  // overlapped
    use_dma_ = features_.now & 0x01;
    byte_limit_ = static_cast<std::size_t>(lba_high_.now << 8 | lba_mid_.now) & 0xfffe;
    if (byte_limit_ == 0) byte_limit_ = 0xfffe;
    phase_ = Phase::packet;
    count_.now = ata::reason_cod;
    begin_data_out(packet_bytes, false);
}

void AtapiDrive::continue_pio() {
    switch (phase_) {
        case Phase::packet:
            std::copy_n(buffer_.begin(), packet_bytes, cdb_.begin());
            phase_ = Phase::data;
            return execute_packet();
        case Phase::data:
            return remaining_ ? next_block() : good();
        case Phase::idle:
            return finish_silently();  // IDENTIFY PACKET DEVICE was read
    }
}

void AtapiDrive::reply(std::size_t allocation) {
    from_medium_ = false;
    source_ = 0;
    remaining_ = std::min(allocation, response_.size());
    start_data();
}

void AtapiDrive::start_data() {
    if (remaining_ == 0) return good();
    if (!use_dma_) return next_block();
    const std::size_t length = std::min<std::uint64_t>(remaining_, dma_stretch_bytes);
    dma_stretch(length);
    if (!fill(length)) return check(medium_error);
    begin_dma(Dma::to_memory);
}

void AtapiDrive::continue_dma() {
    if (remaining_ == 0) return good();
    const std::size_t length = std::min<std::uint64_t>(remaining_, dma_stretch_bytes);
    dma_stretch(length);
    if (!fill(length)) check(medium_error);
}

// 8.23: a DRQ block is at most the byte count limit, and the byte count registers tell its length.
void AtapiDrive::next_block() {
    const std::size_t length = std::min<std::uint64_t>(remaining_, byte_limit_);
    const std::size_t words = (length + 1) / 2;
    buffer_.assign(2 * words, 0);
    if (!fill(length)) return check(medium_error);
    lba_mid_.now = static_cast<std::uint8_t>(length);
    lba_high_.now = static_cast<std::uint8_t>(length >> 8);
    count_.now = ata::reason_io;
    begin_data_in(2 * words);
}

bool AtapiDrive::fill(std::size_t bytes) {
    const auto target = std::span(buffer_).first(bytes);
    if (from_medium_) {
        if (!loaded() || !medium_->read(source_, target)) return false;
    } else {
        std::copy_n(response_.begin() + static_cast<std::ptrdiff_t>(source_), bytes, target.begin());
    }
    source_ += bytes;
    remaining_ -= bytes;
    return true;
}

void AtapiDrive::good() {
    sense_ = {};
    count_.now = ata::reason_cod | ata::reason_io;
    finish();
}

void AtapiDrive::check(const Sense& sense) {
    sense_ = sense;
    remaining_ = 0;
    count_.now = ata::reason_cod | ata::reason_io;
    finish(static_cast<std::uint8_t>(sense.key << 4));
}

}  // namespace southgate::chipset::storage
