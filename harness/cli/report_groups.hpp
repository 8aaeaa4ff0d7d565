// Reports that are named together: files, and folders of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/record/measurement.hpp"

namespace stele {

struct ReportGroup {
    std::vector<std::string> files;
    std::vector<Report> reports;  ///< one a file
};

/// The reports at these paths; of a folder all *.json, in the order of their names. The same run twice counts once,
/// which is said. Throws ReportError and BadInput.
ReportGroup read_group(const std::vector<std::string>& paths);

/// As keep_problems() of report_input.hpp; nothing may be left.
void keep_problems(ReportGroup& group, const std::vector<std::string>& globs);

/// One line: from which files, which revision, when, how many rounds.
std::string group_line(std::string_view name, const ReportGroup& group);

}  // namespace stele
