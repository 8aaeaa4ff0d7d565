// What every page of HTML carries beside its document: its looks, its script, and what it may not do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernels/embedded_text.hpp"

namespace stele {

/// page.css and page.js of this folder. Made by the build.
const std::vector<EmbeddedText>& embedded_page();
/// Vega, Vega-Lite and Vega-Embed as one script; nothing where the build did not find the wheel that carries them. Made
/// by the build.
const std::vector<EmbeddedText>& embedded_plot_library();

inline bool can_draw_plots() { return !embedded_plot_library().empty(); }

/// From the doctype to the body's start. The policy lets nothing in from outside, and no script run but those of
/// page_end(), each by its digest: whatever a report holds, a browser does not execute it.
std::string page_start(const std::string& title, bool with_plots);
/// The scripts, and the end.
std::string page_end(bool with_plots);

/// JSON as the text of a script element: no "<" that could end it or begin a comment, and no line end that a script's
/// reader knows and JSON's does not.
std::string script_json(std::string_view json);

}  // namespace stele
