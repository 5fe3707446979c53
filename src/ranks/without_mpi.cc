#include <cstdlib>
#include <string>

#include "ranks/ranks.h"

namespace liteqat::ranks {

Result<std::unique_ptr<Ranks>> join() {
  const char* size = std::getenv("OMPI_COMM_WORLD_SIZE");
  if (size == nullptr || std::string(size) == "1") return std::unique_ptr<Ranks>();
  return error(Code::kUnsupported,
               "mpirun started {} processes, but this liteqat is built without MPI: install libopenmpi-dev and configure the build again",
               size);
}

}  // namespace liteqat::ranks
