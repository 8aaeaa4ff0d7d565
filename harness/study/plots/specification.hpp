// What all plots are made of: Vega-Lite's specifications as JSON, rows, and the colours of languages.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>

#include "backends/language.hpp"
#include "harness/draw/document.hpp"

namespace stele::plots {

using Json = nlohmann::ordered_json;

/// The text of a specification as it stands in the code. Throws std::logic_error where it is no JSON.
Json specification(const char* text);

/// The plot of these rows, which every layer without data of its own draws from. Control characters in rows are made
/// visible, as in all text from outside.
Plot plot_of(Table table, Json specification, Json rows);

/// Channels that tell languages apart by colour and shape, for a field "language" with their titles. The colours are
/// Okabe and Ito's, which the colour-blind tell apart (Color Universal Design, 2008), and each language's own on every
/// page.
Json language_colour(const std::set<Language>& shown);
Json language_shape(const std::set<Language>& shown);

/// "language": its title, for a row.
std::string language_title(Language language);

/// An axis of times in seconds: "1.2µs", "30ms".
Json time_axis(const std::string& title);

/// Where a logarithmic axis has its ticks: powers of ten, where these are few 2 and 5 times them too.
Json ticks_of_log(double low, double high);

/// A link to the row of a cell.
std::string link_to(const std::string& anchor);

}  // namespace stele::plots
