#include "harness/exchange/manifest.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/base/folder.hpp"
#include "harness/base/json_document.hpp"
#include "harness/exchange/npy.hpp"
#include "harness/record/report_json.hpp"

namespace stele {

namespace {

using Json = nlohmann::ordered_json;

constexpr DocumentKind manifest_kind{"manifest", "stele-manifest", 1};
constexpr const char* manifest_name = "manifest.json";

/// The files that a run left in a folder, by its manifest; none where there is no manifest.
std::set<std::string> files_of_run(const std::filesystem::path& folder) try {
    const Json manifest = parse_document(read_text(folder / manifest_name), manifest_kind);
    std::set<std::string> files{manifest_name};
    for (const Json& tensor : manifest.at("tensors")) files.insert(tensor.at("file").get<std::string>());
    return files;
} catch (const ReportError&) {
    return {};
} catch (const Json::exception&) {
    return {};
}

/// The first name in a folder that no earlier run left there; empty where there is none.
std::string foreign_name(const std::filesystem::path& folder) {
    std::error_code failed;
    std::filesystem::directory_iterator entries(folder, failed);
    if (failed) return {};
    const std::set<std::string> files = files_of_run(folder);
    for (const auto& entry : entries)
        if (const std::string name = entry.path().filename().string(); !files.contains(name)) return name;
    return {};
}

/// Writes tensors, and keeps what the manifest says of them.
class Folder {
public:
    explicit Folder(std::filesystem::path path) : path_(std::move(path)) {}

    Json& add(const std::string& file, const char* role, const Tensor& tensor) {
        write_npy(path_ / file, tensor);
        return tensors_.emplace_back(Json{{"name", tensor.spec.name},
                                          {"file", file},
                                          {"role", role},
                                          {"dtype", std::string(name(tensor.spec.dtype))},
                                          {"stored_as", std::string(npy_type(tensor.spec.dtype))},
                                          {"shape", tensor.spec.shape},
                                          {"dimensions", tensor.spec.dimensions}});
    }

    const Json& tensors() const { return tensors_; }

private:
    std::filesystem::path path_;
    Json tensors_ = Json::array();
};

/// Values at their places, NaN elsewhere.
Tensor spread(const TensorSpec& spec, const std::vector<double>& values, const std::vector<std::size_t>& places) {
    TensorSpec wide = spec;
    wide.dtype = Dtype::f64;
    Tensor tensor(wide);
    const std::span<double> data = tensor.as<double>();
    std::fill(data.begin(), data.end(), std::numeric_limits<double>::quiet_NaN());
    for (std::size_t i = 0; i < values.size(); ++i) data[places.empty() ? i : places[i]] = values[i];
    return tensor;
}

}  // namespace

std::vector<Tensor> read_inputs(const std::filesystem::path& folder, const Problem& problem) {
    std::vector<Tensor> inputs;
    for (const TensorSpec& spec : problem.tensors())
        if (spec.role == Role::input) inputs.push_back(read_npy(folder / (spec.name + ".npy"), spec));
    return inputs;
}

void check_run_folder(const std::filesystem::path& folder) {
    if (const std::string name = foreign_name(folder); !name.empty())
        throw CannotWrite(
            fmt::format("cannot write the folder {}: it holds {}, which no earlier run left there; name a new folder",
                        folder.string(), name));
    const FolderGeneration can_be_made(folder);
}

void write_run(const std::filesystem::path& path, const Measurement& measurement, const Problem& problem,
               const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs,
               const std::vector<Expected>& expected) {
    check_run_folder(path);
    FolderGeneration generation(path);
    Folder folder(generation.path());
    for (const Tensor& input : inputs) folder.add(input.spec.name + ".npy", "input", input);
    for (const Tensor& output : outputs) folder.add(output.spec.name + ".npy", "output", output);
    std::size_t index = 0;
    for (const TensorSpec& spec : problem.tensors()) {
        if (spec.role != Role::output || index == expected.size()) continue;
        const Expected& what = expected[index++];
        const bool sampled = !what.sampled.empty();
        folder.add(spec.name + ".reference.npy", "reference", spread(spec, what.value, what.sampled))["sampled"] =
            sampled;
        folder.add(spec.name + ".bound.npy", "bound", spread(spec, what.bound, what.sampled))["sampled"] = sampled;
    }
    Json manifest = new_document(manifest_kind);
    manifest.update(to_json(measurement));
    manifest.erase("timing");
    manifest["tensors"] = folder.tensors();
    write_atomically(generation.path() / manifest_name, dump(manifest));
    generation.keep();
}

}  // namespace stele
