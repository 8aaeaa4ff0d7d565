// Where a command runs its cells: in worker processes, or in this one.
#pragma once

#include <memory>
#include <optional>

#include "harness/measure/runner.hpp"

namespace stele {

class Arguments;

struct Isolation {
    bool here = false;  ///< no worker processes: for debuggers and profilers
    std::optional<double> time_limit_seconds;

    void declare(Arguments& arguments);
    void apply(SamplerOptions& options) const;
};

class Workplace {
public:
    explicit Workplace(bool here = false);

    CellRunner& runner() { return *runner_; }

private:
    OpenDevices opened_;
    ReferenceCache references_;
    std::unique_ptr<CellRunner> runner_;
};

/// What `stele worker` does, which is not for people. Returns the exit code.
int run_worker();

}  // namespace stele
