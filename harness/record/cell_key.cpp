#include "harness/record/cell_key.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "harness/base/json_document.hpp"
#include "harness/record/hardware.hpp"

namespace stele {

namespace {

constexpr std::string_view between = " | ", unknown_cpus = "unknown CPUs", for_quota = " for ";

/// A bar in a name must not end the field, nor a line end the text.
std::string escaped(std::string_view field) {
    std::string out;
    for (const char c : field) {
        if (c == '|' || c == '\\') out += '\\';
        if (c == '\n')
            out += "\\n";
        else
            out += c;
    }
    return out;
}

std::vector<std::string> fields_of(std::string_view text) {
    std::vector<std::string> fields(1);
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text.substr(at).starts_with(between)) {
            fields.emplace_back();
            at += between.size() - 1;
        } else if (text[at] == '\\' && at + 1 < text.size()) {
            fields.back() += text[++at] == 'n' ? '\n' : text[at];
        } else {
            fields.back() += text[at];
        }
    }
    return fields;
}

[[noreturn]] void fail(std::string_view text) { throw ReportError(fmt::format("'{}' is not the key of a cell", text)); }

template <typename E>
E named(std::string_view word, std::string_view text) {
    const auto known = from_name<E>(word);
    if (!known) fail(text);
    return *known;
}

/// Of the library whose row this is; 0 where it is none, or does not tell.
int library_threads(const Measurement& cell, const Environment& environment) {
    constexpr std::string_view vendor = "vendor.";
    if (!environment.libraries || !cell.algorithm.starts_with(vendor)) return 0;
    const auto found = environment.libraries->find(cell.algorithm.substr(vendor.size()));
    return found == environment.libraries->end() ? 0 : found->second.threads;
}

}  // namespace

std::string CellKey::where() const {
    if (threads == 0) return {};
    return fmt::format("{} threads on {}{}", threads, cpus.empty() ? unknown_cpus : cpus,
                       cpu_quota > 0 ? fmt::format("{}{}", for_quota, cpu_quota) : "");
}

std::string CellKey::text() const {
    return fmt::format("{}{}{}{}{}{}{}{}{}{}{} {} {}{}{}", escaped(variant), between, escaped(problem), between,
                       escaped(hardware), between, escaped(backend), between, escaped(platform), between, name(regime),
                       name(cache), name(fill), between, where());
}

CellKey parse_cell_key(std::string_view text) {
    const std::vector<std::string> fields = fields_of(text);
    if (fields.size() != 7) fail(text);
    CellKey key;
    key.variant = fields[0];
    key.problem = fields[1];
    key.hardware = fields[2];
    key.backend = fields[3];
    key.platform = fields[4];

    const std::string& conditions = fields[5];
    const std::size_t first = conditions.find(' '), second = conditions.find(' ', first + 1);
    if (first == std::string::npos || second == std::string::npos) fail(text);
    key.regime = named<Regime>(conditions.substr(0, first), text);
    key.cache = named<CacheMode>(conditions.substr(first + 1, second - first - 1), text);
    key.fill = named<Fill>(conditions.substr(second + 1), text);

    const std::string& where = fields[6];
    if (where.empty()) return key;
    constexpr std::string_view on = " threads on ";
    const auto [stopped, error] = std::from_chars(where.data(), where.data() + where.size(), key.threads);
    std::string_view rest(stopped, where.data() + where.size());
    if (error != std::errc{} || key.threads <= 0 || !rest.starts_with(on)) fail(text);
    rest.remove_prefix(on.size());
    if (const std::size_t quota = rest.find(for_quota); quota != std::string_view::npos) {
        const char* end = rest.data() + rest.size();
        const auto [read, wrong] = std::from_chars(rest.data() + quota + for_quota.size(), end, key.cpu_quota);
        if (wrong != std::errc{} || read != end || !(key.cpu_quota > 0)) fail(text);
        rest = rest.substr(0, quota);
    }
    if (rest != unknown_cpus) key.cpus = rest;
    return key;
}

CellKey key_of(const Measurement& measurement, const Report& report) {
    CellKey key;
    key.variant = measurement.variant;
    key.problem = measurement.problem;
    key.regime = measurement.regime;
    key.cache = measurement.cache;
    key.fill = measurement.fill;
    const auto device = std::find_if(report.devices.begin(), report.devices.end(),
                                     [&](const DeviceInfo& known) { return known.id == measurement.device; });
    if (device == report.devices.end()) return key;
    key.hardware = hardware_of(*device, report.environment);
    key.backend = device->backend;
    key.platform = device->platform;
    if (!device->is_cpu) return key;
    const int own = library_threads(measurement, report.environment);
    key.threads = own > 0 ? own : device->compute_units;
    key.cpus = report.environment.allowed_cpus;
    key.cpu_quota = report.environment.cpu_quota.value_or(0);
    return key;
}

std::string cell_title(std::string_view variant, std::string_view problem, std::string_view device) {
    return fmt::format("{} on {} ({})", variant, problem, device);
}

std::string cell_path(const Measurement& measurement) {
    return fmt::format("{}/{}/{}", measurement.variant, measurement.problem, measurement.device);
}

}  // namespace stele
