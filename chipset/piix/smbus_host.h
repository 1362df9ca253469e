// The SMBus host controller of the PIIX4 without any slave on the bus: 82371AB 290562 7.3. Every transaction
// that starts ends at once with a device error (address not acknowledged). Not modelled: slaves, the slave
// interface, bus timing, interrupts on completion.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "chipset/registers/bank.h"
#include "chipset/registers/register.h"

namespace southgate::chipset {

class SmbusHost {
  public:
    static constexpr std::uint32_t bytes = 16;

    explicit SmbusHost(const char* device);

    RegisterBank& bank() { return bank_; }
    void reset();

  private:
    void start(std::uint32_t written);

    RegisterBank bank_;
    std::vector<std::unique_ptr<Register>> registers_;
    Register* status_;
    std::array<std::uint8_t, 32> block_{};
    unsigned block_index_ = 0;
};

}  // namespace southgate::chipset
