#include "chipset/storage/bus_master.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace southgate::chipset::storage {

namespace {

constexpr std::uint32_t start_bit = 0x01, to_memory_bit = 0x08;
constexpr std::uint32_t active_bit = 0x01, error_bit = 0x02, interrupt_bit = 0x04;
constexpr std::uint32_t end_of_table = 0x80000000;

constexpr char source[] = "Bus Master IDE Controller 1.0, 2.1; 82371AB 290562, BMICx, BMISx, BMIDTPx";

constexpr Field command_fields[] = {
    {"SSBM", 0, 1, FieldAccess::rw, "start (1) or stop (0) the bus master"},
    {"RSVD", 1, 2, FieldAccess::ro, ""},
    {"RWCON", 3, 1, FieldAccess::rw, "1: to memory, 0: from memory"},
    {"RSVD", 4, 4, FieldAccess::ro, ""},
};
constexpr Field status_fields[] = {
    {"BMIDEA", 0, 1, FieldAccess::ro, "active: started and not at the end of the table"},
    {"ERROR", 1, 1, FieldAccess::w1c, "a memory cycle failed"},
    {"IDEINTS", 2, 1, FieldAccess::w1c, "INTRQ rose"},
    {"RSVD", 3, 2, FieldAccess::ro, ""},
    {"DMA0CAP", 5, 1, FieldAccess::rw, "device 0 can do DMA; for software only"},
    {"DMA1CAP", 6, 1, FieldAccess::rw, "device 1 can do DMA; for software only"},
    {"SIMPLEX", 7, 1, FieldAccess::ro, "0: both channels may run at once"},
};
constexpr Field table_fields[] = {
    {"RSVD", 0, 2, FieldAccess::ro, ""},
    {"DTBA", 2, 30, FieldAccess::rw, "physical address of the descriptor table"},
};

constexpr RegisterInfo infos[2][3] = {
    {{"BMICP", 0x0, 1, 0, ResetDomain::platform, source, command_fields, true},
     {"BMISP", 0x2, 1, 0, ResetDomain::platform, source, status_fields, true},
     {"BMIDTPP", 0x4, 4, 0, ResetDomain::platform, source, table_fields}},
    {{"BMICS", 0x8, 1, 0, ResetDomain::platform, source, command_fields, true},
     {"BMISS", 0xa, 1, 0, ResetDomain::platform, source, status_fields, true},
     {"BMIDTPS", 0xc, 4, 0, ResetDomain::platform, source, table_fields}},
};

}  // namespace

BusMaster::BusMaster(IdeChannel& channel, DmaInitiator& dma, std::function<bool()> enabled, bool secondary)
    : channel_(channel),
      dma_(dma),
      enabled_(std::move(enabled)),
      command_(infos[secondary][0]),
      status_(infos[secondary][1]),
      table_(infos[secondary][2]) {
    command_.on_write(
        [this](std::uint32_t before, std::uint32_t, const AccessContext&) { command_written(before); });
    channel_.set_dma_engine(this);
}

void BusMaster::add_to(RegisterBank& bank) {
    bank.add(command_);
    bank.add(status_);
    bank.add(table_);
}

void BusMaster::reset() {
    descriptors_ = 0;
    left_ = 0;
    last_ = false;
}

void BusMaster::interrupt_rose() { status_.value |= interrupt_bit; }

void BusMaster::command_written(std::uint32_t before) {
    const bool start = command_.value & start_bit;
    if (start == static_cast<bool>(before & start_bit)) return;
    if (!start) return stop(false);
    reset();
    next_ = table_.value;
    status_.value |= active_bit;
    run();
}

void BusMaster::stop(bool error) {
    status_.value &= ~active_bit;
    if (error) status_.value |= error_bit;
}

bool BusMaster::next_descriptor() {
    std::array<std::uint8_t, 8> bytes;
    if (descriptors_ == table_descriptors || !dma_.read(next_, bytes)) return false;
    ++descriptors_;
    next_ = (next_ & 0xffff0000) | ((next_ + 8) & 0xffff);
    std::uint32_t control = 0;
    std::memcpy(&address_, bytes.data(), 4);
    std::memcpy(&control, bytes.data() + 4, 4);
    address_ &= ~1u;
    left_ = control & 0xfffe ? control & 0xfffe : 0x10000;
    last_ = control & end_of_table;
    return true;
}

bool BusMaster::move(Drive& drive) {
    const auto window = drive.dma_window();
    const auto bytes = static_cast<std::uint32_t>(std::min<std::size_t>(window.size(), left_));
    const bool to_memory = drive.dma_request() == Drive::Dma::to_memory;
    // The drive and the command register disagree about the direction: nothing sensible can move.
    if (to_memory != static_cast<bool>(command_.value & to_memory_bit)) return false;
    const bool done =
        to_memory ? dma_.write(address_, window.first(bytes)) : dma_.read(address_, window.first(bytes));
    if (!done) return false;
    address_ += bytes;
    left_ -= bytes;
    drive.dma_advance(bytes);
    return true;
}

void BusMaster::run() {
    if (running_) return;
    running_ = true;
    while ((status_.value & active_bit) && enabled_()) {
        Drive* drive = channel_.dma_drive();
        if (!drive) break;
        if (left_ == 0 && !next_descriptor()) {
            stop(true);
        } else if (!move(*drive)) {
            stop(true);
        } else if (left_ == 0 && last_) {
            stop(false);
        }
    }
    running_ = false;
}

}  // namespace southgate::chipset::storage
