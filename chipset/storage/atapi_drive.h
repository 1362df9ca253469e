// A CD-ROM drive: the PACKET feature set of ATA/ATAPI-6 (T13/1410D) with the read-only commands of MMC-3 for
// one data track. Not modelled: audio, sub-channels, raw sectors, overlapped commands, changers.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "chipset/storage/block_backend.h"
#include "chipset/storage/drive.h"

namespace southgate::chipset::storage {

struct AtapiDriveConfig {
    DriveTiming timing;
    std::string model = "southgate CD-ROM";  // up to 40 characters
    std::string serial = "SG00000002";       // up to 20 characters
};

class AtapiDrive : public Drive {
  public:
    // Without a medium the tray is closed and empty. A medium's size is a multiple of 2048 bytes
    // (std::invalid_argument otherwise).
    explicit AtapiDrive(std::unique_ptr<BlockBackend> medium, const AtapiDriveConfig& config = {});

    // A person changes the disc: a unit attention tells the guest.
    void insert(std::unique_ptr<BlockBackend> medium);
    void remove();
    bool loaded() const { return medium_ && !tray_open_; }

  private:
    static constexpr unsigned sector_bytes = 2048;
    static constexpr unsigned packet_bytes = 12;
    static constexpr std::size_t dma_stretch_bytes = 64 * 1024;

    // Sense key, additional sense code and qualifier (SPC-3, 4.5).
    struct Sense {
        std::uint8_t key = 0, asc = 0, ascq = 0;
        explicit operator bool() const { return key != 0; }
    };
    static constexpr Sense no_medium{2, 0x3a, 0x00}, medium_error{3, 0x11, 0x00},
        invalid_opcode{5, 0x20, 0x00}, out_of_range{5, 0x21, 0x00}, invalid_field{5, 0x24, 0x00},
        removal_prevented{5, 0x53, 0x02}, medium_changed{6, 0x28, 0x00}, power_on_reset{6, 0x29, 0x00};

    void execute(std::uint8_t opcode) override;
    void continue_pio() override;
    bool ends_after_block() const override { return false; }
    void continue_dma() override;
    void on_reset(bool hardware) override;
    bool packet_device() const override { return true; }

    void identify();
    void set_features();
    void accept_packet();

    // atapi_commands.cpp: one packet command each. A command ends in reply(), start_data(), good() or
    // check().
    void execute_packet();
    void request_sense();
    void inquiry();
    void read_capacity();
    void read_toc();
    void read_sectors(std::uint64_t lba, std::uint64_t count);
    void read_cd();
    void mode_sense();
    void start_stop();
    void get_configuration();
    void get_event_status();
    void mechanism_status();
    void read_disc_information();

    // Sends response_, cut to the command's allocation length.
    void reply(std::size_t allocation);
    void start_data();
    void next_block();
    bool fill(std::size_t bytes);
    void good();
    void check(const Sense& sense);

    unsigned cdb16(unsigned at) const { return static_cast<unsigned>(cdb_[at] << 8 | cdb_[at + 1]); }
    std::uint32_t cdb32(unsigned at) const { return cdb16(at) << 16 | cdb16(at + 2); }
    void put8(std::uint32_t value) { response_.push_back(static_cast<std::uint8_t>(value)); }
    void put16(std::uint32_t value) { put8(value >> 8), put8(value); }
    void put32(std::uint32_t value) { put16(value >> 16), put16(value); }
    void put_text(std::string_view text, std::size_t length);
    void put_address(std::uint32_t lba, bool msf);
    std::uint32_t sectors() const { return static_cast<std::uint32_t>(medium_->size() / sector_bytes); }

    AtapiDriveConfig config_;
    std::unique_ptr<BlockBackend> medium_;
    bool tray_open_ = false;
    bool locked_ = false;  // PREVENT ALLOW MEDIUM REMOVAL
    std::uint8_t media_event_ = 0;
    std::uint8_t dma_mode_ = 0x22;
    Sense sense_, attention_ = power_on_reset;

    enum class Phase { idle, packet, data } phase_ = Phase::idle;
    bool use_dma_ = false;
    std::size_t byte_limit_ = 0;
    std::array<std::uint8_t, packet_bytes> cdb_{};
    std::vector<std::uint8_t> response_;
    bool from_medium_ = false;
    std::uint64_t source_ = 0;     // next byte of response_ or of the medium
    std::uint64_t remaining_ = 0;  // bytes
};

}  // namespace southgate::chipset::storage
