// Any bytes as a multiboot kernel: refused, or a plan that keeps inside memory, overlaps nowhere and carries the bytes
// it promises. Inputs get a header with a checksum in most cases, and an ELF header in half of them.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "input.h"
#include "platform/boot/memory_limits.h"
#include "platform/boot/multiboot_plan.h"
#include "platform/input_error.h"

using namespace southgate::platform;
using southgate::fuzz::Input;

namespace {

using Bytes = std::vector<std::uint8_t>;

void put32(Bytes& file, std::size_t at, std::uint32_t value) {
    if (at + 4 <= file.size()) std::memcpy(file.data() + at, &value, 4);
}

// Addresses close to each other and to the edges of memory.
std::uint32_t address(Input& input) {
    static constexpr std::uint32_t bases[] = {0,        0x500,     0x9f000,   0xa0000,    0x100000,   0x200000,
                                              0xeff000, 0xf00000,  0x1000000, 0x80000000, 0xfffff000, 0xffffffff};
    const auto pick = input.take<std::uint8_t>();
    const std::uint32_t offset = input.take<std::uint8_t>();
    return bases[pick % std::size(bases)] + (pick & 0x80 ? offset << 4 : offset);
}

void add_header(Input& input, Bytes& file, std::size_t at) {
    const std::uint32_t flags = input.take<std::uint8_t>() % 8 | (input.take<std::uint8_t>() & 1) << 16;
    put32(file, at, 0x1badb002);
    put32(file, at + 4, flags);
    put32(file, at + 8, -(0x1badb002 + flags));
    for (std::size_t field = 12; field < 32; field += 4)
        if (input.take<std::uint8_t>() & 3) put32(file, at + field, address(input));
}

void add_elf(Input& input, Bytes& file) {
    constexpr std::size_t headers = 52;
    const unsigned count = input.take<std::uint8_t>() % 4;
    if (file.size() < headers) return;
    std::memcpy(file.data(), "\177ELF\1\1\1", 7);
    put32(file, 16, 2 | 3 << 16);
    put32(file, 24, address(input));
    put32(file, 28, headers);
    put32(file, 40, 52 | 32 << 16);
    put32(file, 44, count);
    for (unsigned n = 0; n < count; ++n) {
        const std::size_t at = headers + 32 * n;
        put32(file, at, 1);
        put32(file, at + 4, input.take<std::uint8_t>());
        put32(file, at + 8, address(input));
        put32(file, at + 12, address(input));
        const std::uint32_t size = input.take<std::uint8_t>();
        put32(file, at + 16, size);
        put32(file, at + 20, input.take<std::uint8_t>() & 1 ? size : address(input));
        put32(file, at + 24, 7);
    }
}

void check(const MultibootPlan& plan, std::uint64_t ram) {
    struct Range {
        std::uint64_t start, end;
    };
    std::vector<Range> ranges;
    std::uint64_t copied = 0;
    bool entered = false;
    for (const auto& c : plan.chunks) {
        copied += c.copied;
        const Range r{c.address, std::uint64_t{c.address} + c.copied + c.cleared};
        if (r.start < 0x500 || (r.end > 0x9f000 && r.start < 0x100000)) std::abort();
        entered |= plan.entry >= r.start && plan.entry < r.end;
        if (r.start != r.end) ranges.push_back(r);
    }
    if (copied != plan.data.size() || !entered) std::abort();
    // The memory map, and what the option ROM works with behind the information.
    const std::uint64_t list_end = plan.list + 4 + plan.chunks.size() * sizeof(MultibootPlan::Chunk);
    ranges.push_back({plan.block, plan.information()});
    ranges.push_back({plan.list - MultibootPlan::stack_size - MultibootPlan::descriptor_size, list_end});
    std::ranges::sort(ranges, {}, &Range::start);
    for (std::size_t n = 1; n < ranges.size(); ++n)
        if (ranges[n].start < ranges[n - 1].end) std::abort();
    if (ranges.back().end > ram - firmware_tables_size || plan.block % 4096 != 0) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(data, size);
    const auto options = input.take<std::uint8_t>();
    Multiboot boot{.name = "kernel", .kernel = Bytes(512), .modules = {}, .command_line = "a"};
    if (options & 1) add_elf(input, boot.kernel);
    if (options & 0x0e) add_header(input, boot.kernel, 4 * (input.take<std::uint8_t>() % 128));
    for (unsigned n = 0; n < (options >> 4 & 3); ++n)
        boot.modules.push_back({"module", Bytes(input.take<std::uint16_t>())});
    // What is left goes anywhere.
    for (unsigned n = 0; n < (options >> 6); ++n) {
        const std::size_t at = input.take<std::uint16_t>() % boot.kernel.size();
        input.take(boot.kernel.data() + at, std::min<std::size_t>(4, boot.kernel.size() - at));
    }
    const std::uint64_t ram = std::uint64_t{1u + input.take<std::uint8_t>() % 16} << 20;
    try {
        check(plan_multiboot(boot, ram, options & 0x20), ram);
    } catch (const InputError&) {
    }
    return 0;
}
