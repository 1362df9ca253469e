// An ATA channel: the command and control block registers, up to two drives, INTRQ and RESET#. Usable alone
// behind an ISA bus, or twice inside PiixIde. ATA/ATAPI-6 (T13/1410D), sections 7 and 9.
//
// Without any drive every register reads 7Fh: the lines float high, but for the pull-down on DD7. With one drive, the
// other one's status reads 00h (9.16.1: a single device 0 answers for the absent device 1).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <systemc>

#include "chipset/lines.h"
#include "chipset/storage/drive.h"
#include "chipset/target.h"

namespace southgate::chipset::storage {

// The DMA side of a host adapter.
class DmaEngine {
  public:
    virtual ~DmaEngine() = default;
    virtual void dma_requested() = 0;  // DMARQ was asserted
    virtual void interrupt_rose() = 0;
};

class IdeChannel : public sc_core::sc_module, private DriveHost {
  public:
    LineOut irq{"irq"};                               // INTRQ, gated by nIEN
    LineIn reset{"reset"};                            // RESET#
    TargetSocket command{"command", command_space_};  // 8 ports: 1F0h or 170h
    TargetSocket control{"control", control_space_};  // 1 port: 3F6h or 376h

    explicit IdeChannel(const sc_core::sc_module_name& name);

    // `device`: 0 or 1. Before the simulation starts.
    void attach(unsigned device, std::unique_ptr<Drive> drive);
    Drive* drive(unsigned device) const { return drives_[device & 1].get(); }

    void set_dma_engine(DmaEngine* engine) { engine_ = engine; }
    // The drive that asserts DMARQ, or null.
    Drive* dma_drive() const;

  private:
    std::uint32_t read_command_block(std::uint32_t offset, unsigned size, const AccessContext& context);
    void write_command_block(std::uint32_t offset, unsigned size, std::uint32_t data,
                             const AccessContext& context);
    std::uint8_t read_control(const AccessContext& context);
    void write_control(std::uint8_t value, const AccessContext& context);

    std::uint8_t read_register(unsigned reg, bool debug);
    void write_register(unsigned reg, std::uint8_t value);
    void write_command(std::uint8_t opcode);
    std::uint8_t status() const;
    Drive* selected() const;
    bool any_busy() const;

    void on_reset_line(bool asserted);
    void begin_reset(bool hardware);
    void end_reset();

    // DriveHost
    void schedule(const sc_core::sc_time& delay) override;
    void intrq_changed() override;
    void dma_requested() override;

    // Time of the current access; completes what was due before it.
    void arrive(const AccessContext& context);
    void on_timer();
    void resume_drives();

    RegisterFunctions command_space_;
    RegisterFunctions control_space_;
    std::array<std::unique_ptr<Drive>, 2> drives_;
    unsigned selected_ = 0;
    bool empty_ = true;
    bool n_ien_ = false, hob_ = false, srst_ = false;
    DmaEngine* engine_ = nullptr;

    sc_core::sc_event timer_{"timer"};
    sc_core::sc_time now_, deadline_;
    bool armed_ = false;
};

}  // namespace southgate::chipset::storage
