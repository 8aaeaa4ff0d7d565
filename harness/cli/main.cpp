// stele: see docs/cli.md.
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>

#include "backends/error.hpp"
#include "harness/base/exit_code.hpp"
#include "harness/catalog/registry.hpp"
#include "harness/cli/commands/all.hpp"
#include "harness/cli/interrupt.hpp"
#include "harness/cli/options.hpp"
#include "harness/exchange/google_benchmark.hpp"
#include "harness/record/report_json.hpp"

namespace {

int complain(int exit_code, const char* message) {
    fmt::print(stderr, "stele: {}\n", message);
    return exit_code;
}

int run(const std::vector<std::string>& arguments) {
    using namespace stele;
    try {
        const Options options = parse_command_line(arguments);
        return std::visit([](const auto& chosen) { return run_command(chosen); }, options);
    } catch (const CommandError& error) {
        return complain(error.exit_code(), error.what());
    } catch (const RegistryError& error) {
        return complain(exit_nothing, error.what());
    } catch (const ProblemError& error) {
        return complain(exit_usage, error.what());
    } catch (const ReportError& error) {
        return complain(exit_usage, error.what());
    } catch (const BenchmarkFlagError& error) {
        return complain(exit_usage, error.what());
    } catch (const DeviceError& error) {
        return complain(exit_wrong, error.what());
    } catch (const std::bad_alloc&) {
        return complain(exit_wrong, "out of memory on the host; try a smaller problem");
    } catch (const std::exception& error) {
        return complain(exit_wrong, fmt::format("internal error: {}", error.what()).c_str());
    }
}

}  // namespace

int main(int argc, char** argv) {
    stele::ignore_closed_pipes();
    const int exit_code = run(std::vector<std::string>(argv + std::min(argc, 1), argv + argc));
    // A long text met the error before its end: then there is nothing left to flush, but the stream remembers.
    if ((std::fflush(stdout) != 0 || std::ferror(stdout) != 0) && errno != EPIPE)
        return complain(stele::exit_usage, fmt::format("cannot write to stdout: {}", std::strerror(errno)).c_str());
    return exit_code;
}
