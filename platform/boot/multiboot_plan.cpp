#include "platform/boot/multiboot_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "platform/boot/memory_limits.h"
#include "platform/input_error.h"

namespace southgate::platform {

namespace {

struct [[gnu::packed]] Information {
    std::uint32_t flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr, syms[4], mmap_length,
        mmap_addr, drives_length, drives_addr, config_table, boot_loader_name, apm_table, vbe_control_info,
        vbe_mode_info;
    std::uint16_t vbe_mode, vbe_interface[3];
    std::uint64_t framebuffer_addr;
    std::uint32_t framebuffer_pitch, framebuffer_width, framebuffer_height;
    std::uint8_t framebuffer_bpp, framebuffer_type, color_info[6];
};
static_assert(sizeof(Information) == 116);
struct ModuleEntry {
    std::uint32_t mod_start, mod_end, string, reserved;
};
// No boot_device (flag 1): the kernel does not come from a BIOS disk, and the specification then forbids it.
constexpr std::uint32_t with_memory = 1 << 0, with_command_line = 1 << 2, with_modules = 1 << 3, with_map = 1 << 6,
                        with_loader_name = 1 << 9, with_framebuffer = 1 << 12;
constexpr std::uint8_t ega_text = 2;

constexpr std::uint32_t page = 4096, megabyte = 1u << 20;
// The BIOS data area and interrupt vectors below, the extended BIOS data area above.
constexpr std::uint32_t low_start = 0x500, low_end = 0x9f000;

std::uint64_t page_up(std::uint64_t address) { return (address + page - 1) & ~std::uint64_t{page - 1}; }

class Planner {
  public:
    Planner(const Multiboot& boot, std::uint64_t ram_below_4g)
        : boot_(boot), image_(read_multiboot_image(boot.name, boot.kernel)), ram_(ram_below_4g),
          top_(ram_below_4g > firmware_tables_size ? ram_below_4g - firmware_tables_size : 0) {}

    MultibootPlan plan(bool text_screen) {
        if (image_.wants_video_mode && !text_screen)
            throw InputError(fmt::format("{}: the kernel wants to know the video mode: add --vga std", boot_.name));
        load_kernel();
        load_modules();
        load_information();
        plan_.entry = image_.entry;
        return std::move(plan_);
    }

  private:
    [[noreturn]] void too_big() const {
        throw InputError(fmt::format("{}: kernel and modules do not fit {} MiB of memory", boot_.name, ram_ >> 20));
    }

    void chunk(std::uint32_t address, std::span<const std::uint8_t> bytes, std::uint32_t cleared = 0) {
        plan_.chunks.push_back({address, static_cast<std::uint32_t>(bytes.size()), cleared});
        plan_.data.insert(plan_.data.end(), bytes.begin(), bytes.end());
    }

    void load_kernel() {
        for (const auto& s : image_.segments) {
            const bool low = s.address >= low_start && s.end() <= low_end;
            if (s.end() > top_ && s.address >= megabyte) too_big();
            if (!low && s.address < megabyte)
                throw InputError(fmt::format("{}: a segment at {:#x} to {:#x}, where there is no free memory", boot_.name,
                                             s.address, s.end() - 1));
            chunk(s.address, s.bytes, s.memory_size - static_cast<std::uint32_t>(s.bytes.size()));
        }
        after_ = std::max<std::uint64_t>(page_up(image_.segments.back().end()), megabyte);
    }

    // Whole pages: behind everything so far, else in the first gap between the kernel's segments from 1 MiB on.
    std::uint32_t place(std::uint64_t size) {
        size = page_up(size);
        if (after_ + size <= top_) {
            const std::uint64_t at = after_;
            after_ += size;
            return static_cast<std::uint32_t>(at);
        }
        std::uint64_t at = std::max<std::uint64_t>(gap_, megabyte);
        for (const auto& s : image_.segments) {
            if (s.end() <= at) continue;
            if (s.address >= at + size) break;
            at = page_up(s.end());
        }
        if (at >= image_.segments.back().address) too_big();
        gap_ = at + size;
        return static_cast<std::uint32_t>(at);
    }

    void load_modules() {
        for (const auto& module : boot_.modules) {
            const std::uint32_t at = place(std::max<std::size_t>(module.bytes.size(), 1));
            const auto size = static_cast<std::uint32_t>(module.bytes.size());
            modules_.push_back({at, at + size, 0, 0});
            chunk(at, module.bytes);
        }
    }

    // The structure, then what it points to; offsets become addresses when the block has its place.
    void load_information() {
        std::vector<std::uint8_t> bytes(sizeof(Information));
        const auto append = [&bytes](const void* from, std::size_t size) {
            const auto at = static_cast<std::uint32_t>(bytes.size());
            const auto* first = static_cast<const std::uint8_t*>(from);
            bytes.insert(bytes.end(), first, first + size);
            return at;
        };
        const auto text = [&append](const std::string& s) { return append(s.c_str(), s.size() + 1); };
        Information info{};
        info.cmdline = text(boot_.name + (boot_.command_line.empty() ? "" : " ") + boot_.command_line);
        info.boot_loader_name = text("southgate");
        for (std::size_t n = 0; n < modules_.size(); ++n) modules_[n].string = text(boot_.modules[n].line);
        bytes.resize((bytes.size() + 3) & ~std::size_t{3});
        info.mods_addr = static_cast<std::uint32_t>(bytes.size());
        bytes.resize(bytes.size() + modules_.size() * sizeof(ModuleEntry));

        const std::size_t work = (bytes.size() + 15) & ~std::size_t{15};
        const std::size_t list = work + MultibootPlan::stack_size + MultibootPlan::descriptor_size;
        const std::size_t list_size = 4 + (plan_.chunks.size() + 1) * sizeof(MultibootPlan::Chunk);
        plan_.block = place(MultibootPlan::map_size + list + list_size);
        const std::uint32_t at = plan_.information();
        plan_.list = at + static_cast<std::uint32_t>(list);

        info.flags = with_memory | with_command_line | with_modules | with_map | with_loader_name;
        info.cmdline += at;
        info.boot_loader_name += at;
        info.mods_count = static_cast<std::uint32_t>(modules_.size());
        for (auto& module : modules_) module.string += at;
        if (!modules_.empty()) std::memcpy(bytes.data() + info.mods_addr, modules_.data(), modules_.size() * sizeof(ModuleEntry));
        info.mods_addr += at;
        info.mmap_addr = plan_.block;
        if (image_.wants_video_mode) {
            // The text mode the firmware leaves the screen in.
            info.flags |= with_framebuffer;
            info.framebuffer_addr = 0xb8000;
            info.framebuffer_pitch = 160;
            info.framebuffer_width = 80;
            info.framebuffer_height = 25;
            info.framebuffer_bpp = 16;
            info.framebuffer_type = ega_text;
        }
        std::memcpy(bytes.data(), &info, sizeof info);
        chunk(at, bytes);
    }

    const Multiboot& boot_;
    MultibootImage image_;
    std::uint64_t ram_, top_;
    std::uint64_t after_ = 0, gap_ = 0;
    std::vector<ModuleEntry> modules_;
    MultibootPlan plan_;
};

}  // namespace

MultibootPlan plan_multiboot(const Multiboot& boot, std::uint64_t ram_below_4g, bool text_screen) {
    return Planner(boot, ram_below_4g).plan(text_screen);
}

}  // namespace southgate::platform
