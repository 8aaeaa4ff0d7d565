// Attention as cuDNN is told of it: a graph of products, pointwise operations and reductions, which its library knows
// as one fused kernel, and the plan that is chosen for it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "kernels/attention/problem.hpp"
#include "kernels/attention/vendor/cudnn_graph.hpp"

namespace stele::attention {

/// What execution finds addresses by.
enum class CudnnTensor : std::int64_t {
    q = 1,
    k,
    v,
    o,
    lse,
    page_table,
    scale,      ///< f32, host
    masked,     ///< f32, host: the score of a key that is not seen
    seq_q,      ///< i32, host
    seq_k,      ///< i32, host
    window,     ///< host: of lengths i32; else f32, less seq_k − seq_q
    q_lengths,  ///< i32 [batch]
    k_lengths,  ///< i32 [batch]
    q_begins,   ///< i64 [batch + 1]: where a sequence's Q and O begin, in elements
    k_begins,   ///< i64 [batch + 1]: K and V
    lse_begins  ///< i64 [batch + 1]
};

/// The graph of a problem; `library` outlives it. S = Q Kᵀ · scale, masked; softmax of it by maximum, difference, exp,
/// sum and quotient; lse = maximum + ln sum; O = P V, P rounded to the storage type. Pages are loaded by an operation
/// before the products; packed sequences begin at ragged offsets. cudnn-frontend 1.22 builds the same for versions
/// before 9.21 (scaled_dot_product_flash_attention.h, softmax.h, diagonal_band_mask.h), and later ones still know it.
class CudnnGraph {
public:
    /// Null `handle`: for no device, to be planned and not to be executed.
    CudnnGraph(const cudnn::Cudnn& library, cudnn::Handle handle, const Shape& shape);

    /// Engine configurations, those first that the heuristics take for the fastest. Null `device`: of the handle.
    std::vector<cudnn::Descriptor> configurations(const cudnn::Descriptor* device = nullptr) const;
    /// Finalized: machine code is there. Throws DeviceError where a configuration turns out not to work.
    cudnn::Descriptor plan(const cudnn::Descriptor& configuration, const cudnn::Descriptor* device = nullptr) const;

private:
    const cudnn::Cudnn& library_;
    cudnn::Handle handle_;
    cudnn::GraphBuilder builder_;
    cudnn::Descriptor graph_;
};

/// What the driver is asked for (kernels/common/cuda_stream.hpp).
struct CudnnDriver {
    /// Milliseconds of one call.
    std::function<float(cudnn::Stream stream, const std::function<void()>& call)> time;
    /// A copy in the device's memory.
    std::function<std::shared_ptr<void>(std::span<const std::byte> data)> copy;
};

/// Where a call finds a problem's tensors, and the workspace.
struct CudnnOperands {
    void *q = nullptr, *k = nullptr, *v = nullptr, *o = nullptr, *lse = nullptr, *page_table = nullptr,
         *workspace = nullptr;
};

/// One problem on one device: the fastest of the plans that the library proposes. All members throw DeviceError.
class CudnnAttention {
public:
    CudnnAttention(const cudnn::Cudnn& library, const Shape& shape, std::size_t workspace_bytes, CudnnDriver driver);

    /// Asynchronous, on `stream`. The first call makes and times the plans.
    void operator()(const CudnnOperands& operands, cudnn::Stream stream);

private:
    void prepare(const CudnnOperands& operands, cudnn::Stream stream);
    void make_tables();
    void execute(const cudnn::Descriptor& plan, const CudnnOperands& operands) const;

    const cudnn::Cudnn& library_;
    Shape shape_;
    std::size_t workspace_bytes_;
    CudnnDriver driver_;
    // Read by the library at each execution.
    float scale_, masked_;
    std::int32_t seq_q_, seq_k_, window_;
    float shifted_window_;
    /// Of sequences of several lengths, or in pages: their lengths and where they begin, in the device's memory.
    std::vector<std::pair<CudnnTensor, std::shared_ptr<void>>> tables_;
    // Destroyed in reverse order: the handle last.
    std::unique_ptr<cudnn::OpaqueContext, cudnn::Destroy*> handle_;
    std::unique_ptr<CudnnGraph> graph_;
    std::unique_ptr<cudnn::Descriptor> plan_;
};

}  // namespace stele::attention
