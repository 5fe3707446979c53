// Another program, run to its end.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace liteqat {

/// Starts arguments[0] (looked for in PATH) and waits. Its standard output is dropped, its standard error goes to ours. No shell is
/// involved. Fails: kNotFound if it cannot be started, kIo if it ends with another code than 0, naming the program and the code or signal.
Status run_program(const std::vector<std::string>& arguments);

/// Folder of the running program's file; empty if the system does not say.
std::string program_folder();

}  // namespace liteqat
