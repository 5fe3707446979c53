// LaTeX of numbers as plain text. Private to figures.
#pragma once

#include <string>

namespace liteqat::audit {

/// "94{,}462\,\%" -> "94,462 \%", "\num{0.94}" -> "0.94", "\SI{94.46}{\percent}" -> "94.46%", "94.46_{\pm 0.2}" -> "94.46 \pm 0.2}". Other
/// text, other commands and the rows of tables stay as they are.
std::string plain_latex(std::string line);

}  // namespace liteqat::audit
