// Status and Result: how every fault of outside data travels. Shape compatible with C++23's std::expected.
//
// A message is one sentence: what failed, where (file and offset, key, operator and node index), what was expected, what was found
// and, where it helps, what to do. Libraries never print or exit; only cli maps codes to exit numbers. Programmer mistakes are not
// statuses: see base/check.h.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/format.h"

namespace liteqat {

enum class Code {
  kOk,
  kInvalidArgument,  // what the user typed: exit 2
  kCorruptFile,      // a file is not what it claims to be
  kUnsupported,      // well-formed, but outside what we implement
  kNotFound,         // a file, recipe, key or tensor is missing
  kIo,               // the operating system refused
  kOutOfRange,       // a value outside its documented range, NaN and Inf included
  kMismatch,         // two inputs that must agree do not
  kInterrupted,      // stopped by a signal, resumable: exit 130
  kInternal,         // our own fault: exit 4
};

const char* code_name(Code code);

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }

  /// The same fault seen from further out: "prefix: message".
  Status with_context(const std::string& prefix) const { return ok() ? *this : Status(code_, prefix + ": " + message_); }

 private:
  Code code_ = Code::kOk;
  std::string message_;
};

template <typename... Args>
Status error(Code code, format_string<Args...> text, Args&&... args) {
  return Status(code, format(text, std::forward<Args>(args)...));
}

/// A value or the Status that explains its absence.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}                                         // NOLINT: conversion intended
  Result(Status status) : status_(std::move(status)) { LITEQAT_CHECK(!status_.ok()); }  // NOLINT: conversion intended

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }

  T& value() & {
    LITEQAT_CHECK(ok());
    return *value_;
  }
  const T& value() const& {
    LITEQAT_CHECK(ok());
    return *value_;
  }
  T&& value() && {
    LITEQAT_CHECK(ok());
    return std::move(*value_);
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace liteqat

#define LITEQAT_CONCAT_INNER(a, b) a##b
#define LITEQAT_CONCAT(a, b) LITEQAT_CONCAT_INNER(a, b)

/// Leaves the function with the status if it is an error.
#define LITEQAT_RETURN_IF_ERROR(expression)          \
  do {                                               \
    ::liteqat::Status status_of_expr = (expression); \
    if (!status_of_expr.ok()) return status_of_expr; \
  } while (false)

/// LITEQAT_ASSIGN_OR_RETURN(auto bytes, read_file(path));
#define LITEQAT_ASSIGN_OR_RETURN(declaration, expression) \
  LITEQAT_ASSIGN_OR_RETURN_INNER(LITEQAT_CONCAT(result_, __LINE__), declaration, expression)
#define LITEQAT_ASSIGN_OR_RETURN_INNER(temporary, declaration, expression) \
  auto temporary = (expression);                                           \
  if (!temporary.ok()) return temporary.status();                          \
  declaration = std::move(temporary).value()
