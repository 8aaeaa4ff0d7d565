#include "harness/explain/baseline_shown.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/base/json_document.hpp"
#include "harness/base/text.hpp"
#include "harness/explain/explanation_json.hpp"
#include "harness/explain/side_by_side.hpp"

namespace stele::explain {
namespace {

using Json = nlohmann::ordered_json;

/// "gemm/tiled" and "ptx" of "gemm/tiled.ptx@64x64".
std::pair<std::string, std::string> algorithm_and_language(const std::string& variant) {
    const std::string base = variant.substr(0, variant.find('@'));
    const std::size_t dot = base.rfind('.');
    return {base.substr(0, dot), dot == base.npos ? "" : base.substr(dot + 1)};
}

std::string instructions_per_flop(const BaselineRow& row) {
    const bool is_known = row.loop && row.loop->flops > 0;
    return is_known ? three_digits(static_cast<double>(row.loop_instructions) / row.loop->flops) : "–";
}

Table saved_table(const std::string& title, const std::string& architecture) {
    Table table;
    table.title = title;
    table.columns = {{"kernel", Align::left},     {"language", Align::left}, {"dtype", Align::left},
                     {"regs", Align::right},      {"spills", Align::right},  {"stack", Align::right},
                     {"blocks/SM", Align::right}, {"loop", Align::right},    {"instr./flop", Align::right},
                     {"at most", Align::left},    {"by", Align::left}};
    if (const std::string note = bound_note(architecture); !note.empty()) table.notes.push_back(note);
    return table;
}

Row saved_row(const BaselineKey& key, const std::string& text, const BaselineRow& row) {
    const auto bound = bound_of(text, row);
    const auto [algorithm, language] = algorithm_and_language(key.variant);
    const std::string tile = key.variant.find('@') == key.variant.npos ? "" : key.variant.substr(key.variant.find('@'));
    return {{algorithm + tile, language, key.dtype, std::to_string(row.registers), std::to_string(row.spill_bytes),
             std::to_string(row.stack_bytes), std::to_string(row.blocks_per_multiprocessor),
             std::to_string(row.loop_instructions), instructions_per_flop(row),
             bound && bound->arithmetic ? fmt::format("{:.2f} {}", bound->share, name(*bound->arithmetic)) : "–",
             bound ? std::string(name(bound->binds)) : "–"},
            {}};
}

}  // namespace

Document document_of(std::span<const Baseline> baselines) {
    std::map<std::pair<std::string, std::string>, Table> tables;
    for (const Baseline& baseline : baselines)
        for (const auto& [text, row] : baseline.rows) {
            const auto key = parse_baseline_key(text);
            if (!key) continue;
            const std::string operation = key->variant.substr(0, key->variant.find('/'));
            const auto [place, is_new] = tables.try_emplace({operation, key->architecture});
            if (is_new)
                place->second =
                    saved_table(fmt::format("{} on {}, as saved", operation, key->architecture), key->architecture);
            place->second.rows.push_back(saved_row(*key, text, row));
        }
    Document out;
    for (auto& [place, table] : tables) out.add(std::move(table));
    return out;
}

Json rows_json(std::span<const Baseline> baselines) {
    Json document = new_document({"saved kernels", "stele-explain-rows", 1});
    document["versions"] = Json::array();
    document["kernels"] = Json::array();
    for (const Baseline& baseline : baselines) {
        document["versions"].push_back(baseline.versions);
        for (const auto& [text, row] : baseline.rows) {
            const auto key = parse_baseline_key(text);
            if (!key) continue;
            const auto [algorithm, language] = algorithm_and_language(key->variant);
            Json& own =
                document["kernels"].emplace_back(Json{{"key", text},
                                                      {"variant", key->variant},
                                                      {"algorithm", algorithm},
                                                      {"language", language},
                                                      {"dtype", key->dtype},
                                                      {"kernel", key->kernel},
                                                      {"instance", key->instance},
                                                      {"architecture", key->architecture},
                                                      {"compiler", key->compiler},
                                                      {"registers", row.registers},
                                                      {"spill_bytes", row.spill_bytes},
                                                      {"stack_bytes", row.stack_bytes},
                                                      {"blocks_per_multiprocessor", row.blocks_per_multiprocessor},
                                                      {"loop_instructions", row.loop_instructions},
                                                      {"matrix_instructions", row.matrix_instructions}});
            if (row.loop) own["loop_flops"] = row.loop->flops;
            if (const auto bound = bound_of(text, row)) own["bound"] = to_json(*bound);
        }
    }
    return document;
}

}  // namespace stele::explain
