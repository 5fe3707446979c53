#include "fetch/download.h"

#include <curl/curl.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "base/file.h"

namespace liteqat::fetch {
namespace {

constexpr long kConnectSeconds = 30, kStalledSeconds = 60, kRedirects = 5;

struct Transfer {
  std::FILE* file = nullptr;
  Progress* progress = nullptr;
  int64_t begun_at = 0, max_bytes = 0, written = 0;
  bool begun = false, too_large = false;
};

size_t write_bytes(char* bytes, size_t size, size_t count, void* object) {
  auto& transfer = *static_cast<Transfer*>(object);
  transfer.written += static_cast<int64_t>(size * count);
  transfer.too_large = transfer.begun_at + transfer.written > transfer.max_bytes;
  return transfer.too_large ? 0 : std::fwrite(bytes, size, count, transfer.file) * size;
}

int show_progress(void* object, curl_off_t total, curl_off_t done, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(object);
  if (total > 0 && !transfer.begun) transfer.progress->begin("fetch", transfer.begun_at + total, "bytes");
  transfer.begun = transfer.begun || total > 0;
  if (transfer.begun) transfer.progress->update(transfer.begun_at + done, "");
  return interrupt_requested() ? 1 : 0;
}

using Handle = std::unique_ptr<CURL, void (*)(CURL*)>;

void set_options(CURL* curl, const Download& file, Transfer& transfer, char* reason) {
  curl_easy_setopt(curl, CURLOPT_URL, file.url.c_str());
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, kRedirects);
  curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, kStalledSeconds);
  curl_easy_setopt(curl, CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(transfer.begun_at));
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, write_bytes);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, show_progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

Status explain(CURL* curl, CURLcode code, const Download& file, const Transfer& transfer, const char* reason) {
  if (code == CURLE_OK) return {};
  if (interrupt_requested()) return Status(Code::kInterrupted, "the download was interrupted; it can be gone on with");
  if (transfer.too_large)
    return error(Code::kOutOfRange, "{}: more than {} bytes came, the file is not what it should be", file.url, file.max_bytes);
  long answer = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer);
  if (answer == 404 || answer == 410) return error(Code::kNotFound, "{}: the server has no such file (HTTP {})", file.url, answer);
  if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT) {
    return error(Code::kInvalidArgument, "{}: a URL that begins with http:// or https:// is expected", file.url);
  }
  return error(Code::kIo, "{}: {}; try again, or another server with --url", file.url, *reason != '\0' ? reason : curl_easy_strerror(code));
}

/// From byte begun_at on.
Status transfer_from(const Download& file, int64_t begun_at, Progress& progress, bool& cannot_resume) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  const Handle curl(started == CURLE_OK ? curl_easy_init() : nullptr, curl_easy_cleanup);
  if (curl == nullptr) return Status(Code::kInternal, "libcurl could not be started");
  const std::string part = part_path(file.path);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(std::fopen(part.c_str(), begun_at > 0 ? "ab" : "wb"), std::fclose);
  if (out == nullptr) return error(Code::kIo, "{}: cannot be written", part);
  char reason[CURL_ERROR_SIZE] = {};
  Transfer transfer = {.file = out.get(), .progress = &progress, .begun_at = begun_at, .max_bytes = file.max_bytes};
  set_options(curl.get(), file, transfer, reason);
  const CURLcode code = curl_easy_perform(curl.get());
  if (transfer.begun) progress.end("");
  long answer = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &answer);
  cannot_resume = begun_at > 0 && (code == CURLE_RANGE_ERROR || answer == 416);
  LITEQAT_RETURN_IF_ERROR(explain(curl.get(), code, file, transfer, reason));
  if (std::fflush(out.get()) != 0) return error(Code::kIo, "{}: cannot be written", part);
  return {};
}

}  // namespace

std::string part_path(const std::string& path) {
  return path + ".part";
}

Status download(const Download& file, Progress& progress) {
  std::error_code fault;
  const auto there = std::filesystem::file_size(part_path(file.path), fault);
  bool cannot_resume = false;
  const Status status = transfer_from(file, fault ? 0 : static_cast<int64_t>(there), progress, cannot_resume);
  // From the beginning where the server sends no parts of files, or what lies here is no part of its file.
  return cannot_resume ? transfer_from(file, 0, progress, cannot_resume) : status;
}

}  // namespace liteqat::fetch
