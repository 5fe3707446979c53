#include "formats/archive_reader/confine.h"

#include <signal.h>
#include <sys/resource.h>

#include "base/sanitizers.h"

namespace liteqat::formats::archive_reader {
namespace {

constexpr rlim_t kProcessorSeconds = 120;
/// The libraries themselves, and data sets that unfold; wire.h bounds these by 64 files and 16 MiB, here an unpacked file and two copies of
/// its largest data set are meant to fit.
constexpr rlim_t kFixedBytes = rlim_t{1} << 30;
constexpr rlim_t kBytesPerFileByte = 5;

bool limit(int resource, rlim_t value) {
  const rlimit bounds = {value, value};
  return ::setrlimit(resource, &bounds) == 0;
}

}  // namespace

bool confine(uint64_t file_bytes) {
  ::signal(SIGXFSZ, SIG_IGN);  // a write that is refused returns EFBIG
  return limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_NOFILE, 0) && limit(RLIMIT_CPU, kProcessorSeconds) &&
         (kHasShadowMemory || limit(RLIMIT_AS, kFixedBytes + kBytesPerFileByte * file_bytes));
}

}  // namespace liteqat::formats::archive_reader
