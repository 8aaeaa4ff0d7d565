// What a command says to people and programs: results to stdout, messages to stderr. The one place that writes to
// either.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "harness/draw/document.hpp"

namespace stele {

/// Makes sure that the numbers 0 to 2 belong to something, so that no file that is opened later takes a message.
void hold_standard_streams();

/// "stele: …" on stderr, shortened and visible. Never throws, and waits for nobody: where it cannot be written, it is
/// not.
void say(std::string_view message) noexcept;

/// A result. After the reader has closed the pipe, nothing is written and nobody is told.
void write_output(std::string_view text);
/// The document, as wide as the terminal: 40 to 120 columns, and 120 where there is none. Into the file `out` where
/// that is given and no name of the standard output; throws CannotWrite.
void show(const Document& document, DrawnAs format = DrawnAs::console, const std::string& out = {});
/// One line at once, so that it is seen while the work goes on.
void show_line(std::string_view line);
void show_json(const nlohmann::ordered_json& json, const std::string& out = {});

/// Throws CannotWrite if something of what was written did not arrive.
void flush_output();

/// Columns of the terminal behind `descriptor`; 0 where there is none.
std::size_t terminal_columns(int descriptor);
/// True if escape sequences mean something to the terminal behind stderr.
bool stderr_takes_escapes();

}  // namespace stele
