// gemm / vendor.cublaslt: cuBLASLt on an NVIDIA GPU, the fastest of its heuristic's proposals.
#include <array>
#include <limits>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "backends/error.hpp"
#include "backends/library.hpp"
#include "kernels/common/cuda_stream.hpp"
#include "kernels/gemm/vendor/cublaslt_api.hpp"
#include "kernels/gemm/vendor/vendor.hpp"

namespace stele::gemm {
namespace {

using namespace cublaslt;

constexpr std::size_t workspace_bytes = std::size_t{64} << 20;
constexpr int proposals = 8, trials = 5;

struct Cublaslt {
    Library library{cublaslt_library};
    Create* create = nullptr;
    StatusName* status_name = nullptr;
    Version* version = nullptr;
    DescriptionCreate* description_create = nullptr;
    SetAttribute *description_set = nullptr, *preference_set = nullptr, *layout_set = nullptr;
    LayoutCreate* layout_create = nullptr;
    PreferenceCreate* preference_create = nullptr;
    Destroy *description_destroy = nullptr, *layout_destroy = nullptr, *preference_destroy = nullptr,
            *destroy = nullptr;
    GetHeuristic* get_heuristic = nullptr;
    cublaslt::Matmul* matmul = nullptr;

    Cublaslt() {
        library.find(create, "cublasLtCreate");
        library.find(destroy, "cublasLtDestroy");
        library.find(status_name, "cublasLtGetStatusName");
        library.find(version, "cublasLtGetVersion");
        library.find(description_create, "cublasLtMatmulDescCreate");
        library.find(description_set, "cublasLtMatmulDescSetAttribute");
        library.find(description_destroy, "cublasLtMatmulDescDestroy");
        library.find(layout_create, "cublasLtMatrixLayoutCreate");
        library.find(layout_set, "cublasLtMatrixLayoutSetAttribute");
        library.find(layout_destroy, "cublasLtMatrixLayoutDestroy");
        library.find(preference_create, "cublasLtMatmulPreferenceCreate");
        library.find(preference_set, "cublasLtMatmulPreferenceSetAttribute");
        library.find(preference_destroy, "cublasLtMatmulPreferenceDestroy");
        library.find(get_heuristic, "cublasLtMatmulAlgoGetHeuristic");
        library.find(matmul, "cublasLtMatmul");
    }
};

const Cublaslt& loaded_cublaslt() {
    static const Cublaslt loaded;
    return loaded;
}

void check(Status status, const char* call) {
    if (status != 0) throw DeviceError(call, status, loaded_cublaslt().status_name(status));
}

/// Owns one cuBLASLt object.
class Owned {
public:
    explicit Owned(Destroy* destroy) : object_(nullptr, destroy) {}
    template <typename Object, typename Creator>
    void make(const Creator& creator, const char* call) {
        Object object = nullptr;
        check(creator(&object), call);
        object_.reset(object);
    }
    template <typename Object>
    Object as() const {
        return static_cast<Object>(object_.get());
    }
    void* get() const { return object_.get(); }

private:
    std::unique_ptr<void, Destroy*> object_;
};

int type_of(Dtype dtype) {
    switch (dtype) {
        case Dtype::f16:
            return type_f16;
        case Dtype::bf16:
            return type_bf16;
        case Dtype::e4m3:
            return type_e4m3;
        default:
            return type_f32;
    }
}

/// One shape's product. Row-major C = A B is column-major Cᵀ = Bᵀ Aᵀ, so B comes first.
class Product {
public:
    explicit Product(const Shape& shape) : shape_(shape) {}

    void operator()(const HostCallContext& context) {
        const auto& given = context.arguments;
        const std::size_t c = index_of_c(shape_);
        Operands operands{given[1], given[0], given[c], given[c + 1], nullptr, nullptr};
        if (shape_.scale == Scale::tensor) {
            operands.first_scale = given[3];
            operands.second_scale = given[2];
        }
        if (!ready_) prepare(operands, context.queue);
        multiply(best_, operands, context.queue);
    }

private:
    struct Operands {
        const void *first, *second;
        void *result, *workspace;
        const void *first_scale, *second_scale;  ///< f32 on the device; null: none
    };

