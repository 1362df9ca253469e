// Expected texts and their answers, without a machine.
#include "sim/run/dialogue.h"

#include <gtest/gtest.h>

#include <string>

#include "sim/run/error.h"

namespace southgate::sim::test {
namespace {

using Steps = std::vector<DialogueStep>;

void show(Dialogue& dialogue, std::string_view text, unsigned console = 1) {
    for (const char c : text) dialogue.console_byte(console, static_cast<std::uint8_t>(c));
}

TEST(Dialogue, NothingExpectedIsDone) {
    Dialogue dialogue(Steps{});
    EXPECT_TRUE(dialogue.done());
    EXPECT_EQ(dialogue.awaited(), "");
    show(dialogue, "login: ");
    EXPECT_EQ(dialogue.take_answers(), "");
}

TEST(Dialogue, AnswersOnceTheTextIsComplete) {
    Dialogue dialogue(Steps{{"login: ", "root"}});
    EXPECT_EQ(dialogue.awaited(), "login: ");
    show(dialogue, "login:");
    EXPECT_EQ(dialogue.take_answers(), "");
    show(dialogue, " ");
    EXPECT_TRUE(dialogue.done());
    EXPECT_EQ(dialogue.take_answers(), "root\r");
    EXPECT_EQ(dialogue.take_answers(), "");
    show(dialogue, "login: ");
    EXPECT_EQ(dialogue.take_answers(), "");
}

TEST(Dialogue, StepsComeInOrderEachBehindTheOneBefore) {
    Dialogue dialogue(Steps{{"# ", "one"}, {"# ", "two"}, {"bye", "three"}});
    show(dialogue, "bye# ");
    EXPECT_EQ(dialogue.take_answers(), "one\r");
    show(dialogue, "bye");
    EXPECT_EQ(dialogue.take_answers(), "");
    show(dialogue, "# bye");
    EXPECT_TRUE(dialogue.done());
    EXPECT_EQ(dialogue.take_answers(), "two\rthree\r");
}

TEST(Dialogue, ATextIsCompleteOnOneConsole) {
    Dialogue dialogue(Steps{{"ab", "x"}});
    show(dialogue, "a", 0);
    show(dialogue, "b", 1);
    EXPECT_FALSE(dialogue.done());
    show(dialogue, "b", 0);
    EXPECT_TRUE(dialogue.done());
}

TEST(Dialogue, EscapesInBothDirections) {
    Dialogue dialogue(Steps{{"\\r\\n# ", "\\x1b[A\\t"}, {"go", "q\\c"}, {"go", "\\\\c"}, {"go", ""}, {"go", "\\c"}});
    show(dialogue, "\n# ");
    EXPECT_EQ(dialogue.take_answers(), "");
    show(dialogue, "\r\n# ");
    EXPECT_EQ(dialogue.take_answers(), "\x1b[A\t\r");
    show(dialogue, "go");
    EXPECT_EQ(dialogue.take_answers(), "q");
    show(dialogue, "go");
    EXPECT_EQ(dialogue.take_answers(), "\\c\r");
    show(dialogue, "go");
    EXPECT_EQ(dialogue.take_answers(), "\r");
    show(dialogue, "go");
    EXPECT_EQ(dialogue.take_answers(), "");
    EXPECT_TRUE(dialogue.done());
}

TEST(Dialogue, Unescape) {
    EXPECT_EQ(unescape("plain"), "plain");
    EXPECT_EQ(unescape("\\r\\n\\t\\e\\\\"), "\r\n\t\x1b\\");
    EXPECT_EQ(unescape("\\x41\\xfF"), "A\xff");
    EXPECT_EQ(unescape("a\\0b"), std::string("a\0b", 3));
    for (const char* bad : {"\\", "a\\", "\\q", "\\c", "\\x", "\\x1", "\\xg0", "\\x-1", "\\x 1"})
        EXPECT_THROW(unescape(bad), UsageError) << bad;
}

TEST(Dialogue, EmptyTextIsRefused) {
    EXPECT_THROW(Dialogue(Steps{{"", "x"}}), UsageError);
    EXPECT_THROW(Dialogue(Steps{{"x", "\\"}}), UsageError);
}

}  // namespace
}  // namespace southgate::sim::test
