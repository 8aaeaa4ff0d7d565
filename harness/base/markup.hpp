// Text inside HTML and XML.
#pragma once

#include <string>
#include <string_view>

namespace stele {

/// visible(), its lines kept, with the signs that mean something to HTML and XML as entities; fit for an attribute too.
std::string markup_text(std::string_view text);

}  // namespace stele
