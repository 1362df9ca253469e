// Runs the built `southgate` command and collects what it prints.
#pragma once

#include <string>
#include <vector>

namespace southgate::sim::test {

struct Result {
    int status = -1;  // exit status; 128 + signal when killed
    std::string out, err;
};

// Runs `southgate` with these arguments in `directory`; standard input is empty.
Result southgate(const std::vector<std::string>& arguments, const std::string& directory = ".");

// What `southgate` with these arguments writes to its standard output, a pipe, while it runs on: all until `text` has come, or
// until half a minute has passed without any output. Then ends it by SIGTERM.
std::string output_of_running(const std::vector<std::string>& arguments, const std::string& text);

// A directory of the current test's own, empty at first.
std::string scratch();
void write_file(const std::string& path, const std::string& bytes);
std::string read_file(const std::string& path);
inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
// A guest program built with the tree, e.g. "demo.img".
std::string guest(const std::string& name);

inline const std::string seabios_128k = "/usr/share/seabios/bios.bin";
inline const std::string seabios_256k = "/usr/share/seabios/bios-256k.bin";

}  // namespace southgate::sim::test
