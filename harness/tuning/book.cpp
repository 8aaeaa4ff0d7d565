#include "harness/tuning/book.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <sstream>
#include <tuple>

#include "backends/names.hpp"
#include "harness/base/json_document.hpp"

namespace stele {

namespace {

/// A problem text taken apart: "m=512" is a number, "b=nk" and "f32" are words.
struct Words {
    std::map<std::string, double> numbers;
    std::set<std::string> others;
};

Words words_of(std::string_view text) {
    Words out;
    std::istringstream in{std::string(text)};
    for (std::string word; in >> word;) {
        const std::size_t equals = word.find('=');
        double value = 0;
        const char* end = word.data() + word.size();
        const bool is_number = equals != std::string::npos && [&] {
            const auto [stopped, error] = std::from_chars(word.data() + equals + 1, end, value);
            return error == std::errc{} && stopped == end;
        }();
        if (is_number)
            out.numbers[word.substr(0, equals)] = value;
        else
            out.others.insert(word);
    }
    return out;
}

enum class Level { device, elsewhere, architecture, vendor, none };

constexpr auto name_list(Level) {
    return name_rows<Level>({{Level::device, "device"},
                             {Level::elsewhere, "device"},
                             {Level::architecture, "architecture"},
                             {Level::vendor, "vendor"},
                             {Level::none, "none"}});
}

Level level_of(const DeviceIdentity& tuned, const Where& where, const DeviceIdentity& asked) {
    if (tuned.is_same_device(asked)) return where == asked.where ? Level::device : Level::elsewhere;
    if (tuned.is_cpu != asked.is_cpu || tuned.vendor.empty() || tuned.vendor != asked.vendor) return Level::none;
    return !tuned.architecture.empty() && tuned.architecture == asked.architecture ? Level::architecture
                                                                                   : Level::vendor;
}

/// What of the device was otherwise when the cell was tuned.
std::string otherwise(Level level, const TunedCell& cell, const DeviceIdentity& tuned, const DeviceIdentity& asked) {
    std::string out;
    if (level == Level::elsewhere) out += " with " + tuned.cell("", "", cell.where).where();
    if (level <= Level::elsewhere && cell.driver != asked.driver) out += " with another driver";
    return out;
}

}  // namespace

std::optional<double> problem_distance(std::string_view a, std::string_view b) {
    constexpr double most = 2;  // a factor of 4
    const Words of_a = words_of(a), of_b = words_of(b);
    if (of_a.others != of_b.others || of_a.numbers.size() != of_b.numbers.size()) return std::nullopt;
    double squares = 0;
    for (const auto& [key, value] : of_a.numbers) {
        const auto other = of_b.numbers.find(key);
        if (other == of_b.numbers.end()) return std::nullopt;
        if (value == other->second) continue;
        const double apart = std::abs(std::log2(value / other->second));
        if (!(apart <= most)) return std::nullopt;
        squares += apart * apart;
    }
    return std::sqrt(squares);
}

TuningBook::TuningBook(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> paths;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error))
        if (entry.path().extension() == ".json" && !entry.path().filename().string().starts_with('.'))
            paths.push_back(entry.path());
    if (error && error != std::errc::no_such_file_or_directory)
        complaints_.push_back(fmt::format("{}: {}", folder.string(), error.message()));
    std::sort(paths.begin(), paths.end());
    for (const auto& path : paths) {
        try {
            add(path.string(), read_tuning(path));
        } catch (const ReportError& unreadable) {
            complaints_.emplace_back(unreadable.what());
        }
    }
}

TileChoice TuningBook::choose(const Registry& registry, const Variant& default_variant, const Problem& problem,
                              const DeviceInfo& device, const DeviceIdentity& identity) const {
    struct Entry {
        Level level;
        bool other_threads;
        double distance;
        const Named* file;
        const TunedCell* cell;
    };
    std::vector<Entry> entries;
    for (const Named& named : files_) {
        for (const TunedCell& cell : named.file.cells) {
            const Level level = level_of(named.file.device, cell.where, identity);
            if (level == Level::none || cell.variant != default_variant.base_id()) continue;
            if (const auto distance = problem_distance(cell.problem, problem.id()))
                entries.push_back({level, cell.where.threads != identity.where.threads, *distance, &named, &cell});
        }
    }
    std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
        return std::tie(a.level, a.other_threads, a.distance) < std::tie(b.level, b.other_threads, b.distance);
    });
    for (const Entry& entry : entries) {
        try {
            const Variant& variant = registry.with_tile(default_variant, entry.cell->chosen.tile);
            if (!variant.supports(device, problem)) continue;
            return {&variant, fmt::format("{}: {}{}, {}", entry.file->name, name(entry.level),
                                          otherwise(entry.level, *entry.cell, entry.file->file.device, identity),
                                          entry.cell->problem)};
        } catch (const RegistryError&) {
            // A tile of an earlier revision, which the variant no longer has.
        }
    }
    return {&registry.default_on(default_variant, device, problem), "default"};
}

}  // namespace stele
