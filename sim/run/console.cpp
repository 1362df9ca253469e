#include "sim/run/console.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>
// Boost.Asio 1.74 uses std::exchange without its header.
#include <boost/asio.hpp>

#include "sim/run/error.h"

namespace southgate::sim {

ByteSink::ByteSink(std::FILE* file, bool owned)
    : file_(file), owned_(owned), terminal_(isatty(fileno(file)) == 1) {}

ByteSink::~ByteSink() {
    flush();
    if (owned_) std::fclose(file_);
}

std::unique_ptr<ByteSink> ByteSink::open(const std::string& where) {
    if (where == "stdout") return std::unique_ptr<ByteSink>(new ByteSink(stdout, false));
    if (where == "stderr") return std::unique_ptr<ByteSink>(new ByteSink(stderr, false));
    std::FILE* file = std::fopen(where.c_str(), "wb");
    if (!file) throw UsageError(fmt::format("{}: cannot be created: {}", where, std::strerror(errno)));
    return std::unique_ptr<ByteSink>(new ByteSink(file, true));
}

void ByteSink::flush() {
    if (buffer_.empty()) return;
    // A closed pipe loses the output and nothing else.
    std::fwrite(buffer_.data(), 1, buffer_.size(), file_);
    buffer_.clear();
    std::fflush(file_);
}

namespace {

class FileEnd : public SerialEnd {
  public:
    explicit FileEnd(const std::string& path) : sink_(ByteSink::open(path)) {}
    void put(std::uint8_t byte) override { sink_->put(byte); }
    void flush() override { sink_->flush(); }
    std::span<const std::uint8_t> poll() override {
        sink_->flush();
        return {};
    }

  private:
    std::unique_ptr<ByteSink> sink_;
};

class StdioEnd : public SerialEnd {
  public:
    StdioEnd() : out_(ByteSink::open("stdout")) {
        // A terminal delivers single keys; Ctrl-C still ends the run.
        if (isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &saved_) == 0) {
            termios raw = saved_;
            raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
            raw.c_iflag &= ~static_cast<tcflag_t>(ICRNL);
            restore_ = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
        }
    }
    ~StdioEnd() override {
        if (restore_) tcsetattr(STDIN_FILENO, TCSANOW, &saved_);
    }
    void put(std::uint8_t byte) override { out_->put(byte); }
    void flush() override { out_->flush(); }
    std::span<const std::uint8_t> poll() override {
        out_->flush();
        if (!open_) return {};
        pollfd fd{STDIN_FILENO, POLLIN, 0};
        if (::poll(&fd, 1, 0) <= 0) return {};
        const auto n = ::read(STDIN_FILENO, buffer_.data(), buffer_.size());
        if (n <= 0) {
            open_ = false;
            return {};
        }
        return {buffer_.data(), static_cast<std::size_t>(n)};
    }
    bool has_input() const override { return open_; }
    bool is_terminal() const override { return out_->is_terminal(); }

  private:
    std::unique_ptr<ByteSink> out_;
    std::array<std::uint8_t, 256> buffer_{};
    termios saved_{};
    bool restore_ = false, open_ = true;
};

class TcpEnd : public SerialEnd {
  public:
    explicit TcpEnd(std::uint16_t port) {
        using boost::asio::ip::tcp;
        boost::system::error_code error;
        const tcp::endpoint endpoint(boost::asio::ip::address_v4::loopback(), port);
        acceptor_.open(endpoint.protocol(), error);
        if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
        if (!error) acceptor_.bind(endpoint, error);
        if (!error) acceptor_.listen(1, error);
        if (!error) acceptor_.non_blocking(true, error);
        if (error) throw UsageError(fmt::format("--serial tcp:{}: {}", port, error.message()));
    }
    void put(std::uint8_t byte) override {
        out_.push_back(byte);
        if (out_.size() >= limit) out_.erase(out_.begin(), out_.begin() + limit / 2);
    }
    void flush() override { (void)poll(); }
    std::span<const std::uint8_t> poll() override {
        boost::system::error_code error;
        if (!socket_.is_open()) {
            acceptor_.accept(socket_, error);
            if (error) return {};
            socket_.non_blocking(true, error);
        }
        if (!out_.empty()) {
            const std::size_t n = socket_.write_some(boost::asio::buffer(out_), error);
            out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(n));
        }
        const std::size_t n = socket_.read_some(boost::asio::buffer(buffer_), error);
        if (error && error != boost::asio::error::would_block) socket_.close(error);
        return {buffer_.data(), n};
    }
    bool has_input() const override { return true; }

  private:
    static constexpr std::size_t limit = 1 << 20;  // what waits for a client; older output goes first
    boost::asio::io_context context_;
    boost::asio::ip::tcp::acceptor acceptor_{context_};
    boost::asio::ip::tcp::socket socket_{context_};
    std::vector<std::uint8_t> out_;
    std::array<std::uint8_t, 256> buffer_{};
};

}  // namespace

std::unique_ptr<SerialEnd> SerialEnd::open(const std::string& where) {
    if (where == "stdio") return std::make_unique<StdioEnd>();
    if (where.starts_with("tcp:")) {
        const std::string_view digits = std::string_view(where).substr(4);
        std::uint16_t port = 0;
        const auto* end = digits.data() + digits.size();
        const auto [rest, error] = std::from_chars(digits.data(), end, port);
        if (error != std::errc{} || rest != end || port == 0)
            throw UsageError(fmt::format("--serial: '{}' does not name a TCP port from 1 to 65535", where));
        return std::make_unique<TcpEnd>(port);
    }
    return std::make_unique<FileEnd>(where);
}

}  // namespace southgate::sim
