// What a run has measured so far, on disk as it is measured, so that no end of the process can lose it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/base/descriptor.hpp"
#include "harness/record/measurement.hpp"

namespace stele {

/// What a run knows before it measures.
struct JournalHead {
    Report report;                   ///< its measurements are those that were left out
    std::vector<std::string> paths;  ///< where its reports go
};

struct JournalEntry {
    std::size_t cell = 0;     ///< its place among the run's cells
    std::uint32_t round = 0;  ///< the process that measured it
    Measurement measurement;
};

/// A file of lines: the head, then an entry a line. Each is on the disk when the call returns.
class Journal {
public:
    /// Makes a new file at `path`, or beside it ("-2", "-3", …) where one is already. Throws CannotWrite.
    Journal(const std::filesystem::path& path, const JournalHead& head);
    /// Goes on with the file of a run that did not end. Throws CannotWrite, and BadInput while that run still goes on.
    explicit Journal(const std::filesystem::path& unfinished);

    const std::filesystem::path& path() const { return path_; }
    /// Throws CannotWrite.
    void add(const JournalEntry& entry);
    /// The run's reports are written.
    void remove();

private:
    void write(std::string line);

    std::filesystem::path path_;
    Descriptor file_;
};

struct UnfinishedRun {
    JournalHead head;
    std::vector<JournalEntry> entries;
};

/// A last line that was not written to its end is left out. Throws ReportError.
UnfinishedRun read_journal(const std::filesystem::path& path);

}  // namespace stele
