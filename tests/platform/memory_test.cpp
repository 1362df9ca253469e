// RAM, ROM and the merging of direct memory grants.
#include "platform/memory.h"

#include <gtest/gtest.h>

#include <memory>

#include "platform/firmware_image.h"
#include "platform/input_error.h"
#include "platform/memory_map.h"

namespace southgate::platform::test {
namespace {

struct Payload : tlm::tlm_generic_payload {
    Payload(tlm::tlm_command command, std::uint64_t address, void* data, unsigned size) {
        set_command(command);
        set_address(address);
        set_data_ptr(static_cast<unsigned char*>(data));
        set_data_length(size);
        set_streaming_width(size);
    }
};

TEST(Memory, AnswersInsideItsSizeOnly) {
    Ram ram("ram", 8192);
    sc_core::sc_time delay;
    std::uint32_t value = 0x12345678;
    Payload write(tlm::TLM_WRITE_COMMAND, 8188, &value, 4);
    ram.socket.get_base_interface().b_transport(write, delay);
    EXPECT_TRUE(write.is_response_ok());
    EXPECT_TRUE(write.is_dmi_allowed());
    EXPECT_EQ(ram.bytes()[8191], 0x12);
    for (const std::uint64_t address : {std::uint64_t{8189}, std::uint64_t{8192}, ~std::uint64_t{0}}) {
        Payload outside(tlm::TLM_READ_COMMAND, address, &value, 4);
        ram.socket.get_base_interface().b_transport(outside, delay);
        EXPECT_EQ(outside.get_response_status(), tlm::TLM_ADDRESS_ERROR_RESPONSE) << address;
    }
}

TEST(Memory, ByteEnablesSelectLanes) {
    Ram ram("ram", 4096);
    sc_core::sc_time delay;
    std::uint32_t value = 0xddccbbaa;
    unsigned char lanes[] = {TLM_BYTE_ENABLED, TLM_BYTE_DISABLED};
    Payload write(tlm::TLM_WRITE_COMMAND, 16, &value, 4);
    write.set_byte_enable_ptr(lanes);
    write.set_byte_enable_length(2);
    ram.socket.get_base_interface().b_transport(write, delay);
    EXPECT_EQ(ram.bytes()[16], 0xaa);
    EXPECT_EQ(ram.bytes()[17], 0x00);
    EXPECT_EQ(ram.bytes()[18], 0xcc);
    EXPECT_EQ(ram.bytes()[19], 0x00);
}

TEST(Memory, RomIgnoresWritesAndGrantsReading) {
    const std::vector<std::uint8_t> image(4096, 0x5a);
    Rom rom("rom", image);
    sc_core::sc_time delay;
    std::uint8_t value = 1;
    Payload write(tlm::TLM_WRITE_COMMAND, 0, &value, 1);
    rom.socket.get_base_interface().b_transport(write, delay);
    EXPECT_TRUE(write.is_response_ok());
    EXPECT_EQ(rom.bytes()[0], 0x5a);
    tlm::tlm_dmi dmi;
    EXPECT_TRUE(rom.socket.get_base_interface().get_direct_mem_ptr(write, dmi));
    EXPECT_TRUE(dmi.is_read_allowed());
    EXPECT_FALSE(dmi.is_write_allowed());
}

TEST(Memory, ScrambledContentsAreTheSameEveryTime) {
    Ram a("a", 4096), b("b", 4096);
    a.scramble(1);
    b.scramble(1);
    EXPECT_TRUE(std::equal(a.bytes().begin(), a.bytes().end(), b.bytes().begin()));
    EXPECT_NE(a.bytes()[0], a.bytes()[8]);
}

TEST(MemoryMap, MergesNeighboursWithNeighbouringHostMemory) {
    HostMemory host(1 << 20);
    MemoryMap map;
    EXPECT_TRUE(map.add(0x0000, 0x0fff, host.data(), true, true));
    EXPECT_TRUE(map.add(0x2000, 0x2fff, host.data() + 0x2000, true, true));
    EXPECT_TRUE(map.add(0x1000, 0x1fff, host.data() + 0x1000, true, true));
    ASSERT_EQ(map.slots().size(), 1u);
    EXPECT_EQ(map.slots()[0].size, 0x3000u);
    EXPECT_FALSE(map.add(0x1000, 0x2fff, host.data() + 0x1000, true, true));
    EXPECT_TRUE(map.add(0x3000, 0x3fff, host.data() + 0x3000, true, false));
    EXPECT_EQ(map.slots().size(), 2u);
}

TEST(MemoryMap, GrantsCoverWholePagesAndFillGaps) {
    HostMemory host(1 << 20);
    MemoryMap map;
    EXPECT_FALSE(map.add(0x800, 0x17ff, host.data() + 0x800, true, true));
    EXPECT_FALSE(map.add(0x1000, 0x1fff, host.data() + 1, true, true));
    EXPECT_TRUE(map.add(0x4000, 0x4fff, host.data() + 0x8000, true, true));
    EXPECT_TRUE(map.add(0, ~std::uint64_t{0}, host.data(), true, true));
    ASSERT_EQ(map.slots().size(), 3u);
    EXPECT_EQ(map.slots()[1].host, host.data() + 0x8000);
}

TEST(MemoryMap, RemovingCutsSlots) {
    HostMemory host(1 << 20);
    MemoryMap map;
    map.add(0, 0xffff, host.data(), true, true);
    EXPECT_TRUE(map.remove(0x4321, 0x5432));
    ASSERT_EQ(map.slots().size(), 2u);
    EXPECT_EQ(map.slots()[0].size, 0x4000u);
    EXPECT_EQ(map.slots()[1].guest_physical, 0x6000u);
    EXPECT_EQ(map.slots()[1].host, host.data() + 0x6000);
    EXPECT_FALSE(map.remove(0x4000, 0x4fff));
    EXPECT_TRUE(map.remove(0, ~std::uint64_t{0}));
    EXPECT_TRUE(map.slots().empty());
}

TEST(FirmwareImage, SizesAreChecked) {
    const auto image = [](std::size_t size) {
        return FirmwareImage("image", std::vector<std::uint8_t>(size));
    };
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{4096}, std::size_t{65537}, std::size_t{(16 << 20) + 4096}})
        EXPECT_THROW(image(size), InputError) << size;
    const auto small = image(64 << 10);
    EXPECT_EQ(small.base(), 0xffff0000u);
    EXPECT_EQ(small.alias_base(), 0xf0000u);
    const auto odd = image((128 << 10) + 4096);
    EXPECT_EQ(odd.base(), 0xfffdf000u);
    EXPECT_EQ(odd.alias_base(), 0xe0000u);
    EXPECT_EQ(odd.alias_offset(), 4096u);
}

}  // namespace
}  // namespace southgate::platform::test
