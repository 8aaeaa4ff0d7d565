#include "harness/cli/workplace.hpp"

#include <sys/socket.h>

#include <cstdlib>

#include "harness/base/child.hpp"
#include "harness/base/error.hpp"
#include "harness/cli/arguments.hpp"
#include "harness/cli/exit_code.hpp"
#include "harness/cli/interrupt.hpp"
#include "harness/measure/runner_child.hpp"
#include "harness/measure/runner_here.hpp"
#include "harness/measure/worker.hpp"

namespace stele {

void Isolation::declare(Arguments& arguments) {
    arguments.flag("--no-isolate", here);
    arguments.duration("--cell-timeout", time_limit_seconds);
    arguments.useless_beside("--cell-timeout", "--no-isolate");
}

void Isolation::apply(SamplerOptions& options) const { options.time_limit_seconds = time_limit_seconds; }

Workplace::Workplace(bool here) {
    prepare_environment();
    if (here)
        runner_ = std::make_unique<RunnerHere>(opened_, references_);
    else
        // The very program that runs, also where its file was replaced meanwhile.
        runner_ = std::make_unique<RunnerChild>(std::vector<std::string>{"/proc/self/exe", "worker"}, interrupted);
}

int run_worker() {
    int type = 0;
    socklen_t size = sizeof type;
    if (::getsockopt(Child::channel_number, SOL_SOCKET, SO_TYPE, &type, &size) != 0)
        throw BadInput("worker is for Stele's own processes; see stele --help");
    end_with_parent();
    Channel channel{Descriptor(Child::channel_number)};
    serve(channel);
    // A device that was lost may never answer those who want to close it.
    std::_Exit(exit_fine);
}

}  // namespace stele
