// The operation `attention`: its problems by name, and its variants.
#include <fmt/format.h>

#include <iterator>

#include "kernels/attention/rows.hpp"

namespace stele {
namespace {

constexpr std::string_view grammar =
    "batch= heads= kv_heads= seq_q= seq_k= head_dim=64|128 [f32|f16|bf16] [causal] [scale=] [logits=]";

/// Small and awkward, so that all of them run in seconds on an emulator: every way in which a tile can be ragged.
constexpr std::string_view edge_shapes[] = {
    "batch=1 heads=1 kv_heads=1 seq_q=1 seq_k=1 head_dim=64",                     // one key
    "batch=1 heads=2 kv_heads=1 seq_q=3 seq_k=0 head_dim=64",                     // no key: O = 0, lse = −inf
    "batch=1 heads=2 kv_heads=2 seq_q=31 seq_k=17 head_dim=128 causal",           // 14 rows see nothing
    "batch=1 heads=1 kv_heads=1 seq_q=13 seq_k=67 head_dim=64 causal",            // fewer queries than keys
    "batch=2 heads=3 kv_heads=3 seq_q=33 seq_k=15 head_dim=64",                   // tile ± 1, kv_heads = heads
    "batch=2 heads=6 kv_heads=2 seq_q=7 seq_k=37 head_dim=128 causal",            // groups of 3 across a tile
    "batch=1 heads=4 kv_heads=1 seq_q=65 seq_k=65 head_dim=64 causal",            // one kv head
    "batch=1 heads=8 kv_heads=1 seq_q=1 seq_k=523 head_dim=128",                  // decode, keys split over blocks
    "batch=1 heads=1 kv_heads=1 seq_q=2 seq_k=1031 head_dim=64 causal",           // the same, masked and prime
    "batch=1 heads=2 kv_heads=1 seq_q=23 seq_k=41 head_dim=64 causal logits=80",  // scores of ±80
    "batch=1 heads=1 kv_heads=1 seq_q=19 seq_k=53 head_dim=128 logits=80",
    "batch=1 heads=1 kv_heads=1 seq_q=1 seq_k=1 head_dim=128 causal",
    "batch=2 heads=2 kv_heads=1 seq_q=1 seq_k=0 head_dim=128 causal",
    "batch=1 heads=2 kv_heads=1 seq_q=5 seq_k=1 head_dim=64 causal",              // all rows but the last see nothing
    "batch=1 heads=1 kv_heads=1 seq_q=31 seq_k=33 head_dim=128 causal",           // tile ± 1 in both, masked
    "batch=1 heads=1 kv_heads=1 seq_q=63 seq_k=31 head_dim=64 causal",
    "batch=1 heads=1 kv_heads=1 seq_q=32 seq_k=16 head_dim=64",                   // whole tiles
    "batch=1 heads=1 kv_heads=1 seq_q=65 seq_k=17 head_dim=128",
    "batch=1 heads=1 kv_heads=1 seq_q=17 seq_k=29 head_dim=64 scale=-0.3",        // a scale that turns the order round
};

constexpr std::string_view full_shapes[] = {
    "batch=1 heads=64 kv_heads=8 seq_q=2048 seq_k=2048 head_dim=128 bf16 causal",
    "batch=1 heads=64 kv_heads=8 seq_q=2048 seq_k=2048 head_dim=128 bf16",
    "batch=1 heads=64 kv_heads=8 seq_q=4096 seq_k=4096 head_dim=128 bf16 causal",
    "batch=1 heads=64 kv_heads=8 seq_q=4096 seq_k=4096 head_dim=128 bf16",
    "batch=1 heads=64 kv_heads=8 seq_q=8192 seq_k=8192 head_dim=128 bf16 causal",
    "batch=1 heads=64 kv_heads=8 seq_q=8192 seq_k=8192 head_dim=128 bf16",
    "batch=1 heads=64 kv_heads=8 seq_q=16384 seq_k=16384 head_dim=128 bf16 causal",
    "batch=1 heads=64 kv_heads=8 seq_q=16384 seq_k=16384 head_dim=128 bf16",
    "batch=1 heads=64 kv_heads=8 seq_q=32768 seq_k=32768 head_dim=128 bf16 causal",
    "batch=1 heads=64 kv_heads=8 seq_q=32768 seq_k=32768 head_dim=128 bf16",
    "batch=1 heads=16 kv_heads=16 seq_q=16384 seq_k=16384 head_dim=128 f16",
    "batch=1 heads=16 kv_heads=16 seq_q=16384 seq_k=16384 head_dim=128 f16 causal",
    "batch=1 heads=32 kv_heads=32 seq_q=16384 seq_k=16384 head_dim=64 f16",
    "batch=1 heads=32 kv_heads=32 seq_q=16384 seq_k=16384 head_dim=64 f16 causal",
    "batch=1 heads=16 kv_heads=16 seq_q=2048 seq_k=2048 head_dim=128 f32 causal",
    "batch=32 heads=64 kv_heads=8 seq_q=1 seq_k=4096 head_dim=128 bf16",
    "batch=1 heads=64 kv_heads=8 seq_q=1 seq_k=1024 head_dim=128 bf16",
    "batch=1 heads=64 kv_heads=8 seq_q=1 seq_k=32768 head_dim=128 bf16",
};

class Attention final : public Operation {
public:
    Attention() {
        for (auto rows : {attention_naive_variants, attention_flash_variants, attention_openblas_variants,
                          attention_onednn_variants}) {
            std::vector<Variant> some = rows();
            std::move(some.begin(), some.end(), std::back_inserter(variants_));
        }
    }

