// Apache Otava: histories as the CSV files and the configuration that it reads, and the change points that it finds.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/exchange/exporters.hpp"
#include "harness/study/history.hpp"

namespace stele {

/// The pinned version, and how to get it, in one line.
std::string how_to_get_otava();

/// What STELE_OTAVA names, else `otava` on PATH, else the one that ./dev installs; nothing where there is none.
std::optional<std::filesystem::path> find_otava();

/// otava.yaml, and a CSV file a segment of a cell's course: a test of type `csv` each
/// (https://otava.apache.org/docs/csv), whose metric median_ns is better when it is smaller; all of them in the group
/// `stele`. The configuration names its files below `place`. Throws NothingFound where nothing was timed.
std::vector<ExportedFile> otava_folder(std::span<const NamedReport> reports, const std::filesystem::path& place);

/// Fills in the change points that Otava finds by its defaults. Throws Failed with its words where it does not answer
/// for each segment.
void find_change_points(History& history, std::span<const NamedReport> reports, const std::filesystem::path& otava);

}  // namespace stele
