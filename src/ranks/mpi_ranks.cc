// Ranks as processes under OpenMPI's mpirun. Nothing here waits inside MPI: requests are tested in a loop that also looks for a rank that
// has failed, ended or says nothing, and for a signal.
#define OMPI_SKIP_MPICXX 1  // the C interface alone
#include <mpi.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "base/progress.h"
#include "ranks/ranks.h"

namespace liteqat::ranks {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr int kDataTag = 1, kFailureTag = 2;
constexpr double kDefaultPatience = 300;                        // seconds that a rank may be silent
constexpr Seconds kBetweenLooks{0.02};                          // at the other processes
constexpr Seconds kAfterSignal{0.3}, kForFailureMessages{0.5};  // mpirun sends SIGKILL a second after SIGTERM
constexpr int kTestsBeforeYield = 2000, kLooksForLastWords = 50;
constexpr const char* kGoOn = "training has stopped; the same command goes on from its last checkpoint";

/// What a failing rank tells: a fixed size, so that the receiver need not ask for it.
struct FailureMessage {
  int32_t code = 0;
  char text[1020] = {};
};

Result<double> read_patience() {
  const char* given = std::getenv("LITEQAT_RANK_TIMEOUT");
  if (given == nullptr) return kDefaultPatience;
  double seconds = 0;
  const auto parsed = std::from_chars(given, given + std::strlen(given), seconds);
  if (parsed.ec == std::errc() && *parsed.ptr == '\0' && std::isfinite(seconds) && seconds > 0) return seconds;
  return error(Code::kInvalidArgument, "LITEQAT_RANK_TIMEOUT is '{}', a number of seconds above 0 was expected", given);
}

class MpiRanks final : public Ranks {
 public:
  explicit MpiRanks(double patience) : patience_(patience) {
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &count_);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    find_neighbours();
  }

  ~MpiRanks() override {
    if (!left_ && !failed_) (void)fail(Status(Code::kInternal, "ended before its work was done"));
    if (!left_ && !speaks()) wait_for_the_speaker();
  }

  int rank() const override { return rank_; }
  int count() const override { return count_; }
  int count_here() const override { return count_here_; }
  Status status() const override { return status_; }

  Status fail(const Status& why) override {
    if (failed_ || left_) return why;
    failed_ = true;
    if (why.code() == Code::kInterrupted) {  // perhaps because another rank has ended
      take_failure_message();
      if (status_.ok()) look_for_ended();
    }
    const bool told_by_another = !status_.ok() && status_.code() != Code::kIo;
    if (status_.ok()) status_ = why;
    if (!told_by_another) tell(status_);
    return status_;
  }

  bool speaks() const override {
    if (told_from_below_) return false;
    for (int other = 0; other < rank_; ++other) {
      if (!ended_[static_cast<size_t>(other)]) return false;
    }
    return true;
  }

  void leave() override {
    if (left_ || !status_.ok()) return;
    left_ = true;
    MPI_Finalize();
  }

 protected:
  void send(int to, std::span<const std::byte> bytes) override {
    if (!status_.ok()) return;
    // From memory that stays: after a fault MPI may still hold on to it.
    outgoing_.assign(bytes.begin(), bytes.end());
    MPI_Request request = MPI_REQUEST_NULL;
    if (accept(MPI_Isend(outgoing_.data(), static_cast<int>(bytes.size()), MPI_BYTE, to, kDataTag, MPI_COMM_WORLD, &request), to)) {
      wait(request, to);
    }
  }

  void receive(int from, std::span<std::byte> bytes) override {
    if (!status_.ok()) return;
    incoming_.resize(bytes.size());
    MPI_Request request = MPI_REQUEST_NULL;
    if (accept(MPI_Irecv(incoming_.data(), static_cast<int>(bytes.size()), MPI_BYTE, from, kDataTag, MPI_COMM_WORLD, &request), from)) {
      wait(request, from);
    }
    if (status_.ok()) std::memcpy(bytes.data(), incoming_.data(), bytes.size());
  }

