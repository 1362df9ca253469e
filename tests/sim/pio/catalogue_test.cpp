// The scenarios that come with the program, and a folder beside them.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "sim/pio/scenario/catalogue.h"
#include "sim/run/error.h"

namespace southgate::pio {
namespace {

TEST(Catalogue, EveryRowIsThere) {
    const auto all = load_catalogue();
    std::set<std::string> ids, titles;
    for (const Scenario& s : all) {
        EXPECT_TRUE(ids.insert(s.id).second) << s.id;
        EXPECT_TRUE(titles.insert(s.title).second) << s.title;
        for (const auto& model : s.cells)
            for (const std::string& cell : model) EXPECT_FALSE(cell.empty()) << s.id;
    }
    for (const char* id :
         {"S01", "S02", "S03", "S04", "S05", "S06", "S07", "S08", "S08b", "S09", "S10", "S11", "S12", "S13", "S13b",
          "S13c", "S14", "S15", "S15b", "S16", "S16b", "S17-in", "S17-out", "S17b-in", "S17b-out", "S18", "S18b",
          "S19", "S19b", "S20", "S20b", "S21", "S22", "S22b", "S22b-7e", "S23", "S24", "S24b", "S25", "S26", "S26b",
          "S26c", "S27", "S27b", "S27c", "S27d", "S27e", "S28-in", "S28-out", "S28-7e", "S28b", "S29", "S29b", "S30",
          "S31", "S32", "S33", "S34", "S35", "S35-7e", "S35b", "S36-in", "S36-out", "S36b", "S37", "S38", "S38b",
          "S39-irq", "S39-nmi", "S40-irq-in", "S40-irq-out", "S40-nmi-in", "S40-nmi-out", "S41-in", "S41-out",
          "S41-7e", "S42", "S43", "S43b", "S44-in", "S44-out", "S45", "S46-in", "S46-out", "S47"})
        EXPECT_TRUE(ids.contains(id)) << id;
    EXPECT_TRUE(std::ranges::is_sorted(all, {}, &Scenario::id));
}

TEST(Catalogue, FilesAreNamedAfterTheirScenario) {
    for (const EmbeddedFile& file : embedded_scenarios()) {
        EXPECT_TRUE(file.name.starts_with('s') && file.name.ends_with(".toml")) << file.name;
        EXPECT_EQ(file.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-."), std::string_view::npos);
    }
}

class Folder : public testing::Test {
  protected:
    Folder() : path(testing::TempDir() + "southgate-catalogue-" +
                    testing::UnitTest::GetInstance()->current_test_info()->name()) {
        std::filesystem::remove_all(path);
        std::filesystem::create_directories(path);
    }
    ~Folder() override { std::filesystem::remove_all(path); }
    void write(const std::string& name, const std::string& id) const {
        std::ofstream(path + "/" + name) << "id = \"" << id << "\"\ntitle = \"Mine\"\nwhy = \"Own.\"\nmode = \"real16\"\n"
                                         << "code = \"EC\"\nuserspace = [\"run\", \"drain\"]\n[right]\nrip = \"8001\"\n";
    }
    std::string path;
};

TEST_F(Folder, AddsAndReplaces) {
    write("a.toml", "S08");
    write("b.toml", "Z1");
    write("c.txt", "Z2");
    const auto all = load_catalogue(path);
    EXPECT_EQ(all.size(), load_catalogue().size() + 1);
    EXPECT_EQ(std::ranges::find(all, "S08", &Scenario::id)->title, "Mine");
    EXPECT_EQ(all.back().id, "Z1");
    EXPECT_EQ(all.back().cells[0][0], "");
    EXPECT_EQ(std::ranges::count(all, "S08", &Scenario::id), 1);
}

TEST_F(Folder, WhatCannotBeRead) {
    EXPECT_THROW(load_catalogue(path), sim::UsageError);  // empty
    EXPECT_THROW(load_catalogue(path + "/absent"), sim::UsageError);
    std::ofstream(path + "/bad.toml") << "id = 1\n";
    try {
        load_catalogue(path);
        ADD_FAILURE();
    } catch (const sim::UsageError& error) {
        EXPECT_NE(std::string(error.what()).find("bad.toml:1: id: must be a string"), std::string::npos);
    }
}

TEST(Catalogue, Globs) {
    EXPECT_TRUE(matches_glob("S08", "s08"));
    EXPECT_TRUE(matches_glob("S0?b", "S08b"));
    EXPECT_TRUE(matches_glob("*reset*IN*", "Reset during IN of 8 bits"));
    EXPECT_TRUE(matches_glob("*", ""));
    EXPECT_TRUE(matches_glob("a*b*c", "aXbbYc"));
    EXPECT_FALSE(matches_glob("S08", "S08b"));
    EXPECT_FALSE(matches_glob("", "S"));
    EXPECT_FALSE(matches_glob("a*c", "ab"));
    const auto all = load_catalogue();
    EXPECT_EQ(select(all, {}).size(), all.size());
    EXPECT_EQ(select(all, {"S08", "S10"}).size(), 2u);
    EXPECT_GT(select(all, {"s08*"}).size(), 4u);
    EXPECT_TRUE(select(all, {"nothing like it"}).empty());
}

}  // namespace
}  // namespace southgate::pio
