// The firmware images southgate knows by name: where Debian puts them and what a boot of each looks like.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace southgate::firmware {

// Where an image prints its success marker.
enum class Console {
    debug,   // port 402h
    serial,  // 3F8h
    screen,  // text mode: needs a display adapter
    none,    // prints nothing
};
std::string_view name_of(Console console);

struct Image {
    std::string_view name;     // on the command line
    std::string_view what;
    std::string_view origin;   // Debian package, or the script that builds it
    std::string_view path;     // as installed; a leading ~ stands for the user's cache directory
    std::string_view machine;  // that runs it
    Console console;
    std::string_view marker;   // the text that says it got there; empty: none
    // Deviations of the machine from the datasheets that it relies on (chipset/personality.h).
    std::array<std::string_view, 3> deviations = {};
    // What a flash for its variables contains before the first boot; empty: it uses none.
    std::string_view flash_vars = {};
};

std::span<const Image> catalogue();
// nullptr for an unknown name.
const Image* find(std::string_view name);
// The image that is installed as this file; nullptr if none is.
const Image* find_file(const std::string& path);

// The path with the cache directory filled in: $XDG_CACHE_HOME, else ~/.cache (XDG base directory specification).
std::string path_of(const Image& image);
bool is_present(const Image& image);

}  // namespace southgate::firmware