 private:
  /// Process numbers of the ranks on this machine; a number that cannot be seen from here (another name space) is not watched.
  void find_neighbours() {
    MPI_Comm here = MPI_COMM_NULL;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &here);
    MPI_Comm_size(here, &count_here_);
    std::vector<int> mine = {rank_, static_cast<int>(::getpid())}, all(static_cast<size_t>(2 * count_here_));
    MPI_Allgather(mine.data(), 2, MPI_INT, all.data(), 2, MPI_INT, here);
    MPI_Comm_free(&here);
    pids_.assign(static_cast<size_t>(count_), 0);
    ended_.assign(static_cast<size_t>(count_), 0);
    for (size_t i = 0; i < all.size(); i += 2) {
      if (all[i] != rank_ && ::kill(all[i + 1], 0) == 0) pids_[static_cast<size_t>(all[i])] = all[i + 1];
    }
  }

  void look_for_ended() {
    for (int other = 0; other < count_; ++other) {
      const auto index = static_cast<size_t>(other);
      if (pids_[index] == 0 || ended_[index] || !has_ended(pids_[index])) continue;
      ended_[index] = 1;
      // It may have said why before it ended: what it said needs a few calls of MPI to arrive.
      for (int look = 0; look < kLooksForLastWords && status_.ok(); ++look) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        take_failure_message();
      }
      if (status_.ok())
        status_ = error(Code::kIo, "rank {} (process {}) has ended in the middle of the job; {}", other, pids_[index], kGoOn);
    }
  }

  /// A process that its parent has not yet asked about still has its number.
  static bool has_ended(int pid) {
    if (::kill(pid, 0) != 0) return errno == ESRCH;
    std::FILE* file = std::fopen(("/proc/" + std::to_string(pid) + "/stat").c_str(), "re");
    if (file == nullptr) return false;
    char text[512] = {};
    const size_t length = std::fread(text, 1, sizeof text - 1, file);
    std::fclose(file);
    const std::string_view line(text, length);
    const size_t name_end = line.rfind(')');
    return name_end != std::string_view::npos && name_end + 2 < line.size() && (line[name_end + 2] == 'Z' || line[name_end + 2] == 'X');
  }

  /// True if MPI took the call.
  bool accept(int code, int peer) {
    if (code == MPI_SUCCESS) return true;
    char text[MPI_MAX_ERROR_STRING] = {};
    int length = 0;
    MPI_Error_string(code, text, &length);
    status_ = error(Code::kIo, "rank {} cannot be reached ({}); {}", peer, std::string(text, static_cast<size_t>(length)), kGoOn);
    return false;
  }

  void wait(MPI_Request& request, int peer) {
    const auto start = Clock::now();
    auto next_look = start + kBetweenLooks;
    for (int tests = 0;; ++tests) {
      int done = 0;
      if (!accept(MPI_Test(&request, &done, MPI_STATUS_IGNORE), peer) || done != 0) return;
      if (tests < kTestsBeforeYield) continue;
      ::sched_yield();
      const auto now = Clock::now();
      if (now < next_look) continue;
      next_look = now + kBetweenLooks;
      look_for_faults(peer, now - start);
      if (!status_.ok()) return;
    }
  }

  void look_for_faults(int peer, Seconds waited) {
    take_failure_message();
    if (status_.ok()) look_for_ended();
    if (!status_.ok()) return;
    if (interrupt_requested() && waited > kAfterSignal) {
      status_ = error(Code::kInterrupted, "interrupted while waiting for rank {}", peer);
    } else if (waited > Seconds(patience_)) {
      status_ = error(Code::kIo, "rank {} has not answered for {} s (LITEQAT_RANK_TIMEOUT); {}", peer, patience_, kGoOn);
    }
  }

  void take_failure_message() {
    int there = 0;
    MPI_Status from;
    if (MPI_Iprobe(MPI_ANY_SOURCE, kFailureTag, MPI_COMM_WORLD, &there, &from) != MPI_SUCCESS || there == 0) return;
    FailureMessage message;
    MPI_Recv(&message, sizeof message, MPI_BYTE, from.MPI_SOURCE, kFailureTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);  // it is there: no wait
    message.text[sizeof message.text - 1] = '\0';
    status_ = error(static_cast<Code>(message.code), "rank {}: {}", from.MPI_SOURCE, message.text);
    told_from_below_ = from.MPI_SOURCE < rank_;
  }

  /// To all others, with little patience: one of them may be why.
  void tell(const Status& why) {
    failure_.code = static_cast<int32_t>(why.code());
    std::strncpy(failure_.text, why.message().c_str(), sizeof failure_.text - 1);
    std::vector<MPI_Request> requests;
    for (int other = 0; other < count_; ++other) {
      if (other == rank_ || ended_[static_cast<size_t>(other)]) continue;
      requests.push_back(MPI_REQUEST_NULL);
      MPI_Isend(&failure_, sizeof failure_, MPI_BYTE, other, kFailureTag, MPI_COMM_WORLD, &requests.back());
    }
    const auto start = Clock::now();
    for (int done = 0; done == 0 && Clock::now() - start < kForFailureMessages; ::sched_yield()) {
      if (MPI_Testall(static_cast<int>(requests.size()), requests.data(), &done, MPI_STATUSES_IGNORE) != MPI_SUCCESS) return;
    }
  }

  /// The first process that ends without MPI_Finalize makes mpirun end the others: the rank that talks to the user goes first.
  void wait_for_the_speaker() const {
    const auto start = Clock::now();
    while (!interrupt_requested() && Clock::now() - start < Seconds(patience_)) std::this_thread::sleep_for(kBetweenLooks);
  }

  int rank_ = 0, count_ = 1, count_here_ = 1;
  double patience_;
  std::vector<int> pids_;    // by rank; 0: not on this machine
  std::vector<char> ended_;  // by rank
  Status status_;
  bool left_ = false, failed_ = false;
  bool told_from_below_ = false;  // a lower rank has failed and told: it, or one below it, talks to the user
  Bytes outgoing_, incoming_;
  FailureMessage failure_;
};

}  // namespace

Result<std::unique_ptr<Ranks>> join() {
  const char* size = std::getenv("OMPI_COMM_WORLD_SIZE");
  if (size == nullptr || std::string(size) == "1") return std::unique_ptr<Ranks>();
  LITEQAT_ASSIGN_OR_RETURN(const double patience, read_patience());
  int provided = MPI_THREAD_SINGLE;
  if (MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS) return Status(Code::kIo, "MPI does not start");
  return std::unique_ptr<Ranks>(std::make_unique<MpiRanks>(patience));
}

}  // namespace liteqat::ranks
