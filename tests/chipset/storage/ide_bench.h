// An IDE function on its own, with a disk as primary master and a CD-ROM as secondary master, and the host
// software side of the ATA protocols.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <numeric>
#include <vector>

#include "chipset/storage/ata_drive.h"
#include "chipset/storage/atapi_drive.h"
#include "chipset/storage/piix_ide.h"
#include "tests/chipset/harness.h"

namespace southgate::chipset::storage {

inline constexpr unsigned kDiskSectors = 4096, kCdSectors = 64;

// Byte i of sector s of every test medium.
inline std::uint8_t pattern(std::uint64_t sector, unsigned i) {
    return static_cast<std::uint8_t>(sector * 7 + i * 3 + (i >> 8));
}
inline std::vector<std::uint8_t> patterned(unsigned sectors, unsigned sector_bytes) {
    std::vector<std::uint8_t> bytes(std::size_t{sectors} * sector_bytes);
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = pattern(i / sector_bytes, static_cast<unsigned>(i % sector_bytes));
    return bytes;
}

inline DriveTiming no_delay() {
    return {sc_core::SC_ZERO_TIME, sc_core::SC_ZERO_TIME, sc_core::SC_ZERO_TIME};
}

struct IdeBench {
    explicit IdeBench(const DriveTiming& timing = no_delay(), const PiixIdeConfig& config = {})
        : ide("ide", config) {
        auto medium = std::make_unique<MemoryImage>(patterned(kDiskSectors, 512));
        disk_image = medium.get();
        auto disk_drive = std::make_unique<AtaDrive>(std::move(medium), AtaDriveConfig{.timing = timing});
        disk = disk_drive.get();
        auto cd_drive =
            std::make_unique<AtapiDrive>(std::make_unique<MemoryImage>(patterned(kCdSectors, 2048), false),
                                         AtapiDriveConfig{.timing = timing});
        cd = cd_drive.get();
        ide.primary.attach(0, std::move(disk_drive));
        ide.secondary.attach(0, std::move(cd_drive));
        ide.primary.irq(irq[0].in);
        ide.secondary.irq(irq[1].in);
        ide.dma.bind(memory.socket);
        test::run();
    }

    // PIO accesses of channel 0 or 1.
    std::uint8_t in(unsigned channel, unsigned reg) {
        return static_cast<std::uint8_t>(command[channel].read(reg));
    }
    void out(unsigned channel, unsigned reg, unsigned value) { command[channel].write(reg, value); }
    std::uint8_t alternate_status(unsigned channel) {
        return static_cast<std::uint8_t>(control[channel].read(0));
    }

    // Registers 1 to 6 and the command, 28-bit LBA or CHS by `device`.
    void issue(unsigned channel, unsigned opcode, unsigned features = 0, unsigned count = 0,
               std::uint32_t address = 0, unsigned device_bits = 0xe0) {
        out(channel, ata::device, device_bits | (address >> 24 & 15));
        out(channel, ata::error_features, features);
        out(channel, ata::sector_count, count);
        out(channel, ata::lba_low, address & 0xff);
        out(channel, ata::lba_mid, address >> 8 & 0xff);
        out(channel, ata::lba_high, address >> 16 & 0xff);
        out(channel, ata::status_command, opcode);
    }
    void issue_ext(unsigned opcode, std::uint32_t count, std::uint64_t address) {
        out(0, ata::device, 0xe0);
        for (const unsigned half : {1u, 0u}) {
            out(0, ata::sector_count, count >> (8 * half) & 0xff);
            for (unsigned i = 0; i < 3; ++i)
                out(0, ata::lba_low + i, static_cast<unsigned>(address >> (24 * half + 8 * i) & 0xff));
        }
        out(0, ata::status_command, opcode);
    }
    std::vector<std::uint8_t> read_block(unsigned channel, unsigned bytes, unsigned width = 2) {
        std::vector<std::uint8_t> data(bytes);
        for (unsigned i = 0; i < bytes; i += width) {
            const std::uint64_t value = command[channel].read(ata::data, width);
            std::memcpy(&data[i], &value, width);
        }
        return data;
    }
    void write_block(unsigned channel, const std::vector<std::uint8_t>& data, unsigned width = 2) {
        for (std::size_t i = 0; i < data.size(); i += width) {
            std::uint64_t value = 0;
            std::memcpy(&value, &data[i], width);
            command[channel].write(ata::data, value, width);
        }
    }
    // Sends a 12-byte packet to the CD-ROM.
    void packet(std::vector<std::uint8_t> cdb, unsigned byte_limit = 0xfffe, bool dma = false) {
        cdb.resize(12);
        out(1, ata::device, 0xa0);
        out(1, ata::error_features, dma ? 1 : 0);
        out(1, ata::lba_mid, byte_limit & 0xff);
        out(1, ata::lba_high, byte_limit >> 8);
        out(1, ata::status_command, ata::packet);
        write_block(1, cdb);
    }
    unsigned byte_count(unsigned channel) {
        return in(channel, ata::lba_mid) | static_cast<unsigned>(in(channel, ata::lba_high)) << 8;
    }
    // Reads all DRQ blocks of a packet command.
    std::vector<std::uint8_t> packet_data() {
        std::vector<std::uint8_t> all;
        while (in(1, ata::status_command) & ata::drq) {
            const unsigned count = byte_count(1);
            auto block = read_block(1, (count + 1) & ~1u);
            block.resize(count);
            all.insert(all.end(), block.begin(), block.end());
        }
        return all;
    }
    // Lets the unit attention of the reset pass.
    void clear_attention() {
        packet({0x00});
        in(1, ata::status_command);
    }

    test::Memory memory{1 << 20};
    PiixIde ide;
    test::Initiator command[2] = {test::Initiator(ide.primary.command),
                                  test::Initiator(ide.secondary.command)};
    test::Initiator control[2] = {test::Initiator(ide.primary.control),
                                  test::Initiator(ide.secondary.control)};
    test::Initiator bus_master{ide.bus_master};
    test::Initiator config{ide.config};
    test::LineDriver pcirst{ide.pcirst};
    test::LineProbe irq[2];
    AtaDrive* disk;
    MemoryImage* disk_image;
    AtapiDrive* cd;
};

}  // namespace southgate::chipset::storage
