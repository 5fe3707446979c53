#include "pipeline/prediction_file.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/file.h"
#include "formats/npy/npz.h"
#include "pipeline/csv_table.h"

namespace liteqat::pipeline {
namespace {

namespace npy = formats::npy;

/// Numbers in rows, whatever the file was.
struct Table {
  std::string name;
  int64_t rows = 0, columns = 1;
  bool one_axis = true;  // shape [N] or one column
  std::vector<double> values = {};
};

double half_to_double(uint16_t bits) {
  const int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  const double sign = bits & 0x8000 ? -1 : 1;
  if (exponent == 31) return mantissa ? std::nan("") : sign * HUGE_VAL;
  return sign * (exponent ? std::ldexp(1024 + mantissa, exponent - 25) : std::ldexp(mantissa, -24));
}

template <typename T>
std::vector<double> widen(const npy::Array& array) {
  const auto values = array.as<T>();
  return {values.begin(), values.end()};
}

std::vector<double> to_doubles(const npy::Array& array) {
  if (array.dtype == "<f4") return widen<float>(array);
  if (array.dtype == "<f8") return widen<double>(array);
  if (array.dtype == "|i1") return widen<int8_t>(array);
  if (array.dtype == "|u1" || array.dtype == "|b1") return widen<uint8_t>(array);
  if (array.dtype == "<i2") return widen<int16_t>(array);
  if (array.dtype == "<u2") return widen<uint16_t>(array);
  if (array.dtype == "<i4") return widen<int32_t>(array);
  if (array.dtype == "<u4") return widen<uint32_t>(array);
  if (array.dtype == "<i8") return widen<int64_t>(array);
  if (array.dtype == "<u8") return widen<uint64_t>(array);
  std::vector<double> values;
  for (const uint16_t bits : array.as<uint16_t>()) values.push_back(half_to_double(bits));
  return values;
}

std::string shape_words(const std::vector<int64_t>& shape) {
  std::string text = "(";
  for (size_t i = 0; i < shape.size(); ++i) text += format("{}{}", i ? "," : "", shape[i]);
  return text + (shape.size() == 1 ? ",)" : ")");
}

Result<Table> table_of(const npy::Array& array, const std::string& name) {
  const auto& shape = array.shape;
  if (shape.empty() || shape.size() > 2 || shape[0] == 0 || (shape.size() == 2 && shape[1] == 0)) {
    return error(Code::kMismatch, "{}: shape {}: class indices (N,) or scores (N,C) are expected", name, shape_words(shape));
  }
  const int64_t columns = shape.size() == 2 ? shape[1] : 1;
  return Table{.name = name, .rows = shape[0], .columns = columns, .one_axis = columns == 1, .values = to_doubles(array)};
}

Result<Table> table_of_npz(const Bytes& bytes, const std::string& path, const std::string& key) {
  LITEQAT_ASSIGN_OR_RETURN(const auto arrays, npy::read_npz(bytes, path));
  std::string keys;
  for (const auto& [name, array] : arrays) keys += (keys.empty() ? "" : ", ") + name;
  if (key.empty() && arrays.size() > 1) {
    return error(Code::kInvalidArgument, "{}: holds {} arrays ({}); name one: {}:{}", path, arrays.size(), keys, path,
                 arrays.begin()->first);
  }
  const auto found = key.empty() ? arrays.begin() : arrays.find(key);
  if (found == arrays.end()) return error(Code::kNotFound, "{}: no array '{}'; it holds {}", path, key, keys);
  return table_of(found->second, key.empty() ? std::filesystem::path(path).stem().string() : key);
}

Result<Table> table_of_csv(std::string_view text, const std::string& path) {
  LITEQAT_ASSIGN_OR_RETURN(CsvTable csv, parse_csv_table(text, path));
  return Table{.name = std::filesystem::path(path).stem().string(),
               .rows = csv.rows,
               .columns = csv.columns,
               .one_axis = csv.columns == 1,
               .values = std::move(csv.values)};
}

Result<Table> read_table(const std::string& spec) {
  std::string path = spec, key;
  const size_t colon = spec.rfind(".npz:");
  if (colon != std::string::npos && !file_exists(spec)) path = spec.substr(0, colon + 4), key = spec.substr(colon + 5);
  LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, read_file(path));
  if (npy::is_npz(bytes)) return table_of_npz(bytes, path, key);
  if (!bytes.empty() && bytes[0] == std::byte{0x93}) {
    LITEQAT_ASSIGN_OR_RETURN(const npy::Array array, npy::read(bytes, path));
    return table_of(array, std::filesystem::path(path).stem().string());
  }
  return table_of_csv({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path);
}

Result<std::vector<int32_t>> class_indices(const Table& table) {
  constexpr double kMaxClass = 1 << 24;
  std::vector<int32_t> indices;
  indices.reserve(table.values.size());
  for (size_t i = 0; i < table.values.size(); ++i) {
    const double value = table.values[i];
    if (!(value >= 0 && value < kMaxClass) || value != std::floor(value)) {
      return error(Code::kOutOfRange,
                   "{}: entry {} is {}: a class index (a whole number from 0) is expected where there is one number an image", table.name,
                   i, value);
    }
    indices.push_back(static_cast<int32_t>(value));
  }
  return indices;
}

}  // namespace

Result<audit::Answers> read_prediction_file(const std::string& spec) {
  LITEQAT_ASSIGN_OR_RETURN(const Table table, read_table(spec));
  if (table.one_axis) {
    audit::Answers answers;
    answers.name = table.name;
    LITEQAT_ASSIGN_OR_RETURN(answers.classed, class_indices(table));
    return answers;
  }
  const auto width = static_cast<size_t>(table.columns);
  LITEQAT_ASSIGN_OR_RETURN(audit::Answers answers, audit::make_answers(table.name, {table.values.begin(), table.values.end()},
                                                                       static_cast<int32_t>(table.columns)));
  // The order is that of the numbers as stored: two doubles may meet in one float.
  answers.ties = 0;
  for (size_t row = 0; row < answers.classed.size(); ++row) {
    const auto begin = table.values.begin() + static_cast<ptrdiff_t>(row * width), end = begin + static_cast<ptrdiff_t>(width);
    const auto best = std::max_element(begin, end);
    answers.classed[row] = static_cast<int32_t>(best - begin);
    answers.ties += std::find(best + 1, end, *best) != end;
  }
  return answers;
}

Result<std::vector<int32_t>> read_label_file(const std::string& spec) {
  LITEQAT_ASSIGN_OR_RETURN(const Table table, read_table(spec));
  if (table.one_axis) return class_indices(table);
  std::vector<int32_t> labels;
  for (int64_t row = 0; row < table.rows; ++row) {
    const auto begin = table.values.begin() + static_cast<ptrdiff_t>(row * table.columns),
               end = begin + static_cast<ptrdiff_t>(table.columns);
    const auto one = std::find(begin, end, 1.0);
    if (one == end || std::count(begin, end, 0.0) != table.columns - 1) {
      return error(Code::kMismatch, "{}: row {} of {} numbers is not one-hot: labels are class indices (N,), (N,1) or one-hot rows (N,C)",
                   spec, row, table.columns);
    }
    labels.push_back(static_cast<int32_t>(one - begin));
  }
  return labels;
}

}  // namespace liteqat::pipeline
