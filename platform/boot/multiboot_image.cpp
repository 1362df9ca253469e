#include "platform/boot/multiboot_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "platform/input_error.h"

namespace southgate::platform {

namespace {

// Header fields that only exist for some flags follow the three that always do.
struct Header {
    std::uint32_t magic, flags, checksum;
    std::uint32_t header_addr, load_addr, load_end_addr, bss_end_addr, entry_addr;  // flag 16
};
constexpr std::uint32_t header_magic = 0x1badb002;
constexpr std::size_t search_size = 8192, always_there = 12;
constexpr std::uint32_t page_aligned_modules = 1 << 0, memory_information = 1 << 1, video_mode = 1 << 2,
                        has_addresses = 1 << 16;
// Bits 0 to 15 are requirements: whoever does not know one must not load the kernel.
constexpr std::uint32_t requirements = 0xffff, known = page_aligned_modules | memory_information | video_mode;

struct ElfHeader {
    std::uint8_t ident[16];
    std::uint16_t type, machine;
    std::uint32_t version, entry, phoff, shoff, flags;
    std::uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
struct ProgramHeader {
    std::uint32_t type, offset, vaddr, paddr, filesz, memsz, flags, align;
};
constexpr std::uint8_t elf_class_32 = 1, elf_class_64 = 2, elf_little_endian = 1;
constexpr std::uint16_t elf_machine_386 = 3;
constexpr std::uint32_t elf_load = 1, elf_executable = 1;

using Bytes = std::span<const std::uint8_t>;

// Bytes past the end of the file read as zero.
template <class T>
T read(Bytes file, std::size_t offset) {
    T value{};
    if (offset < file.size()) std::memcpy(&value, file.data() + offset, std::min(sizeof value, file.size() - offset));
    return value;
}

std::optional<std::size_t> find_header(Bytes file) {
    const std::size_t end = std::min(file.size(), search_size);
    for (std::size_t at = 0; at + always_there <= end; at += 4) {
        const auto h = read<Header>(file, at);
        if (h.magic == header_magic && h.magic + h.flags + h.checksum == 0) return at;
    }
    return std::nullopt;
}

class Reader {
  public:
    Reader(const std::string& name, Bytes file) : name_(name), file_(file) {}

    MultibootImage read_image() {
        const auto at = find_header(file_);
        if (!at) fail("no multiboot header in the first 8 KiB");
        const auto header = read<Header>(file_, *at);
        if (header.flags & requirements & ~known)
            fail("multiboot header asks for features {:#x} that nobody knows", header.flags & requirements & ~known);
        image_.wants_video_mode = header.flags & video_mode;
        if (header.flags & has_addresses)
            read_addresses(header, *at);
        else
            read_elf();
        check();
        return std::move(image_);
    }

  private:
    template <class... Args>
    [[noreturn]] void fail(fmt::format_string<Args...> text, Args&&... args) {
        throw InputError(fmt::format("{}: {}", name_, fmt::format(text, std::forward<Args>(args)...)));
    }

    void add(std::uint32_t address, std::uint64_t offset, std::uint32_t size, std::uint32_t memory_size) {
        if (memory_size == 0) return;
        if (size > memory_size) fail("a segment has {} bytes in the file, but {} in memory", size, memory_size);
        if (offset + size > file_.size())
            fail("a segment ends at byte {} of a file of {} bytes", offset + size, file_.size());
        const Bytes bytes = size ? file_.subspan(static_cast<std::size_t>(offset), size) : Bytes{};
        image_.segments.push_back({address, bytes, memory_size});
    }

    // The addresses in the header say how the file lies in memory (the "a.out kludge").
    void read_addresses(const Header& h, std::size_t at) {
        if (at + sizeof(Header) > file_.size()) fail("the file ends within its multiboot header");
        if (h.load_addr > h.header_addr || h.header_addr - h.load_addr > at)
            fail("multiboot header: load_addr {:#x} lies before the file, header_addr is {:#x}", h.load_addr,
                 h.header_addr);
        const std::size_t offset = at - (h.header_addr - h.load_addr);
        const std::uint64_t load_end =
            h.load_end_addr ? h.load_end_addr : std::uint64_t{h.load_addr} + (file_.size() - offset);
        const std::uint64_t bss_end = h.bss_end_addr ? h.bss_end_addr : load_end;
        if (load_end < h.load_addr || bss_end < load_end || bss_end > std::uint64_t{1} << 32)
            fail("multiboot header: load_addr {:#x}, load_end_addr {:#x}, bss_end_addr {:#x} are in no order",
                 h.load_addr, h.load_end_addr, h.bss_end_addr);
        add(h.load_addr, offset, static_cast<std::uint32_t>(load_end - h.load_addr),
            static_cast<std::uint32_t>(std::min<std::uint64_t>(bss_end - h.load_addr, 0xffffffff)));
        image_.entry = h.entry_addr;
    }

    void read_elf() {
        const auto elf = read<ElfHeader>(file_, 0);
        if (std::memcmp(elf.ident, "\177ELF", 4) != 0)
            fail("multiboot header without addresses (flag 16), and no ELF file");
        if (elf.ident[4] == elf_class_64) fail("a 64-bit ELF file: multiboot enters kernels in 32-bit mode");
        if (elf.ident[4] != elf_class_32 || elf.ident[5] != elf_little_endian || elf.machine != elf_machine_386)
            fail("an ELF file for another processor than the i386");
        if (elf.phentsize < sizeof(ProgramHeader))
            fail("ELF program headers of {} bytes, expected {}", elf.phentsize, sizeof(ProgramHeader));
        if (std::uint64_t{elf.phoff} + std::uint64_t{elf.phnum} * elf.phentsize > file_.size())
            fail("the file ends within its ELF program headers");
        image_.entry = elf.entry;
        for (unsigned n = 0; n < elf.phnum; ++n) {
            const auto p = read<ProgramHeader>(file_, elf.phoff + std::size_t{n} * elf.phentsize);
            if (p.type != elf_load) continue;
            add(p.paddr, p.offset, p.filesz, p.memsz);
            // e_entry is a virtual address; a kernel linked for a higher half is entered before it has paging.
            if ((p.flags & elf_executable) && elf.entry >= p.vaddr && elf.entry - p.vaddr < p.memsz)
                image_.entry = elf.entry - p.vaddr + p.paddr;
        }
    }

    void check() {
        auto& segments = image_.segments;
        if (segments.empty()) fail("nothing to load");
        std::ranges::sort(segments, {}, &MultibootImage::Segment::address);
        std::uint64_t end = 0, bytes = 0;
        bool entered = false;
        for (const auto& segment : segments) {
            if (segment.address < end) fail("two segments overlap at {:#x}", segment.address);
            end = segment.end();
            bytes += segment.bytes.size();
            entered |= image_.entry >= segment.address && image_.entry < end;
        }
        if (end > std::uint64_t{1} << 32) fail("a segment ends above 4 GiB");
        // A small file must not ask for gigabytes of host memory.
        if (bytes > file_.size()) fail("segments of {} bytes in a file of {} bytes", bytes, file_.size());
        if (!entered) fail("the entry point {:#x} is in no segment", image_.entry);
    }

    const std::string& name_;
    Bytes file_;
    MultibootImage image_;
};

}  // namespace

bool has_multiboot_header(Bytes file) { return find_header(file).has_value(); }

MultibootImage read_multiboot_image(const std::string& name, Bytes file) { return Reader(name, file).read_image(); }

}  // namespace southgate::platform
