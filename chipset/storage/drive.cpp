#include "chipset/storage/drive.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace southgate::chipset::storage {

void Drive::attach(DriveHost& host, bool device1) {
    host_ = &host;
    device1_ = device1;
    post_signature();
}

std::uint8_t Drive::read_register(unsigned reg, bool high_order) const {
    const auto pick = [high_order](const TwoDeep& r) { return high_order ? r.previous : r.now; };
    switch (reg) {
        case ata::error_features:
            return error_;
        case ata::sector_count:
            return pick(count_);
        case ata::lba_low:
            return pick(lba_low_);
        case ata::lba_mid:
            return pick(lba_mid_);
        case ata::lba_high:
            return pick(lba_high_);
        case ata::device:
            return device_ | ata::device_obsolete;
        default:
            return 0;
    }
}

void Drive::write_register(unsigned reg, std::uint8_t value) {
    switch (reg) {
        case ata::error_features:
            return features_.push(value);
        case ata::sector_count:
            return count_.push(value);
        case ata::lba_low:
            return lba_low_.push(value);
        case ata::lba_mid:
            return lba_mid_.push(value);
        case ata::lba_high:
            return lba_high_.push(value);
        case ata::device:
            device_ = value;
            return;
        default:
            return;
    }
}

void Drive::set_intrq(bool on) {
    if (intrq_ == on) return;
    intrq_ = on;
    host_->intrq_changed();
}

void Drive::drop_transfer() {
    data_ = Data::none;
    dma_ = Dma::none;
    step_ = Step::none;
    position_ = end_ = 0;
}

void Drive::command(std::uint8_t opcode) {
    drop_transfer();
    set_intrq(false);
    opcode_ = opcode;
    error_ = 0;
    status_ = ata::bsy | ata::dsc;
    step_ = Step::command;
    const bool slow = opcode == ata::execute_device_diagnostic || opcode == ata::device_reset;
    host_->schedule(slow ? timing_.reset : timing_.command);
}

void Drive::busy_until_next_step() {
    status_ = ata::bsy | ata::dsc;
    step_ = Step::pio;
    host_->schedule(timing_.block);
}

void Drive::resume() {
    const Step step = std::exchange(step_, Step::none);
    switch (step) {
        case Step::none:
            return;
        case Step::pio:
            return continue_pio();
        case Step::reset:
            post_signature();
            status_ = packet_device() ? 0 : ata::drdy | ata::dsc;  // 9.1: a packet device leaves DRDY clear
            return;
        case Step::command:
            break;
    }
    if (opcode_ == ata::execute_device_diagnostic) {
        // 8.11: both drives execute it whichever is selected, device 0 answers for both and is selected
        // afterwards.
        post_signature();
        status_ = packet_device() ? 0 : ata::drdy | ata::dsc;
        if (!device1_) set_intrq(true);
        return;
    }
    if (opcode_ == ata::device_reset && packet_device()) {
        // 8.7: no interrupt; DEV stays as it is.
        const std::uint8_t device = device_;
        on_reset(false);
        post_signature();
        device_ = device & ata::dev;
        status_ = 0;
        return;
    }
    execute(opcode_);
}

void Drive::begin_reset(bool hardware) {
    drop_transfer();
    set_intrq(false);
    status_ = ata::bsy;
    on_reset(hardware);
}

void Drive::end_reset() {
    step_ = Step::reset;
    host_->schedule(timing_.reset);
}

// 9.12, signature and persistence.
void Drive::post_signature() {
    error_ = ata::diagnostic_passed;
    features_ = {};
    count_ = {1, 0};
    lba_low_ = {1, 0};
    lba_mid_ = {static_cast<std::uint8_t>(packet_device() ? 0x14 : 0), 0};
    lba_high_ = {static_cast<std::uint8_t>(packet_device() ? 0xeb : 0), 0};
    device_ = 0;
}

void Drive::begin_data_in(std::size_t bytes, bool interrupt) {
    data_ = Data::in;
    position_ = 0;
    end_ = bytes;
    status_ = ata::drdy | ata::dsc | ata::drq;
    if (interrupt) set_intrq(true);
}

void Drive::begin_data_out(std::size_t bytes, bool interrupt) {
    buffer_.assign(bytes, 0);
    begin_data_in(bytes, interrupt);
    data_ = Data::out;
}

void Drive::begin_dma(Dma direction) {
    status_ = ata::drdy | ata::dsc | ata::drq;
    dma_ = direction;
    host_->dma_requested();
}

void Drive::dma_stretch(std::size_t bytes) {
    buffer_.resize(bytes);
    position_ = 0;
    end_ = bytes;
}

void Drive::dma_advance(std::size_t bytes) {
    position_ += std::min(bytes, end_ - position_);
    if (position_ == end_) continue_dma();
}

void Drive::finish(std::uint8_t error) {
    finish_silently();
    error_ = error;
    if (error) status_ |= ata::err;
    set_intrq(true);
}

void Drive::finish_silently() {
    drop_transfer();
    status_ = ata::drdy | ata::dsc;
}

void Drive::block_done() {
    const bool last = data_ == Data::in && ends_after_block();
    drop_transfer();
    if (last)
        finish_silently();
    else
        busy_until_next_step();
}

// A byte access still moves a whole 16-bit word (7.6: the Data register is 16 bits wide).
std::uint32_t Drive::read_data(unsigned bytes) {
    std::uint32_t value = ~0u;
    const std::size_t wanted = std::max(bytes, 2u);
    for (std::size_t moved = 0; moved < wanted && data_ == Data::in;) {
        const std::size_t length = std::min(wanted - moved, end_ - position_);
        std::memcpy(reinterpret_cast<std::uint8_t*>(&value) + moved, buffer_.data() + position_, length);
        moved += length;
        position_ += length;
        if (position_ == end_) block_done();
    }
    return value;
}

void Drive::write_data(std::uint32_t value, unsigned bytes) {
    const std::size_t wanted = std::max(bytes, 2u);
    for (std::size_t moved = 0; moved < wanted && data_ == Data::out;) {
        const std::size_t length = std::min(wanted - moved, end_ - position_);
        std::memcpy(buffer_.data() + position_, reinterpret_cast<const std::uint8_t*>(&value) + moved,
                    length);
        moved += length;
        position_ += length;
        if (position_ == end_) block_done();
    }
}

}  // namespace southgate::chipset::storage