    std::string_view name() const override { return "attention"; }
    std::string_view summary() const override {
        return "O = softmax(softmax_scale Q Kᵀ) V and lse, grouped heads, causal mask aligned to the last key";
    }
    std::string_view problem_grammar() const override { return grammar; }

    std::unique_ptr<Problem> parse(std::string_view text) const override {
        ProblemText words("attention", grammar, text);
        const AttentionShape shape = take_attention_shape(words);
        words.finish();
        return std::make_unique<AttentionProblem>(shape);
    }

    std::vector<std::string> suite(Suite suite) const override {
        std::vector<std::string> out;
        const auto add = [&](std::string_view text) { out.push_back(parse(text)->id()); };
        switch (suite) {
            case Suite::smoke:
                for (std::string_view dtype : {"f32", "f16", "bf16"}) {
                    add(fmt::format("batch=1 heads=2 kv_heads=1 seq_q=40 seq_k=40 head_dim=64 {} causal", dtype));
                    add(fmt::format("batch=2 heads=4 kv_heads=2 seq_q=1 seq_k=50 head_dim=128 {}", dtype));
                }
                break;
            case Suite::edge:
                for (std::string_view dtype : {"f32", "f16", "bf16"})
                    for (std::string_view shape : edge_shapes) add(fmt::format("{} {}", shape, dtype));
                break;
            case Suite::quick:
            case Suite::cpu:
                add("batch=1 heads=4 kv_heads=4 seq_q=256 seq_k=256 head_dim=64 f32");
                add("batch=1 heads=8 kv_heads=2 seq_q=256 seq_k=256 head_dim=64 f32 causal");
                add("batch=1 heads=4 kv_heads=1 seq_q=256 seq_k=256 head_dim=128 bf16 causal");
                add("batch=1 heads=16 kv_heads=2 seq_q=1 seq_k=2048 head_dim=128 f16");
                break;
            case Suite::full:
                for (std::string_view shape : full_shapes) add(shape);
                break;
        }
        return out;
    }

    const std::vector<Variant>& variants() const override { return variants_; }

private:
    std::vector<Variant> variants_;
};

}  // namespace

std::string attention_instance(const AttentionShape& shape) {
    return fmt::format("{} d{}", name(shape.dtype), shape.head_dim);
}

std::vector<std::string> attention_definitions(const AttentionShape& shape) {
    const char* element = shape.dtype == Dtype::f32   ? "-DELEMENT_F32"
                          : shape.dtype == Dtype::f16 ? "-DELEMENT_F16"
                                                      : "-DELEMENT_BF16";
    return {fmt::format("-DHEAD_DIM={}", shape.head_dim), element};
}

unsigned blocks(std::int64_t a, std::int64_t b) { return static_cast<unsigned>((a + b - 1) / b); }

std::size_t launch_bytes(Language language, const AttentionTile& tile, const AttentionShape& shape, int stages) {
    if (!is_native(language)) return 0;
    return tile.shared_bytes(static_cast<int>(shape.head_dim), size_of(shape.dtype), stages);
}

Support supports_tile(const DeviceInfo& device, Language language, const AttentionTile& tile,
                      const AttentionShape& shape, int stages) {
    const std::size_t bytes = is_native(language)
                                  ? launch_bytes(language, tile, shape, stages)
                                  : tile.local_bytes(static_cast<int>(shape.head_dim), size_of(shape.dtype));
    return fits_block(device, tile.num_threads(), bytes);
}

std::unique_ptr<Operation> attention_operation() { return std::make_unique<Attention>(); }

}  // namespace stele
