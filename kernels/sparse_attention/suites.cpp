// sparse_attention: the named lists of its problems.
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

#include "kernels/sparse_attention/operation.hpp"

namespace stele::sparse_attention {

std::vector<std::string> suite(Suite which) {
    switch (which) {
        case Suite::smoke:
            return {
                "batch=1 heads=2 kv_heads=1 seq_q=130 seq_k=160 head_dim=64 f32 block=64 density=0.5 pattern=random",
                "batch=2 heads=2 kv_heads=2 seq_q=70 seq_k=200 head_dim=64 f16 causal block=64 density=0.5 "
                "pattern=window",
                "batch=1 heads=2 kv_heads=1 seq_q=140 seq_k=260 head_dim=128 bf16 causal block=128 density=0.7 "
                "pattern=global_window",
            };
        case Suite::edge: {
            std::vector<std::string> out;
            for (const char* dtype : {"f32", "f16", "bf16"})
                for (const char* rest : {
                         // A row that keeps nothing, a row that keeps all, no block at all, every block.
                         "heads=2 kv_heads=2 seq_q=130 seq_k=130 head_dim=64 {} block=64 density=0.5 pattern=empty_row",
                         "heads=2 kv_heads=1 seq_q=130 seq_k=130 head_dim=64 {} causal block=64 density=0.3 "
                         "pattern=full_row",
                         "heads=1 kv_heads=1 seq_q=70 seq_k=130 head_dim=64 {} block=64 density=0 pattern=random",
                         "heads=2 kv_heads=1 seq_q=70 seq_k=131 head_dim=64 {} causal block=64 density=1 "
                         "pattern=random",
                         // Unequal lengths; more queries than keys, so that the first see nothing; no multiples.
                         "heads=4 kv_heads=2 seq_q=65 seq_k=140 head_dim=64 {} causal block=128 density=0.5 "
                         "pattern=random",
                         "heads=2 kv_heads=2 seq_q=140 seq_k=70 head_dim=64 {} causal block=64 density=0.6 "
                         "pattern=global_window",
                         "heads=4 kv_heads=1 seq_q=63 seq_k=129 head_dim=64 {} block=64 density=0.4 pattern=window",
                         "heads=2 kv_heads=1 seq_q=33 seq_k=191 head_dim=128 {} block=128 density=0.5 pattern=random",
                         // One query, one key, no key.
                         "heads=2 kv_heads=1 seq_q=1 seq_k=300 head_dim=128 {} causal block=64 density=0.5 "
                         "pattern=random",
                         "heads=1 kv_heads=1 seq_q=3 seq_k=1 head_dim=64 {} block=64 density=1 pattern=random",
                         "heads=1 kv_heads=1 seq_q=5 seq_k=0 head_dim=64 {} block=64 density=1 pattern=random",
                         "heads=1 kv_heads=1 seq_q=1 seq_k=1 head_dim=128 {} causal block=128 density=1 pattern=random",
                         "heads=2 kv_heads=1 seq_q=2 seq_k=0 head_dim=128 {} causal block=128 density=0 "
                         "pattern=window",
                         // A mask block, and one more or less of it.
                         "heads=1 kv_heads=1 seq_q=64 seq_k=128 head_dim=64 {} causal block=64 density=0.5 "
                         "pattern=random",
                         "heads=1 kv_heads=1 seq_q=129 seq_k=127 head_dim=64 {} causal block=128 density=0.5 "
                         "pattern=full_row",
                         "heads=1 kv_heads=1 seq_q=127 seq_k=65 head_dim=128 {} causal block=64 density=0.7 "
                         "pattern=random",
                         // Scores of ±80 where the key is kept.
                         "heads=1 kv_heads=1 seq_q=66 seq_k=129 head_dim=64 {} logits=80 block=64 density=0.5 "
                         "pattern=random",
                     })
                    out.push_back("batch=1 " + fmt::format(fmt::runtime(rest), dtype));
            out.push_back(
                "batch=2 heads=2 kv_heads=1 seq_q=100 seq_k=100 head_dim=64 f32 causal block=64 density=0.5 "
                "pattern=random");
            return out;
        }
        case Suite::quick:
        case Suite::cpu:
            return {
                "batch=1 heads=2 kv_heads=1 seq_q=512 seq_k=512 head_dim=64 f32 causal block=64 density=0.25 "
                "pattern=window",
                "batch=1 heads=2 kv_heads=2 seq_q=512 seq_k=512 head_dim=64 f32 block=64 density=0.25 pattern=random",
                "batch=1 heads=1 kv_heads=1 seq_q=512 seq_k=512 head_dim=128 f16 block=128 density=0.5 "
                "pattern=global_window",
                "batch=1 heads=1 kv_heads=1 seq_q=1024 seq_k=1024 head_dim=64 bf16 causal block=64 density=0.1 "
                "pattern=random",
            };
        case Suite::full: {
            // Prefill at the head counts of 8-billion-parameter models, at falling density, then longer.
            const std::string_view heads = "batch=1 heads=32 kv_heads=8";
            std::vector<std::string> out;
            for (const char* density : {"0.05", "0.1", "0.25", "0.5", "1"})
                out.push_back(
                    fmt::format("{} seq_q=8192 seq_k=8192 head_dim=128 f16 causal block=128 density={} "
                                "pattern=random",
                                heads, density));
            for (const char* rest : {
                     "seq_q=8192 seq_k=8192 head_dim=128 f32 causal block=128 density=0.1 pattern=random",
                     "seq_q=8192 seq_k=8192 head_dim=128 bf16 causal block=128 density=0.1 pattern=random",
                     "seq_q=8192 seq_k=8192 head_dim=128 f16 causal block=64 density=0.1 pattern=random",
                     "seq_q=8192 seq_k=8192 head_dim=64 f16 causal block=64 density=0.1 pattern=random",
                     "seq_q=8192 seq_k=8192 head_dim=128 f16 causal block=128 density=0.1 pattern=window",
                     "seq_q=8192 seq_k=8192 head_dim=128 f16 causal block=128 density=0.1 pattern=global_window",
                     "seq_q=8192 seq_k=8192 head_dim=128 f16 block=128 density=0.1 pattern=random",
                     "seq_q=2048 seq_k=32768 head_dim=128 f16 causal block=128 density=0.1 pattern=random",
                     "seq_q=32768 seq_k=32768 head_dim=128 f16 causal block=128 density=0.1 pattern=random",
                 })
                out.push_back(fmt::format("{} {}", heads, rest));
            return out;
        }
    }
    throw std::logic_error("a suite without problems");
}

}  // namespace stele::sparse_attention
