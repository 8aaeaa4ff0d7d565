// How the checked module names threads and lines in its messages.
#include "backends/simt/checks/tracker.hpp"
#include "backends/simt/executor/faults.hpp"

namespace stele::simt {

std::uint32_t Tracker::intern(const Origin& origin) {
    const std::uintptr_t key = origin.where == nullptr
                                   ? origin.pc
                                   : reinterpret_cast<std::uintptr_t>(origin.where->file_name()) * 0x9E3779B97F4A7C15u +
                                         reinterpret_cast<std::uintptr_t>(origin.what) * 31 + origin.where->line();
    std::uint32_t& number = interned_[key];
    if (number != 0) return number;
    Origin kept = origin;
    if (origin.where != nullptr) {
        places_.push_back(*origin.where);
        kept.place = places_.size();
        kept.where = nullptr;
    }
    origins_.push_back(kept);
    return number = static_cast<std::uint32_t>(origins_.size());
}

std::string Tracker::tell(std::uint32_t number) const {
    if (number == 0) return "an unknown place";
    const Origin& origin = origins_[number - 1];
    if (origin.place == 0) return describe_code(origin.pc);
    return describe(places_[origin.place - 1]) + (origin.what != nullptr ? std::string(" (") + origin.what + ")" : "");
}

std::string Tracker::name(unsigned actor, const Block& block) const {
    if (actor == engine()) return "an asynchronous copy";
    const uint3 index = block.thread(actor % threads_).index;
    std::string out =
        "thread (" + std::to_string(index.x) + "," + std::to_string(index.y) + "," + std::to_string(index.z) + ")";
    if (blocks_ > 1) out += " of block " + std::to_string(actor / threads_) + " of the cluster";
    return out;
}

}  // namespace stele::simt
