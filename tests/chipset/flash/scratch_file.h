// A file in a directory of its own that goes away with the object.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace southgate::chipset::flash::test {

class ScratchFile {
  public:
    explicit ScratchFile(const std::vector<std::uint8_t>& bytes) {
        std::string name = std::filesystem::temp_directory_path() / "southgate-flash-XXXXXX";
        if (!mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
        directory_ = name;
        std::ofstream out(path(), std::ios::binary);
        out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
    ~ScratchFile() {
        std::error_code error;
        std::filesystem::remove_all(directory_, error);
    }
    ScratchFile(const ScratchFile&) = delete;
    ScratchFile& operator=(const ScratchFile&) = delete;

    std::string directory() const { return directory_; }
    std::string path() const { return directory_ + "/vars.fd"; }
    std::vector<std::uint8_t> bytes() const {
        std::ifstream in(path(), std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }

  private:
    std::string directory_;
};

}  // namespace southgate::chipset::flash::test
