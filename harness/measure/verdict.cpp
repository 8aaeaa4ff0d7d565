#include "harness/measure/verdict.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "harness/measure/operands.hpp"

namespace stele {
namespace {

std::vector<std::int64_t> coordinates(const TensorSpec& spec, std::size_t flat) {
    std::vector<std::int64_t> index(spec.shape.size());
    for (std::size_t axis = spec.shape.size(); axis-- > 0;) {
        const auto extent = static_cast<std::size_t>(spec.shape[axis]);
        index[axis] = static_cast<std::int64_t>(flat % extent);
        flat /= extent;
    }
    return index;
}

/// The smallest box around bad elements, to say where a kernel goes wrong: one row, the second tile, the last column.
class Box {
public:
    void add(const std::vector<std::int64_t>& index) {
        if (low_.empty()) low_ = high_ = index;
        for (std::size_t axis = 0; axis < index.size(); ++axis) {
            low_[axis] = std::min(low_[axis], index[axis]);
            high_[axis] = std::max(high_[axis], index[axis]);
        }
    }

    /// "" if the box spans the tensor, else " (all with M 5, N 0 to 63 of 128)".
    std::string text(const TensorSpec& spec) const {
        std::vector<std::string> parts;
        for (std::size_t axis = 0; axis < low_.size(); ++axis) {
            if (low_[axis] == 0 && high_[axis] + 1 == spec.shape[axis]) continue;
            const std::string dimension =
                axis < spec.dimensions.size() ? spec.dimensions[axis] : fmt::format("axis {}", axis);
            parts.push_back(low_[axis] == high_[axis]
                                ? fmt::format("{} = {}", dimension, low_[axis])
                                : fmt::format("{} from {} to {}", dimension, low_[axis], high_[axis]));
        }
        return parts.empty() ? "" : fmt::format(" (all with {})", fmt::join(parts, ", "));
    }

private:
    std::vector<std::int64_t> low_, high_;
};

struct Bad {
    std::size_t count = 0, first = 0;
    Box box;

    void add(const TensorSpec& spec, std::size_t flat) {
        if (count++ == 0) first = flat;
        box.add(coordinates(spec, flat));
    }
};

/// True if all bytes of an element are `fill`.
bool holds(const Tensor& tensor, std::size_t flat, std::byte fill) {
    const std::size_t size = size_of(tensor.spec.dtype);
    const std::byte* begin = tensor.data.data() + flat * size;
    return *begin == fill && std::all_of(begin, begin + size, [&](std::byte b) { return b == fill; });
}

/// One output against its expectation.
class Judgement {
public:
    Judgement(const Tensor& output, const Expected& expected, const Tensor* on_another_fill)
        : output_(output), expected_(expected), elements_(output.spec.elements()) {
        const std::size_t wanted = expected.sampled.empty() ? elements_ : expected.sampled.size();
        if (expected.value.size() != wanted || expected.bound.size() != wanted)
            throw std::logic_error(fmt::format("the reference of {} speaks of {} elements, not of {}", output.spec.name,
                                               expected.value.size(), wanted));
        if (on_another_fill != nullptr) find_unwritten(*on_another_fill);
        measure_expected();
        for (std::size_t i = 0; i < expected.value.size(); ++i) judge_element(i);
    }

    bool judged() const { return !expected_.value.empty(); }
    double worst_of_bound() const { return worst_of_bound_; }

    void add_to(Verdict& verdict) const {
        verdict.nonfinite += nonfinite_.count;
        verdict.max_absolute = std::max(verdict.max_absolute, max_absolute_);
        verdict.max_relative = std::max(verdict.max_relative, max_relative_);
        if (squared_expected_ > 0) verdict.rms = std::max(verdict.rms, std::sqrt(squared_error_ / squared_expected_));
        const bool worse = verdict.worst_tensor.empty() || worst_of_bound_ > verdict.worst_of_bound;
        if (judged() && worse) {
            verdict.worst_tensor = output_.spec.name;
            verdict.worst_index = coordinates(output_.spec, flat(worst_));
            verdict.worst_expected = expected_.value[worst_];
            verdict.worst_got = output_.at(flat(worst_));
            verdict.worst_of_bound = worst_of_bound_;
        }
    }

    /// "" if the output is right.
    std::string reason() const {
        const std::string& name = output_.spec.name;
        if (unwritten_.count != 0)
            return fmt::format("{} of {} elements of {} were never written{}", unwritten_.count, elements_, name,
                               unwritten_.box.text(output_.spec));
        if (nonfinite_.count != 0)
            return fmt::format(
                "{} of {} elements of {} are not finite where they should be, or the other way round{}; "
                "{} is {}, expected {}",
                nonfinite_.count, expected_.value.size(), name, nonfinite_.box.text(output_.spec),
                element(nonfinite_.first), output_.at(nonfinite_.first), nonfinite_expected_);
        if (outside_.count != 0) return outside_reason();
        const double share = squared_bound_ > 0 ? std::sqrt(squared_error_ / squared_bound_) : 0;
        const double limit = rms_limit(fourth_bound_ > 0 ? squared_bound_ * squared_bound_ / fourth_bound_ : 0);
        if (!(share <= limit))
            return fmt::format(
                "each element of {} is within its bound, but the root mean square of the errors is {:.2f} "
                "of the bounds' where {:.2f} is the limit: a systematic bias",
                name, share, limit);
        return "";
    }

private:
    std::size_t flat(std::size_t i) const { return expected_.sampled.empty() ? i : expected_.sampled[i]; }

