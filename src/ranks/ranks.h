// The processes of one data-parallel training job, numbered from 0 ("ranks"), and what they exchange. Every rank takes the same calls in
// the same order. Sums pass through the ranks in rank order, whoever is ready first: a sum of parts that lie in rank order has the same
// bytes as in one process.
//
// A fault ends all exchanges for good: status() then says why, and every further call does nothing. Callers look at it where they can stop.
// Not for several threads at once. The one module that knows MPI (mpi_ranks.cc; without MPI at build time without_mpi.cc takes its place).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include "base/file.h"
#include "base/status.h"

namespace liteqat::ranks {

class Ranks {
 public:
  virtual ~Ranks() = default;
  virtual int rank() const = 0;
  virtual int count() const = 0;
  /// Ranks on this machine, which share its cores.
  virtual int count_here() const = 0;

  /// Ok while exchanges work. kIo: a rank has ended or is silent; any other code: "rank 1: " and what rank 1 has said with fail().
  virtual Status status() const = 0;
  /// Ends the job: tells the other ranks why, each of which then has it as its status(). Returns what to tell the user: `why`, or what made
  /// this rank fail if `why` is a consequence (a signal that was sent because another rank has ended).
  virtual Status fail(const Status& why) = 0;
  /// Whether this rank talks to the user: the first one that has not ended.
  virtual bool speaks() const = 0;
  /// The orderly end, for all ranks at once: nothing is exchanged afterwards, each goes on alone.
  virtual void leave() = 0;

  /// add(begin, end) adds this rank's share to elements [begin, end) of `totals`: on rank 0 to what the caller left there, on the others to
  /// what the rank before them passed on. Afterwards all ranks have the totals of the last one. Elements go through in pieces of at most
  /// `piece`, so that ranks work at the same time. Requires: the same sizes on all ranks.
  template <typename T, typename Add>
  void accumulate(std::span<T> totals, size_t piece, const Add& add) {
    accumulate_bytes(std::as_writable_bytes(totals), piece * sizeof(T),
                     [&](size_t begin, size_t end) { add(begin / sizeof(T), end / sizeof(T)); });
  }

  /// All ranks have rank 0's bytes afterwards, whatever the others held.
  void broadcast(Bytes& bytes);

 protected:
  /// Return when the bytes may be used again, or after a fault.
  virtual void send(int to, std::span<const std::byte> bytes) = 0;
  virtual void receive(int from, std::span<std::byte> bytes) = 0;

 private:
  void accumulate_bytes(std::span<std::byte> totals, size_t piece, const std::function<void(size_t begin, size_t end)>& add);
  void pass_round(std::span<std::byte> bytes, size_t piece, int from);
};

/// This process's number in the job that mpirun says it belongs to, before join() too; 0 if it was started alone.
int launched_rank();

/// The job that mpirun started this process in; null where it was started alone. Fails: kUnsupported (several processes, but built without
/// MPI), kInvalidArgument (LITEQAT_RANK_TIMEOUT), kIo (MPI does not start).
Result<std::unique_ptr<Ranks>> join();

/// How accumulate() works for a process that may be alone (null): add() then does it all.
template <typename T, typename Add>
void accumulate(Ranks* ranks, std::span<T> totals, size_t piece, const Add& add) {
  if (ranks == nullptr) return add(size_t{0}, totals.size());
  ranks->accumulate(totals, piece, add);
}

}  // namespace liteqat::ranks
