// 4-level paging, entry by entry (SDM vol. 3A 4.5 to 4.8), on the walk itself; and 64-bit mode entered through the
// contract.
#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "cpu_model/decode/code_cache.h"
#include "cpu_model/interpreter/fault.h"
#include "cpu_model/mmu/fill.h"
#include "cpu_model/mmu/paging.h"
#include "tests/cpu_model/system/machine.h"

namespace southgate::cpu::test {
namespace {

constexpr std::uint64_t present = 1, writable = 2, user = 4, accessed = 0x20, dirty = 0x40, large = 0x80, global = 0x100,
                        nx = std::uint64_t{1} << 63;
constexpr std::uint32_t pml4 = 0x1000, pdpt = 0x2000, directory = 0x3000, table = 0x4000;

class FourLevel : public ::testing::Test {
  protected:
    FourLevel() : ram_(0x20000) {
        const auto address = reinterpret_cast<std::uintptr_t>(ram_.data());
        memory_ = ram_.data() + (4096 - address % 4096) % 4096;
        slot_ = {0, 0x10000, memory_};
        c->memory.assign({&slot_, 1});
        c->bus = &bus_;
        c->code = &code_;
        CpuModel model = CpuModel::x86_64();
        c->cpuid = CpuidTable(model);
        c->mmu.physical_mask = ~model.reserved_physical_bits();
        c->cr0 = cr0::pg | cr0::pe | cr0::wp;
        c->cr4 = cr4::pae;
        c->efer = efer::lme | efer::lma | efer::nxe;
        c->cr3 = pml4;
        set(pml4, 0, pdpt | present | writable | user);
        set(pdpt, 0, directory | present | writable | user);
        set(directory, 0, table | present | writable | user);
        set(table, 5, 0x9000 | present | writable | user);
    }
    void set(std::uint32_t at, unsigned index, std::uint64_t value) { std::memcpy(memory_ + at + 8 * index, &value, 8); }
    std::uint64_t entry(std::uint32_t at, unsigned index) const {
        std::uint64_t value;
        std::memcpy(&value, memory_ + at + 8 * index, 8);
        return value;
    }
    bool walks(std::uint64_t linear, Access access = Access::read, Privilege p = Privilege::supervisor) {
        w = {};
        return walk(c.get(), linear, access, p, w);
    }
    // The error code of the page fault; -1: none.
    int fault(std::uint64_t linear, Access access = Access::read, Privilege p = Privilege::supervisor) {
        return walks(linear, access, p) ? -1 : static_cast<int>(w.error_code);
    }

    std::unique_ptr<Cpu> c = std::make_unique<Cpu>();
    Walk w;

