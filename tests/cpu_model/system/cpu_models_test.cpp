// Processor models by name, and without some of their features.
#include "cpu_model/system/cpu_models.h"

#include <gtest/gtest.h>

#include <bit>
#include <sstream>
#include <stdexcept>
#include <string>

#include "tests/cpu_model/system/long_machine.h"

namespace southgate::cpu::test {
namespace {

unsigned features_of(const CpuModel& m) {
    return static_cast<unsigned>(std::popcount(m.features) + std::popcount(m.features_ecx) + std::popcount(m.features7_ebx) +
                                 std::popcount(m.features7_ecx) + std::popcount(m.extended_features_edx) +
                                 std::popcount(m.extended_features_ecx));
}

TEST(CpuModels, EachFeatureCanBeSwitchedOffAlone) {
    const CpuModel whole = cpu_model_named("x86_64");
    std::istringstream names{std::string(cpu_feature_names)};
    unsigned seen = 0;
    for (std::string name; std::getline(names >> std::ws, name, ',');) {
        // What this host cannot execute is off already.
        try {
            EXPECT_EQ(features_of(cpu_model_named("x86_64,-" + name)) + 1, features_of(whole)) << name;
            EXPECT_EQ(features_of(cpu_model_named("x86_64,-" + name + ",+" + name)), features_of(whole)) << name;
            ++seen;
        } catch (const std::invalid_argument& error) {
            EXPECT_EQ(error.what(), "x86_64 has no " + name);
        }
    }
    EXPECT_GT(seen, 16u);
}

TEST(CpuModels, OtherNamesAreRefused) {
    for (const char* text : {"", "z80", "x86_64 ", "x86_64,", "x86_64,,-smap", "x86_64,smap", "x86_64,-", "x86_64,-avx", "p6,-smap", "p6,+nx"})
        EXPECT_THROW((void)cpu_model_named(text), std::invalid_argument) << text;
    EXPECT_EQ(cpu_model_named("p6").extended_features_edx, 0u);
}

// What CPUID does not announce is undefined or reserved.
TEST(CpuModels, WhatIsOffIsNotThere) {
    struct Case {
        const char* model;
        std::initializer_list<int> code;
        int fault;
    };
    const Case cases[] = {
        {"x86_64,-movbe", {0x48, 0x0f, 0x38, 0xf0, 0x03}, 6},                     // movbe rax, [rbx]
        {"x86_64,-rdrand", {0x0f, 0xc7, 0xf0}, 6},                                // rdrand eax
        {"x86_64,-popcnt", {0xf3, 0x0f, 0xb8, 0xc3}, 6},                          // popcnt eax, ebx
        {"x86_64,-rdtscp", {0x0f, 0x01, 0xf9}, 6},                                // rdtscp
        {"x86_64,-smap", {0xb8, 0x20, 0, 0x20, 0, 0x0f, 0x22, 0xe0}, 13},         // mov eax, PAE | SMAP; mov cr4, rax
        {"x86_64,-pcid", {0xb8, 0x20, 0, 0x02, 0, 0x0f, 0x22, 0xe0}, 13},         // PCIDE
        {"x86_64,-umip", {0xb8, 0x20, 0x08, 0, 0, 0x0f, 0x22, 0xe0}, 13},         // UMIP
        {"x86_64,-tsc_deadline", {0xb9, 0xe0, 0x06, 0, 0, 0x0f, 0x32}, 13},       // rdmsr IA32_TSC_DEADLINE
    };
    class Machine : public LongMachine {
      public:
        explicit Machine(const CpuModel& model) : LongMachine(model) {}
        void TestBody() override {}
        int fault(std::initializer_list<int> code) {
            long_mode();
            set_gpr(Gpr::rbx, 0x40000);
            return fault_of(code);
        }
    };
    for (const Case& t : cases) {
        EXPECT_EQ(Machine(cpu_model_named(t.model)).fault(t.code), t.fault) << t.model;
        EXPECT_EQ(Machine(cpu_model_named("x86_64")).fault(t.code), -1) << t.model;
    }
}

}  // namespace
}  // namespace southgate::cpu::test