    std::string element(std::size_t index) const {
        return fmt::format("{}[{}]", output_.spec.name, fmt::join(coordinates(output_.spec, index), ","));
    }

    void find_unwritten(const Tensor& on_another_fill) {
        if (on_another_fill.data.size() != output_.data.size())
            throw std::logic_error(fmt::format("{} has another size on another fill", output_.spec.name));
        for (std::size_t i = 0; i < elements_; ++i)
            if (holds(output_, i, poison) && holds(on_another_fill, i, second_poison)) unwritten_.add(output_.spec, i);
    }

    void measure_expected() {
        std::size_t finite = 0;
        for (double value : expected_.value) {
            if (!std::isfinite(value)) continue;
            squared_expected_ += value * value;
            ++finite;
        }
        rms_expected_ = finite == 0 ? 0 : std::sqrt(squared_expected_ / static_cast<double>(finite));
    }

    void judge_element(std::size_t i) {
        const double want = expected_.value[i];
        const double got = output_.at(flat(i));
        if (!std::isfinite(want) || !std::isfinite(got)) {
            const bool same = std::isnan(want) ? std::isnan(got) : want == got;
            if (same) return;
            if (nonfinite_.count == 0) nonfinite_expected_ = want;
            nonfinite_.add(output_.spec, flat(i));
            set_worst(i, std::numeric_limits<double>::infinity());
            return;
        }
        const double error = std::abs(got - want);
        const double bound = expected_.bound[i];
        squared_error_ += error * error;
        squared_bound_ += bound * bound;
        fourth_bound_ += bound * bound * bound * bound;
        squared_got_ += got * got;
        cross_ += got * want;
        max_absolute_ = std::max(max_absolute_, error);
        const double scale = std::max(std::abs(want), rms_expected_);
        if (scale > 0) max_relative_ = std::max(max_relative_, error / scale);
        // A bound that is itself NaN must not let anything pass.
        if (!(error <= bound)) outside_.add(output_.spec, flat(i));
        set_worst(i, error == 0 ? 0 : error / bound);
    }

    void set_worst(std::size_t i, double of_bound) {
        if (of_bound > worst_of_bound_) {
            worst_of_bound_ = of_bound;
            worst_ = i;
        }
    }

    std::string outside_reason() const {
        const std::string& name = output_.spec.name;
        const std::string worst =
            fmt::format("{} is {:.6g}, expected {:.6g} ± {:.2g}", element(flat(worst_)), output_.at(flat(worst_)),
                        expected_.value[worst_], expected_.bound[worst_]);
        if (squared_got_ == 0) return fmt::format("every element of {} is zero; {}", name, worst);
        const double factor = squared_expected_ > 0 ? cross_ / squared_expected_ : 0;
        // What a multiple of the right result leaves over: Σ(got - factor·want)².
        const double left_over = squared_got_ - factor * cross_;
        constexpr std::size_t enough_to_tell = 16;
        if (expected_.value.size() >= enough_to_tell && left_over < 1e-4 * squared_got_ && std::abs(factor - 1) > 0.01)
            return fmt::format("{} is {:.4g} times what it should be; {}", name, factor, worst);
        return fmt::format("{} of {} elements of {} are outside their bound{}; {}", outside_.count,
                           expected_.value.size(), name, outside_.box.text(output_.spec), worst);
    }

    const Tensor& output_;
    const Expected& expected_;
    std::size_t elements_;
    Bad unwritten_, nonfinite_, outside_;
    double nonfinite_expected_ = 0;
    double squared_expected_ = 0, rms_expected_ = 0;
    double squared_error_ = 0, squared_bound_ = 0, fourth_bound_ = 0, squared_got_ = 0, cross_ = 0;
    double max_absolute_ = 0, max_relative_ = 0, worst_of_bound_ = 0;
    std::size_t worst_ = 0;
};

}  // namespace

double rms_limit(double effective) {
    if (!(effective > 0)) return 1;
    constexpr double honest_mean_square = 0.154;
    const double stray = std::sqrt(std::log(1e9) / (2 * effective));
    return std::sqrt(std::clamp(honest_mean_square + stray, 0.25, 1.0));
}

bool holds_poison(std::span<const Tensor> outputs) {
    return std::ranges::any_of(outputs, [](const Tensor& output) {
        for (std::size_t i = 0; i < output.spec.elements(); ++i)
            if (holds(output, i, poison)) return true;
        return false;
    });
}

Verdict judge(std::span<const Tensor> outputs, std::span<const Expected> expected,
              std::span<const Tensor> on_another_fill) {
    if (outputs.size() != expected.size())
        throw std::logic_error(fmt::format("{} outputs, but {} references", outputs.size(), expected.size()));
    if (!on_another_fill.empty() && on_another_fill.size() != outputs.size())
        throw std::logic_error(
            fmt::format("{} outputs, but {} on another fill", outputs.size(), on_another_fill.size()));
    Verdict verdict;
    std::vector<std::string> reasons;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const Judgement judgement(outputs[i], expected[i], on_another_fill.empty() ? nullptr : &on_another_fill[i]);
        judgement.add_to(verdict);
        if (std::string reason = judgement.reason(); !reason.empty()) reasons.push_back(std::move(reason));
    }
    verdict.outcome = reasons.empty() ? Outcome::passed : Outcome::wrong;
    verdict.reason = fmt::format("{}", fmt::join(reasons, "; "));
    return verdict;
}

}  // namespace stele
