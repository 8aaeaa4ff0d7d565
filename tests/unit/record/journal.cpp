#include "harness/record/journal.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/base/folder.hpp"
#include "harness/base/json_document.hpp"

namespace stele::journal_test {
namespace {

JournalEntry entry(std::size_t cell, const std::string& variant) {
    JournalEntry out;
    out.cell = cell;
    out.round = 3;
    out.measurement.variant = variant;
    out.measurement.verdict.outcome = Outcome::passed;
    return out;
}

class JournalTest : public testing::Test {
protected:
    const TemporaryFolder folder;
    const std::filesystem::path path = folder.path() / "run.journal";
    JournalHead head{{}, {"a.json", "b.json"}};
};

TEST_F(JournalTest, IsReadBack) {
    head.report.environment.revision = "abc";
    Journal journal(path, head);
    journal.add(entry(0, "one"));
    journal.add(entry(5, "two\nlines"));
    const UnfinishedRun run = read_journal(path);
    EXPECT_EQ(run.head.report.environment.revision, "abc");
    EXPECT_EQ(run.head.paths, head.paths);
    ASSERT_EQ(run.entries.size(), 2u);
    EXPECT_EQ(run.entries[1].cell, 5u);
    EXPECT_EQ(run.entries[1].round, 3u);
    EXPECT_EQ(run.entries[1].measurement.variant, "two\nlines");
    journal.remove();
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(JournalTest, CutAnywhereItHoldsWhatWasWhole) {
    {
        const Journal begun(path, head);
    }
    const std::size_t head_bytes = std::filesystem::file_size(path);
    Journal(path).add(entry(0, "one"));
    const std::size_t one_bytes = std::filesystem::file_size(path);
    Journal(path).add(entry(1, "two"));
    const std::string whole = read_input(path);
    for (std::size_t bytes = 0; bytes <= whole.size(); ++bytes) {
        // Every byte near the ends of lines, one in ten elsewhere: each costs the disk's time.
        const auto near = [bytes](std::size_t end) { return bytes + 4 > end && bytes < end + 4; };
        if (bytes % 10 != 0 && !near(0) && !near(head_bytes) && !near(one_bytes) && !near(whole.size())) continue;
        std::ofstream(path, std::ios::binary | std::ios::trunc) << whole.substr(0, bytes);
        if (bytes < head_bytes) {
            EXPECT_THROW(read_journal(path), ReportError) << bytes;
            continue;
        }
        const std::size_t wanted = bytes == whole.size() ? 2 : bytes >= one_bytes ? 1 : 0;
        ASSERT_EQ(read_journal(path).entries.size(), wanted) << bytes << " bytes";
        Journal(path).add(entry(9, "after"));
        const UnfinishedRun run = read_journal(path);
        ASSERT_EQ(run.entries.size(), wanted + 1) << bytes << " bytes";
        EXPECT_EQ(run.entries.back().cell, 9u);
    }
}

TEST_F(JournalTest, NeverTakesTheOtherOnesPlace) {
    Journal one(path, head), two(path, head);
    EXPECT_EQ(Journal(path, head).path(), path.string() + "-3");
    EXPECT_EQ(one.path(), path);
    EXPECT_EQ(two.path(), path.string() + "-2");
    one.add(entry(0, "one"));
    EXPECT_TRUE(read_journal(two.path()).entries.empty());
}

TEST_F(JournalTest, IsOneRunsAtATime) {
    {
        const Journal running(path, head);
        EXPECT_THROW(Journal{path}, BadInput);
    }
    EXPECT_NO_THROW(Journal{path}) << "once that run has ended";
}

TEST_F(JournalTest, WhatIsNoJournalIsRefused) {
    std::ofstream(path) << "{\"format\": \"stele-report\", \"schema_version\": 2}\n";
    EXPECT_THROW(read_journal(path), ReportError);
    std::ofstream(path) << "nothing of the kind\n";
    EXPECT_THROW(read_journal(path), ReportError);
    EXPECT_THROW(Journal("/proc/nowhere/x", head), CannotWrite);
    EXPECT_THROW(Journal(folder.path() / "none"), CannotWrite);
    std::ofstream(path) << "";
    EXPECT_THROW(read_journal(path), ReportError);
}

TEST_F(JournalTest, TheLineThatCannotBeReadIsNamed) {
    Journal(path, head).add(entry(0, "one"));
    const std::string first = read_input(path).substr(0, read_input(path).find('\n') + 1);
    EXPECT_TRUE(first.starts_with(R"({"format":"stele-journal","schema_version":1,)")) << first.substr(0, 80);
    const auto message = [&](const std::string& text) -> std::string {
        std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
        try {
            read_journal(path);
        } catch (const ReportError& error) {
            return error.what();
        }
        return "";
    };
    EXPECT_TRUE(message("3\n").starts_with(path.string() + ": line 1: ")) << message("3\n");
    EXPECT_TRUE(message(first + "{}\n").starts_with(path.string() + ": line 2: ")) << message(first + "{}\n");
    EXPECT_EQ(message(first), "");
}

TEST_F(JournalTest, WithoutAWholeLineItGoesOnEmpty) {
    std::ofstream(path) << "cut before its end";
    const Journal journal(path);
    EXPECT_EQ(std::filesystem::file_size(path), 0u);
}

}  // namespace
}  // namespace stele::journal_test
