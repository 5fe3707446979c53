#include "pipeline/npy_type.h"

namespace liteqat::pipeline {

const char* npy_type(graph::DType type) {
  switch (type) {
    case graph::DType::kFloat32:
      return "<f4";
    case graph::DType::kFloat16:
      return "<f2";
    case graph::DType::kInt8:
      return "|i1";
    case graph::DType::kUInt8:
      return "|u1";
    case graph::DType::kInt16:
      return "<i2";
    case graph::DType::kInt32:
      return "<i4";
    case graph::DType::kInt64:
      return "<i8";
    case graph::DType::kBool:
      return "|b1";
  }
  return "";
}

}  // namespace liteqat::pipeline
