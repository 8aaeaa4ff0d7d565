#include "backends/simt/executor/fiber.hpp"

#include <sys/mman.h>

#include <new>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define STELE_SIMT_ASAN 1
#else
#define STELE_SIMT_ASAN 0
#endif

namespace stele::simt {
namespace {

constexpr std::size_t page = 4096;

/// Hands a stack that somebody else owns to Boost.
struct BorrowedStack {
    void deallocate(boost::context::stack_context&) {}
    boost::context::stack_context allocate() { return {}; }
};

}  // namespace

std::size_t Fiber::stack_bytes() {
    // AddressSanitizer's redzones and the loss of optimisation make frames several times larger.
    return STELE_SIMT_ASAN ? 512 * 1024 : 128 * 1024;
}

Fiber::Fiber(std::size_t index) {
    size_ = stack_bytes();
    mapping_ = static_cast<std::byte*>(
        mmap(nullptr, size_ + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    if (mapping_ == MAP_FAILED) throw std::bad_alloc();
    mprotect(mapping_, page, PROT_NONE);
    stack_ = mapping_ + page;
    // Stacks that all begin at the same offset in a page would share a few sets of the cache.
    colour_ = (index * 320) % page / 64 * 64;
}

Fiber::~Fiber() {
    if (created_) {
        quit_ = true;
        if (idle()) resume();
    }
    munmap(mapping_, size_ + page);
}

void Fiber::create() {
    boost::context::stack_context stack;
    stack.sp = stack_ + size_ - colour_;
    stack.size = size_ - colour_;
    new (inner_) boost::context::fiber(std::allocator_arg, boost::context::preallocated(stack.sp, stack.size, stack),
                                       BorrowedStack{}, [this](boost::context::fiber&& caller) {
                                           caller_ = std::move(caller);
                                           loop();
                                           return std::move(caller_);
                                       });
    created_ = true;
}

void Fiber::loop() {
#if STELE_SIMT_ASAN
    __sanitizer_finish_switch_fiber(nullptr, &caller_stack_, &caller_bytes_);
#endif
    while (!quit_) {
        body_(context_);
        body_ = nullptr;
        suspend();
    }
#if STELE_SIMT_ASAN
    __sanitizer_start_switch_fiber(nullptr, caller_stack_, caller_bytes_);
#endif
}

void Fiber::prepare(Body body, void* context) {
    if (!created_) create();
    body_ = body;
    context_ = context;
}

void Fiber::resume() {
#if STELE_SIMT_ASAN
    void* fake_stack = nullptr;
    __sanitizer_start_switch_fiber(&fake_stack, stack_, size_);
#endif
    inner() = std::move(inner()).resume();
#if STELE_SIMT_ASAN
    __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
#endif
}

void Fiber::suspend() {
#if STELE_SIMT_ASAN
    __sanitizer_start_switch_fiber(&fake_stack_, caller_stack_, caller_bytes_);
#endif
    caller_ = std::move(caller_).resume();
#if STELE_SIMT_ASAN
    __sanitizer_finish_switch_fiber(fake_stack_, &caller_stack_, &caller_bytes_);
#endif
}

void Fiber::abandon() {
    // Boost would unwind the stack if the handle were destroyed, so it is overwritten; it owns nothing beside the
    // stack.
    new (inner_) boost::context::fiber();
    created_ = false;
    body_ = nullptr;
#if STELE_SIMT_ASAN
    __asan_unpoison_memory_region(stack_, size_);
    fake_stack_ = nullptr;
#endif
}

Fiber& FiberPool::operator[](std::size_t index) {
    while (fibers_.size() <= index) fibers_.push_back(std::make_unique<Fiber>(fibers_.size()));
    return *fibers_[index];
}

}  // namespace stele::simt
