#include "sim/run/direct_boot.h"

#include <fmt/format.h>

#include <utility>

#include "platform/boot/multiboot_image.h"
#include "platform/firmware_image.h"
#include "platform/input_error.h"

namespace southgate::sim {

namespace {

constexpr std::size_t limit = 512u << 20;

// Modules are separated by commas, ",," is one; the file's name ends at the first space.
std::vector<platform::Multiboot::Module> load_modules(const std::string& list) {
    std::vector<platform::Multiboot::Module> modules;
    std::string line;
    const auto load = [&] {
        const std::string file = line.substr(0, line.find(' '));
        if (file.empty()) throw platform::InputError(fmt::format("--initrd: '{}' names no file for a module", list));
        auto bytes = platform::read_file(file, limit);
        modules.push_back({std::exchange(line, {}), std::move(bytes)});
    };
    for (std::size_t at = 0; at < list.size(); ++at) {
        if (list[at] != ',')
            line += list[at];
        else if (at + 1 < list.size() && list[at + 1] == ',')
            line += list[at++];
        else
            load();
    }
    load();
    return modules;
}

}  // namespace

void load_kernel(const RunOptions& o, platform::PcConfig& c) {
    auto kernel = platform::read_file(o.kernel, limit);
    if (platform::has_linux_header(kernel)) {
        c.linux_boot = platform::LinuxBoot{
            .name = o.kernel, .kernel = std::move(kernel), .initrd = {}, .command_line = o.append};
        if (!o.initrd.empty()) c.linux_boot->initrd = platform::read_file(o.initrd, limit);
        return;
    }
    if (!platform::has_multiboot_header(kernel))
        throw platform::InputError(
            fmt::format("{}: neither a Linux kernel image nor a multiboot kernel: it has no such header", o.kernel));
    c.multiboot = platform::Multiboot{
        .name = o.kernel, .kernel = std::move(kernel), .modules = {}, .command_line = o.append};
    if (!o.initrd.empty()) c.multiboot->modules = load_modules(o.initrd);
}

}  // namespace southgate::sim
