// Another program, run to its end.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"

namespace liteqat {

/// Starts arguments[0] (looked for in PATH) and waits. Its standard output is dropped, its standard error goes to ours. No shell is
/// involved. Fails: kNotFound if it cannot be started, kIo if it ends with another code than 0, naming the program and the code or signal.
Status run_program(const std::vector<std::string>& arguments);

/// Starts arguments[0] (a path) with the file as its standard input, an empty environment and a standard error that is dropped, hands its
/// standard output to `consume` piece by piece and waits. When `consume` fails the program is killed and that failure returned. Fails:
/// kNotFound and kIo as run_program does, kInterrupted when an interrupt was requested meanwhile.
Status filter_file(const std::vector<std::string>& arguments, const std::string& input_path,
                   const std::function<Status(std::span<const std::byte>)>& consume);

/// Folder of the running program's file; empty if the system does not say.
std::string program_folder();

}  // namespace liteqat
