#include "backends/cuda/cuda.hpp"

#include <fmt/format.h>

#include "backends/cuda/device.hpp"
#include "backends/cuda/info.hpp"
#include "backends/error.hpp"

namespace stele {
namespace {

class CudaBackend final : public Backend {
public:
    CudaBackend() : found_(cudart::find_devices()) {}

    std::string_view name() const override { return "cuda"; }
    const std::vector<DeviceInfo>& devices() const override { return found_.devices; }
    std::string why_none() const override { return found_.why_none; }
    std::unique_ptr<Device> open(std::size_t index) const override {
        if (index >= found_.devices.size())
            throw DeviceError(fmt::format("open cuda:{}", index), 0, "",
                              found_.devices.empty() ? found_.why_none
                                                     : fmt::format("there are {} CUDA devices", found_.devices.size()));
        return cudart::open_device(static_cast<int>(index), found_.devices[index]);
    }

private:
    cudart::Found found_;
};

}  // namespace

std::unique_ptr<Backend> cuda_backend() { return std::make_unique<CudaBackend>(); }

}  // namespace stele
