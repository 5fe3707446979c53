// A library for LD_PRELOAD that makes the n-th call of one kind fail, kills the process there, or writes down every change of a file, so
// that tests can put faults at every place where a program meets the system. Configured by the environment:
//
//   FAIL_CALLS  KIND:N:FAULT   KIND   open, write, fsync, close, rename, mkdir, unlink (changes of regular files and folders only),
//                                     read (of regular files), change (any of the former but read), alloc, thread
//                              N      1 is the first such call after main began
//                              FAULT  a name out of kFaults (ENOSPC, EIO, EINTR, ...): the call fails so, once; NAME+ that one and all
//                              later ones
//                                     short: a write (or read) of half of what was asked
//                                     kill:  SIGKILL instead of the call; killafter: after it
//   FAIL_COUNT  FILE           at exit, the calls of that KIND are counted there (FAIL_CALLS with N = 0 counts only)
//   FAIL_LOG    FILE           every change, in order: see log_change()
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum Kind { kOpen, kWrite, kFsync, kClose, kRename, kMkdir, kUnlink, kChange, kRead, kAlloc, kThread, kKinds };
static const char* const kNames[kKinds] = {"open",   "write",  "fsync", "close", "rename", "mkdir",
                                           "unlink", "change", "read",  "alloc", "thread"};
enum Fault { kNone, kError, kShort, kKill, kKillAfter };
static const struct {
  const char* name;
  int code;
} kFaults[] = {{"ENOSPC", ENOSPC}, {"EIO", EIO},       {"EINTR", EINTR},   {"EACCES", EACCES},
               {"EROFS", EROFS},   {"ENOMEM", ENOMEM}, {"EAGAIN", EAGAIN}, {"EMFILE", EMFILE}};

static enum Kind wanted = kKinds;
static long wanted_call = 0;
static enum Fault fault = kNone;
static int fault_code = 0;
static int sticky = 0;
static atomic_long calls = 0;
static atomic_int running = 0;  // main has begun
static int log_fd = -1;
static pthread_mutex_t log_mutex = PTHREAD_MUTEX_INITIALIZER;

static void stop(const char* message) {
  (void)!syscall(SYS_write, 2, message, strlen(message));
  _exit(99);
}

static void read_settings(void) {
  const char* path = getenv("FAIL_LOG");
  if (path != NULL) {
    log_fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (log_fd < 0) stop("fail_calls: FAIL_LOG cannot be opened\n");
  }
  const char* text = getenv("FAIL_CALLS");
  if (text == NULL) return;
  char kind[16], name[16];
  if (sscanf(text, "%15[a-z]:%ld:%15s", kind, &wanted_call, name) != 3) stop("fail_calls: FAIL_CALLS is not KIND:N:FAULT\n");
  for (int i = 0; i < kKinds; ++i)
    if (strcmp(kind, kNames[i]) == 0) wanted = (enum Kind)i;
  if (wanted == kKinds) stop("fail_calls: no such KIND\n");
  const size_t length = strlen(name);
  if (length != 0 && name[length - 1] == '+') sticky = 1, name[length - 1] = 0;
  if (strcmp(name, "short") == 0) fault = kShort;
  if (strcmp(name, "kill") == 0) fault = kKill;
  if (strcmp(name, "killafter") == 0) fault = kKillAfter;
  for (size_t i = 0; i < sizeof kFaults / sizeof *kFaults; ++i)
    if (strcmp(name, kFaults[i].name) == 0) fault = kError, fault_code = kFaults[i].code;
  if (fault == kNone) stop("fail_calls: no such FAULT\n");
}

static void write_count(void) {
  atomic_store(&running, 0);
  const char* path = getenv("FAIL_COUNT");
  if (path == NULL) return;
  char text[32];
  const int length = snprintf(text, sizeof text, "%ld\n", atomic_load(&calls));
  const int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd < 0 || syscall(SYS_write, fd, text, (size_t)length) != length) stop("fail_calls: FAIL_COUNT cannot be written\n");
}

/// Whether this call of `kind` is the one to spoil.
static enum Fault meet(enum Kind kind) {
  if (!atomic_load(&running) || (kind != wanted && !(wanted == kChange && kind < kChange))) return kNone;
  const long call = atomic_fetch_add(&calls, 1) + 1;
  if (call != wanted_call && !(sticky && call > wanted_call && wanted_call > 0)) return kNone;
  if (fault == kKill) kill(getpid(), SIGKILL);
  if (fault == kError) errno = fault_code;
  return fault;
}

static void after(enum Fault met) {
  if (met == kKillAfter) kill(getpid(), SIGKILL);
}

/// One record: the kind's name, two texts and data, as "name a b bytes\n" with lengths, then the data.
static void log_change(const char* kind, long number, const char* a, const char* b, const void* data, size_t bytes) {
  if (log_fd < 0 || !atomic_load(&running)) return;
  const int code = errno;
  char head[9000];
  const int length = snprintf(head, sizeof head, "%s\t%ld\t%s\t%s\t%zu\n", kind, number, a, b, bytes);
  pthread_mutex_lock(&log_mutex);
  if (syscall(SYS_write, log_fd, head, (size_t)length) != length || (bytes != 0 && syscall(SYS_write, log_fd, data, bytes) != (long)bytes))
    stop("fail_calls: FAIL_LOG cannot be written\n");
  pthread_mutex_unlock(&log_mutex);
  errno = code;
}

static int is_regular(int fd) {
  struct stat info;
  return fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

static int is_folder(int fd) {
  struct stat info;
  return fstat(fd, &info) == 0 && S_ISDIR(info.st_mode);
}

static void folder_of(int fd, char* path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, size - 1);
  path[length < 0 ? 0 : length] = 0;
}

