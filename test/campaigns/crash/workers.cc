#include "workers.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace waldo::crash {

void Shared::fail(const std::string& text) {
  if (failed.exchange(true)) return;
  std::snprintf(message, sizeof(message), "%s", text.c_str());
}

namespace {

// Of the processor; a history takes milliseconds.
constexpr time_t kLimitSeconds = 120;

Shared* limited = nullptr;
std::string under_way;

void give_up(int) {
  limited->fail(under_way);
  _exit(1);
}

void set_limit(time_t seconds) {
  const itimerval limit{{0, 0}, {seconds, 0}};
  (void)setitimer(ITIMER_PROF, &limit, nullptr);
}

}  // namespace

TimeLimit::TimeLimit(Shared* shared, const std::string& what) {
  limited = shared;
  under_way = what;
  std::signal(SIGPROF, give_up);
  set_limit(kLimitSeconds);
}

TimeLimit::~TimeLimit() { set_limit(0); }

Shared* run_workers(unsigned jobs, const std::function<void(Shared*, unsigned)>& work) {
  void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    std::perror("mmap");
    std::exit(1);
  }
  auto* const shared = new (memory) Shared();
  std::vector<pid_t> workers;
  for (unsigned index = 0; index < jobs; ++index) {
    const pid_t worker = fork();
    if (worker < 0) {
      std::perror("fork");
      std::exit(1);
    }
    if (worker == 0) {
      (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
      work(shared, index);
      std::fflush(nullptr);
      _exit(0);
    }
    workers.push_back(worker);
  }
  for (const pid_t worker : workers) {
    int status = 0;
    if (waitpid(worker, &status, 0) == worker && WIFEXITED(status) && WEXITSTATUS(status) == 0) continue;
    shared->fail(WIFSIGNALED(status) ? std::string("a worker died: ") + strsignal(WTERMSIG(status))
                                     : "a worker failed");
  }
  return shared;
}

}  // namespace waldo::crash
