#include "base/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <span>
#include <string_view>
#include <thread>

namespace liteqat {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// An empty folder of this test's own, removed at the end.
class FileTest : public testing::Test {
 protected:
  FileTest() : folder_(fs::path(testing::TempDir()) / format("liteqat_file_{}", ::getpid())) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~FileTest() override { fs::remove_all(folder_); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  size_t entries() const { return static_cast<size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator())); }

  fs::path folder_;
};

TEST_F(FileTest, RoundTripOfAnyBytesAndSizes) {
  for (size_t size : {0, 1, 4095, 65536, 65537, 300000}) {
    Bytes bytes(size);
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 7 + size);
    ASSERT_TRUE(write_file(path("a.bin"), bytes).ok());
    const auto read = read_file(path("a.bin"));
    ASSERT_TRUE(read.ok()) << read.status().message();
    EXPECT_EQ(*read, bytes);
  }
  EXPECT_EQ(entries(), 1u);  // no temporary is left
}

TEST_F(FileTest, TextRoundTripKeepsEveryByte) {
  const std::string text("line\r\n\0\xff end", 13);
  ASSERT_TRUE(write_text_file(path("t.txt"), text).ok());
  EXPECT_EQ(*read_text_file(path("t.txt")), text);
}

TEST_F(FileTest, MissingFileIsNotFoundAndNamed) {
  const auto result = read_file(path("missing.bin"));
  EXPECT_EQ(result.status().code(), Code::kNotFound);
  EXPECT_THAT(result.status().message(), HasSubstr("missing.bin"));
  EXPECT_FALSE(file_exists(path("missing.bin")));
}

TEST_F(FileTest, FolderInsteadOfFile) {
  const auto result = read_file(folder_.string());
  EXPECT_EQ(result.status().code(), Code::kIo);
  EXPECT_THAT(result.status().message(), HasSubstr("is a folder"));
  ASSERT_TRUE(make_folder(path("target")).ok());
  const Status written = write_text_file(path("target"), "x");
  EXPECT_EQ(written.code(), Code::kIo);
  EXPECT_THAT(written.message(), HasSubstr("target"));
  EXPECT_TRUE(fs::is_directory(path("target")));
  EXPECT_EQ(entries(), 1u);
}

TEST_F(FileTest, ANamedPipeIsNotWaitedFor) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0644), 0);
  const auto nothing = read_file(path("pipe"));
  EXPECT_EQ(nothing.status().code(), Code::kIo);
  EXPECT_THAT(nothing.status().message(), HasSubstr("pipe: is a pipe that nothing is written into"));

  const int kept = ::open(path("pipe").c_str(), O_RDONLY | O_NONBLOCK), both = ::open(path("pipe").c_str(), O_RDWR);
  ASSERT_GE(both, 0);
  ASSERT_EQ(::write(both, "abc", 3), 3);
  std::thread writer([&] {  // the reader waits for what comes later
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ASSERT_EQ(::write(both, "def", 3), 3);
    ::close(both);
  });
  EXPECT_EQ(*read_text_file(path("pipe")), "abcdef");
  writer.join();
  ::close(kept);
}

TEST_F(FileTest, DevicesWithoutEnd) {
  const auto endless = read_file("/dev/zero");
  EXPECT_EQ(endless.status().code(), Code::kOutOfRange);
  EXPECT_EQ(endless.status().message(), "/dev/zero: more than 1048576 bytes");
  EXPECT_EQ(read_file("/dev/null")->size(), 0u);
}

TEST_F(FileTest, SizeLimitIsExact) {
  ASSERT_TRUE(write_text_file(path("ten"), "0123456789").ok());
  EXPECT_TRUE(read_file(path("ten"), 10).ok());
  EXPECT_EQ(read_file(path("ten"), 9).status().code(), Code::kOutOfRange);
  EXPECT_EQ(read_file("/dev/zero", 1 << 20).status().code(), Code::kOutOfRange);  // no size to look at beforehand
}

TEST_F(FileTest, WritingWhereNothingCanBeWrittenFails) {
  const Status missing = write_text_file(path("no/such/folder/a"), "x");
  EXPECT_EQ(missing.code(), Code::kNotFound);
  EXPECT_THAT(missing.message(), HasSubstr("no/such/folder/a"));
  ASSERT_TRUE(write_text_file(path("plain"), "x").ok());
  EXPECT_EQ(write_text_file(path("plain/a"), "x").code(), Code::kIo);
  EXPECT_EQ(make_folder(path("plain/b")).code(), Code::kIo);
  EXPECT_FALSE(write_text_file("/proc/liteqat_test", "x").ok());
}

TEST_F(FileTest, UnwritableFolder) {
  ASSERT_TRUE(make_folder(path("locked")).ok());
  fs::permissions(path("locked"), fs::perms::owner_read | fs::perms::owner_exec);
  // The superuser may write everywhere, so he becomes nobody (65534 on Debian) for this one call.
  const uid_t user = ::geteuid();
  if (user == 0) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  const Status status = write_text_file(path("locked/a"), "x");
  ASSERT_EQ(::seteuid(user), 0);
  fs::permissions(path("locked"), fs::perms::owner_all);
  EXPECT_EQ(status.code(), Code::kIo);
  EXPECT_THAT(status.message(), HasSubstr("locked/a"));
}

