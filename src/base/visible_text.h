// What a terminal may be shown of names and texts that files hold.
#pragma once

#include <string>
#include <string_view>

namespace liteqat {

/// Control characters as "\x1b": sent as they are, they move the cursor, set titles, or make two lines of a sentence. A text of lines keeps
/// line feeds, tabulators and colours.
std::string visible_text(std::string_view text, bool of_lines = false);

}  // namespace liteqat
