#include "harness/record/journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/base/json_document.hpp"
#include "harness/base/json_fields.hpp"
#include "harness/record/report_fields.hpp"
#include "harness/record/report_json.hpp"

namespace stele {

template <typename Visit, same_but_const<JournalEntry> T>
void visit_fields(Visit& visit, T& entry) {
    visit("cell", entry.cell);
    visit("round", entry.round);
    visit("measurement", entry.measurement);
}

template <typename Visit, same_but_const<JournalHead> T>
void visit_fields(Visit& visit, T& head) {
    visit("report", head.report);
    visit("paths", head.paths);
}

namespace {

constexpr DocumentKind journal_kind{"journal", "stele-journal", 1};

CannotWrite cannot_write(const std::filesystem::path& path) {
    return CannotWrite(fmt::format("cannot write the journal {}: {}", path.string(), std::strerror(errno)));
}

/// One process writes a journal: the lock goes with it, however it ends.
bool is_ours(const Descriptor& file) { return ::flock(file.get(), LOCK_EX | LOCK_NB) == 0; }

}  // namespace

Journal::Journal(const std::filesystem::path& path, const JournalHead& head) : path_(path) {
    if (path.has_parent_path()) make_folder(path.parent_path());
    for (int count = 2; !file_.open(); ++count) {
        file_ = Descriptor(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644));
        if (file_.open()) break;
        if (errno != EEXIST) throw cannot_write(path_);
        path_ = path;
        path_ += fmt::format("-{}", count);
    }
    is_ours(file_);
    write(json_fields::line_of_json([&](nlohmann::ordered_json& json) {
        json = new_document(journal_kind);
        json_fields::write_fields(json, head);
    }));
}

Journal::Journal(const std::filesystem::path& unfinished)
    : path_(unfinished), file_(::open(unfinished.c_str(), O_RDWR | O_APPEND | O_CLOEXEC)) {
    if (!file_.open()) throw cannot_write(path_);
    if (!is_ours(file_)) throw BadInput(fmt::format("{}: the run that writes it has not ended", path_.string()));
    // What was being written when the run ended is no line, and must not become the start of one.
    const std::string text = read_input(unfinished);
    const std::size_t whole = text.rfind('\n') == text.npos ? 0 : text.rfind('\n') + 1;
    if (::ftruncate(file_.get(), static_cast<off_t>(whole)) != 0) throw cannot_write(path_);
}

void Journal::write(std::string line) {
    line += '\n';
    if (!write_all(file_.get(), line)) throw cannot_write(path_);
    if (::fdatasync(file_.get()) != 0) throw cannot_write(path_);
}

void Journal::add(const JournalEntry& entry) { write(json_fields::line_of(entry)); }

void Journal::remove() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
}

UnfinishedRun read_journal(const std::filesystem::path& path) {
    const std::string text = read_input(path);
    UnfinishedRun run;
    std::size_t number = 0;
    for (std::size_t at = 0; at < text.size(); ++number) {
        const std::size_t end = text.find('\n', at);
        if (end == text.npos) break;
        const std::string_view line = std::string_view(text).substr(at, end - at);
        at = end + 1;
        try {
            if (number == 0)
                json_fields::read(parse_document(line, journal_kind), "", run.head);
            else
                run.entries.push_back(json_fields::from_line<JournalEntry>(line));
        } catch (const BadInput& error) {
            throw ReportError(fmt::format("{}: line {}: {}", path.string(), number + 1, error.what()));
        }
    }
    if (number == 0) throw ReportError(path.string() + ": holds no journal of a run");
    return run;
}

}  // namespace stele
