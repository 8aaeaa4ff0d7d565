// Reports that a command is given.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "harness/study/report_tables.hpp"

namespace stele {

/// Throws ReportError, which names the file.
std::vector<NamedReport> read_reports(const std::vector<std::string>& files);

/// The files *.json of a folder, by name. Throws CannotRead where it is no folder.
std::vector<std::filesystem::path> report_files_in(const std::filesystem::path& folder);

/// All reports of a folder, each run once. What else is there is left out, and said where its name ends in .json.
/// Throws CannotRead where it is no folder, and NothingFound where it has no report.
std::vector<NamedReport> read_report_folder(const std::string& folder);

/// The same run twice would count twice: the later copies are left out, which is said.
void drop_repeated(std::vector<NamedReport>& reports);

/// As selects() in the registry, of variants that this binary may not have, in every tile unless the glob names one.
bool selects_id(std::string_view glob, std::string_view id);

/// Leaves only the variants that a glob selects, by whole id or what lies above it, in every tile unless it names one;
/// all where it is empty. Throws NothingFound where none is left.
void keep_variants(std::vector<NamedReport>& reports, const std::string& glob);

/// Leaves only the problems that a glob matches whole; all where there is no glob. Throws NothingFound where none is
/// left.
void keep_problems(std::vector<NamedReport>& reports, const std::vector<std::string>& globs);
/// The same of one report; true where anything is left.
bool keep_problems(Report& report, const std::vector<std::string>& globs);

}  // namespace stele
