#include "cpu_model/decode/table.h"

namespace southgate::cpu {

HandlerTable::HandlerTable() {
    register_data_movement(*this);
    register_arithmetic(*this);
    register_shifts(*this);
    register_multiply_divide(*this);
    register_bits(*this);
    register_conditional(*this);
    register_stack(*this);
    register_control_flow(*this);
    register_flag_instructions(*this);
    register_exchange(*this);
    register_fpu(*this);
    register_port_io(*this);
    register_processor(*this);
    register_long_mode_instructions(*this);
    register_segment_instructions(*this);
    register_strings(*this);
    register_bcd(*this);
    register_random(*this);
    register_simd(*this);
}

const HandlerTable& HandlerTable::instance() {
    static const HandlerTable table;
    return table;
}

}  // namespace southgate::cpu
