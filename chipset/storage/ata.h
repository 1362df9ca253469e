// Names of the ATA/ATAPI-6 interface (T13/1410D): registers, bits and command codes shared by drives and
// channel.
#pragma once

#include <cstdint>

namespace southgate::chipset::storage::ata {

// Command block registers, as offsets from 1F0h or 170h (section 7).
enum Reg : unsigned {
    data = 0,
    error_features = 1,
    sector_count = 2,  // ATAPI: interrupt reason
    lba_low = 3,
    lba_mid = 4,   // ATAPI: byte count, low
    lba_high = 5,  // ATAPI: byte count, high
    device = 6,
    status_command = 7,
};

// Status and Alternate Status (7.15).
constexpr std::uint8_t err = 0x01, drq = 0x08, dsc = 0x10, df = 0x20, drdy = 0x40, bsy = 0x80;
// Error (7.9). The packet set puts the sense key into bits 7:4.
constexpr std::uint8_t abrt = 0x04, idnf = 0x10, unc = 0x40, diagnostic_passed = 0x01;
// Device Control (7.8).
constexpr std::uint8_t n_ien = 0x02, srst = 0x04, hob = 0x80;
// Device (7.7).
constexpr std::uint8_t dev = 0x10, lba_mode = 0x40, device_obsolete = 0xa0;
// Interrupt reason of the PACKET command (8.23).
constexpr std::uint8_t reason_cod = 0x01, reason_io = 0x02;

enum Command : std::uint8_t {
    nop = 0x00,
    device_reset = 0x08,
    recalibrate = 0x10,  // 10h-1Fh
    read_sectors = 0x20,
    read_sectors_no_retry = 0x21,
    read_sectors_ext = 0x24,
    read_dma_ext = 0x25,
    read_native_max_ext = 0x27,
    read_multiple_ext = 0x29,
    write_sectors = 0x30,
    write_sectors_no_retry = 0x31,
    write_sectors_ext = 0x34,
    write_dma_ext = 0x35,
    write_multiple_ext = 0x39,
    write_verify = 0x3c,
    read_verify = 0x40,
    read_verify_no_retry = 0x41,
    read_verify_ext = 0x42,
    seek = 0x70,  // 70h-7Fh
    execute_device_diagnostic = 0x90,
    initialize_device_parameters = 0x91,
    packet = 0xa0,
    identify_packet_device = 0xa1,
    read_multiple = 0xc4,
    write_multiple = 0xc5,
    set_multiple_mode = 0xc6,
    read_dma = 0xc8,
    read_dma_no_retry = 0xc9,
    write_dma = 0xca,
    write_dma_no_retry = 0xcb,
    standby_immediate = 0xe0,
    idle_immediate = 0xe1,
    standby = 0xe2,
    idle = 0xe3,
    check_power_mode = 0xe5,
    sleep = 0xe6,
    flush_cache = 0xe7,
    flush_cache_ext = 0xea,
    identify_device = 0xec,
    set_features = 0xef,
    read_native_max = 0xf8,
};

}  // namespace southgate::chipset::storage::ata
