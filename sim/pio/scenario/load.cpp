#include "sim/pio/scenario/load.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <charconv>
#include <optional>
#include <set>

#include "sim/run/error.h"

namespace southgate::pio {

namespace {

using sim::UsageError;

// One table of a file; every key has to be asked for, what is left over is an error.
class Table {
  public:
    Table(const toml::table& table, const std::string& file) : table_(table), file_(file) {}

    [[noreturn]] void fail(std::string_view key, std::string_view what) const {
        const toml::node* node = table_.get(key);
        const auto line = node ? node->source().begin.line : table_.source().begin.line;
        throw UsageError(fmt::format("{}:{}: {}: {}", file_, line, key, what));
    }

    const toml::node* find(std::string_view key) {
        known_.insert(std::string(key));
        return table_.get(key);
    }
    std::optional<std::string> text(std::string_view key) {
        const toml::node* node = find(key);
        if (!node) return std::nullopt;
        if (const auto* s = node->as_string()) return s->get();
        fail(key, "must be a string");
    }
    std::string required_text(std::string_view key) {
        auto value = text(key);
        if (!value) fail(key, "missing");
        if (value->empty()) fail(key, "is empty");
        return *value;
    }
    std::optional<bool> flag(std::string_view key) {
        const toml::node* node = find(key);
        if (!node) return std::nullopt;
        if (const auto* b = node->as_boolean()) return b->get();
        fail(key, "must be true or false");
    }
    std::optional<std::uint64_t> count(std::string_view key) {
        const toml::node* node = find(key);
        if (!node) return std::nullopt;
        const auto* n = node->as_integer();
        if (n && n->get() >= 0 && n->get() <= 1'000'000) return static_cast<std::uint64_t>(n->get());
        fail(key, "must be a number from 0 to 1000000");
    }
    std::uint64_t to_hex(std::string_view key, std::string_view s) const {
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value, 16);
        if (error == std::errc{} && end == s.data() + s.size()) return value;
        fail(key, fmt::format("'{}' is not a hexadecimal number", s));
    }
    std::optional<std::uint64_t> hex(std::string_view key, std::uint64_t most = ~std::uint64_t{0}) {
        const auto s = text(key);
        if (!s) return std::nullopt;
        const std::uint64_t value = to_hex(key, *s);
        if (value > most) fail(key, fmt::format("'{}' is more than {:X}", *s, most));
        return value;
    }
    template <typename T>
    void hex_into(std::string_view key, T& target, std::uint64_t most = ~std::uint64_t{0}) {
        if (const auto value = hex(key, most)) target = static_cast<T>(*value);
    }
    std::optional<std::vector<std::string>> texts(std::string_view key) {
        const toml::node* node = find(key);
        if (!node) return std::nullopt;
        const auto* array = node->as_array();
        std::vector<std::string> result;
        if (array)
            for (const auto& element : *array)
                if (const auto* s = element.as_string()) result.push_back(s->get());
        if (!array || result.size() != array->size()) fail(key, "must be a list of strings");
        return result;
    }
    std::vector<std::uint8_t> bytes(std::string_view key) {
        std::vector<std::uint8_t> result;
        std::string_view rest = "";
        const std::string all = required_text(key);
        for (rest = all; !rest.empty();) {
            const auto space = rest.find(' ');
            const std::uint64_t byte = to_hex(key, rest.substr(0, space));
            if (byte > 0xff) fail(key, fmt::format("'{}' is not a byte", rest.substr(0, space)));
            result.push_back(static_cast<std::uint8_t>(byte));
            rest = space == std::string_view::npos ? std::string_view{} : rest.substr(space + 1);
        }
        return result;
    }
    std::optional<Table> table(std::string_view key) {
        const toml::node* node = find(key);
        if (!node) return std::nullopt;
        if (const auto* t = node->as_table()) return Table(*t, file_);
        fail(key, "must be a table");
    }
    std::vector<Table> tables(std::string_view key) {
        const toml::node* node = find(key);
        std::vector<Table> result;
        if (!node) return result;
        const auto* array = node->as_array();
        if (array)
            for (const auto& element : *array)
                if (const auto* t = element.as_table()) result.emplace_back(*t, file_);
        if (!array || result.size() != array->size()) fail(key, "must be a list of tables");
        return result;
    }
    void done() const {
        for (const auto& [key, node] : table_)
            if (!known_.contains(std::string(key.str())))
                throw UsageError(fmt::format("{}:{}: {}: unknown key", file_, node.source().begin.line, key.str()));
    }

