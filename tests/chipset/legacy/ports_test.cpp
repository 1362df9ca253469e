// The one-port devices: POST display, debug console, debug exit.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "chipset/legacy/debug_console.h"
#include "chipset/legacy/debug_exit.h"
#include "chipset/legacy/post_port.h"
#include "tests/chipset/harness.h"

namespace southgate::chipset {
namespace {

using test::run;

TEST(PostPort, NotesEachCode) {
    struct Notes : Observer {
        void register_written(const char*, const RegisterInfo&, std::uint64_t, std::uint64_t,
                              const sc_core::sc_time&) override {}
        void line_changed(const char*, const char*, bool, const sc_core::sc_time&) override {}
        void reset_requested(const char*, const char*, const sc_core::sc_time&) override {}
        void note(const char* device, const char* key, std::uint64_t value,
                  const sc_core::sc_time& at) override {
            text +=
                std::string(device) + " " + key + " " + std::to_string(value) + " " + at.to_string() + "\n";
        }
        std::string text;
    } notes;
    PostPort post("post");
    test::Initiator port(post.socket);
    std::vector<unsigned> codes;
    post.on_code([&](std::uint8_t code, const sc_core::sc_time&) { codes.push_back(code); });
    run();
    observer = &notes;
    port.delay = sc_core::sc_time(3, sc_core::SC_NS);
    port.write(0, 0x6e);
    port.poke(0, 0x11);
    observer = nullptr;
    EXPECT_EQ(notes.text, "post post-code 110 3 ns\n");
    EXPECT_EQ(codes, (std::vector<unsigned>{0x6e}));
    EXPECT_EQ(port.read(0), 0x6eu);
}

TEST(DebugConsole, WritesAreCharactersAndReadsIdentify) {
    DebugConsole console("console");
    test::Initiator port(console.socket);
    std::string text;
    console.on_output([&](std::uint8_t character) { text.push_back(static_cast<char>(character)); });
    run();
    for (const char character : std::string("SeaBIOS")) port.write(0, static_cast<std::uint8_t>(character));
    port.poke(0, 'x');
    EXPECT_EQ(text, "SeaBIOS");
    EXPECT_EQ(port.read(0), 0xe9u);
}

TEST(DebugConsole, NobodyListeningIsFine) {
    DebugConsole console("console");
    test::Initiator port(console.socket);
    run();
    port.write(0, 'x');
    EXPECT_EQ(port.response, tlm::TLM_OK_RESPONSE);
}

TEST(DebugExit, GivesTheValueOfTheWrite) {
    DebugExit exit_port("exit");
    test::Initiator port(exit_port.socket);
    std::vector<std::uint32_t> values;
    exit_port.on_exit([&](std::uint32_t value) { values.push_back(value); });
    run();
    port.write(0, 0x2a);
    port.write(0, 0x12345678, 4);
    port.poke(0, 1);
    EXPECT_EQ(values, (std::vector<std::uint32_t>{0x2a, 0x12345678}));
    EXPECT_EQ(port.read(0, 4), 0u);
}

}  // namespace
}  // namespace southgate::chipset
