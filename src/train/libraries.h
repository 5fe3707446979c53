// Versions of the libraries that training results can depend on, for run.json.
#pragma once

#include <map>
#include <string>

namespace liteqat::train {

std::map<std::string, std::string> library_versions();

}  // namespace liteqat::train
