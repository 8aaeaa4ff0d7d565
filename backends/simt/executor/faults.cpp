#include "backends/simt/executor/faults.hpp"

#include <csignal>
#include <cstring>
#include <memory>
#include <mutex>

#include "backends/simt/executor/scheduler.hpp"

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#include <ucontext.h>

namespace stele::simt {
namespace {

struct Fault {
    const std::byte* address;
    std::uintptr_t pc;
    bool general_protection;
};
constinit thread_local Fault fault{};
struct sigaction before_segv, before_bus;

/// Where a thread that made a fault goes on: on its own stack, outside the signal handler.
[[noreturn]] void land() {
    Block& block = *running_block();
    const Fiber& fiber = *block.running().fiber;
    // The address of a return is one past the call; that of a fault is the instruction itself.
    const std::string line = describe_code(fault.pc + 1);
    if (fault.general_protection)
        block.fail(defect::misaligned, "a vector access whose address is not a multiple of its size, or is none at all",
                   line);
    if (fault.address < fiber.stack() && fault.address + 65536 > fiber.stack())
        block.fail(defect::unsupported,
                   "a thread that needs more than " + std::to_string(Fiber::stack_bytes()) + " bytes of stack", line);
    std::string where = "memory at a null pointer";
    if (reinterpret_cast<std::uintptr_t>(fault.address) >= 65536)
        where = outside_buffers(block.request(), fault.address, 1);
    block.fail(defect::out_of_bounds, "touches " + (where.empty() ? "memory that is not there" : where), line);
}

void handle(int signal, siginfo_t* info, void* context) {
    Block* block = running_block();
    auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    if (block == nullptr || block->running_or_null() == nullptr) {
        // Not a kernel's: the instruction runs again under whoever handled faults before.
        sigaction(signal, signal == SIGSEGV ? &before_segv : &before_bus, nullptr);
        return;
    }
    fault = {static_cast<const std::byte*>(info->si_addr), static_cast<std::uintptr_t>(registers[REG_RIP]),
             info->si_code == SI_KERNEL};
    // The middle of the thread's stack: whatever is there is abandoned, and there is room even after an overflow.
    const auto stack = reinterpret_cast<std::uintptr_t>(block->running().fiber->stack()) + Fiber::stack_bytes() / 2;
    registers[REG_RSP] = static_cast<greg_t>(stack / 16 * 16 - 8);
    registers[REG_RIP] = static_cast<greg_t>(reinterpret_cast<std::uintptr_t>(&land));
}

void install() {
    struct sigaction action{};
    action.sa_sigaction = &handle;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &before_segv);
    sigaction(SIGBUS, &action, &before_bus);
}

/// The stack that the handler runs on; given back when the thread ends.
class HandlerStack {
public:
    HandlerStack() : memory_(new std::byte[size]) {
        stack_t mine{};
        mine.ss_sp = memory_.get();
        mine.ss_size = size;
        sigaltstack(&mine, &before_);
    }
    ~HandlerStack() { sigaltstack(&before_, nullptr); }

private:
    static constexpr std::size_t size = 64 * 1024;
    std::unique_ptr<std::byte[]> memory_;
    stack_t before_{};
};

}  // namespace

void watch_faults() {
    static std::once_flag once;
    std::call_once(once, install);
    static thread_local const HandlerStack stack;
}

}  // namespace stele::simt

#else

namespace stele::simt {
void watch_faults() {}
}  // namespace stele::simt

#endif
