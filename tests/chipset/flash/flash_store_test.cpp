// The file behind a flash: what is refused, and that no crash leaves anything but the bytes of one commit.
#include "chipset/flash/flash_store.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include <algorithm>

#include "tests/chipset/flash/scratch_file.h"

namespace southgate::chipset::flash {
namespace {

using test::ScratchFile;

std::string reason(const std::string& path, std::size_t limit = 1 << 20,
                   FlashStore::Writes writes = FlashStore::Writes::persist) {
    try {
        FlashStore::open(path, limit, writes);
    } catch (const StoreError& error) {
        return error.what();
    }
    return "accepted";
}

TEST(FlashStore, RefusesWhatItCannotUse) {
    ScratchFile file(std::vector<std::uint8_t>(100, 1));
    EXPECT_EQ(reason(file.path()), "accepted");
    EXPECT_EQ(reason(file.directory() + "/absent"), file.directory() + "/absent: no such file");
    EXPECT_EQ(reason(file.directory()), file.directory() + ": not a regular file");
    EXPECT_EQ(reason(file.path(), 99), file.path() + ": 100 bytes, expected 1 to 99");
    ::chmod(file.path().c_str(), 0444);
    EXPECT_EQ(reason(file.path()), file.path() + ": is read-only");
    EXPECT_EQ(reason(file.path(), 100, FlashStore::Writes::discard), "accepted");
}

TEST(FlashStore, OneStoreForOneFile) {
    ScratchFile file(std::vector<std::uint8_t>(100, 1));
    {
        FlashStore first = FlashStore::open(file.path(), 100, FlashStore::Writes::persist);
        EXPECT_EQ(reason(file.path()), file.path() + ": is in use by another run");
        ASSERT_TRUE(first.commit());
        EXPECT_EQ(reason(file.path()), file.path() + ": is in use by another run") << "after the file was replaced";
    }
    EXPECT_EQ(reason(file.path()), "accepted");
}

TEST(FlashStore, CommitReplacesTheFileAndKeepsItsMode) {
    ScratchFile file(std::vector<std::uint8_t>(100, 1));
    ::chmod(file.path().c_str(), 0640);
    const std::string link = file.directory() + "/link";
    std::filesystem::create_symlink(file.path(), link);
    {
        FlashStore store = FlashStore::open(link, 100, FlashStore::Writes::persist);
        store.bytes()[7] = 9;
        EXPECT_EQ(file.bytes()[7], 1);
        ASSERT_TRUE(store.commit());
        EXPECT_FALSE(store.error());
    }
    EXPECT_EQ(file.bytes()[7], 9);
    EXPECT_EQ(file.bytes().size(), 100u);
    EXPECT_TRUE(std::filesystem::is_symlink(link));
    struct stat info {};
    ASSERT_EQ(::stat(file.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0640u);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(file.directory()), {}), 2) << "file and link";
}

TEST(FlashStore, DiscardedWritesLeaveTheFileAlone) {
    ScratchFile file(std::vector<std::uint8_t>(100, 1));
    FlashStore store = FlashStore::open(file.path(), 100, FlashStore::Writes::discard);
    store.bytes()[7] = 9;
    EXPECT_TRUE(store.commit());
    EXPECT_EQ(file.bytes(), std::vector<std::uint8_t>(100, 1));
}

TEST(FlashStore, AFailedCommitIsReportedOnceAndKeepsTheFile) {
    ScratchFile file(std::vector<std::uint8_t>(100, 1));
    FlashStore store = FlashStore::open(file.path(), 100, FlashStore::Writes::persist);
    std::filesystem::create_directory(file.path() + ".new");
    store.bytes()[7] = 9;
    EXPECT_FALSE(store.commit());
    ASSERT_TRUE(store.error());
    EXPECT_EQ(store.error()->find(file.path() + ": cannot be written: "), 0u) << *store.error();
    EXPECT_EQ(file.bytes(), std::vector<std::uint8_t>(100, 1));
}

// Commits fill the file with one value each, the next value every time, until the process is killed in the middle.
TEST(FlashStore, AKilledProcessLeavesTheBytesOfOneCommit) {
    constexpr std::size_t size = 540672;
    ScratchFile file(std::vector<std::uint8_t>(size, 0));
    for (unsigned round = 0; round < 10; ++round) {
        const std::uint8_t before = file.bytes().at(0);
        int done[2];  // a byte for each commit that returned
        ASSERT_EQ(::pipe(done), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            FlashStore store = FlashStore::open(file.path(), size, FlashStore::Writes::persist);
            for (std::uint8_t value = before + 1;; ++value) {
                std::fill(store.bytes().begin(), store.bytes().end(), value);
                if (!store.commit() || ::write(done[1], "", 1) != 1) ::_exit(1);
            }
        }
        const unsigned awaited = round % 3 + 1;
        for (unsigned n = 0; n < awaited; ++n) {
            char byte;
            ASSERT_EQ(::read(done[0], &byte, 1), 1);
        }
        const timespec pause{0, static_cast<long>(round * 713'000)};
        ::nanosleep(&pause, nullptr);
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        ::close(done[0]);
        ::close(done[1]);
        ASSERT_TRUE(WIFSIGNALED(status)) << "a commit failed";
        const auto bytes = file.bytes();
        ASSERT_EQ(bytes.size(), size);
        ASSERT_EQ(static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), bytes[0])), size) << "torn";
        ASSERT_GE(static_cast<std::uint8_t>(bytes[0] - before), awaited) << "a commit that returned is lost";
    }
    // What the last one left behind does not disturb.
    FlashStore store = FlashStore::open(file.path(), size, FlashStore::Writes::persist);
    EXPECT_TRUE(store.commit());
    EXPECT_FALSE(std::filesystem::exists(file.path() + ".new"));
}

}  // namespace
}  // namespace southgate::chipset::flash
