// An HDF5 identifier that is closed with its scope, and the library's own words for the last failure.
#pragma once

#include <hdf5.h>

#include <string>

#include "base/status.h"

namespace liteqat::formats::archive_reader {

class Handle {
 public:
  using Close = herr_t (*)(hid_t);
  Handle(hid_t id, Close close) : id_(id), close_(close) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (ok()) close_(id_);
  }
  bool ok() const { return id_ >= 0; }
  hid_t id() const { return id_; }

 private:
  hid_t id_;
  Close close_;
};

/// kCorruptFile: "'/path' what: the innermost message of HDF5's error stack".
Status hdf5_error(const std::string& path, const std::string& what);

}  // namespace liteqat::formats::archive_reader