    void prepare(const Operands& operands, Stream stream) {
        const Cublaslt& lt = loaded_cublaslt();
        handle_.make<Handle>(lt.create, "cublasLtCreate");
        description_.make<Description>(
            [&](Description* out) {
                return lt.description_create(out, shape_.dtype == Dtype::tf32 ? compute_tf32 : compute_f32, type_f32);
            },
            "cublasLtMatmulDescCreate");
        const std::int32_t turn = shape_.b == LayoutB::nk ? transpose : no_transpose;
        set(lt.description_set, description_, description_transpose_a, turn);
        if (shape_.scale == Scale::tensor) {
            const std::int8_t fast = 1;
            set(lt.description_set, description_, description_fast_accumulation, fast);
            set_scales(operands);
        }
        const auto layout = [&](Owned& out, Dtype dtype, std::int64_t rows, std::int64_t columns) {
            out.make<Layout>(
                [&](Layout* made) {
                    return lt.layout_create(made, type_of(dtype), static_cast<std::uint64_t>(rows),
                                            static_cast<std::uint64_t>(columns), rows);
                },
                "cublasLtMatrixLayoutCreate");
            const auto count = static_cast<std::int32_t>(shape_.batch);
            set(lt.layout_set, out, layout_batch_count, count);
            set(lt.layout_set, out, layout_batch_stride, rows * columns);
        };
        if (shape_.b == LayoutB::kn)
            layout(first_, shape_.dtype, shape_.n, shape_.k);
        else
            layout(first_, shape_.dtype, shape_.k, shape_.n);
        layout(second_, shape_.dtype, shape_.k, shape_.m);
        layout(result_, output_dtype(shape_.dtype), shape_.n, shape_.m);
        choose(operands, stream);
        ready_ = true;
    }

    template <typename T>
    static void set(SetAttribute* setter, Owned& object, int attribute, const T& value) {
        check(setter(object.get(), attribute, static_cast<const void*>(&value), sizeof value), "cublasLt…SetAttribute");
    }

    void set_scales(const Operands& operands) {
        set(loaded_cublaslt().description_set, description_, description_scale_a, operands.first_scale);
        set(loaded_cublaslt().description_set, description_, description_scale_b, operands.second_scale);
    }

    /// The fastest of the proposals, each timed on this stream.
    void choose(const Operands& operands, Stream stream) {
        const Cublaslt& lt = loaded_cublaslt();
        Owned preference(lt.preference_destroy);
        preference.make<Preference>(lt.preference_create, "cublasLtMatmulPreferenceCreate");
        check(lt.preference_set(preference.get(), preference_workspace_bytes, &workspace_bytes, sizeof workspace_bytes),
              "cublasLtMatmulPreferenceSetAttribute");
        check(lt.preference_set(preference.get(), preference_reduction_schemes, &reduction_in_compute_type,
                                sizeof reduction_in_compute_type),
              "cublasLtMatmulPreferenceSetAttribute");
        std::array<HeuristicResult, proposals> found{};
        int count = 0;
        check(lt.get_heuristic(handle_.as<Handle>(), description_.as<Description>(), first_.as<Layout>(),
                               second_.as<Layout>(), result_.as<Layout>(), result_.as<Layout>(),
                               preference.as<Preference>(), proposals, found.data(), &count),
              "cublasLtMatmulAlgoGetHeuristic");
        if (count == 0)
            throw DeviceError("cublasLtMatmulAlgoGetHeuristic", 0, "no algorithm", GemmProblem(shape_).id());
        float best = std::numeric_limits<float>::infinity();
        for (int i = 0; i < count; ++i) {
            const HeuristicResult& proposal = found[static_cast<std::size_t>(i)];
            if (proposal.status != 0) continue;
            const float milliseconds =
                shortest_milliseconds(stream, trials, [&] { multiply(proposal.algorithm, operands, stream); });
            if (milliseconds >= best) continue;
            best = milliseconds;
            best_ = proposal.algorithm;
        }
    }

