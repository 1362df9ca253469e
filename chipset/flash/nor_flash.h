// A parallel NOR flash with the Intel command set (CFI command set 0001h), as a boot ROM or variable store.
//
// Commands and status register: Intel StrataFlash 28F320J3/640J3/128J3 datasheet 290667, tables "Command Bus-Cycle
// Definitions" and "Status Register Definitions". Query: JEDEC JESD68.01, identification JEP137. The part is byte-wide
// (an access of several bytes is as many bus cycles), and its size and erase block are those of the image, which may
// be those of no real part.
//
// Not modelled: time (an operation is done when the command ends), suspend and resume (nothing runs that could be
// suspended), block locks, the protection register, VPEN and the STS pin.
#pragma once

#include <array>
#include <cstdint>
#include <systemc>

#include "chipset/flash/cfi_query.h"
#include "chipset/flash/flash_store.h"
#include "chipset/lines.h"
#include "chipset/target.h"

namespace southgate::chipset::flash {

// Status register bits.
inline constexpr std::uint8_t status_ready = 0x80, status_erase_error = 0x20, status_program_error = 0x10;

class NorFlash : public sc_core::sc_module {
  public:
    struct Config {
        std::uint32_t block_bytes = 4096;  // erase unit, at least 256 and a power of two; the size is a multiple of it
        // Clear Status Register (50h) clears bit 7 too, which stays set in the part, where no operation runs.
        bool clear_status_clears_ready = false;
    };

  private:
    struct Space : RegisterSpace {
        explicit Space(NorFlash& flash) : flash(flash) {}
        std::uint32_t read(std::uint32_t offset, unsigned size, const AccessContext& context) override;
        void write(std::uint32_t offset, unsigned size, std::uint32_t data, const AccessContext& context) override;
        NorFlash& flash;
    };

    Space space_{*this};

  public:
    TargetSocket socket{"socket", space_};  // no DMI: what a read answers depends on the last command
    LineIn pcirst{"pcirst"};  // RP#: back to read array mode

    static constexpr unsigned write_buffer_bytes = 32;

    // The contents of `store` are the contents of the part; a store of another size than whole blocks throws
    // std::invalid_argument.
    NorFlash(const sc_core::sc_module_name& name, FlashStore store, const Config& config);
    ~NorFlash() override;

    // After a change the store is committed when software returns to read array mode, at reset and at the end of
    // the simulation. A commit that fails sets the program error bit.
    const FlashStore& store() const { return store_; }
    // Makes what changed permanent now.
    void commit();

  private:
    enum class Mode : std::uint8_t { array, status, identifiers, query };
    // What the next write cycle is.
    enum class Expect : std::uint8_t { command, program_data, erase_confirm, buffer_count, buffer_data, buffer_confirm };

    std::uint8_t read_byte(std::uint32_t offset) const;
    std::uint8_t identifier(std::uint32_t offset) const;
    void write_byte(std::uint32_t offset, std::uint8_t data);
    void command(std::uint32_t offset, std::uint8_t data);
    void buffer_byte(std::uint32_t offset, std::uint8_t data);
    void bad_sequence();
    void program(std::uint32_t offset, std::uint8_t data);
    void program_buffer();
    void erase(std::uint32_t offset);
    void reset();
    std::uint32_t block_of(std::uint32_t offset) const { return offset & ~(config_.block_bytes - 1); }

    Config config_;
    FlashStore store_;
    CfiQuery query_;
    Mode mode_ = Mode::array;
    Expect expect_ = Expect::command;
    std::uint8_t status_ = status_ready;
    std::uint32_t block_ = 0;  // that an erase or a buffered program addresses
    // Write buffer: `buffer_count_` bytes from `buffer_first_` on; data cycles may come in any order.
    std::array<std::uint8_t, write_buffer_bytes> buffer_{};
    std::uint32_t buffer_first_ = 0, buffer_count_ = 0, buffer_left_ = 0;
    bool changed_ = false;  // since the last commit
};

}  // namespace southgate::chipset::flash
