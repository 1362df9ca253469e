#include "guest.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

namespace southgate::sim::test {

LinuxGuest linux_guest(const std::vector<std::string>& options, const std::string& parameters) {
    const std::string dir = scratch(), complaint = dir + "/linux-guest.err";
    std::string command = fmt::format("LINUX_APPEND='{}' '{}'", parameters, SOUTHGATE_LINUX_GUEST);
    for (const auto& option : options) command += fmt::format(" '{}'", option);
    command += fmt::format(" '{}' 2>'{}'", dir, complaint);
    const int status = std::system(command.c_str());
    LinuxGuest guest{.missing = {}, .kernel = dir + "/vmlinuz", .initrd = dir + "/initrd", .iso = dir + "/grub.iso"};
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        guest.missing = read_file(complaint);
        // Only a package that is not installed or fetched excuses a test.
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 3) throw std::runtime_error(guest.missing);
    }
    return guest;
}

bool long_run() { return std::getenv(long_run_variable) != nullptr; }

LinuxRun run_linux(const std::vector<std::string>& arguments) {
    const std::string dir = scratch();
    std::vector<std::string> all{"run", "--serial", dir + "/serial", "--events", dir + "/events"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    LinuxRun run;
    run.result = southgate(all);
    run.serial = read_file(dir + "/serial");
    run.events = read_file(dir + "/events");
    std::remove((dir + "/events").c_str());
    return run;
}

LinuxRun boot_linux(const LinuxGuest& guest, const std::vector<std::string>& arguments, const std::string& parameters) {
    std::vector<std::string> all{"--kernel", guest.kernel, "--initrd", guest.initrd, "--append", parameters};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return run_linux(all);
}

std::vector<std::string> lines_with(const std::string& text, const std::string& part) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
        if (line.find(part) != std::string::npos) lines.push_back(line);
    return lines;
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t n = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++n;
    return n;
}

std::string answer(const std::string& serial, const std::string& marker) {
    std::smatch match;
    const bool found = std::regex_search(serial, match, std::regex(marker + "=([^\r\n]*)\r"));
    return found ? match[1].str() : "";
}

std::vector<PortWrite> writes_to(const std::string& events, std::uint16_t port) {
    std::vector<PortWrite> writes;
    const std::string wanted = fmt::format("\"port\":\"{:#x}\"", port);
    for (const auto& line : lines_with(events, wanted)) {
        const auto event = nlohmann::json::parse(line);
        if (event["kind"] != "pio.exit" || event["direction"] != "out") continue;
        writes.push_back({event["t"].get<std::uint64_t>(),
                          static_cast<std::uint32_t>(std::stoul(event["data"].get<std::string>(), nullptr, 16))});
    }
    return writes;
}

std::string unexpected_warnings(const std::string& text) {
    static const std::regex warning(R"(^<[0-4]>\[ *[0-9.]+\] (.*?)\r?$)");
    static const std::regex expected(R"( +#[0-9]+|acpi PNP0A03:00: fail to add MMCONFIG information, .*)");
    std::string found;
    std::smatch match;
    for (const auto& line : lines_with(text, ">["))
        if (std::regex_match(line, match, warning) && !std::regex_match(match[1].str(), expected))
            found += line + "\n";
    return found;
}

}  // namespace southgate::sim::test