/// While alive, files of this process cannot grow beyond `bytes`, as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit = {bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_{};
  void (*old_handler_)(int);
};

TEST_F(FileTest, FailedWriteKeepsTheOldFileAndLeavesNoTemporary) {
  ASSERT_TRUE(write_text_file(path("kept"), "old").ok());
  Status status;
  {
    const FileSizeLimit limit(1000);
    status = write_text_file(path("kept"), std::string(5000, 'n'));
  }
  EXPECT_EQ(status.code(), Code::kIo);
  EXPECT_THAT(status.message(), HasSubstr("kept: cannot write"));
  EXPECT_EQ(*read_text_file(path("kept")), "old");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(FileTest, ReaderOfTheOldFileIsNotDisturbed) {
  ASSERT_TRUE(write_text_file(path("a"), "old").ok());
  std::FILE* open_old = std::fopen(path("a").c_str(), "rb");
  ASSERT_NE(open_old, nullptr);
  ASSERT_TRUE(write_text_file(path("a"), "the new text").ok());
  char text[16] = {};
  EXPECT_EQ(std::fread(text, 1, sizeof text, open_old), 3u);
  EXPECT_STREQ(text, "old");
  std::fclose(open_old);
  EXPECT_EQ(*read_text_file(path("a")), "the new text");
}

TEST_F(FileTest, RelativePathInTheCurrentFolder) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  const Status status = write_text_file("relative", "x");
  fs::current_path(before);
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_TRUE(file_exists(path("relative")));
}

TEST_F(FileTest, StaleTemporariesAreRemovedAndNothingElse) {
  ASSERT_TRUE(write_text_file(path("model.bin"), "x").ok());
  ASSERT_TRUE(write_text_file(path("notes.tmp"), "x").ok());
  ASSERT_TRUE(write_text_file(path("model.bin.liteqat-tmp-4711"), "x").ok());
  ASSERT_TRUE(write_text_file(path("other.liteqat-tmp-1"), "x").ok());
  ASSERT_TRUE(remove_stale_temporaries(folder_.string()).ok());
  EXPECT_EQ(entries(), 2u);
  EXPECT_TRUE(file_exists(path("model.bin")));
  EXPECT_TRUE(file_exists(path("notes.tmp")));
  EXPECT_EQ(remove_stale_temporaries(path("missing")).code(), Code::kIo);
}

TEST_F(FileTest, WritingRemovesTemporariesOfWritersThatAreGone) {
  const pid_t gone = ::fork();
  if (gone == 0) ::_exit(0);
  ASSERT_EQ(::waitpid(gone, nullptr, 0), gone);
  const std::string mine = path("a.liteqat-tmp-") + std::to_string(gone);
  const std::string alive = path("a.liteqat-tmp-") + std::to_string(::getppid());
  const std::string other = path("ab.liteqat-tmp-") + std::to_string(gone);
  for (const std::string& name : {mine, alive, other, path("a.liteqat-tmp-12x")}) ASSERT_TRUE(write_text_file(name, "x").ok());
  ASSERT_TRUE(write_text_file(path("a"), "new").ok());
  EXPECT_FALSE(file_exists(mine));
  EXPECT_TRUE(file_exists(alive));
  EXPECT_TRUE(file_exists(other));
  EXPECT_TRUE(file_exists(path("a.liteqat-tmp-12x")));
}

TEST_F(FileTest, WhatLiesUnderTheTemporarysNameIsNotWrittenThrough) {
  const std::string temporary = path("a.bin") + format(".liteqat-tmp-{}", ::getpid());
  ASSERT_TRUE(write_text_file(path("victim"), "precious").ok());
  for (const bool link : {true, false}) {
    if (link) {
      fs::create_symlink(path("victim"), temporary);
    } else {
      fs::create_hard_link(path("victim"), temporary);
    }
    ASSERT_TRUE(write_text_file(path("a.bin"), "new").ok());
    EXPECT_EQ(*read_text_file(path("victim")), "precious");
    EXPECT_EQ(*read_text_file(path("a.bin")), "new");
    EXPECT_FALSE(fs::is_symlink(path("a.bin")));
    EXPECT_EQ(entries(), 2u);
  }
}

TEST_F(FileTest, ATemporarysNameThatCannotBeFreedIsAnError) {
  fs::create_directories(path("a.bin") + format(".liteqat-tmp-{}/in", ::getpid()));
  ASSERT_FALSE(write_text_file(path("a.bin"), "new").ok());
  EXPECT_FALSE(fs::exists(path("a.bin")));
}

TEST_F(FileTest, AppendingCreatesAndAdds) {
  for (const char* text : {"one", "", "two"})
    ASSERT_TRUE(append_to_file(path("log"), std::as_bytes(std::span(std::string_view(text)))).ok());
  EXPECT_EQ(*read_text_file(path("log")), "onetwo");
  EXPECT_EQ(append_to_file(path("missing/log"), {}).code(), Code::kNotFound);
}

TEST_F(FileTest, MakeFolderMakesParentsAndIsIdempotent) {
  EXPECT_TRUE(make_folder(path("a/b/c")).ok());
  EXPECT_TRUE(make_folder(path("a/b/c")).ok());
  EXPECT_TRUE(fs::is_directory(path("a/b/c")));
}

}  // namespace
}  // namespace liteqat
