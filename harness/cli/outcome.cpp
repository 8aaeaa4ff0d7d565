#include "harness/cli/outcome.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <new>

#include "backends/error.hpp"
#include "backends/names.hpp"
#include "harness/base/error.hpp"
#include "kernels/operation.hpp"

namespace stele {

Ending outcome_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const Interrupted& what) {
        return {exit_interrupted, what.what()};
    } catch (const BadInput& what) {
        return {exit_usage, what.what()};
    } catch (const ProblemError& what) {
        return {exit_usage, what.what()};
    } catch (const CannotWrite& what) {
        return {exit_usage, what.what()};
    } catch (const NothingFound& what) {
        return {exit_nothing, what.what()};
    } catch (const Error& what) {
        return {exit_wrong, what.what()};
    } catch (const DeviceError& what) {
        return {exit_wrong, what.what()};
    } catch (const std::bad_alloc&) {
        return {exit_wrong, "out of memory on the host; try a smaller problem"};
    } catch (const std::exception& what) {
        return {exit_wrong, fmt::format("internal error: {}", what.what())};
    }
}

void fail_nothing_ran(const std::vector<Measurement>& measurements) {
    std::vector<std::string> reasons;
    for (const Measurement& cell : measurements) {
        std::string reason =
            fmt::format("{}{}: {}", cell.variant, cell.device.empty() ? "" : " on " + cell.device, cell.verdict.reason);
        if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) reasons.push_back(std::move(reason));
    }
    constexpr std::size_t most = 5;
    const std::size_t more = reasons.size() > most ? reasons.size() - most : 0;
    reasons.resize(std::min(reasons.size(), most));
    throw NothingFound(fmt::format("nothing ran\n  {}{}", fmt::join(reasons, "\n  "),
                                   more ? fmt::format("\n  and {} more", more) : ""));
}

ExitCode outcome_of(const std::vector<Measurement>& measurements, bool complete) {
    const auto any = [&](auto&& holds) { return std::any_of(measurements.begin(), measurements.end(), holds); };
    if (any([](const Measurement& cell) { return is_failure(cell.verdict.outcome); })) return exit_wrong;
    if (!complete) return exit_interrupted;
    if (!any([](const Measurement& cell) { return cell.verdict.outcome == Outcome::passed; }))
        fail_nothing_ran(measurements);
    return exit_fine;
}

std::string count_outcomes(const std::vector<Measurement>& measurements) {
    std::vector<std::string> parts;
    for (const std::string& outcome : names_of<Outcome>()) {
        const auto count = std::count_if(measurements.begin(), measurements.end(), [&](const Measurement& cell) {
            return name(cell.verdict.outcome) == outcome;
        });
        if (count > 0 || outcome == "passed") parts.push_back(fmt::format("{} {}", count, outcome));
    }
    return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace stele
