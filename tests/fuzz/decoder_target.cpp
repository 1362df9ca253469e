// Any bytes through the instruction decoder, in every mode.
#include <cstdlib>

#include "cpu_model/decode/decoder.h"
#include "input.h"

using namespace southgate::cpu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Decoder decoder;
    southgate::fuzz::Input input(data, size);
    const auto bits = input.take<std::uint8_t>();
    const std::uint32_t modes[] = {0, mode::code32, mode::code32 | mode::stack32,
                                   mode::code32 | mode::stack32 | mode::flat,
                                   mode::stack32 | (bits & 1 ? mode::user : 0)};
    for (const std::uint32_t mode : modes) {
        for (std::size_t at = 0; at < input.left();) {
            Instruction instruction;
            Translation translation;
            const std::size_t available = input.left() - at;
            const DecodeStatus status =
                decoder.decode(input.data() + at, available, mode, instruction, translation);
            if (status != DecodeStatus::ok) {
                ++at;
                continue;
            }
            const unsigned length = translation.uop.length;
            if (length == 0 || length > 15 || length > available) std::abort();
            at += length;
        }
    }
    return 0;
}