  private:
    std::vector<std::uint8_t> ram_;
    std::uint8_t* memory_ = nullptr;
    MemorySlot slot_;
    RecordingBus bus_;
    CodeCache code_;
};

TEST_F(FourLevel, SmallPage) {
    ASSERT_TRUE(walks(0x5abc));
    EXPECT_EQ(w.physical, 0x9000u);
    EXPECT_EQ(w.shift, 12u);
    EXPECT_FALSE(w.writable) << "not dirty yet";
    for (const auto& [at, index] : {std::pair{pml4, 0u}, {pdpt, 0u}, {directory, 0u}, {table, 5u}})
        EXPECT_TRUE(entry(at, index) & accessed);
    EXPECT_FALSE(entry(table, 5) & dirty);
    ASSERT_TRUE(walks(0x5000, Access::write));
    EXPECT_TRUE(w.writable);
    EXPECT_TRUE(entry(table, 5) & dirty);
    EXPECT_FALSE(entry(directory, 0) & dirty);
}

TEST_F(FourLevel, EveryIndexCounts) {
    set(pml4, 511, pdpt | present | writable);
    set(pdpt, 510, directory | present | writable);
    set(directory, 300, table | present | writable);
    const std::uint64_t linear = 0xffff000000000000 | std::uint64_t{511} << 39 | std::uint64_t{510} << 30 |
                                 std::uint64_t{300} << 21 | 0x5123;
    ASSERT_TRUE(walks(linear));
    EXPECT_EQ(w.physical, 0x9000u);
}

TEST_F(FourLevel, LargePages) {
    set(directory, 1, 0x40000000 | present | writable | large | global);
    ASSERT_TRUE(walks(0x200000 + 0x12345));
    EXPECT_EQ(w.physical, 0x40012000u);
    EXPECT_EQ(w.shift, 21u);
    EXPECT_FALSE(w.global) << "CR4.PGE is clear";
    c->cr4 |= cr4::pge;
    ASSERT_TRUE(walks(0x200000));
    EXPECT_TRUE(w.global);

    set(pdpt, 3, 0x8040000000 | present | writable | large);
    ASSERT_TRUE(walks(0xc0000000 + 0x2345678));
    EXPECT_EQ(w.physical, 0x8042345000u);
    EXPECT_EQ(w.shift, 30u);
}

TEST_F(FourLevel, AbsentAtEachLevel) {
    EXPECT_EQ(fault(0x6000), 0);
    EXPECT_EQ(fault(0x6000, Access::write, Privilege::user), 6);
    EXPECT_EQ(fault(0x6000, Access::execute), 16);
    EXPECT_EQ(fault(0x200000), 0);
    EXPECT_EQ(fault(std::uint64_t{1} << 30), 0);
    EXPECT_EQ(fault(std::uint64_t{1} << 39), 0);
}

TEST_F(FourLevel, ReservedBits) {
    constexpr int reserved = 9;
    for (const auto& [at, index] : {std::pair{pml4, 0u}, {pdpt, 0u}, {directory, 0u}, {table, 5u}}) {
        const std::uint64_t good = entry(at, index);
        set(at, index, good | std::uint64_t{1} << 40);
        EXPECT_EQ(fault(0x5000), reserved) << std::hex << at << ": MAXPHYADDR is 40";
        set(at, index, good | std::uint64_t{0x7ff} << 52);
        EXPECT_EQ(fault(0x5000), -1) << std::hex << at << ": bits 62:52 are ignored";
        c->efer &= ~efer::nxe;
        set(at, index, good | nx);
        EXPECT_EQ(fault(0x5000), reserved) << std::hex << at << ": NX without EFER.NXE";
        c->efer |= efer::nxe;
        set(at, index, good);
    }
    set(pml4, 0, entry(pml4, 0) | large);
    EXPECT_EQ(fault(0x5000), reserved) << "PS of a PML4 entry";
    set(pml4, 0, pdpt | present | writable | user);
    set(directory, 1, 0x40000000 | present | large | 0x2000);
    EXPECT_EQ(fault(0x200000), reserved) << "bits 20:13 of a 2 MiB entry";
    set(directory, 1, 0x40000000 | present | large | 0x1000);
    EXPECT_EQ(fault(0x200000), -1) << "bit 12 is PAT";
    set(pdpt, 1, 0x40000000 | present | large | 0x200000);
    EXPECT_EQ(fault(0x40000000), reserved) << "bits 29:13 of a 1 GiB entry";
}

TEST_F(FourLevel, GigabytePagesNeedTheirFeature) {
    CpuModel model = CpuModel::x86_64();
    model.extended_features_edx &= ~extended_feature::gigabyte_pages;
    c->cpuid = CpuidTable(model);
    set(pdpt, 1, 0x40000000 | present | large);
    EXPECT_EQ(fault(0x40000000), 9);
}

TEST_F(FourLevel, RightsCombineOverAllLevels) {
    EXPECT_EQ(fault(0x5000, Access::write, Privilege::user), -1);
    for (const auto& [at, index] : {std::pair{pml4, 0u}, {pdpt, 0u}, {directory, 0u}, {table, 5u}}) {
        const std::uint64_t good = entry(at, index);
        set(at, index, good & ~writable);
        EXPECT_EQ(fault(0x5000, Access::write, Privilege::user), 7);
        EXPECT_EQ(fault(0x5000, Access::write), 3) << "CR0.WP";
        c->cr0 &= ~cr0::wp;
        EXPECT_EQ(fault(0x5000, Access::write), -1);
        EXPECT_EQ(fault(0x5000, Access::write, Privilege::user), 7);
        c->cr0 |= cr0::wp;
        set(at, index, good & ~user);
        EXPECT_EQ(fault(0x5000, Access::read, Privilege::user), 5);
        EXPECT_EQ(fault(0x5000), -1);
        set(at, index, good | nx);
        EXPECT_EQ(fault(0x5000, Access::execute), 17);
        EXPECT_EQ(fault(0x5000, Access::execute, Privilege::user), 21);
        EXPECT_EQ(fault(0x5000), -1);
        set(at, index, good);
    }
}

TEST_F(FourLevel, AFaultSetsNoFlags) {
    EXPECT_EQ(fault(0x6000), 0);
    EXPECT_FALSE(entry(pml4, 0) & accessed);
    set(table, 5, 0x9000 | present);
    EXPECT_EQ(fault(0x5000, Access::write), 3);
    EXPECT_FALSE(entry(table, 5) & (accessed | dirty));
}

TEST_F(FourLevel, SupervisorDoesNotExecuteUserPagesWithSmep) {
    EXPECT_EQ(fault(0x5000, Access::execute), -1);
    c->cr4 |= cr4::smep;
    EXPECT_EQ(fault(0x5000, Access::execute), 17);
    EXPECT_EQ(fault(0x5000, Access::execute, Privilege::user), -1);
    set(directory, 0, table | present | writable);
    EXPECT_EQ(fault(0x5000, Access::execute), -1) << "a supervisor page";
    c->efer &= ~efer::nxe;
    EXPECT_EQ(fault(0x6000, Access::execute), 16) << "SMEP alone reports fetches";
}

TEST_F(FourLevel, NonCanonicalAddressesAreNeverTranslated) {
    const auto vector = [this](std::uint64_t linear) {
        try {
            fill_tlb(c.get(), linear, Access::read, Privilege::supervisor);
        } catch (const GuestFault& f) {
            return static_cast<int>(f.vector);
        }
        return -1;
    };
    EXPECT_EQ(vector(0x5000), -1);
    EXPECT_EQ(vector(0x0001000000005000), 13);
    EXPECT_EQ(vector(0xfffe000000005000), 13);
    EXPECT_EQ(vector(0x0000800000000000), 13);
    EXPECT_EQ(vector(0xffff7fffffffffff), 13);
    EXPECT_EQ(vector(0x00007ffffffff000), 14);
    EXPECT_EQ(vector(0xffff800000000000), 14);
}

TEST_F(FourLevel, InvlpgDropsEveryPartOfALargePage) {
    set(directory, 1, 0 | present | writable | user | large);
    for (const std::uint64_t at : {0x200000, 0x203000, 0x20f000, 0x5000})
        fill_tlb(c.get(), at, Access::read, Privilege::supervisor);
    const auto cached = [this](std::uint64_t linear) {
        return tag_present(c->mmu.data[0][(linear >> page_bits) % tlb_size].read_tag, linear);
    };
    EXPECT_TRUE(cached(0x203000));
    flush_tlb_page(c.get(), 0x2fffff);
    EXPECT_FALSE(cached(0x200000));
    EXPECT_FALSE(cached(0x203000));
    EXPECT_FALSE(cached(0x20f000));
    EXPECT_TRUE(cached(0x5000));
    flush_tlb_page(c.get(), 0x5fff);
    EXPECT_FALSE(cached(0x5000));
}

// The contract enters 64-bit mode through the special registers alone.
TEST(LongModeContract, SpecialRegistersEnter64BitMode) {
    RecordingBus bus;
    auto cpu = make_interpreter(bus, CpuModel::x86_64());
    SpecialRegisters s = cpu->sregs();
    s.efer = 0x500;
    s.cr4 = 0x20;
    s.cr3 = 0x1000;
    s.cr0 = 0x80000011;
    for (SegmentRegister& r : s.seg) r = {0, 0xffffffff, 0xc093, 0x10};
    s.seg[static_cast<unsigned>(Seg::cs)] = {0x12340000, 0xffffffff, 0xa09b, 0x08};
    cpu->set_sregs(s);
    GeneralRegisters r = cpu->regs();
    r.rip = 0xffffffff81000000;
    cpu->set_regs(r);
    EXPECT_EQ(cpu->linear_rip(), 0xffffffff81000000u) << "the base of CS is ignored";
    s.seg[static_cast<unsigned>(Seg::cs)].attributes = 0xc09b;
    cpu->set_sregs(s);
    EXPECT_EQ(cpu->linear_rip(), 0x93340000u) << "compatibility mode";
    EXPECT_EQ(cpu->sregs(), s);
}

}  // namespace
}  // namespace southgate::cpu::test
