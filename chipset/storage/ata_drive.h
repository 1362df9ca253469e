// A hard disk: the general feature set of ATA/ATAPI-6 (T13/1410D) with PIO, multiple, DMA and 48-bit
// commands. Not modelled: SMART, security, host protected area, queued commands, power-mode spin-up times.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "chipset/storage/block_backend.h"
#include "chipset/storage/drive.h"

namespace southgate::chipset::storage {

struct AtaDriveConfig {
    DriveTiming timing;
    std::string model = "southgate hard disk";  // up to 40 characters
    std::string serial = "SG00000001";          // up to 20 characters
};

class AtaDrive : public Drive {
  public:
    // The medium's size is a multiple of 512 bytes (std::invalid_argument otherwise).
    explicit AtaDrive(std::unique_ptr<BlockBackend> medium, const AtaDriveConfig& config = {});

    std::uint64_t sectors() const { return sectors_; }

  private:
    static constexpr unsigned sector_bytes = 512;
    static constexpr unsigned max_multiple = 16;
    static constexpr unsigned dma_stretch_sectors = 128;

    struct Geometry {
        unsigned cylinders, heads, sectors;
    };
    enum class Transfer { identify, read, write };

    void execute(std::uint8_t opcode) override;
    void continue_pio() override;
    bool ends_after_block() const override { return remaining_ == 0; }
    void continue_dma() override;
    void on_reset(bool hardware) override;
    bool packet_device() const override { return false; }

    bool execute_transfer(std::uint8_t opcode);
    void identify();
    void set_features();
    void set_multiple();
    void set_parameters();
    void read_native_max(bool ext);
    void verify(bool ext, std::uint32_t sectors);

    // Reads the address and count registers into lba_ and remaining_. False: the address does not exist
    // (IDNF).
    bool load_address(bool ext);
    void store_address(std::uint64_t lba);
    void start_pio(Transfer kind, bool ext, unsigned per_block);
    void start_dma(Transfer kind, bool ext);
    void read_block();
    void finish_at(std::uint8_t error);
    unsigned block_sectors(unsigned limit) const;

    std::unique_ptr<BlockBackend> medium_;
    AtaDriveConfig config_;
    std::uint64_t sectors_;
    Geometry default_geometry_, geometry_;
    unsigned multiple_ = 0;             // sectors for each DRQ block of READ/WRITE MULTIPLE, 0 = disabled
    std::uint8_t pio_dma_mode_ = 0x22;  // SET FEATURES subcommand 03h: multiword DMA 2 after power-on
    bool write_cache_ = true, look_ahead_ = true;

    Transfer transfer_ = Transfer::identify;
    bool ext_ = false;
    std::uint64_t lba_ = 0;        // next sector to move
    std::uint32_t remaining_ = 0;  // sectors not yet moved
    unsigned per_block_ = 1;
};

}  // namespace southgate::chipset::storage