  private:
    const toml::table& table_;
    const std::string& file_;
    std::set<std::string> known_;
};

constexpr std::size_t most_code = 64, most_bytes = 4096;

std::vector<MemoryBytes> read_memory(Table& parent) {
    std::vector<MemoryBytes> result;
    for (Table& t : parent.tables("memory")) {
        MemoryBytes m;
        if (!t.find("at")) t.fail("at", "missing");
        m.at = *t.hex("at");
        m.bytes = t.bytes("bytes");
        const bool in_ram = m.at < layout::ram_size && m.bytes.size() <= layout::ram_size - m.at;
        const bool in_flash = m.at >= layout::flash_base && m.at - layout::flash_base < layout::flash_size &&
                              m.bytes.size() <= layout::flash_base + layout::flash_size - m.at;
        if (!in_ram && !in_flash) t.fail("at", "outside the 1 MiB of RAM and the 64 KiB of flash below 4 GiB");
        if (m.bytes.size() > most_bytes) t.fail("bytes", fmt::format("more than {} bytes", most_bytes));
        t.done();
        result.push_back(std::move(m));
    }
    return result;
}

// IN, OUT, INS, OUTS with prefixes (SDM vol. 2, opcode map): how long, how wide, which way.
bool find_port_instruction(Scenario& s) {
    const std::vector<std::uint8_t>& code = s.guest.code;
    bool operand16 = s.guest.mode == GuestMode::real16 || s.guest.mode == GuestMode::protected16;
    std::size_t at = s.port_offset;
    const auto is_prefix = [&](std::uint8_t b) {
        return b == 0x66 || b == 0x67 || b == 0xf2 || b == 0xf3 ||
               (s.guest.mode == GuestMode::long64 && (b & 0xf0) == 0x40);
    };
    for (; at < code.size() && is_prefix(code[at]); ++at)
        if (code[at] == 0x66) operand16 = !operand16;
    if (at >= code.size()) return false;
    const std::uint8_t opcode = code[at];
    const bool immediate = (opcode & 0xfc) == 0xe4, dx = (opcode & 0xfc) == 0xec, string = (opcode & 0xfc) == 0x6c;
    if ((!immediate && !dx && !string) || (immediate && at + 1 >= code.size())) return false;
    s.port_length = static_cast<unsigned>(at + (immediate ? 2 : 1)) - s.port_offset;
    s.port_is_in = (opcode & 2) == 0;
    s.port_is_string = string;
    s.port_size = (opcode & 1) == 0 ? 1 : operand16 ? 2 : 4;
    return true;
}

void read_guest(Table& file, Scenario& s) {
    const std::string mode = file.required_text("mode");
    const auto parsed = parse_guest_mode(mode);
    if (!parsed)
        file.fail("mode", fmt::format("'{}' is not one of real16, protected16, protected32, compatibility32, long64",
                                      mode));
    Guest& g = s.guest;
    g.mode = *parsed;
    g.code = file.bytes("code");
    if (g.code.size() > most_code) file.fail("code", fmt::format("more than {} bytes", most_code));
    if (auto start = file.table("start")) {
        start->hex_into("cs_selector", g.cs_selector, 0xffff);
        start->hex_into("cs_base", g.cs_base);
        start->hex_into("rip", g.rip);
        start->hex_into("rax", g.rax);
        start->hex_into("rcx", g.rcx);
        start->hex_into("rdx", g.rdx);
        start->hex_into("rsi", g.rsi);
        start->hex_into("rdi", g.rdi);
        start->hex_into("rflags", g.rflags, 0x3fffff);
        start->done();
    }
    s.port_offset = static_cast<unsigned>(file.count("port_at").value_or(0));
    if (!find_port_instruction(s)) file.fail("code", "no IN, OUT, INS or OUTS at offset port_at");
    const std::uint64_t at = physical_address(g.mode, linear_address(g.mode, g.cs_base, g.rip));
    const bool in_ram = at < layout::ram_size && g.code.size() <= layout::ram_size - at;
    const bool in_flash = at >= layout::flash_base && at - layout::flash_base < layout::flash_size &&
                          g.code.size() <= layout::flash_base + layout::flash_size - at;
    if (!in_ram && !in_flash) file.fail("code", "does not lie in RAM or flash");
}

void read_script(Table& file, Scenario& s) {
    const auto lines = file.texts("userspace");
    if (!lines) file.fail("userspace", "missing");
    bool runs = false;
    for (const std::string& line : *lines) {
        const auto action = parse_action(line);
        if (!action) file.fail("userspace", fmt::format("'{}' is no action", line));
        runs |= action->kind == ActionKind::run;
        s.script.push_back(*action);
    }
    if (!runs) file.fail("userspace", "never runs the guest");
}

void read_right(Table& t, Right& r) {
    r.rip = t.hex("rip");
    r.rax = t.hex("rax");
    r.rcx = t.hex("rcx");
    r.rdi = t.hex("rdi");
    r.cs_base = t.hex("cs_base");
    r.pushed = t.hex("pushed");
    r.exit_rip = t.hex("exit_rip");
    if (const auto v = t.hex("vector", 0xff)) r.vector = static_cast<std::uint8_t>(*v);
    if (const auto n = t.count("retired")) r.retired = static_cast<std::uint32_t>(*n);
    if (const auto n = t.count("reads")) r.reads = static_cast<std::uint32_t>(*n);
    if (const auto n = t.count("writes")) r.writes = static_cast<std::uint32_t>(*n);
    r.shadow = t.flag("shadow");
    r.postponed = t.flag("postponed").value_or(false);
    if (const auto list = t.texts("debug")) {
        r.debug.emplace();
        for (const std::string& rip : *list) r.debug->push_back(t.to_hex("debug", rip));
    }
    if (const auto list = t.texts("exit_rcx"))
        for (const std::string& rcx : *list) r.exit_rcx.push_back(t.to_hex("exit_rcx", rcx));
    const std::string again = t.text("again").value_or("no");
    if (again == "yes") r.again = Again::yes;
    else if (again == "by reset") r.again = Again::by_reset;
    else if (again != "no") t.fail("again", fmt::format("'{}' is not one of no, yes, by reset", again));
    r.memory = read_memory(t);
    t.done();
}

// [vmx] has every column; [svm] those that differ.
void read_cells(Table& file, Scenario& s) {
    for (std::size_t model = 0; model < skip_models.size(); ++model) {
        if (model > 0) s.cells[model] = s.cells[0];
        auto table = file.table(cpu::name_of(skip_models[model]));
        if (!table) continue;
        for (unsigned i = 0; i < column_count; ++i)
            if (auto cell = table->text(columns[i].name)) s.cells[model][i] = *cell;
        table->done();
    }
    auto costs = file.table("vmread");
    if (!costs) return;
    for (unsigned i = 0; i < column_count; ++i) s.vmreads[i] = costs->text(columns[i].name).value_or("");
    costs->done();
}

}  // namespace

Scenario load_scenario(std::string_view text, const std::string& name) {
    toml::table root;
    try {
        root = toml::parse(text, name);
    } catch (const toml::parse_error& error) {
        throw UsageError(fmt::format("{}:{}: {}", name, error.source().begin.line, error.description()));
    }
    Table file(root, name);
    Scenario s;
    s.origin = name;
    s.id = file.required_text("id");
    s.title = file.required_text("title");
    s.why = file.required_text("why");
    read_guest(file, s);
    if (auto devices = file.table("devices")) {
        devices->hex_into("in", s.in_data, 0xffffffff);
        devices->hex_into("ins", s.ins_byte, 0xff);
        devices->done();
    }
    s.memory = read_memory(file);
    read_script(file, s);
    auto right = file.table("right");
    if (!right) file.fail("right", "missing");
    read_right(*right, s.right);
    read_cells(file, s);
    file.done();
    return s;
}

}  // namespace southgate::pio
