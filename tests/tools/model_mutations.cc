#include "model_mutations.h"

#include <flatbuffers/flatbuffers.h>
#include <flatbuffers/reflection_generated.h>

#include <array>
#include <cstring>
#include <limits>
#include <map>
#include <set>

#include "base/format.h"

namespace liteqat::test {
namespace {

using reflection::BaseType;

constexpr std::array<int, 12> kChanges = {1, 2, 4, 8, 16, 32, 64, 128, -0x00, -0x7F, -0x80, -0xFF};  // flipped bits; values, negated
constexpr size_t kMostAppended = 64;
constexpr uint32_t kElementsAtEachEnd = 8;
constexpr size_t kMostTargets = 4;  // of other tables of its type that an offset is pointed to

size_t scalar_bytes(BaseType type) {
  switch (type) {
    case reflection::UType:
    case reflection::Bool:
    case reflection::Byte:
    case reflection::UByte:
      return 1;
    case reflection::Short:
    case reflection::UShort:
      return 2;
    case reflection::Int:
    case reflection::UInt:
    case reflection::Float:
      return 4;
    case reflection::Long:
    case reflection::ULong:
    case reflection::Double:
      return 8;
    default:
      return 0;  // no scalar
  }
}

/// Walks the tables that the root reaches, each once, and notes every site.
class Walk {
 public:
  Walk(const Bytes& model, const Bytes& schema)
      : model_(reinterpret_cast<const uint8_t*>(model.data())), schema_(*reflection::GetSchema(schema.data())) {
    table(*flatbuffers::GetRoot<flatbuffers::Table>(model_), *schema_.root_table(), "");
  }

  std::vector<Site> take_sites() {
    for (auto& [site, type] : offsets_) {
      // The first and the last tables of the type. One that lies before makes an offset beyond any file: FlatBuffers point forwards only.
      const std::vector<size_t>& others = tables_of_[type];
      for (size_t other = 0; other < others.size(); ++other) {
        if (other < kMostTargets / 2 || others.size() - other <= kMostTargets / 2) sites_[site].targets.push_back(others[other]);
      }
    }
    return std::move(sites_);
  }

 private:
  size_t place(const void* pointer) const { return static_cast<size_t>(static_cast<const uint8_t*>(pointer) - model_); }

  void scalar(const uint8_t* at, BaseType type, const std::string& path) {
    const bool real = type == reflection::Float || type == reflection::Double;
    sites_.push_back({real ? Site::Kind::kFloat : Site::Kind::kInteger, place(at), scalar_bytes(type), path});
  }

  void offset(const uint8_t* at, const std::string& type, size_t own_table, const std::string& path) {
    offsets_.emplace_back(sites_.size(), type);
    sites_.push_back({Site::Kind::kOffset, place(at), sizeof(flatbuffers::uoffset_t), path, {own_table}});
  }

  const uint8_t* follow(const uint8_t* at) const { return at + flatbuffers::ReadScalar<flatbuffers::uoffset_t>(at); }

  void table(const flatbuffers::Table& table, const reflection::Object& type, const std::string& path) {
    const auto* start = reinterpret_cast<const uint8_t*>(&table);
    if (!seen_.insert(place(start)).second) return;
    tables_of_[type.name()->str()].push_back(place(start));
    sites_.push_back({Site::Kind::kOffset, place(start), sizeof(flatbuffers::soffset_t), path + ".vtable"});
    for (const reflection::Field* field : *type.fields()) {
      const flatbuffers::voffset_t within = table.GetOptionalFieldOffset(field->offset());
      if (within == 0) continue;
      field_at(start + within, *field, table, path.empty() ? field->name()->str() : path + "." + field->name()->str());
    }
  }

