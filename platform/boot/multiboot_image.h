// Reads a multiboot kernel: finds its header, and what goes where in memory. No machine is needed for it.
// Source: Multiboot Specification version 0.6.96, section 3.1 (header); System V ABI, Intel386 supplement (ELF).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace southgate::platform {

struct MultibootImage {
    struct Segment {
        std::uint32_t address;                // physical
        std::span<const std::uint8_t> bytes;  // of the file
        std::uint32_t memory_size;            // at least bytes.size(); the rest is zero
        std::uint64_t end() const { return std::uint64_t{address} + memory_size; }
    };
    std::vector<Segment> segments;  // by address; disjoint, none empty, all below 4 GiB
    std::uint32_t entry = 0;        // physical, inside a segment
    bool wants_video_mode = false;  // header flag 2
};

// Whether a header is where a boot loader looks for one: 4-byte aligned within the first 8192 bytes.
bool has_multiboot_header(std::span<const std::uint8_t> file);

// `file` must outlive the result. Throws InputError, whose text begins with `name`.
MultibootImage read_multiboot_image(const std::string& name, std::span<const std::uint8_t> file);

}  // namespace southgate::platform
