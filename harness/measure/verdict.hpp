// Says whether outputs are right, and in words what is wrong with them.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/record/measurement.hpp"
#include "kernels/operation.hpp"

namespace stele {

/// The byte that outputs and scratch are filled with before a checked run: all ones are a NaN in every floating-point
/// type, and one that no instruction produces, so what is left of it was never written.
inline constexpr std::byte poison{0xff};

/// The largest share of the bounds' root mean square that the errors' may reach, in a tensor whose bounds weigh like
/// `effective` equal ones. Every error within its bound is not enough: a kernel that always rounds one way, or drops a
/// small term, stays within each bound and is wrong on the whole.
///
/// Why one half: a correctly rounded result, the worst honest case, has an error uniform within half a unit in the last
/// place while its bound is u·|value|; over mantissas as products have them (Benford) the mean square ratio is
/// (1/3)·(2·ln 2/3) = 0.154, so 0.39 in the root mean square. Sums add less, as their bound is four standard
/// deviations. Few elements may stray from that mean; Hoeffding's inequality (J. Amer. Statist. Assoc. 58, 1963), for
/// squared ratios in [0, 1], says how far with a probability of 1e-9: by sqrt(ln(1e9) / (2·effective)). The limit is
/// one half from about 1200 elements on, and no limit at all (1) below 15.
double rms_limit(double effective);

/// Compares outputs with what they must be, in this order: elements never written, non-finite values by position, each
/// element against its bound, the root mean square. Fills the verdict with the worst element and the figures; `reason`
/// tells where the bad elements lie, and names a result that is zero everywhere or a multiple of the right one.
/// Throws std::logic_error if `expected` does not fit the outputs.
Verdict compare(std::span<const Tensor> outputs, std::span<const Expected> expected);

/// Inputs and references, which cost far more than a run: made once for all variants of a problem. Least recently used
/// ones go when they take more than `most_bytes` together; who holds one keeps it.
class ReferenceCache {
public:
    explicit ReferenceCache(std::size_t most_bytes = std::size_t{2} << 30) : most_bytes_(most_bytes) {}

    using Inputs = std::shared_ptr<const std::vector<Tensor>>;
    using Expectations = std::shared_ptr<const std::vector<Expected>>;

    Inputs inputs(const Problem& problem, std::uint64_t seed, Fill fill);
    /// Of inputs(problem, seed, fill).
    Expectations expected(const Problem& problem, std::uint64_t seed, Fill fill, const Arithmetic& arithmetic);

    std::size_t bytes() const { return bytes_; }

private:
    /// All that inputs and bounds depend on. Compared as a whole, so that no field can be forgotten.
    struct Key {
        std::string operation, problem;
        std::uint64_t seed;
        Fill fill;
        std::optional<Arithmetic> arithmetic;  ///< none: the inputs

        bool operator==(const Key&) const = default;
    };
    struct Entry {
        Key key;
        std::size_t bytes;
        Inputs inputs;
        Expectations expected;
    };
    Entry* find(const Key& key);
    void keep(Entry entry);

    std::size_t most_bytes_, bytes_ = 0;
    std::list<Entry> entries_;  ///< most recently used first
};

}  // namespace stele
