#include "backends/opencl/opencl.hpp"

#include <fmt/format.h>

#include "backends/error.hpp"
#include "backends/opencl/device.hpp"
#include "backends/opencl/objects.hpp"

namespace stele {
namespace {

class OpenclBackend final : public Backend {
public:
    OpenclBackend() : found_(opencl::find_devices()) {
        for (const auto& device : found_.devices) infos_.push_back(device.info);
    }

    std::string_view name() const override { return "opencl"; }
    const std::vector<DeviceInfo>& devices() const override { return infos_; }
    std::string why_none() const override { return found_.why_none; }
    std::unique_ptr<Device> open(std::size_t index) const override {
        if (index >= infos_.size())
            throw DeviceError(
                fmt::format("open opencl:{}", index), 0, "",
                infos_.empty() ? found_.why_none : fmt::format("there are {} OpenCL devices", infos_.size()));
        return opencl::open_device(found_.devices[index]);
    }

private:
    opencl::Found found_;
    std::vector<DeviceInfo> infos_;
};

}  // namespace

std::unique_ptr<Backend> opencl_backend() { return std::make_unique<OpenclBackend>(); }

std::string opencl_program_binary(const Kernel& kernel) {
    const auto* own = dynamic_cast<const opencl::OpenclKernel*>(&kernel);
    if (!own || own->is_host_call())
        throw DeviceError("program binary", 0, "", "the kernel was not compiled by the OpenCL backend");
    std::size_t size = 0;
    opencl::check(clGetProgramInfo(own->program(), CL_PROGRAM_BINARY_SIZES, sizeof(size), &size, nullptr),
                  "clGetProgramInfo of " + own->name());
    std::string binary(size, '\0');
    auto* bytes = reinterpret_cast<unsigned char*>(binary.data());
    opencl::check(
        clGetProgramInfo(own->program(), CL_PROGRAM_BINARIES, sizeof(bytes), static_cast<void*>(&bytes), nullptr),
        "clGetProgramInfo of " + own->name());
    return binary;
}

}  // namespace stele
