// A device that remembers every access and answers each read with `value`.
#pragma once

#include <cstdint>
#include <ostream>
#include <systemc>
#include <vector>

#include "chipset/target.h"

namespace southgate::chipset::test {

struct Access {
    char kind;  // 'R' or 'W'
    std::uint32_t offset;
    unsigned size;
    std::uint32_t data;
    bool operator==(const Access&) const = default;
    friend std::ostream& operator<<(std::ostream& out, const Access& a) {
        return out << a.kind << a.size << '@' << std::hex << a.offset << '=' << a.data << std::dec;
    }
};
using Log = std::vector<Access>;

struct Recorder : sc_core::sc_module, private RegisterSpace {
    explicit Recorder(const sc_core::sc_module_name& name) : sc_module(name) {}
    TargetSocket socket{"socket", *this};
    std::uint32_t value = 0;
    Log log;

  private:
    std::uint32_t read(std::uint32_t offset, unsigned size, const AccessContext& context) override {
        if (!context.debug) log.push_back({'R', offset, size, value});
        return value;
    }
    void write(std::uint32_t offset, unsigned size, std::uint32_t data,
               const AccessContext& context) override {
        if (!context.debug) log.push_back({'W', offset, size, data});
    }
};

}  // namespace southgate::chipset::test
