// Says whether outputs are right, and in words what is wrong with them.
#pragma once

#include <span>

#include "harness/record/measurement.hpp"
#include "kernels/operation.hpp"

namespace stele {

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

/// True if an element of any output still holds the poison, or a value of the same bits.
bool holds_poison(std::span<const Tensor> outputs);

/// Judges outputs by what they must be, in this order: elements never written, non-finite values by position, each
/// element against its bound, the root mean square. Fills the verdict with the worst element and the figures; `reason`
/// tells where the bad elements lie, and names a result that is zero everywhere or a multiple of the right one.
/// `on_another_fill` are the outputs of a run on outputs that held second_poison before: an element is never written if
/// it holds the fill in both. Without such a run nothing is said to be unwritten.
/// Throws std::logic_error if `expected` or `on_another_fill` do not fit the outputs.
Verdict judge(std::span<const Tensor> outputs, std::span<const Expected> expected,
              std::span<const Tensor> on_another_fill = {});

}  // namespace stele
