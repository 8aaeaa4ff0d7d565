// Which tile a variant gets on a device and a problem: device → device elsewhere → architecture → vendor → default.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/catalog/registry.hpp"
#include "harness/tuning/file.hpp"

namespace stele {

/// How far apart two problem texts are: the distance of the logarithms (base 2) of their numbers. None where they are
/// not comparable: other words (dtype, layout, causal), other keys, or a number that differs by more than a factor of
/// 4, beyond which a tile says little.
std::optional<double> problem_distance(std::string_view a, std::string_view b);

/// A tile, and why it is the one.
struct TileChoice {
    const Variant* variant = nullptr;
    std::string where;  ///< "results/tuning/h200-cuda.json: device, m=4096 n=4096 k=4096 f32", or "default"
};

/// The tuning files of a folder.
class TuningBook {
public:
    /// No files: every tile is the default.
    TuningBook() = default;
    /// Reads each *.json in `folder`, by name. A folder that is not there has none. What cannot be read is left out,
    /// with a complaint.
    explicit TuningBook(const std::filesystem::path& folder);

    const std::vector<std::string>& complaints() const { return complaints_; }
    void add(std::string name, TuningFile file) { files_.push_back({std::move(name), std::move(file)}); }

    /// The tile for a variant without one: of the nearest entry of the nearest level that the device and the problem
    /// take. Levels: the same device; the same with other threads, CPUs or quota, which the reason then names; the same
    /// vendor and architecture; the same vendor. Of a level those of as many threads go first. A CPU never takes a
    /// GPU's.
    TileChoice choose(const Registry& registry, const Variant& default_variant, const Problem& problem,
                      const DeviceInfo& device, const DeviceIdentity& identity) const;

private:
    struct Named {
        std::string name;
        TuningFile file;
    };
    std::vector<Named> files_;
    std::vector<std::string> complaints_;
};

}  // namespace stele
