// Reports in the forms that other tools read. `stele export --to`, its page and its tests follow this one list.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/study/report_tables.hpp"

namespace stele {

/// A file of a folder that is exported.
struct ExportedFile {
    std::string name;
    std::string text;
};

/// What one --to writes: a text of one or several reports, or a folder. They throw NothingFound where the reports hold
/// nothing that could stand there.
struct Exporter {
    std::string_view name;
    std::string_view title;  ///< what it is, and who reads it
    std::string (*of_one)(const NamedReport& report) = nullptr;
    std::string (*of_all)(std::span<const NamedReport> reports) = nullptr;
    std::vector<ExportedFile> (*folder)(std::span<const NamedReport> reports,
                                        const std::filesystem::path& place) = nullptr;
};

std::span<const Exporter> all_exporters();

}  // namespace stele
