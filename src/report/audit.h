// An audit record as the terminal's text, as Markdown and as a page of HTML. Formats, computes nothing.
#pragma once

#include <string>

#include "results/audit_record.h"

namespace liteqat::report {

/// all: clear and skipped findings too; else one screen.
std::string render_audit(const results::Audit& audit, bool color, bool all);
std::string audit_to_markdown(const results::Audit& audit);
/// A page that needs nothing from elsewhere.
std::string audit_to_html(const results::Audit& audit, const std::string& version);

}  // namespace liteqat::report
