#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>

namespace liteqat {
namespace {

constexpr std::string_view kTemporaryMark = ".liteqat-tmp-";  // followed by the process id
constexpr int64_t kMostOfDevice = 1 << 20;                    // a terminal gives less, /dev/zero has no end

/// Closes on scope exit unless close_checked() was called.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool close_checked() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

Status system_error(const char* action, const std::string& path, int code) {
  return error(code == ENOENT ? Code::kNotFound : Code::kIo, "{}: cannot {}: {}", path, action, std::strerror(code));
}

/// Opening a named pipe would wait until somebody opens it to write, which may be never; reading then waits as usual.
int open_to_read(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd >= 0) ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) & ~O_NONBLOCK);
  return fd;
}

bool write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return true;
}

Status sync_folder(const std::string& folder) {
  Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return system_error("open folder", folder, errno);
  if (::fsync(fd.get()) != 0 && errno != EINVAL) return system_error("flush folder", folder, errno);
  return {};
}

/// A new file of this process: what lies under its name, a link that someone put there or the rest of a process of the same id, is not
/// written through but removed.
int create_temporary(const std::string& temporary) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const int fd = ::open(temporary.c_str(), kFlags, 0644);
  if (fd >= 0 || errno != EEXIST || ::unlink(temporary.c_str()) != 0) return fd;
  return ::open(temporary.c_str(), kFlags, 0644);
}

Status write_temporary(const std::string& temporary, const std::string& path, std::span<const std::byte> bytes) {
  Descriptor fd(create_temporary(temporary));
  if (fd.get() < 0) return system_error("create", path, errno);
  if (!write_all(fd.get(), bytes)) return system_error("write", path, errno);
  if (::fsync(fd.get()) != 0) return system_error("flush", path, errno);
  if (!fd.close_checked()) return system_error("close", path, errno);
  return {};
}

/// Removes what writers of `path` left behind that are no more. A failure is no reason not to write.
void remove_abandoned_temporaries(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const std::string prefix = path.substr(slash == std::string::npos ? 0 : slash + 1) + std::string(kTemporaryMark);
  // Not std::filesystem: its iterator ends the program where memory for a name cannot be had.
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(folder.c_str()), ::closedir);
  if (!entries) return;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (!name.starts_with(prefix)) continue;
    pid_t writer = 0;
    const auto read = std::from_chars(name.data() + prefix.size(), name.data() + name.size(), writer);
    if (read.ec != std::errc() || read.ptr != name.data() + name.size()) continue;
    if (writer > 0 && ::kill(writer, 0) != 0 && errno == ESRCH) ::unlinkat(::dirfd(entries.get()), entry->d_name, 0);
  }
}

}  // namespace

Result<Bytes> read_file(const std::string& path, int64_t max_bytes) {
  Descriptor fd(open_to_read(path));
  if (fd.get() < 0) return system_error("open", path, errno);
  struct stat info;
  if (::fstat(fd.get(), &info) != 0) return system_error("inspect", path, errno);
  if (S_ISDIR(info.st_mode)) return error(Code::kIo, "{}: is a folder, a file was expected", path);
  if (S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode)) max_bytes = std::min(max_bytes, kMostOfDevice);
  if (info.st_size > max_bytes) {
    return error(Code::kOutOfRange, "{}: {} bytes, at most {} are accepted", path, static_cast<int64_t>(info.st_size), max_bytes);
  }
  Bytes bytes(S_ISREG(info.st_mode) ? static_cast<size_t>(info.st_size) : 0);
  size_t filled = 0;
  while (true) {
    if (filled == bytes.size()) {
      // A regular file may have grown, and a pipe has no size: probe for one more block.
      std::byte block[65536];
      const ssize_t got = ::read(fd.get(), block, sizeof block);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return system_error("read", path, errno);
      if (got == 0 && filled == 0 && S_ISFIFO(info.st_mode)) return error(Code::kIo, "{}: is a pipe that nothing is written into", path);
      if (got == 0) break;
      if (static_cast<int64_t>(filled) + got > max_bytes) return error(Code::kOutOfRange, "{}: more than {} bytes", path, max_bytes);
      bytes.insert(bytes.end(), block, block + got);
      filled = bytes.size();
      continue;
    }
    const ssize_t got = ::read(fd.get(), bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read", path, errno);
    if (got == 0) {
      return error(Code::kIo, "{}: shrank while it was read, {} of {} bytes found", path, filled, bytes.size());
    }
    filled += static_cast<size_t>(got);
  }
  return bytes;
}

Result<std::string> read_text_file(const std::string& path, int64_t max_bytes) {
  LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, read_file(path, max_bytes));
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Status write_file(const std::string& path, std::span<const std::byte> bytes) {
  remove_abandoned_temporaries(path);
  const std::string temporary = format("{}{}{}", path, kTemporaryMark, ::getpid());
  Status status = write_temporary(temporary, path, bytes);
  if (status.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) status = system_error("replace", path, errno);
  if (!status.ok()) {
    ::unlink(temporary.c_str());
    return status;
  }
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return sync_folder(folder.empty() ? "." : folder);
}

Status write_text_file(const std::string& path, std::string_view text) {
  return write_file(path, std::as_bytes(std::span(text)));
}

Status append_to_file(const std::string& path, std::span<const std::byte> bytes) {
  Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (fd.get() < 0) return system_error("open", path, errno);
  if (!write_all(fd.get(), bytes)) return system_error("append to", path, errno);
  if (!fd.close_checked()) return system_error("close", path, errno);
  return {};
}

Status make_folder(const std::string& path) {
  std::error_code code;
  std::filesystem::create_directories(path, code);
  if (code) return error(Code::kIo, "{}: cannot create folder: {}", path, code.message());
  return {};
}

bool file_exists(const std::string& path) {
  std::error_code code;
  return std::filesystem::exists(path, code);
}

Status remove_stale_temporaries(const std::string& folder) {
  std::error_code code;
  for (auto entry = std::filesystem::directory_iterator(folder, code); !code && entry != std::filesystem::directory_iterator();
       entry.increment(code)) {
    if (entry->path().filename().string().find(kTemporaryMark) == std::string::npos) continue;
    std::error_code removed;
    std::filesystem::remove(entry->path(), removed);
    if (removed) return error(Code::kIo, "{}: cannot remove: {}", entry->path().string(), removed.message());
  }
  if (code) return error(Code::kIo, "{}: cannot list folder: {}", folder, code.message());
  return {};
}

}  // namespace liteqat
