#include "cpu_model/decode/table.h"
#include "cpu_model/interpreter/string_select.h"

namespace southgate::cpu {

void register_strings(HandlerTable& t) {
    register_string_moves(t);
    register_string_compares(t);
}

}  // namespace southgate::cpu
