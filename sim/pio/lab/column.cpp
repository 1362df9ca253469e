#include "sim/pio/lab/column.h"

namespace southgate::pio {

std::optional<unsigned> parse_column(std::string_view name) {
    for (unsigned i = 0; i < column_count; ++i)
        if (columns[i].name == name || cpu::name_of(columns[i].kind) == name) return i;
    return std::nullopt;
}

void configure(cpu::Vcpu& cpu, const Column& column, cpu::PioAdvance advance) {
    cpu.set_pio_policy(column.kind, column.quirk);
    cpu.set_pio_advance(advance);
    cpu.set_string_rules(cpu::StringRules::kernel);
}

}  // namespace southgate::pio
