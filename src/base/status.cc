#include "base/status.h"

namespace liteqat {

const char* code_name(Code code) {
  switch (code) {
    case Code::kOk:
      return "ok";
    case Code::kInvalidArgument:
      return "invalid argument";
    case Code::kCorruptFile:
      return "corrupt file";
    case Code::kUnsupported:
      return "unsupported";
    case Code::kNotFound:
      return "not found";
    case Code::kIo:
      return "input/output";
    case Code::kOutOfRange:
      return "out of range";
    case Code::kMismatch:
      return "mismatch";
    case Code::kInterrupted:
      return "interrupted";
    case Code::kInternal:
      return "internal";
  }
  return "unknown";
}

}  // namespace liteqat
