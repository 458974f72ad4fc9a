// waldo_kill: writers of many rings are killed with SIGKILL at random moments; what was acknowledged to them is
// there when the next one opens the ring, in order and as it was written, and nothing that was not submitted.
// See usage(). Exit codes: 0, 1 (something is wrong; the ring is kept), 2 (a wrong option).
#include <getopt.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "keeper.h"

namespace {

using namespace waldo;
using namespace waldo::kill;

volatile sig_atomic_t stopped = 0;

struct Arguments {
  uint64_t cycles = 20000;
  uint64_t seed = 1;
  uint64_t jobs = 2;
  int64_t ring = -1;  // this one only
  std::string memory = "/dev/shm";
  std::string disk = ".";
};

// A keeper's, in memory that it shares with the process that started it.
struct Shared {
  Totals totals;
  bool wrong;
  char why[kWhyBytes];
};

void usage(FILE* to) {
  fprintf(to,
          "waldo_kill [--cycles N] [--seed S] [--jobs N] [--memory DIR] [--disk DIR] [--ring N]\n"
          "  --cycles  kills, all rings together (20000)\n"
          "  --seed    decides the rings' options and the moments of the kills (1)\n"
          "  --jobs    rings at a time (2)\n"
          "  --memory  where most rings are (/dev/shm); --disk: where one in eight is (.)\n"
          "  --ring    only the ring of that number\n");
}

bool parse(int argc, char** argv, Arguments* arguments) {
  static const option kOptions[] = {
      {"cycles", required_argument, nullptr, 'c'}, {"seed", required_argument, nullptr, 's'},
      {"jobs", required_argument, nullptr, 'j'},   {"memory", required_argument, nullptr, 'm'},
      {"disk", required_argument, nullptr, 'd'},   {"ring", required_argument, nullptr, 'r'},
      {"help", no_argument, nullptr, 'h'},         {nullptr, 0, nullptr, 0}};
  for (int which; (which = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    if (which == 'h') {
      usage(stdout);
      exit(0);
    }
    if (which == '?') return false;
    if (which == 'm' || which == 'd') {
      (which == 'm' ? arguments->memory : arguments->disk) = optarg;
      continue;
    }
    char* end = nullptr;
    const uint64_t number = strtoull(optarg, &end, 10);
    if (*end != '\0' || end == optarg || *optarg == '-') return false;
    if (which == 'c') arguments->cycles = number;
    if (which == 's') arguments->seed = number;
    if (which == 'j') arguments->jobs = number;
    if (which == 'r') arguments->ring = static_cast<int64_t>(number);
  }
  return optind == argc && arguments->jobs >= 1 && arguments->jobs <= 64;
}

std::string make_home(const std::string& parent) {
  std::string pattern = parent + "/waldo-kill-XXXXXX";
  return mkdtemp(pattern.data()) == nullptr ? "" : pattern;
}

void remove_homes(const std::string& memory, const std::string& disk) {
  std::error_code ignored;
  for (const std::string& home : {memory, disk})
    if (!home.empty()) std::filesystem::remove_all(home, ignored);
}

// A keeper's work: every `jobs`th ring, until its share of the kills is done.
void keep(const Arguments& arguments, uint64_t lane, const std::string& memory, const std::string& disk,
          Shared* shared) {
  const uint64_t share =
      arguments.cycles / arguments.jobs + (lane < arguments.cycles % arguments.jobs ? 1 : 0);
  for (uint64_t i = lane; !stopped && shared->totals.kills < share; i += arguments.jobs) {
    const uint64_t number = arguments.ring < 0 ? i : static_cast<uint64_t>(arguments.ring);
    SimRng rng(arguments.seed * 1000003 + number);
    const RingPlan plan = draw_ring(rng);
    const std::string directory = (plan.on_disk ? disk : memory) + "/ring-" + std::to_string(number);
    Keeper keeper(plan, directory, rng(), stopped, &shared->totals, shared->why);
    if (!keeper.run(share - shared->totals.kills)) {
      const Moment& moment = keeper.moment();
      fprintf(stderr,
              "ring %" PRIu64 ", life %" PRIu64
              ": %s\n  options: %s\n  to be killed %u us after report %u of \"%s\""
              "\n  kept: %s\n  again (moments of kills vary): npm run test:kill -- --seed %" PRIu64
              " --ring %" PRIu64 "\n",
              number, keeper.lives(), shared->why, plan.describe().c_str(), moment.delay_us, moment.count,
              name_of(moment.kind), directory.c_str(), arguments.seed, number);
      shared->wrong = true;
      return;
    }
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  }
}

void print(const Totals& totals, double seconds) {
  const auto& in = totals.phases;
  printf("%" PRIu64 " kills of writers of %" PRIu64 " rings in %.1f s, %" PRIu64
         " of them on the disk; %" PRIu64 " logs acknowledged, %" PRIu64 " in flight lost, %" PRIu64
         " pages turned, %" PRIu64
         " closed in time; killed "
         "%" PRIu64 " while opening, %" PRIu64 " while appending, %" PRIu64 " between appends, %" PRIu64
         " while turning a page, %" PRIu64 " while moving a cursor, %" PRIu64 " while closing\n",
         totals.kills, totals.rings, seconds, totals.disk, totals.logs, totals.voided, totals.turns,
         totals.ends, in[Report::kNothing], in[Report::kSubmit],
         in[Report::kOpened] + in[Report::kAcknowledged] + in[Report::kCursorDone], in[Report::kTurning],
         in[Report::kCursorAsk], in[Report::kClosing] + in[Report::kClosed]);
}

void stop(int) { stopped = 1; }

// Waits for all keepers; the first one that finds something wrong, or a signal, stops the others.
bool wait_for(std::vector<pid_t> keepers) {
  bool ended_well = true;
  while (!keepers.empty()) {
    int status = 0;
    const pid_t ended = waitpid(-1, &status, 0);
    bool stop_others = ended < 0;
    for (size_t i = 0; i < keepers.size(); ++i) {
      if (keepers[i] != ended) continue;
      keepers.erase(keepers.begin() + static_cast<std::ptrdiff_t>(i));
      const bool well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
      ended_well = ended_well && well;
      stop_others = !well;
      break;
    }
    if (ended < 0 && errno != EINTR) break;
    if (stop_others)
      for (const pid_t keeper : keepers) ::kill(keeper, SIGTERM);
  }
  return ended_well;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!parse(argc, argv, &arguments)) {
    usage(stderr);
    return 2;
  }
  if (arguments.ring >= 0) arguments.jobs = 1;
  const std::string memory = make_home(arguments.memory);
  const std::string disk = make_home(arguments.disk);
  const size_t bytes = sizeof(Shared) * arguments.jobs;
  void* mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory.empty() || disk.empty() || mapped == MAP_FAILED) {
    fprintf(stderr, "no room for rings in %s and %s\n", arguments.memory.c_str(), arguments.disk.c_str());
    remove_homes(memory, disk);
    return 1;
  }
  auto* shared = static_cast<Shared*>(mapped);
  struct sigaction action {};
  action.sa_handler = stop;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  fflush(stdout);
  const auto start = std::chrono::steady_clock::now();
  std::vector<pid_t> keepers;
  for (uint64_t lane = 0; lane < arguments.jobs; ++lane) {
    const pid_t keeper = fork();
    if (keeper < 0) break;
    if (keeper == 0) {
      keep(arguments, lane, memory, disk, &shared[lane]);
      _exit(shared[lane].wrong ? 1 : 0);
    }
    keepers.push_back(keeper);
  }
  const bool all = keepers.size() == arguments.jobs;
  const bool well = wait_for(std::move(keepers)) && all;
  Totals totals;
  bool wrong = false;
  for (uint64_t lane = 0; lane < arguments.jobs; ++lane) {
    totals.add(shared[lane].totals);
    wrong = wrong || shared[lane].wrong;
  }
  if (!wrong) remove_homes(memory, disk);
  print(totals, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  if (stopped) return 130;
  return well && !wrong && totals.kills >= arguments.cycles ? 0 : 1;
}
