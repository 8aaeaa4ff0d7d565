// oneDNN's matrix product, found at run time: a CPU ceiling for f32 and, where the CPU takes them, bf16 and f16.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernels/libraries.hpp"
#include "kernels/tensor.hpp"

namespace stele {

/// Empty if oneDNN (version 2 or 3) is here, else why not and how to get it.
const std::string& onednn_why_not();
/// "oneDNN 2.6.3"; empty where there is none.
std::string onednn_description();
/// None where it has not been loaded. Threads are OpenMP's, which Debian's oneDNN computes with.
std::optional<LibraryState> onednn_state();

/// One matrix, or a batch of them: two or three extents, the last two rows and columns. Strides in elements.
struct OnednnMatrix {
    Dtype dtype = Dtype::f32;
    std::vector<std::int64_t> extents, strides;
};

/// C = A B, compiled by oneDNN for these shapes. f32 accumulation.
class OnednnMatmul {
public:
    /// Throws std::runtime_error with oneDNN's status where the library or the CPU cannot do it.
    OnednnMatmul(const OnednnMatrix& a, const OnednnMatrix& b, const OnednnMatrix& c);
    ~OnednnMatmul();
    OnednnMatmul(OnednnMatmul&&) noexcept;
    OnednnMatmul& operator=(OnednnMatmul&&) noexcept;

    void operator()(const void* a, const void* b, void* c) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Empty if oneDNN multiplies matrices of this dtype on this CPU, else the reason.
std::string onednn_why_not(Dtype dtype);

}  // namespace stele
