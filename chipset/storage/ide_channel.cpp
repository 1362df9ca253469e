#include "chipset/storage/ide_channel.h"

namespace southgate::chipset::storage {

namespace {
constexpr std::uint32_t floating = 0xff;
// Nobody drives the cable: the host's pull-down on DD7 makes BSY read 0 (ATA/ATAPI-6, electrical interface).
constexpr std::uint32_t nobody = 0x7f;
}

IdeChannel::IdeChannel(const sc_core::sc_module_name& name)
    : sc_module(name),
      command_space_([this](auto offset, auto size,
                            const auto& context) { return read_command_block(offset, size, context); },
                     [this](auto offset, auto size, auto data, const auto& context) {
                         write_command_block(offset, size, data, context);
                     }),
      control_space_(
          [this](auto offset, auto, const auto& context) -> std::uint32_t {
              return offset == 0 ? 0xffffff00 | read_control(context) : ~0u;
          },
          [this](auto offset, auto, auto data, const auto& context) {
              if (offset == 0) write_control(static_cast<std::uint8_t>(data), context);
          }) {
    reset.on_change([this](bool asserted) { on_reset_line(asserted); });
    sc_core::sc_spawn_options method;
    method.spawn_method();
    method.set_sensitivity(&timer_);
    method.dont_initialize();
    sc_core::sc_spawn([this] { on_timer(); }, "on_timer", &method);
}

void IdeChannel::attach(unsigned device, std::unique_ptr<Drive> drive) {
    drives_[device & 1] = std::move(drive);
    drives_[device & 1]->attach(*this, device & 1);
    empty_ = false;
}

Drive* IdeChannel::selected() const { return drives_[selected_].get(); }

Drive* IdeChannel::dma_drive() const {
    for (const auto& drive : drives_)
        if (drive && drive->dma_request() != Drive::Dma::none) return drive.get();
    return nullptr;
}

bool IdeChannel::any_busy() const {
    for (const auto& drive : drives_)
        if (drive && (drive->status() & (ata::bsy | ata::drq))) return true;
    return false;
}

std::uint8_t IdeChannel::status() const { return selected() ? selected()->status() : 0; }

std::uint8_t IdeChannel::read_register(unsigned reg, bool debug) {
    if (reg == ata::status_command) {
        if (!debug && selected()) selected()->acknowledge_interrupt();
        return status();
    }
    // A lone drive answers for the absent one.
    const Drive* drive = selected() ? selected() : drives_[selected_ ^ 1].get();
    return drive->read_register(reg, hob_);
}

std::uint32_t IdeChannel::read_command_block(std::uint32_t offset, unsigned size,
                                             const AccessContext& context) {
    if (empty_) return size == 1 ? nobody : 0xffffff00 | nobody;
    if (!context.debug) arrive(context);
    if (offset == ata::data) return selected() && !context.debug ? selected()->read_data(size) : ~0u;
    std::uint32_t value = 0;
    for (unsigned i = 0; i < size; ++i) {
        const unsigned reg = offset + i;
        const std::uint32_t byte = reg > ata::status_command ? floating : read_register(reg, context.debug);
        value |= byte << (8 * i);
    }
    return value;
}

void IdeChannel::write_command_block(std::uint32_t offset, unsigned size, std::uint32_t data,
                                     const AccessContext& context) {
    if (empty_ || context.debug) return;
    arrive(context);
    if (offset == ata::data) {
        if (selected()) selected()->write_data(data, size);
        return;
    }
    for (unsigned i = 0; i < size && offset + i <= ata::status_command; ++i)
        write_register(offset + i, static_cast<std::uint8_t>(data >> (8 * i)));
}

void IdeChannel::write_register(unsigned reg, std::uint8_t value) {
    if (reg == ata::status_command) return write_command(value);
    if (any_busy()) return;  // 7.1: writes while BSY or DRQ are ignored
    hob_ = false;
    for (const auto& drive : drives_)
        if (drive) drive->write_register(reg, value);
    if (reg == ata::device) {
        selected_ = value & ata::dev ? 1 : 0;
        intrq_changed();
    }
}

void IdeChannel::write_command(std::uint8_t opcode) {
    if (srst_ || reset.level()) return;
    if (any_busy() && !(opcode == ata::device_reset && selected() && selected()->accepts_device_reset()))
        return;
    hob_ = false;
    if (opcode == ata::execute_device_diagnostic) {
        selected_ = 0;
        for (const auto& drive : drives_)
            if (drive) drive->command(opcode);
    } else if (selected()) {
        selected()->command(opcode);
    }
}

std::uint8_t IdeChannel::read_control(const AccessContext& context) {
    if (empty_) return nobody;
    if (!context.debug) arrive(context);
    return status();
}

void IdeChannel::write_control(std::uint8_t value, const AccessContext& context) {
    if (context.debug) return;
    arrive(context);
    n_ien_ = value & ata::n_ien;
    hob_ = value & ata::hob;
    const bool srst = value & ata::srst;
    if (srst != srst_) {
        srst_ = srst;
        if (reset.level()) return;
        if (srst)
            begin_reset(false);
        else
            end_reset();
    }
    intrq_changed();
}

void IdeChannel::on_reset_line(bool asserted) {
    now_ = sc_core::sc_time_stamp();
    if (asserted) {
        n_ien_ = hob_ = srst_ = false;
        begin_reset(true);
    } else {
        end_reset();
    }
}

void IdeChannel::begin_reset(bool hardware) {
    armed_ = false;
    timer_.cancel();
    selected_ = 0;
    for (const auto& drive : drives_)
        if (drive) drive->begin_reset(hardware);
    intrq_changed();
}

void IdeChannel::end_reset() {
    for (const auto& drive : drives_)
        if (drive) drive->end_reset();
}

void IdeChannel::schedule(const sc_core::sc_time& delay) {
    timer_.cancel();
    if (delay == sc_core::SC_ZERO_TIME) {
        armed_ = false;
        return resume_drives();
    }
    armed_ = true;
    deadline_ = now_ + delay;
    timer_.notify(deadline_ - sc_core::sc_time_stamp());
}

void IdeChannel::arrive(const AccessContext& context) {
    // An access of a loosely timed initiator may come later than the event it should have waited for.
    if (armed_ && context.now >= deadline_) {
        timer_.cancel();
        armed_ = false;
        now_ = deadline_;
        resume_drives();
    }
    now_ = context.now;
}

void IdeChannel::on_timer() {
    if (!armed_) return;
    armed_ = false;
    now_ = sc_core::sc_time_stamp();
    resume_drives();
}

void IdeChannel::resume_drives() {
    for (const auto& drive : drives_)
        if (drive) drive->resume();
}

void IdeChannel::intrq_changed() {
    const bool before = irq.level();
    irq.set(selected() && selected()->intrq() && !n_ien_);
    if (!before && irq.level() && engine_) engine_->interrupt_rose();
}

void IdeChannel::dma_requested() {
    if (engine_) engine_->dma_requested();
}

}  // namespace southgate::chipset::storage