    void multiply(const Algorithm& algorithm, const Operands& operands, Stream stream) {
        // The operands of each call may lie elsewhere.
        if (operands.first_scale) set_scales(operands);
        const float alpha = 1.0f, beta = 0.0f;
        check(loaded_cublaslt().matmul(handle_.as<Handle>(), description_.as<Description>(), &alpha, operands.first,
                                       first_.as<Layout>(), operands.second, second_.as<Layout>(), &beta,
                                       operands.result, result_.as<Layout>(), operands.result, result_.as<Layout>(),
                                       &algorithm, operands.workspace, workspace_bytes, stream),
              "cublasLtMatmul");
    }

    Shape shape_;
    bool ready_ = false;
    Algorithm best_{};
    // Destroyed in reverse order: the handle last.
    Owned handle_{loaded_cublaslt().destroy}, description_{loaded_cublaslt().description_destroy};
    Owned first_{loaded_cublaslt().layout_destroy}, second_{loaded_cublaslt().layout_destroy};
    Owned result_{loaded_cublaslt().layout_destroy};
};

}  // namespace

std::optional<LibraryState> cublaslt_state() {
    if (!Library::is_loaded(cublaslt_library) || !loaded_cublaslt().library.loaded()) return std::nullopt;
    return LibraryState{fmt::format("{}", loaded_cublaslt().version()), 0};
}

ShapeRow cublaslt_row() {
    ShapeRow row;
    row.library = "cublaslt";
    row.queue = HostQueue::cuda_stream;
    row.why_not = [] {
        const Cublaslt& lt = loaded_cublaslt();
        return lt.library.loaded() ? std::string() : lt.library.why_not();
    };
    row.scratch_bytes = workspace_bytes;
    row.description = [] {
        const Cublaslt& lt = loaded_cublaslt();
        return lt.library.loaded() ? fmt::format("cuBLASLt {}", lt.version()) : std::string();
    };
    row.takes_all_forms = true;
    row.arithmetic_of = [](const Shape& shape) {
        Arithmetic arithmetic;
        // Fast accumulation leaves sums in the matrix unit, which keeps 13 bits of fraction and rounds once for 32
        // products.
        if (shape.dtype == Dtype::e4m3) {
            arithmetic.narrower_roundoff = 0x1p-13;
            arithmetic.products_per_rounding = 32;
        }
        return arithmetic;
    };
    row.supports = [](const DeviceInfo& device, const Shape& shape) {
        if (!shape.groups.empty()) return Support::no("this row multiplies by one B, not by a group's");
        if (shape.scale == Scale::block) return Support::no("this row takes one scale a tensor, not block scales");
        if (shape.dtype == Dtype::s8) return Support::no("cuBLASLt gives i32 or s8 for s8 operands, not bf16");
        if (shape.dtype == Dtype::e4m3 && device.compute_capability < 89)
            return Support::no("cuBLASLt multiplies e4m3 from compute capability 8.9 on");
        if (shape.dtype == Dtype::e4m3 && (shape.n % 16 != 0 || shape.k % 16 != 0))
            return Support::no("cuBLASLt takes e4m3 only where N and K are multiples of 16");
        if (shape.k == 0) return Support::no("cuBLASLt takes no matrix without elements, as A and B are when K is 0");
        return Support{};
    };
    row.call = [](const Shape& shape) -> HostCall {
        return [product = std::make_shared<Product>(shape)](const HostCallContext& context) { (*product)(context); };
    };
    return row;
}

}  // namespace stele::gemm
