// What a backend throws: the call that failed, its code and the code's name, and where it was made.
#pragma once

#include <source_location>
#include <stdexcept>
#include <string>

namespace stele {

/// A call into a device's API failed. `what()` is a whole sentence for people; an OpenCL build failure carries the
/// options and the compiler's log in it.
class DeviceError : public std::runtime_error {
public:
    DeviceError(std::string call, long code, std::string code_name, const std::string& detail = {},
                std::source_location where = std::source_location::current());

    const std::string& call() const { return call_; }
    long code() const { return code_; }
    const std::string& code_name() const { return code_name_; }
    /// The device ran out of memory: the cell is skipped with this reason, the run goes on.
    bool out_of_memory() const { return out_of_memory_; }
    DeviceError& set_out_of_memory(bool value) {
        out_of_memory_ = value;
        return *this;
    }

private:
    std::string call_;
    long code_;
    std::string code_name_;
    bool out_of_memory_ = false;
};

}  // namespace stele
