// Where console bytes go to and come from on the host.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace southgate::sim {

// A stream the guest writes to. Output is buffered; the monitor calls flush() at each of its looks at the run, so that who
// reads a pipe or follows a file sees a line once it is there.
class ByteSink {
  public:
    // "stdout", "stderr" or a file. Throws UsageError when the file cannot be created.
    static std::unique_ptr<ByteSink> open(const std::string& where);
    ~ByteSink();
    ByteSink(const ByteSink&) = delete;
    ByteSink& operator=(const ByteSink&) = delete;

    void put(std::uint8_t byte) {
        buffer_.push_back(static_cast<char>(byte));
        if (buffer_.size() >= 4096) flush();
    }
    void flush();
    bool is_terminal() const { return terminal_; }

  private:
    ByteSink(std::FILE* file, bool owned);
    std::FILE* file_;
    bool owned_, terminal_;
    std::vector<char> buffer_;
};

// The host end of a serial line.
class SerialEnd {
  public:
    virtual ~SerialEnd() = default;
    // "stdio", "tcp:PORT" (listens on the loopback interface) or a file (output only). Throws UsageError.
    static std::unique_ptr<SerialEnd> open(const std::string& where);

    virtual void put(std::uint8_t byte) = 0;
    virtual void flush() = 0;
    // Passes on what was put, and returns the bytes that arrived since the last call; never blocks. Called at intervals of
    // simulated time.
    virtual std::span<const std::uint8_t> poll() { return {}; }
    // Whether bytes may ever arrive: a machine that waits for them is not idle.
    virtual bool has_input() const { return false; }
    virtual bool is_terminal() const { return false; }
};

}  // namespace southgate::sim
