#include "workers.h"

#include <sys/mman.h>
#include <sys/prctl.h>
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