  void field_at(const uint8_t* at, const reflection::Field& field, const flatbuffers::Table& owner, const std::string& path) {
    const BaseType type = field.type()->base_type();
    const size_t own = place(&owner);
    if (scalar_bytes(type) > 0) {
      scalar(at, type, path);
    } else if (type == reflection::String) {
      offset(at, "string", own, path);
      length(follow(at), path);
    } else if (type == reflection::Obj) {
      const reflection::Object& child = *schema_.objects()->Get(static_cast<uint32_t>(field.type()->index()));
      if (child.is_struct()) return;  // the schema's tables hold none
      offset(at, child.name()->str(), own, path);
      table(*reinterpret_cast<const flatbuffers::Table*>(follow(at)), child, path);
    } else if (type == reflection::Union) {
      union_value(at, field, owner, path);
    } else if (type == reflection::Vector) {
      offset(at, "vector", own, path);
      vector(follow(at), field, own, path);
    }
  }

  void length(const uint8_t* at, const std::string& path) {
    sites_.push_back({Site::Kind::kLength, place(at), sizeof(flatbuffers::uoffset_t), path + ".length"});
  }

  void union_value(const uint8_t* at, const reflection::Field& field, const flatbuffers::Table& owner, const std::string& path) {
    // The type of a union stands in the field before it, whose vtable slot is two bytes lower.
    const uint8_t tag = owner.GetField<uint8_t>(static_cast<flatbuffers::voffset_t>(field.offset() - sizeof(flatbuffers::voffset_t)), 0);
    const auto* values = schema_.enums()->Get(static_cast<uint32_t>(field.type()->index()))->values();
    for (const reflection::EnumVal* value : *values) {
      if (value->value() != tag || !value->union_type() || value->union_type()->base_type() != reflection::Obj) continue;
      const reflection::Object& child = *schema_.objects()->Get(static_cast<uint32_t>(value->union_type()->index()));
      offset(at, child.name()->str(), place(&owner), path);
      table(*reinterpret_cast<const flatbuffers::Table*>(follow(at)), child, path);
    }
  }

  void vector(const uint8_t* at, const reflection::Field& field, size_t own_table, const std::string& path) {
    length(at, path);
    if (path.starts_with("buffers[") && path.ends_with("].data")) return;
    const auto elements = flatbuffers::ReadScalar<flatbuffers::uoffset_t>(at);
    const BaseType type = field.type()->element();
    const size_t bytes = scalar_bytes(type) > 0 ? scalar_bytes(type) : sizeof(flatbuffers::uoffset_t);
    for (uint32_t index = 0; index < elements; ++index) {
      const uint8_t* element = at + sizeof(flatbuffers::uoffset_t) + bytes * index;
      const std::string name = path + "[" + std::to_string(index) + "]";
      if (scalar_bytes(type) > 0) {
        if (index < kElementsAtEachEnd || elements - index <= kElementsAtEachEnd) scalar(element, type, name);
      } else if (type == reflection::String) {
        offset(element, "string", own_table, name);
      } else if (type == reflection::Obj) {
        const reflection::Object& child = *schema_.objects()->Get(static_cast<uint32_t>(field.type()->index()));
        offset(element, child.name()->str(), own_table, name);
        table(*reinterpret_cast<const flatbuffers::Table*>(follow(element)), child, name);
      }
    }
  }

