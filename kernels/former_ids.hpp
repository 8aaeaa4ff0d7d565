// Ids that variants once had: read in reports, baselines, tuning files and globs, never written.
#pragma once

#include <string>
#include <string_view>

namespace stele {

/// What an id, or a glob of ids, that was written then is called now; the same text where nothing changed.
std::string present_id(std::string_view id);

}  // namespace stele
