// Shared libraries found at run time, so that one binary starts anywhere and says what it misses.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace stele {

/// A library that stays loaded until the program ends: vendors' libraries keep threads that must not lose their code.
class Library {
public:
    /// Tries the names in order. `how_to_get` completes "… was not found; ".
    /// Where `refusal` has a reason, nothing is tried.
    Library(std::span<const char* const> names, std::string_view how_to_get, std::string refusal = {});

    /// True if this process has one of them, without loading any.
    static bool is_loaded(std::span<const char* const> names);

    bool loaded() const { return why_not_.empty(); }
    /// Empty, or a sentence: which names were tried, and how to get the library; or what the loader says of one that is
    /// there; or which function it lacks.
    const std::string& why_not() const { return why_not_; }
    /// What its file is called behind all links: "libopenblasp-r0.3.21.so".
    std::string file() const;

    /// Sets `function` to the symbol. A missing one makes the library count as not loaded.
    template <typename Function>
    void find(Function*& function, const char* name) {
        function = reinterpret_cast<Function*>(required(name));
    }
    /// Null where there is none: for functions that only some versions have.
    template <typename Function>
    void find_optional(Function*& function, const char* name) const {
        function = reinterpret_cast<Function*>(symbol(name));
    }

private:
    void* required(const char* name);
    void* symbol(const char* name) const;

    void* handle_ = nullptr;
    std::string name_, why_not_;
};

}  // namespace stele
