// What an ATA disk and an ATAPI CD-ROM have in common: the registers, the protocols (PIO in and out, DMA,
// non-data) and resets of ATA/ATAPI-6 (T13/1410D), sections 7 and 9. A drive knows no time and no lines; it
// asks its channel to call resume() later and to look at intrq() and dma_request().
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <systemc>
#include <vector>

#include "chipset/storage/ata.h"

namespace southgate::chipset::storage {

// How long a drive keeps BSY. Zero: the work is done inside the access that asks for it.
struct DriveTiming {
    sc_core::sc_time command{20, sc_core::SC_US};  // command or packet accepted to first DRQ or to completion
    sc_core::sc_time block{1, sc_core::SC_US};     // between two DRQ blocks of a command
    sc_core::sc_time reset{100, sc_core::SC_US};   // hardware reset, SRST, EXECUTE DEVICE DIAGNOSTIC
};

// What a channel does for its drives.
class DriveHost {
  public:
    virtual ~DriveHost() = default;
    // Call resume() after `delay`. A later request replaces an earlier one.
    virtual void schedule(const sc_core::sc_time& delay) = 0;
    virtual void intrq_changed() = 0;
    virtual void dma_requested() = 0;
};

class Drive {
  public:
    enum class Dma { none, to_memory, from_memory };

    explicit Drive(const DriveTiming& timing) : timing_(timing) {}
    virtual ~Drive() = default;

    // `device1`: jumpered as the second drive of the channel.
    void attach(DriveHost& host, bool device1);

    // Command block registers but data and status/command. The channel hides them while the drive is busy.
    std::uint8_t read_register(unsigned reg, bool high_order) const;
    void write_register(unsigned reg, std::uint8_t value);
    std::uint8_t status() const { return status_; }
    // Reading Status (not Alternate Status) also clears the interrupt.
    void acknowledge_interrupt() { set_intrq(false); }
    bool intrq() const { return intrq_; }
    bool accepts_device_reset() const { return packet_device(); }

    // Accepts a command: sets BSY, executes it in resume().
    void command(std::uint8_t opcode);
    void resume();
    // Enters reset: everything in progress is dropped, BSY is set. `hardware`: RESET# rather than SRST.
    void begin_reset(bool hardware);
    // Reset is released; the signature appears after timing.reset.
    void end_reset();

    // Data register, 2 or 4 bytes (a byte access transfers the low half of a word). Without DRQ: reads float,
    // writes are dropped.
    std::uint32_t read_data(unsigned bytes);
    void write_data(std::uint32_t value, unsigned bytes);

    // DMARQ and its direction; while there is one, the bytes of the current stretch to move, and how many
    // were.
    Dma dma_request() const { return dma_; }
    std::span<std::uint8_t> dma_window() { return std::span(buffer_).subspan(position_, end_ - position_); }
    void dma_advance(std::size_t bytes);

  protected:
    // All in BSY, from resume().
    virtual void execute(std::uint8_t opcode) = 0;
    // The next DRQ block of a PIO command, after timing.block; for data out, the host has filled the buffer.
    virtual void continue_pio() = 0;
    // The host read the last byte of a DRQ block. Data-in commands of disks end here without an interrupt.
    virtual bool ends_after_block() const = 0;
    // The DMA stretch is through: start the next one with dma_stretch() or finish().
    virtual void continue_dma() = 0;
    virtual void on_reset(bool hardware) = 0;
    virtual bool packet_device() const = 0;

    void begin_data_in(std::size_t bytes, bool interrupt = true);
    void begin_data_out(std::size_t bytes, bool interrupt);
    // dma_stretch() makes room in the buffer; begin_dma() raises DMARQ once the first stretch is ready.
    void dma_stretch(std::size_t bytes);
    void begin_dma(Dma direction);
    // Ends the command. `error` goes to the Error register and sets ERR unless it is zero.
    void finish(std::uint8_t error = 0);
    void finish_silently();
    void abort_command() { finish(ata::abrt); }
    void busy_until_next_step();
    void post_signature();

    // One register with its "previous" content behind it, the way 48-bit commands use them (6.20).
    struct TwoDeep {
        std::uint8_t now = 0, previous = 0;
        void push(std::uint8_t value) {
            previous = now;
            now = value;
        }
    };
    TwoDeep features_, count_, lba_low_, lba_mid_, lba_high_;
    std::uint8_t device_ = 0;
    std::uint8_t error_ = ata::diagnostic_passed;
    std::vector<std::uint8_t> buffer_;  // current DRQ block or DMA stretch
    bool device1() const { return device1_; }

  private:
    enum class Step { none, command, pio, reset };
    enum class Data { none, in, out };

    void set_intrq(bool on);
    void drop_transfer();
    void block_done();

    DriveTiming timing_;
    DriveHost* host_ = nullptr;
    bool device1_ = false;
    std::uint8_t status_ = ata::drdy | ata::dsc;
    std::uint8_t opcode_ = 0;
    bool intrq_ = false;
    Step step_ = Step::none;
    Data data_ = Data::none;
    Dma dma_ = Dma::none;
    std::size_t position_ = 0, end_ = 0;
};

}  // namespace southgate::chipset::storage
