// Where a multiboot kernel, its modules and its boot information go in memory, and the bytes to put there.
// Source: Multiboot Specification version 0.6.96, section 3.3 (boot information format).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "platform/boot/multiboot_image.h"

namespace southgate::platform {

struct Multiboot {
    struct Module {
        std::string line;  // file name and arguments, as given
        std::vector<std::uint8_t> bytes;
    };
    std::string name;                  // of the kernel's file, for messages
    std::vector<std::uint8_t> kernel;  // ELF for the i386, or any file whose header has addresses
    std::vector<Module> modules;
    std::string command_line;          // the kernel is told its name, a space and this
};

// What the option ROM of firmware/boot/multiboot.asm does: copies and clears memory chunk by chunk, collects the memory
// map of the firmware and enters the kernel.
struct MultibootPlan {
    struct Chunk {
        std::uint32_t address, copied, cleared;  // `copied` bytes of data, then `cleared` zeros
    };
    std::vector<Chunk> chunks;
    std::vector<std::uint8_t> data;  // of all chunks, in their order
    std::uint32_t entry = 0;
    // A block of memory that starts at a page: room for the memory map, the boot information (the last chunk), then
    // what the ROM works with: its stack, a descriptor, the list of chunks.
    std::uint32_t block = 0;
    std::uint32_t list = 0;

    static constexpr std::uint32_t map_size = 4096;                        // at `block`
    std::uint32_t information() const { return block + map_size; }         // EBX
    static constexpr std::uint32_t stack_size = 256, descriptor_size = 16;  // right below `list`
};

// `ram_below_4g` in bytes. Throws InputError if the kernel is none or things do not fit.
MultibootPlan plan_multiboot(const Multiboot& boot, std::uint64_t ram_below_4g, bool text_screen);

}  // namespace southgate::platform
