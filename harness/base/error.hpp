// What went wrong, by its kind. Who meets it throws it; what a process ends with is known in one place, harness/cli.
#pragma once

#include <stdexcept>
#include <string>

namespace stele {

/// Of a known kind; `what()` is one clear message for people.
class Error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// What a person gave is wrong: an option, a name, a file that is not what it should be.
class BadInput : public Error {
public:
    using Error::Error;
};

/// A file that cannot be read at all.
class CannotRead : public BadInput {
public:
    using BadInput::BadInput;
};

/// A file or folder that cannot be written.
class CannotWrite : public Error {
public:
    using Error::Error;
};

/// Nothing matches what was asked for, or nothing of it can be done here.
class NothingFound : public Error {
public:
    using Error::Error;
};

/// What was asked for was tried, and failed.
class Failed : public Error {
public:
    using Error::Error;
};

/// Somebody ended it. No std::runtime_error, so that nobody takes it for an error of what was being done.
class Interrupted : public std::exception {
public:
    explicit Interrupted(std::string what) : what_(std::move(what)) {}
    const char* what() const noexcept override { return what_.c_str(); }

private:
    std::string what_;
};

}  // namespace stele
