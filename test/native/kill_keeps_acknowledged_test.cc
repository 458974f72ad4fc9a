// A process is killed with SIGKILL while it appends; what it had acknowledged is there, in order, and the
// lock is free.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>

#include "support/ring_driver.h"
#include "support/sim_rng.h"
#include "support/status_matchers.h"
#include "support/temp_directory.h"

namespace waldo::test {
namespace {

// Appends until it is killed; tells the last acknowledged number through shared memory.
[[noreturn]] void append_for_ever(const std::string& directory, const RingOptions& options,
                                  std::atomic<uint64_t>* acknowledged) {
  RingDriver ring(posix_file_system(), directory, options);
  if (!ring.open().ok()) _exit(2);
  acknowledged->store(ring.tip());
  for (uint32_t i = 0;; ++i) {
    if (!ring.append_group(1 + i % 3, 1 + i % 11).ok()) _exit(3);
    acknowledged->store(ring.tip());
  }
}

void kill_cycles(DirectIo direct, int cycles) {
  TempDirectory home;
  const std::string directory = home / "ring";
  RingOptions options = small_ring();
  options.direct = direct;
  void* shared = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  auto* acknowledged = new (shared) std::atomic<uint64_t>(0);
  SimRng rng(42);
  uint64_t before = 0;
  for (int cycle = 0; cycle < cycles; ++cycle) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) append_for_ever(directory, options, acknowledged);
    usleep(static_cast<useconds_t>(rng.below(12000)));
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer gave up with " << WEXITSTATUS(status);
    RingDriver ring(posix_file_system(), directory, options);
    ASSERT_OK(ring.open()) << "cycle " << cycle;
    ASSERT_GE(ring.tip(), std::max(before, acknowledged->load())) << "cycle " << cycle;
    ASSERT_EQ(ring.check(), "") << "cycle " << cycle;
    before = ring.tip();
    VerifyReport report;
    ASSERT_OK(ring.engine().ring().verify(&report));
    ASSERT_TRUE(report.problems.empty()) << report.problems[0].message;
  }
  munmap(shared, 4096);
}

TEST(Kill, KeepsWhatWasAcknowledgedDirect) { kill_cycles(DirectIo::kAuto, 100); }

TEST(Kill, KeepsWhatWasAcknowledgedBuffered) { kill_cycles(DirectIo::kOff, 100); }

}  // namespace
}  // namespace waldo::test
