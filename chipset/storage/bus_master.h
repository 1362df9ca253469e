// One channel of the PCI IDE bus master: command, status and descriptor table registers, and the walk along
// the physical region descriptors. Programming Interface for Bus Master IDE Controller 1.0; 82371AB 290562,
// chapter 2.7 and the bus master IDE I/O registers.
//
// A transfer takes no time of its own; the drive's latency stands for it. One start walks at most one 64 KiB
// table (8192 descriptors), since hardware does not count across that boundary; then it stops with the error
// bit.
#pragma once

#include <cstdint>
#include <functional>

#include "chipset/dma_initiator.h"
#include "chipset/registers/bank.h"
#include "chipset/registers/register.h"
#include "chipset/storage/ide_channel.h"

namespace southgate::chipset::storage {

class BusMaster : public DmaEngine {
  public:
    // `secondary`: registers at offset 8. `enabled`: the function's bus master enable.
    BusMaster(IdeChannel& channel, DmaInitiator& dma, std::function<bool()> enabled, bool secondary);

    void add_to(RegisterBank& bank);
    // After PCIRST#; the registers themselves are reset with their bank.
    void reset();
    // Moves what can be moved.
    void run();

  private:
    static constexpr unsigned table_descriptors = 8192;

    void dma_requested() override { run(); }
    void interrupt_rose() override;
    void command_written(std::uint32_t before);
    bool next_descriptor();
    bool move(Drive& drive);
    void stop(bool error);

    IdeChannel& channel_;
    DmaInitiator& dma_;
    std::function<bool()> enabled_;
    Register command_, status_, table_;

    bool running_ = false;       // run() is on the stack
    std::uint32_t next_ = 0;     // address of the next descriptor
    unsigned descriptors_ = 0;   // read since the start
    std::uint32_t address_ = 0;  // of the current region
    std::uint32_t left_ = 0;     // bytes in it
    bool last_ = false;          // its descriptor has EOT set
};

}  // namespace southgate::chipset::storage