  const uint8_t* model_;
  const reflection::Schema& schema_;
  std::vector<Site> sites_;
  std::vector<std::pair<size_t, std::string>> offsets_;  // a site of kOffset, and the type it points to
  std::map<std::string, std::vector<size_t>> tables_of_;
  std::set<size_t> seen_;
};

uint64_t read_value(const Bytes& model, const Site& site) {
  uint64_t value = 0;
  std::memcpy(&value, model.data() + site.offset, site.bytes);
  return value;
}

template <typename Float, typename Bits>
std::vector<uint64_t> float_values() {
  using Limits = std::numeric_limits<Float>;
  std::vector<uint64_t> values;
  for (const Float value : {Float{0}, Float{-1}, Float{1}, Limits::infinity(), Limits::quiet_NaN(), Limits::max(), Limits::denorm_min()}) {
    Bits bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    values.push_back(bits);
  }
  return values;
}

std::vector<uint64_t> values_for(const Bytes& model, const Site& site) {
  const uint64_t old = read_value(model, site), all = site.bytes == 8 ? UINT64_MAX : (uint64_t{1} << (8 * site.bytes)) - 1;
  switch (site.kind) {
    case Site::Kind::kFloat:
      return site.bytes == 4 ? float_values<float, uint32_t>() : float_values<double, uint64_t>();
    case Site::Kind::kInteger:  // -1, the type's ends signed and unsigned, neighbours, and what wraps when doubled
      return {0, 1, 2, all, all >> 1, (all >> 1) + 1, (all >> 2) + 1, (old + 1) & all, (old - 1) & all};
    case Site::Kind::kLength:
      return {0, 1, (old + 1) & all, (old - 1) & all, all, all >> 1, (all >> 2) + 1};
    case Site::Kind::kOffset: {
      std::vector<uint64_t> values = {0, 1, 4, all, all >> 1};
      for (size_t target : site.targets) values.push_back((target - site.offset) & all);
      return values;
    }
  }
  return {};
}

}  // namespace

std::vector<Site> find_sites(const Bytes& model, const Bytes& schema) {
  return Walk(model, schema).take_sites();
}

Mutations::Mutations(Bytes model, const Bytes& schema, Damage damage) : model_(std::move(model)), damage_(damage) {
  if (damage_ != Damage::kBytes) {
    sites_ = find_sites(model_, schema);
    list_edits();
  }
  std::set<size_t> bytes;
  if (damage_ == Damage::kBytes) {
    for (size_t offset = 0; offset < model_.size(); ++offset) bytes.insert(bytes.end(), offset);
  } else if (damage_ == Damage::kBoth) {
    for (const Site& site : sites_) {
      for (size_t byte = 0; byte < site.bytes; ++byte) bytes.insert(site.offset + byte);
    }
  }
  damaged_bytes_.assign(bytes.begin(), bytes.end());
  count_ = damaged_bytes_.size() * kChanges.size() + edits_.size();
  if (damage_ == Damage::kBytes) count_ += model_.size() + kMostAppended;
}

void Mutations::list_edits() {
  for (size_t site = 0; site < sites_.size(); ++site) {
    std::set<uint64_t> values;
    for (uint64_t value : values_for(model_, sites_[site])) values.insert(value);
    values.erase(read_value(model_, sites_[site]));
    for (uint64_t value : values) edits_.push_back({site, value});
  }
}

Bytes Mutations::change_byte(size_t index, std::string& what) const {
  Bytes damaged = model_;
  const size_t offset = damaged_bytes_[index / kChanges.size()];
  const int change = kChanges[index % kChanges.size()], old = std::to_integer<int>(model_[offset]);
  damaged[offset] = static_cast<std::byte>(change > 0 ? old ^ change : -change);
  what = format("byte {} from {} to {}", offset, old, std::to_integer<int>(damaged[offset]));
  return damaged;
}

Bytes Mutations::change_length(size_t index, std::string& what) const {
  Bytes damaged = model_;
  if (index < model_.size()) {
    damaged.resize(index);
    what = format("cut to {} bytes", index);
  } else {
    const size_t appended = index - model_.size() + 1;
    damaged.resize(model_.size() + appended, std::byte{0xA5});
    what = format("{} bytes appended", appended);
  }
  return damaged;
}

Bytes Mutations::make(size_t index, std::string& what) const {
  const size_t byte_changes = damaged_bytes_.size() * kChanges.size();
  if (index < byte_changes) return change_byte(index, what);
  index -= byte_changes;
  if (index >= edits_.size()) return change_length(index - edits_.size(), what);
  Bytes damaged = model_;
  const Edit& edit = edits_[index];
  const Site& site = sites_[edit.site];
  std::memcpy(damaged.data() + site.offset, &edit.value, site.bytes);
  what = format("{} (byte {}) from {} to {}", site.path, site.offset, read_value(model_, site), edit.value);
  return damaged;
}

}  // namespace liteqat::test
