// The packet commands of AtapiDrive (MMC-3, T10/1363D, and SPC-3), one function each.
#include <algorithm>

#include "chipset/storage/atapi_drive.h"

namespace southgate::chipset::storage {

namespace {

enum Opcode : std::uint8_t {
    test_unit_ready_op = 0x00,
    request_sense_op = 0x03,
    inquiry_op = 0x12,
    start_stop_op = 0x1b,
    prevent_allow_op = 0x1e,
    read_capacity_op = 0x25,
    read_10_op = 0x28,
    seek_10_op = 0x2b,
    read_toc_op = 0x43,
    get_configuration_op = 0x46,
    get_event_status_op = 0x4a,
    read_disc_information_op = 0x51,
    mode_sense_10_op = 0x5a,
    read_12_op = 0xa8,
    set_cd_speed_op = 0xbb,
    mechanism_status_op = 0xbd,
    read_cd_op = 0xbe,
};

constexpr std::uint8_t data_track = 0x14;  // ADR 1, data track, digital copy prohibited
constexpr unsigned lead_out = 0xaa;
constexpr unsigned profile_cd_rom = 0x0008, profile_dvd_rom = 0x0010;
constexpr std::uint32_t cd_max_sectors = 80 * 60 * 75;  // an 80-minute disc; anything larger is a DVD

// SPC-3 5.3.1: these work whatever unit attention is pending.
bool passes_attention(std::uint8_t opcode) {
    return opcode == inquiry_op || opcode == request_sense_op || opcode == get_configuration_op ||
           opcode == get_event_status_op;
}

bool needs_medium(std::uint8_t opcode) {
    switch (opcode) {
        case test_unit_ready_op:
        case read_capacity_op:
        case read_10_op:
        case seek_10_op:
        case read_toc_op:
        case read_disc_information_op:
        case read_12_op:
        case read_cd_op:
            return true;
        default:
            return false;
    }
}

}  // namespace

void AtapiDrive::execute_packet() {
    const std::uint8_t opcode = cdb_[0];
    if (attention_ && !passes_attention(opcode)) {
        const Sense attention = attention_;
        attention_ = {};
        return check(attention);
    }
    if (needs_medium(opcode) && !loaded()) return check(no_medium);
    response_.clear();
    switch (opcode) {
        case test_unit_ready_op:
            return good();
        case request_sense_op:
            return request_sense();
        case inquiry_op:
            return inquiry();
        case start_stop_op:
            return start_stop();
        case prevent_allow_op:
            locked_ = cdb_[4] & 1;
            return good();
        case read_capacity_op:
            return read_capacity();
        case read_10_op:
            return read_sectors(cdb32(2), cdb16(7));
        case read_12_op:
            return read_sectors(cdb32(2), cdb32(6));
        case read_cd_op:
            return read_cd();
        case seek_10_op:
            return cdb32(2) < sectors() ? good() : check(out_of_range);
        case read_toc_op:
            return read_toc();
        case get_configuration_op:
            return get_configuration();
        case get_event_status_op:
            return get_event_status();
        case read_disc_information_op:
            return read_disc_information();
        case mode_sense_10_op:
            return mode_sense();
        case set_cd_speed_op:
            return good();
        case mechanism_status_op:
            return mechanism_status();
        default:
            return check(invalid_opcode);
    }
}

void AtapiDrive::put_text(std::string_view text, std::size_t length) {
    for (std::size_t i = 0; i < length; ++i) put8(i < text.size() ? static_cast<std::uint8_t>(text[i]) : ' ');
}

// Logical block address, or minute, second, frame from the start of the lead-in (2 s before block 0).
void AtapiDrive::put_address(std::uint32_t lba, bool msf) {
    if (!msf) return put32(lba);
    const std::uint64_t frames = std::uint64_t{lba} + 150;
    put8(0);
    put8(static_cast<std::uint8_t>(frames / (60 * 75)));
    put8(static_cast<std::uint8_t>(frames / 75 % 60));
    put8(static_cast<std::uint8_t>(frames % 75));
}

void AtapiDrive::request_sense() {
    if (attention_) {
        sense_ = attention_;
        attention_ = {};
    }
    put8(0x70);
    put8(0);
    put8(sense_.key);
    put32(0);
    put8(10);
    put32(0);
    put8(sense_.asc);
    put8(sense_.ascq);
    put32(0);
    reply(cdb_[4]);
}

void AtapiDrive::inquiry() {
    if (cdb_[1] & 1) return check(invalid_field);  // no vital product data
    put8(0x05);                                    // CD-ROM
    put8(0x80);                                    // removable
    put8(0);
    put8(0x21);  // ATAPI, response format of SPC
    put8(31);
    put8(0);
    put16(0);
    put_text("SGATE", 8);
    put_text(config_.model, 16);
    put_text("1.0", 4);
    reply(cdb_[4]);
}

void AtapiDrive::read_capacity() {
    put32(sectors() - 1);
    put32(sector_bytes);
    reply(response_.size());
}

void AtapiDrive::read_sectors(std::uint64_t lba, std::uint64_t count) {
    if (lba + count > sectors()) return check(out_of_range);
    from_medium_ = true;
    source_ = lba * sector_bytes;
    remaining_ = count * sector_bytes;
    start_data();
}

void AtapiDrive::read_cd() {
    const std::uint64_t count = static_cast<std::uint64_t>(cdb_[6]) << 16 | cdb16(7);
    const unsigned type = cdb_[1] >> 2 & 7, channels = cdb_[9] & 0xf8u;
    // Any type, mode 1 or mode 2 form 1; user data or nothing (MMC-3, 5.12).
    if ((type != 0 && type != 2 && type != 4) || (channels != 0x10 && channels != 0) || (cdb_[10] & 7))
        return check(invalid_field);
    read_sectors(cdb32(2), channels ? count : 0);
}

void AtapiDrive::read_toc() {
    const bool msf = cdb_[1] & 2;
    // The format field moved; old hosts put it into the top bits of the control byte.
    const unsigned format = cdb_[2] & 15 ? cdb_[2] & 15 : cdb_[9] >> 6;
    const unsigned start = cdb_[6];
    put16(0);
    put8(1);
    put8(1);
    const auto track = [&](unsigned number, std::uint32_t lba) {
        put8(0);
        put8(data_track);
        put8(number);
        put8(0);
        put_address(lba, msf);
    };
    const auto full = [&](unsigned point, std::uint8_t minute, std::uint8_t second, std::uint8_t frame) {
        put8(1);
        put8(data_track);
        put8(0);
        put8(point);
        put32(0);
        put8(minute);
        put8(second);
        put8(frame);
    };
    if (format == 0) {
        if (start > 1 && start != lead_out) return check(invalid_field);
        if (start <= 1) track(1, 0);
        track(lead_out, sectors());
    } else if (format == 1) {
        track(1, 0);
    } else if (format == 2) {
        const std::uint64_t end = std::uint64_t{sectors()} + 150;
        full(0xa0, 1, 0, 0);
        full(0xa1, 1, 0, 0);
        full(0xa2, static_cast<std::uint8_t>(end / (60 * 75)), static_cast<std::uint8_t>(end / 75 % 60),
             static_cast<std::uint8_t>(end % 75));
        full(1, 0, 2, 0);
    } else {
        return check(invalid_field);
    }
    response_[1] = static_cast<std::uint8_t>(response_.size() - 2);
    reply(cdb16(7));
}

void AtapiDrive::mode_sense() {
    const unsigned page = cdb_[2] & 0x3f, control = cdb_[2] >> 6;
    if (control == 3) return check({5, 0x39, 0x00});  // saving parameters not supported
    const bool changeable = control == 1;             // nothing is
    put16(0);
    put8(loaded() ? 0x01 : 0x70);  // 120 mm data disc, or none
    put32(0);
    put8(0);
    const std::size_t header = response_.size();
    const auto append = [&](unsigned code, std::initializer_list<std::uint8_t> body) {
        if (page != code && page != 0x3f) return;
        put8(code);
        put8(static_cast<std::uint8_t>(body.size()));
        for (const std::uint8_t byte : body) put8(changeable ? 0 : byte);
    };
    append(0x01, {0, 5, 0, 0, 0, 0});  // read error recovery: 5 retries
    // Capabilities: reads CD-R, CD-RW, DVD-ROM and multi-session; tray, eject and lock; 176 kB/s x 4, 512 KiB
    // buffer.
    const auto mechanism = static_cast<std::uint8_t>(0x29 | (locked_ ? 2 : 0));
    append(0x2a, {0x0b, 0, 0x70, 0, mechanism, 0, 0x02, 0xc2, 0, 2, 0x02, 0, 0x02, 0xc2, 0, 0, 0, 0});
    if (response_.size() == header) return check(invalid_field);
    response_[1] = static_cast<std::uint8_t>(response_.size() - 2);
    reply(cdb16(7));
}

void AtapiDrive::start_stop() {
    if (!(cdb_[4] & 2)) return good();  // spindle only
    const bool load = cdb_[4] & 1;
    if (!load && locked_) return check(removal_prevented);
    if (load && tray_open_ && medium_) {
        attention_ = medium_changed;
        media_event_ = 2;
    } else if (!load && !tray_open_ && medium_) {
        media_event_ = 3;
    }
    tray_open_ = !load;
    good();
}

void AtapiDrive::get_configuration() {
    const unsigned request = cdb_[1] & 3, start = cdb16(2);
    if (request == 3) return check(invalid_field);
    const unsigned profile = !loaded() ? 0 : sectors() > cd_max_sectors ? profile_dvd_rom : profile_cd_rom;
    put32(0);
    put16(0);
    put16(profile);
    const auto feature = [&](unsigned code, bool current, unsigned version,
                             std::initializer_list<unsigned> words) {
        if (request == 2 ? code != start : code < start || (request == 1 && !current)) return;
        put16(code);
        // Features 0 to 3 are persistent.
        put8(version << 2 | (code <= 3 ? 2u : 0u) | (current ? 1u : 0u));
        put8(static_cast<std::uint8_t>(2 * words.size()));
        for (const unsigned word : words) put16(word);
    };
    feature(0x0000, true, 0,
            {profile_dvd_rom, profile == profile_dvd_rom ? 0x100u : 0u, profile_cd_rom,
             profile == profile_cd_rom ? 0x100u : 0u});
    feature(0x0001, true, 0, {0x0000, 0x0002});                  // core, physical interface ATAPI
    feature(0x0003, true, 0, {0x2900, 0x0000});                  // removable: tray, eject, lock
    feature(0x0010, loaded(), 0, {0, sector_bytes, 1, 0x0100});  // random readable
    feature(0x001e, profile == profile_cd_rom, 0, {0, 0});       // CD read
    feature(0x001f, profile == profile_dvd_rom, 0, {});          // DVD read
    const auto length = response_.size() - 4;
    response_[2] = static_cast<std::uint8_t>(length >> 8);
    response_[3] = static_cast<std::uint8_t>(length);
    reply(cdb16(7));
}

void AtapiDrive::get_event_status() {
    constexpr unsigned media_class = 4;
    if (!(cdb_[1] & 1)) return check(invalid_field);  // asynchronous operation
    const bool asked = cdb_[4] & (1u << media_class);
    put16(asked ? 6 : 2);
    put8(asked ? media_class : 0x80);  // 80h: none of the classes asked for is supported
    put8(1u << media_class);
    if (asked) {
        put8(media_event_);
        put8((loaded() ? 2u : 0u) | (tray_open_ ? 1u : 0u));
        put16(0);
        if (cdb16(7) > 4) media_event_ = 0;
    }
    reply(cdb16(7));
}

void AtapiDrive::mechanism_status() {
    put8(0);
    put8(tray_open_ ? 0x10 : 0);
    put32(0);
    put16(0);
    reply(cdb16(8));
}

void AtapiDrive::read_disc_information() {
    put16(32);
    put8(0x0e);  // complete disc, last session complete
    put8(1);     // first track, sessions, first and last track of the last session
    put8(1);
    put8(1);
    put8(1);
    put8(0x20);  // unrestricted use
    response_.resize(34, 0);
    reply(cdb16(7));
}

}  // namespace southgate::chipset::storage
