#include "platform/events/json_lines.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <stdexcept>

namespace southgate::platform {

namespace {

constexpr std::size_t flush_size = 1 << 16;

// Names come from the model itself, but a SystemC name may hold any character.
template <typename Out>
void quoted(Out out, std::string_view text) {
    *out++ = '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            *out++ = '\\';
            *out++ = c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            fmt::format_to(out, "\\u{:04x}", static_cast<unsigned>(c));
        } else {
            *out++ = c;
        }
    }
    *out++ = '"';
}

template <typename Out>
struct Payload {
    Out out;

    void operator()(const PioHappened& e) const {
        const cpu::PioEvent& p = e.pio;
        fmt::format_to(
            out,
            R"(,"direction":"{}","port":"{:#x}","size":{},"count":{},"data":"{:#x}","snapshot":"{:#x}",)"
            R"("visible_rip":"{:#x}","linear_rip":"{:#x}","rip":"{:#x}")",
            p.direction == cpu::Direction::in ? "in" : "out", p.port, p.size, p.count, p.data, p.snapshot,
            p.visible_rip, p.linear_rip, p.rip);
    }
    void operator()(const LineChanged& e) const {
        fmt::format_to(out, R"(,"line":)");
        quoted(out, e.line);
        fmt::format_to(out, R"(,"asserted":{})", e.asserted);
    }
    void operator()(const ResetRequested& e) const {
        fmt::format_to(out, R"(,"reset":)");
        quoted(out, e.reset_source);
        fmt::format_to(out, R"(,"mode":"{}","linear_rip":"{:#x}","in_port_io":{})", e.mode, e.linear_rip,
                       e.in_port_io);
    }
    void operator()(const FirstFetch& e) const {
        fmt::format_to(out, R"(,"after":"{}","linear_rip":"{:#x}")", name_of(e.kind), e.linear_rip);
    }
    void operator()(const CpuActivityChanged& e) const {
        fmt::format_to(out, R"(,"linear_rip":"{:#x}")", e.linear_rip);
        for (unsigned i = 0; i < e.triple_fault.count; ++i)
            fmt::format_to(out, R"({}"{}")", i ? "," : R"(,"exceptions":[)", name_of(e.triple_fault.exceptions[i]));
        if (e.triple_fault.count) fmt::format_to(out, "]");
    }
    void operator()(const RegisterWritten& e) const {
        fmt::format_to(out, R"(,"register":)");
        quoted(out, e.name);
        fmt::format_to(out, R"(,"offset":"{:#x}","before":"{:#x}","after":"{:#x}")", e.offset, e.before,
                       e.after);
    }
    void operator()(const Noted& e) const {
        fmt::format_to(out, R"(,"key":)");
        quoted(out, e.key);
        fmt::format_to(out, R"(,"value":"{:#x}")", e.value);
    }
};

template <typename Out>
void format_to(Out out, const Event& event) {
    fmt::format_to(out, R"({{"t":{},"i":{},"kind":"{}","source":)", event.time_ps, event.instructions,
                   kind_of(event));
    quoted(out, event.source);
    if (event.cpu) fmt::format_to(out, R"(,"cpu":{})", *event.cpu);
    std::visit(Payload<Out>{out}, event.payload);
    *out++ = '}';
}

}  // namespace

JsonLines::JsonLines(const std::string& path) : path_(path), file_(std::fopen(path.c_str(), "wb")) {
    if (!file_) throw std::runtime_error(path + ": cannot be created: " + std::strerror(errno));
    buffer_.reserve(flush_size + 4096);
}

JsonLines::~JsonLines() {
    flush();
    std::fclose(file_);
}

std::string JsonLines::format(const Event& event) {
    std::string line;
    format_to(std::back_inserter(line), event);
    return line;
}

void JsonLines::take(const Event& event) {
    format_to(std::back_inserter(buffer_), event);
    buffer_.push_back('\n');
    if (buffer_.size() >= flush_size) flush();
}

void JsonLines::flush() {
    std::fwrite(buffer_.data(), 1, buffer_.size(), file_);
    buffer_.clear();
}

void JsonLines::finish(std::uint64_t time_ps, std::uint64_t instructions) {
    fmt::format_to(std::back_inserter(buffer_), R"({{"t":{},"i":{},"kind":"end","source":""}})", time_ps,
                   instructions);
    buffer_.push_back('\n');
    flush();
    std::fflush(file_);
    if (std::ferror(file_)) throw std::runtime_error(path_ + ": writing failed");
}

}  // namespace southgate::platform
