// Fibers with stacks that are used again, for the threads of a block.
#pragma once

#include <boost/context/fiber.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace stele::simt {

/// A stack and a loop on it: each start() runs `body` once, up to its end or to a suspend() within. A fiber that
/// suspended for good is abandoned: its stack is used again without being unwound, since a kernel's frames may hold
/// functions that must not throw.
class Fiber {
public:
    using Body = void (*)(void* context);

    explicit Fiber(std::size_t index);
    ~Fiber();
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;

    /// Sets what the next resume() begins.
    void prepare(Body body, void* context);
    /// Switches to the fiber; returns when it suspends or its body ends.
    void resume();
    /// Called on the fiber: switches back to who resumed it.
    void suspend();
    bool idle() const { return body_ == nullptr; }
    void abandon();

    bool contains(const void* address) const {
        const auto* at = static_cast<const std::byte*>(address);
        return at >= stack_ && at < stack_ + size_;
    }
    const std::byte* stack() const { return stack_; }
    static std::size_t stack_bytes();

private:
    void create();
    boost::context::fiber& inner() { return *reinterpret_cast<boost::context::fiber*>(inner_); }
    void loop();

    std::byte* mapping_ = nullptr;
    std::byte* stack_ = nullptr;
    std::size_t size_ = 0, colour_ = 0;
    bool created_ = false, quit_ = false;
    Body body_ = nullptr;
    void* context_ = nullptr;
    boost::context::fiber caller_;
    alignas(boost::context::fiber) std::byte inner_[sizeof(boost::context::fiber)];
    // What AddressSanitizer wants to know at each switch.
    void* fake_stack_ = nullptr;
    const void* caller_stack_ = nullptr;
    std::size_t caller_bytes_ = 0;
};

/// Fibers for threads 0, 1, 2, … of whatever block runs.
class FiberPool {
public:
    Fiber& operator[](std::size_t index);
    std::size_t size() const { return fibers_.size(); }

private:
    std::vector<std::unique_ptr<Fiber>> fibers_;
};

}  // namespace stele::simt
