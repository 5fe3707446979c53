// What an audit of several folders' test images says of each of them. Private to pipeline.
#pragma once

#include <string>
#include <vector>

#include "audit/evidence.h"
#include "eval/groups.h"

namespace liteqat::pipeline {

/// Takes out the claims that are one folder's own right figure under some profile: right, but not of the pool that the checks judge. A note
/// says so of each.
void drop_directory_claims(const eval::ImageGroups& groups, audit::Evidence& evidence, std::vector<std::string>& notes);

}  // namespace liteqat::pipeline
