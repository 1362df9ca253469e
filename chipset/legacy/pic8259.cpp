#include "chipset/legacy/pic8259.h"

#include <string>

namespace southgate::chipset {

namespace {

constexpr const char* k8259 = "8259A 231468; 82371AB 290562 4.2.4";
// The commands are decoded by the chip; the declared value is the last byte written.
constexpr std::array<RegisterInfo, 2> kMaster{{
    {"MPIC_CMD", 0, 1, 0x00, ResetDomain::platform, k8259},
    {"MPIC_DATA", 1, 1, 0x00, ResetDomain::platform, k8259},
}};
constexpr std::array<RegisterInfo, 2> kSlave{{
    {"SPIC_CMD", 0, 1, 0x00, ResetDomain::platform, k8259},
    {"SPIC_DATA", 1, 1, 0x00, ResetDomain::platform, k8259},
}};

// IRQ0 (timer), 1 (keyboard), 2 (cascade), 8 (RTC) and 13 (FERR#) are always edge-triggered.
constexpr std::array<Field, 2> kElcr1Fields{{
    {"reserved", 0, 3, FieldAccess::reserved, "IRQ0-2: edge"},
    {"IRQ7_3_ECL", 3, 5, FieldAccess::rw, "1 = level-triggered"},
}};
constexpr std::array<Field, 4> kElcr2Fields{{
    {"reserved", 0, 1, FieldAccess::reserved, "IRQ8: edge"},
    {"IRQ12_9_ECL", 1, 4, FieldAccess::rw, "1 = level-triggered"},
    {"reserved", 5, 1, FieldAccess::reserved, "IRQ13: edge"},
    {"IRQ15_14_ECL", 6, 2, FieldAccess::rw, "1 = level-triggered"},
}};
constexpr std::array<RegisterInfo, 2> kElcr{{
    {"ELCR1", 0, 1, 0x00, ResetDomain::platform, "82371AB 290562 4.2.4.9", kElcr1Fields},
    {"ELCR2", 1, 1, 0x00, ResetDomain::platform, "82371AB 290562 4.2.4.10", kElcr2Fields},
}};

constexpr unsigned kCascadeInput = 2;
constexpr std::uint8_t kNobodyDrives = 0xff;

}  // namespace

InterruptController::InterruptController(const sc_core::sc_module_name& name)
    : sc_module(name),
      master_space_(this->name(), 2),
      slave_space_(this->name(), 2),
      elcr_space_(this->name(), 2),
      inta_space_(
          [this](std::uint32_t, unsigned, const AccessContext& context) -> std::uint32_t {
              return context.debug ? peek() : acknowledge();
          },
          [](std::uint32_t, unsigned, std::uint32_t, const AccessContext&) {}),
      master("master", master_space_),
      slave("slave", slave_space_),
      elcr("elcr", elcr_space_),
      inta("inta", inta_space_),
      master_registers_{Register(kMaster[0]), Register(kMaster[1])},
      slave_registers_{Register(kSlave[0]), Register(kSlave[1])},
      elcr_registers_{Register(kElcr[0]), Register(kElcr[1])} {
    const auto attach = [this](BankSpace& space, std::array<Register, 2>& registers, PicChip& chip) {
        for (unsigned a0 = 0; a0 < 2; ++a0) {
            registers[a0]
                .on_write([this, &chip, a0](std::uint32_t, std::uint32_t data, const AccessContext&) {
                    write_chip(chip, a0 != 0, data);
                })
                .on_read([this, &chip, a0](const AccessContext& context) -> std::uint32_t {
                    const std::uint8_t data = chip.read(a0 != 0, context.debug);
                    if (!context.debug) update();
                    return data;
                });
            space.bank.add(registers[a0]);
        }
    };
    attach(master_space_, master_registers_, master_chip_);
    attach(slave_space_, slave_registers_, slave_chip_);
    for (Register& reg : elcr_registers_) {
        reg.on_write([this](std::uint32_t, std::uint32_t, const AccessContext&) { write_elcr(); });
        elcr_space_.bank.add(reg);
    }
    for (unsigned n = 0; n < irq_.size(); ++n) {
        const std::string pin = "irq" + std::to_string(n);
        irq_[n] = std::make_unique<LineIn>(pin.c_str());
        if (n == kCascadeInput) continue;
        irq_[n]->on_change([this, n](bool asserted) {
            (n < 8 ? master_chip_ : slave_chip_).set_input(n & 7, asserted);
            update();
        });
    }
    pcirst.on_change([this](bool asserted) {
        if (asserted) reset();
    });
}

void InterruptController::write_chip(PicChip& chip, bool a0, std::uint32_t data) {
    chip.write(a0, static_cast<std::uint8_t>(data));
    update();
}

void InterruptController::write_elcr() {
    master_chip_.set_level_triggered(static_cast<std::uint8_t>(elcr_registers_[0].value));
    slave_chip_.set_level_triggered(static_cast<std::uint8_t>(elcr_registers_[1].value));
    update();
}

void InterruptController::update() {
    master_chip_.set_input(kCascadeInput, slave_chip_.requesting());
    intr.set(master_chip_.requesting());
}

std::uint8_t InterruptController::acknowledge() {
    const unsigned input = master_chip_.acknowledge();
    std::uint8_t vector = master_chip_.vector(input);
    if (input == kCascadeInput && master_chip_.cascades()) {
        vector = kNobodyDrives;
        if (slave_chip_.answers_cascade(kCascadeInput))
            vector = slave_chip_.vector(slave_chip_.acknowledge());
        // The slave drops INT during INTA, so that a further request of it is a new edge for the master.
        master_chip_.set_input(kCascadeInput, false);
    }
    intr.set(false);
    update();
    return vector;
}

std::uint8_t InterruptController::peek() const {
    const int input = master_chip_.pending();
    if (input < 0) return master_chip_.vector(PicChip::kSpurious);
    if (input != static_cast<int>(kCascadeInput) || !master_chip_.cascades())
        return master_chip_.vector(static_cast<unsigned>(input));
    if (!slave_chip_.answers_cascade(kCascadeInput)) return kNobodyDrives;
    const int slave_input = slave_chip_.pending();
    return slave_chip_.vector(slave_input < 0 ? PicChip::kSpurious : static_cast<unsigned>(slave_input));
}

// Reset-domain matrix, PIIX row "8259": ICW, OCW, IRR, ISR undefined, here cleared; ELCR 00h.
void InterruptController::reset() {
    master_space_.bank.reset(ResetDomain::platform);
    slave_space_.bank.reset(ResetDomain::platform);
    elcr_space_.bank.reset(ResetDomain::platform);
    master_chip_.reset();
    slave_chip_.reset();
    write_elcr();
}

}  // namespace southgate::chipset
