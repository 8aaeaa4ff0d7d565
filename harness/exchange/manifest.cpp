#include "harness/exchange/manifest.hpp"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "harness/base/file.hpp"
#include "harness/base/json_document.hpp"
#include "harness/exchange/npy.hpp"
#include "harness/record/report_json.hpp"

namespace stele {

namespace {

using Json = nlohmann::ordered_json;

/// Writes tensors, and keeps what the manifest says of them.
class Folder {
public:
    explicit Folder(std::filesystem::path path) : path_(std::move(path)) { make_folder(path_); }

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

void write_run(const std::filesystem::path& path, const Measurement& measurement, const Problem& problem,
               const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs,
               const std::vector<Expected>& expected) {
    Folder folder(path);
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
    Json manifest = new_document({"manifest", "stele-manifest", 1});
    manifest.update(to_json(measurement));
    manifest.erase("timing");
    manifest["tensors"] = folder.tensors();
    // Last, so that a folder with a manifest is whole.
    write_atomically(path / "manifest.json", dump(manifest));
}

}  // namespace stele
