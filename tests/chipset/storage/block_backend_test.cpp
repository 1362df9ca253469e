#include "chipset/storage/block_backend.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace southgate::chipset::storage {
namespace {

class ImageFile {
  public:
    explicit ImageFile(const std::string& content)
        : path_((std::filesystem::temp_directory_path() /
                 ("southgate-image-" + std::to_string(::getpid()) + "-" + std::to_string(count_++)))
                    .string()) {
        std::ofstream(path_, std::ios::binary) << content;
    }
    ~ImageFile() { std::filesystem::remove(path_); }
    const std::string& path() const { return path_; }
    std::string content() const {
        std::ifstream in(path_, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }

  private:
    static inline int count_ = 0;
    std::string path_;
};

std::string error_of(const std::string& path, bool cd = false) {
    try {
        cd ? open_cd_image(path) : open_disk_image(path);
    } catch (const ImageError& error) {
        return error.what();
    }
    return "";
}

TEST(BlockBackend, BadImagesAreRefusedWithTheirNameAndTheReason) {
    const std::string missing = error_of("/nonexistent/disk.img");
    EXPECT_NE(missing.find("/nonexistent/disk.img"), std::string::npos);
    EXPECT_NE(missing.find("No such file"), std::string::npos);
    EXPECT_NE(error_of(ImageFile(std::string(513, 'x')).path()).find("513 bytes, is not a multiple"),
              std::string::npos);
    EXPECT_NE(error_of(ImageFile("").path()).find("is empty"), std::string::npos);
    EXPECT_NE(error_of("/tmp").find("directory"), std::string::npos);
    EXPECT_NE(error_of(ImageFile(std::string(512, 'x')).path(), true).find("2048"), std::string::npos);
    EXPECT_NE(error_of(ImageFile("QFI\xfb" + std::string(508, '\0')).path()).find("qcow2"),
              std::string::npos);
    EXPECT_EQ(error_of(ImageFile(std::string(2048, 'x')).path(), true), "");
}

TEST(BlockBackend, OverlayKeepsWritesInMemoryAndTheFileUnharmed) {
    // Not a multiple of the overlay's clusters, so that the last one is partial.
    const std::string content(4096 * 2 + 512, 'a');
    ImageFile file(content);
    auto disk = open_disk_image(file.path());
    ASSERT_EQ(disk->size(), content.size());
    const std::vector<std::uint8_t> data(1024, 'b');
    ASSERT_TRUE(disk->write(4096 - 512, data));
    ASSERT_TRUE(disk->write(4096 * 2, std::span(data).first(512)));
    std::vector<std::uint8_t> all(content.size());
    ASSERT_TRUE(disk->read(0, all));
    std::string expected = content;
    expected.replace(4096 - 512, 1024, 1024, 'b');
    expected.replace(4096 * 2, 512, 512, 'b');
    EXPECT_EQ(std::string(all.begin(), all.end()), expected);
    disk.reset();
    EXPECT_EQ(file.content(), content);
}

TEST(BlockBackend, PersistWritesTheFile) {
    ImageFile file(std::string(1024, 'a'));
    auto disk = open_disk_image(file.path(), RawImage::Writes::persist);
    ASSERT_TRUE(disk->write(512, std::vector<std::uint8_t>(512, 'c')));
    ASSERT_TRUE(disk->flush());
    EXPECT_EQ(file.content(), std::string(512, 'a') + std::string(512, 'c'));
}

TEST(BlockBackend, AccessOutsideTheImageFails) {
    ImageFile file(std::string(2048, 'a'));
    auto disk = open_disk_image(file.path());
    std::vector<std::uint8_t> data(512);
    EXPECT_FALSE(disk->read(2048 - 511, data));
    EXPECT_FALSE(disk->write(2048, data));
    EXPECT_FALSE(disk->read(~std::uint64_t{0}, data));
    auto cd = open_cd_image(file.path());
    EXPECT_FALSE(cd->writable());
    EXPECT_FALSE(cd->write(0, data));
}

}  // namespace
}  // namespace southgate::chipset::storage
