#include "keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <optional>

namespace waldo::kill {

namespace {

using Clock = std::chrono::steady_clock;

// The moment may never come: a ring that has not turned a page by then is killed as well.
constexpr std::chrono::milliseconds kLongest{40};

timespec until(Clock::time_point when) {
  const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(when - Clock::now()).count();
  const long nanoseconds = left > 0 ? static_cast<long>(left) : 0;
  return {nanoseconds / 1000000000, nanoseconds % 1000000000};
}

}  // namespace

void Totals::add(const Totals& other) {
  rings += other.rings;
  kills += other.kills;
  ends += other.ends;
  logs += other.logs;
  turns += other.turns;
  voided += other.voided;
  disk += other.disk;
  for (size_t i = 0; i < Report::kKinds; ++i) phases[i] += other.phases[i];
}

Keeper::Keeper(const RingPlan& plan, std::string directory, uint64_t seed,
               const volatile sig_atomic_t& stopped, Totals* totals, char* why)
    : plan_(plan),
      directory_(std::move(directory)),
      rng_(seed),
      stopped_(stopped),
      totals_(totals),
      why_(why) {}

bool Keeper::run(uint64_t kills) {
  const uint64_t end = totals_->kills + std::min<uint64_t>(kills, plan_.kills);
  while (!stopped_ && totals_->kills < end)
    if (!one_life()) return false;
  ++totals_->rings;
  totals_->logs += kept_.submitted.acknowledged;
  return true;
}

bool Keeper::one_life() {
  ++kept_.submitted.attempt;
  moment_ = draw_moment(rng_);
  last_ = Report();
  turns_ = 0;
  turning_ = false;
  const uint64_t seed = rng_();
  int pipe[2];
  if (pipe2(pipe, O_CLOEXEC) != 0) {
    snprintf(why_, kWhyBytes, "pipe2: errno %d", errno);
    return false;
  }
  const pid_t keeper = getpid();
  const pid_t writer = fork();
  if (writer == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != keeper) _exit(0);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    ::close(pipe[0]);
    live(directory_, plan_, moment_, kept_, seed, pipe[1], why_);
  }
  ::close(pipe[1]);
  if (writer < 0) {
    snprintf(why_, kWhyBytes, "fork: errno %d", errno);
    ::close(pipe[0]);
    return false;
  }
  kept_.clean = false;
  follow(writer, pipe[0]);
  ::close(pipe[0]);
  int status = 0;
  while (waitpid(writer, &status, 0) < 0 && errno == EINTR) {
  }
  return judge(status);
}

// Takes down what the writer tells until it is gone, and kills it when the moment has come.
void Keeper::follow(pid_t writer, int reports) {
  const Clock::time_point start = Clock::now();
  const std::chrono::microseconds delay(moment_.delay_us);
  Clock::time_point kill_at = moment_.kind == Report::kNothing ? start + delay : start + kLongest;
  uint32_t seen = 0;
  bool killed = false;
  for (;;) {
    if (!killed && (stopped_ || Clock::now() >= kill_at)) {
      ::kill(writer, SIGKILL);
      killed = true;
    }
    pollfd poll{reports, POLLIN, 0};
    const timespec timeout = until(kill_at);
    if (ppoll(&poll, 1, killed ? nullptr : &timeout, nullptr) <= 0) continue;
    Report told[64];
    const ssize_t got = read(reports, told, sizeof(told));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    for (size_t i = 0; i < static_cast<size_t>(got) / sizeof(Report); ++i) {
      last_ = told[i];
      kept_.take(last_);
      if (last_.kind == Report::kTurning) turning_ = true;
      if (last_.kind == Report::kAcknowledged) {
        turns_ = last_.turns;
        turning_ = false;
      }
      if (last_.kind != moment_.kind || ++seen != moment_.count) continue;
      kill_at = std::min(kill_at, Clock::now() + delay);
    }
  }
}

bool Keeper::judge(int status) {
  totals_->turns += turns_;
  if (WIFEXITED(status) && WEXITSTATUS(status) == kWrong) return false;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && last_.kind == Report::kClosed) {
    ++totals_->ends;
    return true;
  }
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
    ++totals_->kills;
    if (plan_.on_disk) ++totals_->disk;
    ++totals_->phases[turning_ ? Report::kTurning : last_.kind];
    totals_->voided += kept_.submitted.last() - kept_.submitted.acknowledged;
    return true;
  }
  if (stopped_) return true;
  snprintf(why_, kWhyBytes, "the writer ended with %s %d", WIFSIGNALED(status) ? "signal" : "status",
           WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  return false;
}

}  // namespace waldo::kill
