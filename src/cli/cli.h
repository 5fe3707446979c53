// The command line: parses, calls one pipeline function, prints its result, maps its status to an exit code. The only module that
// prints, handles signals and exits. Results go to stdout, progress and messages to stderr.
#pragma once

namespace liteqat::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFindings = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInput = 3;
inline constexpr int kExitInternal = 4;
inline constexpr int kExitInterrupted = 130;

int run_command_line(int argc, char** argv, const char* version);

}  // namespace liteqat::cli
