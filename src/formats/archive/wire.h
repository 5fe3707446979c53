// What the reading program writes to its standard output, and `archive::read` reads back: records, each a kind, a name and a body.
//
// A record is: kind (1 byte), name (u32 length, bytes), body. Bodies: kText u64 length and bytes; kList u32 count, then each entry as u32
// length and bytes; kArray u32 rank, u64 extents, float32 elements; kError u32 Code, the name is the message; kEnd nothing. Numbers are
// in the machine's own byte order: both ends are one machine.
#pragma once

#include <cstdint>

namespace liteqat::formats::archive {

enum class RecordKind : uint8_t { kText = 'T', kList = 'L', kArray = 'A', kError = 'E', kEnd = 'Z' };

inline constexpr uint64_t kMaxFileBytes = uint64_t{4} << 30;
inline constexpr uint64_t kMaxTextBytes = uint64_t{64} << 20;
inline constexpr uint32_t kMaxNameBytes = 4096;  // names and list entries
inline constexpr uint32_t kMaxListEntries = 1 << 16;
inline constexpr uint32_t kMaxRank = 8;
inline constexpr uint32_t kMaxRecords = 1 << 18;

/// All that a file may unfold to: weights hardly compress, so a file that claims much more is a mistake or a bomb.
inline constexpr uint64_t max_unfolded_bytes(uint64_t file_bytes) {
  return 64 * file_bytes + (uint64_t{16} << 20);
}

/// The name of the reading program's file, which lies beside the program that asks.
inline constexpr const char* kReaderProgram = "liteqat-archive-reader";

}  // namespace liteqat::formats::archive
