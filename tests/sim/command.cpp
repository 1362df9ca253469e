#include "command.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace southgate::sim::test {

namespace {

std::vector<char*> argument_vector(const std::vector<std::string>& arguments) {
    std::vector<char*> argv{const_cast<char*>("southgate")};
    for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    return argv;
}

}  // namespace

Result southgate(const std::vector<std::string>& arguments, const std::string& directory) {
    const std::string base = scratch();
    const std::string out = base + "/stdout", err = base + "/stderr";
    const auto argv = argument_vector(arguments);
    const pid_t child = fork();
    if (child == 0) {
        const int in_fd = open("/dev/null", O_RDONLY);
        const int out_fd = open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        const int err_fd = open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(in_fd, 0);
        dup2(out_fd, 1);
        dup2(err_fd, 2);
        if (chdir(directory.c_str()) == 0) execv(SOUTHGATE_COMMAND, argv.data());
        _exit(127);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_file(out), read_file(err)};
}

std::string output_of_running(const std::vector<std::string>& arguments, const std::string& text) {
    const auto argv = argument_vector(arguments);
    int ends[2];
    if (pipe(ends) != 0) return "no pipe";
    const pid_t child = fork();
    if (child == 0) {
        const int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(ends[1], 1);
        dup2(null, 2);
        close(ends[0]);
        execv(SOUTHGATE_COMMAND, argv.data());
        _exit(127);
    }
    close(ends[1]);
    std::string output;
    std::array<char, 4096> buffer;
    pollfd fd{ends[0], POLLIN, 0};
    constexpr int patience = 30'000;  // ms
    while (output.find(text) == std::string::npos && poll(&fd, 1, patience) > 0) {
        const ssize_t n = read(ends[0], buffer.data(), buffer.size());
        if (n <= 0) break;
        output.append(buffer.data(), static_cast<std::size_t>(n));
    }
    kill(child, SIGTERM);
    close(ends[0]);
    waitpid(child, nullptr, 0);
    return output;
}

std::string scratch() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    std::string name = std::string(test->test_suite_name()) + "." + test->name();
    for (char& c : name)
        if (c == '/') c = '_';
    const auto path = std::filesystem::path(SOUTHGATE_SCRATCH) / name;
    std::filesystem::create_directories(path);
    return path;
}

void write_file(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

std::string read_file(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

std::string guest(const std::string& name) { return std::string(SOUTHGATE_GUESTS "/") + name; }

}  // namespace southgate::sim::test