#define REAL(name, ...)                 \
  static __typeof__(&name) real_##name; \
  if (real_##name == NULL) real_##name = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static int open_with(int folder, const char* path, int flags, mode_t mode) {
  const int changes = (flags & O_ACCMODE) != O_RDONLY;
  const enum Fault met = changes ? meet(kOpen) : kNone;
  if (met == kError) return -1;
  struct stat before;
  const int existed = !changes || fstatat(folder, path, &before, 0) == 0;
  const int fd = (int)syscall(SYS_openat, folder, path, flags, mode);
  if (fd >= 0 && changes) log_change(existed ? "open" : "create", fd, path, flags & O_TRUNC ? "truncate" : "", NULL, 0);
  after(met);
  return fd;
}

int open(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(list, mode_t) : 0;
  va_end(list);
  return open_with(AT_FDCWD, path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(list, mode_t) : 0;
  va_end(list);
  return open_with(AT_FDCWD, path, flags, mode);
}

ssize_t write(int fd, const void* data, size_t bytes) {
  const enum Fault met = is_regular(fd) ? meet(kWrite) : kNone;
  if (met == kError) return -1;
  if (met == kShort) bytes = (bytes + 1) / 2;
  const ssize_t written = syscall(SYS_write, fd, data, bytes);
  if (written > 0 && is_regular(fd)) log_change("write", fd, "", "", data, (size_t)written);
  after(met);
  return written;
}

ssize_t read(int fd, void* data, size_t bytes) {
  const enum Fault met = is_regular(fd) ? meet(kRead) : kNone;
  if (met == kError) return -1;
  if (met == kShort) bytes = (bytes + 1) / 2;
  return syscall(SYS_read, fd, data, bytes);
}

int fsync(int fd) {
  const enum Fault met = meet(kFsync);
  if (met == kError) return -1;
  char path[4096] = "";
  if (is_folder(fd)) folder_of(fd, path, sizeof path);
  log_change(path[0] ? "fsync_folder" : "fsync", fd, path, "", NULL, 0);
  after(met);
  return 0;  // nothing here tests the device, and real flushes would take most of the time
}

int close(int fd) {
  const int regular = is_regular(fd) && (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
  const enum Fault met = regular ? meet(kClose) : kNone;
  const int result = (int)syscall(SYS_close, fd);  // a failing close() closes too
  if (met == kError) {
    errno = fault_code;
    return -1;
  }
  after(met);
  return result;
}

int rename(const char* from, const char* to) {
  const enum Fault met = meet(kRename);
  if (met == kError) return -1;
  const int result = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
  if (result == 0) log_change("rename", 0, from, to, NULL, 0);
  after(met);
  return result;
}

int mkdir(const char* path, mode_t mode) {
  const enum Fault met = meet(kMkdir);
  if (met == kError) return -1;
  const int result = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
  if (result == 0) log_change("mkdir", 0, path, "", NULL, 0);
  after(met);
  return result;
}

static int unlink_with(int folder, const char* path, int flags) {
  const enum Fault met = meet(kUnlink);
  if (met == kError) return -1;
  const int result = (int)syscall(SYS_unlinkat, folder, path, flags);
  if (result == 0 && folder == AT_FDCWD) log_change("unlink", 0, path, "", NULL, 0);
  after(met);
  return result;
}

int unlink(const char* path) {
  return unlink_with(AT_FDCWD, path, 0);
}
int unlinkat(int folder, const char* path, int flags) {
  return unlink_with(folder, path, flags);
}
int remove(const char* path) {
  const int result = unlink_with(AT_FDCWD, path, 0);
  return result == 0 || errno != EISDIR ? result : unlink_with(AT_FDCWD, path, AT_REMOVEDIR);
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*routine)(void*), void* argument) {
  REAL(pthread_create);
  if (meet(kThread) == kError) return fault_code;
  return real_pthread_create(thread, attributes, routine, argument);
}

// Allocation: glibc's own entry points stand behind, so nothing here needs dlsym, which allocates.
extern void* __libc_malloc(size_t);
extern void* __libc_calloc(size_t, size_t);
extern void* __libc_realloc(void*, size_t);
extern void* __libc_memalign(size_t, size_t);

void* malloc(size_t bytes) {
  return meet(kAlloc) == kError ? NULL : __libc_malloc(bytes);
}
void* calloc(size_t count, size_t bytes) {
  return meet(kAlloc) == kError ? NULL : __libc_calloc(count, bytes);
}
void* realloc(void* old, size_t bytes) {
  return meet(kAlloc) == kError ? NULL : __libc_realloc(old, bytes);
}
void* aligned_alloc(size_t alignment, size_t bytes) {
  return meet(kAlloc) == kError ? NULL : __libc_memalign(alignment, bytes);
}
int posix_memalign(void** result, size_t alignment, size_t bytes) {
  if (meet(kAlloc) == kError) return ENOMEM;
  *result = __libc_memalign(alignment, bytes);
  return *result == NULL ? ENOMEM : 0;
}

static int (*program_main)(int, char**, char**);
static int begin_main(int argc, char** argv, char** environment) {
  read_settings();
  atexit(write_count);
  atomic_store(&running, 1);
  const int result = program_main(argc, argv, environment);
  return result;
}

int __libc_start_main(int (*main)(int, char**, char**), int argc, char** argv, void (*init)(void), void (*fini)(void),
                      void (*rtld_fini)(void), void* stack) {
  program_main = main;
  __typeof__(&__libc_start_main) real = (__typeof__(&__libc_start_main))dlsym(RTLD_NEXT, "__libc_start_main");
  return real(begin_main, argc, argv, init, fini, rtld_fini, stack);
}
