// Matrix A executed by an engine: the PIO leaves run(), the platform acts through the state interfaces, an
// immediate exit completes or drops it.
#include <algorithm>
#include <cstring>

#include "engine_suite.h"
#include "pio_matrix.h"

namespace southgate::cpu::test {
namespace {

class PioMatrix : public EngineTest {
  protected:
    void prepare(const MatrixRow& row) {
        switch (row.mode) {
            case Mode::real: real_mode({}); break;
            case Mode::protected32: flat_mode({}); break;
            case Mode::long64: long_mode({}); break;
        }
        SpecialRegisters s = cpu->sregs();
        s.seg[static_cast<unsigned>(Seg::cs)].base = row.cs_base;
        cpu->set_sregs(s);
        GeneralRegisters r = cpu->regs();
        r.rip = row.rip;
        r.gpr[static_cast<unsigned>(Gpr::rax)] = row.rax;
        r.gpr[static_cast<unsigned>(Gpr::rdx)] = row.dx;
        cpu->set_regs(r);
        const std::uint64_t linear = static_cast<std::uint32_t>(row.cs_base + row.rip);
        std::uint8_t* host = linear < ram.size() ? ram.data() + linear : flash.data() + (linear - 0xffff0000);
        std::copy(row.code.begin(), row.code.end(), host);
        cpu->memory_written(host, row.code.size());
    }

    void act(const PlatformAction& action) {
        GeneralRegisters r = cpu->regs();
        if (action.to_real_mode) {
            r.gpr.fill(0);
            r.rflags = 2;
        }
        if (action.rip) r.rip = *action.rip;
        if (action.rip_add) r.rip += *action.rip_add;
        if (action.rax) r.gpr[static_cast<unsigned>(Gpr::rax)] = *action.rax;
        if (action.writes_regs) cpu->set_regs(r);
        if (!action.cs_base) return;
        SpecialRegisters s = cpu->sregs();
        if (action.to_real_mode) {
            for (SegmentRegister& segment : s.seg) segment = real_segment(0);
            s.cr0 = 0x60000010;
            s.cr3 = s.cr4 = s.efer = 0;
        }
        SegmentRegister& code = s.seg[static_cast<unsigned>(Seg::cs)];
        if (action.to_real_mode) code = real_segment(0, true);
        code.selector = action.cs_selector.value_or(code.selector);
        code.base = *action.cs_base;
        cpu->set_sregs(s);
    }
};

TEST_P(PioMatrix, EveryRowUnderEveryPolicy) {
    SOUTHGATE_NEEDS(choose_policy);
    unsigned rows = 0;
    for (const MatrixRow& row : matrix_a()) {
        ++rows;
        for (std::size_t i = 0; i < matrix_columns.size(); ++i) {
            const MatrixColumn& column = matrix_columns[i];
            SCOPED_TRACE(std::string(row.id) + " " + std::string(column.name) + " \"" +
                         std::string(row.cells[i]) + "\"");
            cpu = GetParam().make(bus);
            cpu->set_memory_map(slots);
            cpu->set_pio_policy(column.kind, column.quirk);
            prepare(row);
            const Prediction expected = predict(row, row.cells[i]);

            const Exit exit = run();
            ASSERT_EQ(exit.reason, ExitReason::pio);
            EXPECT_EQ(exit.pio.direction, row.is_in() ? Direction::in : Direction::out);
            EXPECT_EQ(exit.pio.port, row.port());
            EXPECT_EQ(exit.pio.size, row.size());
            EXPECT_EQ(exit.pio.count, 1u);
            EXPECT_FALSE(exit.pio.string);
            const std::uint64_t linear = row.cs_base + row.rip;
            EXPECT_EQ(exit.pio.linear_rip, row.mode == Mode::long64 ? linear : static_cast<std::uint32_t>(linear));
            EXPECT_EQ(rip(), expected.visible_rip);
            if (row.is_in()) std::memcpy(exit.pio.data, &row.data, row.size());
            act(row.action);
            const Exit after = drain();
            EXPECT_EQ(after.reason, ExitReason::budget_end);
            EXPECT_EQ(rip(), expected.rip);
            EXPECT_EQ(reg(Gpr::rax), expected.rax);
            // A second one finds nothing to do.
            EXPECT_EQ(drain().retired, 0u);
            EXPECT_EQ(rip(), expected.rip);
            EXPECT_EQ(reg(Gpr::rax), expected.rax);
        }
    }
    EXPECT_EQ(rows, 41u);
}

SOUTHGATE_ENGINE_SUITE(PioMatrix);

}  // namespace
}  // namespace southgate::cpu::test
