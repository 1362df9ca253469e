// Runs a fuzz target without libFuzzer: given files once each, or a deterministic loop of random and mutated
// inputs. usage: TARGET [--iterations N] [--seconds S] [--seed S] [--size BYTES] [--keep FILE] [FILE...]
// --seconds ends the loop early.
// --keep writes each input to FILE before it runs, so that the one that crashed can be replayed.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t pool_size = 64;  // inputs kept as parents of mutations

class Mutator {
  public:
    Mutator(std::uint64_t seed, std::size_t size) : random_(seed), size_(size) {}

    Bytes next() {
        Bytes input = pool_.empty() || random_() % 4 == 0 ? fresh() : pool_[random_() % pool_.size()];
        for (std::uint64_t n = random_() % 8; n != 0; --n) mutate(input);
        if (pool_.size() < pool_size)
            pool_.push_back(input);
        else if (random_() % 8 == 0)
            pool_[random_() % pool_size] = input;
        return input;
    }

  private:
    Bytes fresh() {
        Bytes input(1 + random_() % size_);
        for (auto& byte : input) byte = static_cast<std::uint8_t>(random_());
        return input;
    }
    void mutate(Bytes& input) {
        static constexpr std::uint8_t telling[] = {0x00, 0xff, 0x7f, 0x80, 0x01, 0x66, 0x67, 0xf0, 0xf2, 0xf3,
                                                   0x0f, 0x6c, 0x6e, 0x8e, 0x9d, 0xcd, 0xcf, 0xe6, 0xec};
        const std::size_t at = random_() % input.size();
        switch (random_() % 6) {
            case 0:
                input[at] = static_cast<std::uint8_t>(random_());
                break;
            case 1:
                input[at] ^= static_cast<std::uint8_t>(1u << (random_() % 8));
                break;
            case 2:
                input[at] = telling[random_() % std::size(telling)];
                break;
            case 3:
                input.insert(input.begin() + static_cast<std::ptrdiff_t>(at),
                             static_cast<std::uint8_t>(random_()));
                break;
            case 4:
                if (input.size() > 1) input.erase(input.begin() + static_cast<std::ptrdiff_t>(at));
                break;
            default: {
                // Repeats a piece elsewhere.
                const std::size_t from = random_() % input.size();
                const std::size_t n =
                    std::min<std::size_t>(1 + random_() % 16, input.size() - std::max(at, from));
                std::memmove(input.data() + at, input.data() + from, n);
                break;
            }
        }
        if (input.size() > size_) input.resize(size_);
    }

    std::mt19937_64 random_;
    std::size_t size_;
    std::vector<Bytes> pool_;
};

std::uint64_t number(const char* option, const char* text) {
    char* end = nullptr;
    const std::uint64_t value = text ? std::strtoull(text, &end, 0) : 0;
    if (!text || *text == 0 || *end != 0) {
        std::fprintf(stderr, "%s: expected a number after it, got '%s'\n", option, text ? text : "");
        std::exit(2);
    }
    return value;
}

int replay(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        std::fprintf(stderr, "%s: cannot be read\n", path.c_str());
        return 2;
    }
    const Bytes input{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    LLVMFuzzerTestOneInput(input.data(), input.size());
    return 0;
}

// The input being run lies here when the process dies, for replay.
void note_crash_input(const Bytes& input, const char* path) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(input.data()), static_cast<std::streamsize>(input.size()));
}

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t iterations = 1000, seconds = 0, seed = 1, size = 256;
    const char* keep = nullptr;
    bool files = false;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument == "--iterations")
            iterations = number("--iterations", argv[++i]);
        else if (argument == "--seconds")
            seconds = number("--seconds", argv[++i]);
        else if (argument == "--seed")
            seed = number("--seed", argv[++i]);
        else if (argument == "--size")
            size = std::max<std::uint64_t>(1, number("--size", argv[++i]));
        else if (argument == "--keep" && i + 1 < argc)
            keep = argv[++i];
        else if (argument.starts_with("--")) {
            std::fprintf(stderr,
                         "usage: %s [--iterations N] [--seconds S] [--seed S] [--size BYTES] [--keep FILE] [FILE...]\n",
                         argv[0]);
            return 2;
        } else {
            files = true;
            if (const int status = replay(argument)) return status;
        }
    }
    if (files) return 0;
    Mutator mutator(seed, size);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    std::uint64_t done = 0;
    for (; done < iterations && (seconds == 0 || std::chrono::steady_clock::now() < end); ++done) {
        const Bytes input = mutator.next();
        if (keep) note_crash_input(input, keep);
        LLVMFuzzerTestOneInput(input.data(), input.size());
    }
    std::printf("%llu inputs\n", static_cast<unsigned long long>(done));
    return 0;
}
