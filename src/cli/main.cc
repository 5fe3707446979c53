#include "cli/cli.h"

int main(int argc, char** argv) {
  return liteqat::cli::run_command_line(argc, argv, LITEQAT_VERSION);
}
