// Every call that the engine makes fails: waldo_faults [--seed N] [--images N] [--only OPERATION[/MODE]] [--long].
#include <getopt.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>

#include "sweep.h"

namespace waldo::faults {
namespace {

struct Part {
  const char* name;
  const char* what;
  std::string (*sweep)(const Settings&, Figures*);
};

constexpr Part kParts[] = {
    {"simulated", "simulated files", sweep_simulated},
    {"calls", "system calls", sweep_system_calls},
    {"allocations", "allocations", sweep_allocations},
};

void usage(FILE* to) {
  fprintf(to,
          "usage: waldo_faults [option]…\n"
          "  --seed N        draws images from N; printed if not given\n"
          "  --images N      power losses and kills at each of two places of a case (1)\n"
          "  --part NAME     simulated, calls or allocations only\n"
          "  --only NAME     operations whose name begins so, e.g. append or append/direct\n"
          "  --threads N     side by side (as many as there are processors)\n"
          "  --long          all modes, 10 images\n");
}

bool number(const char* text, uint64_t* value) {
  char* end = nullptr;
  *value = strtoull(text, &end, 10);
  return *text >= '0' && *text <= '9' && *end == '\0';
}

bool parse(int count, char** arguments, Settings* settings, std::string* part) {
  static const option kOptions[] = {
      {"seed", required_argument, nullptr, 's'},    {"images", required_argument, nullptr, 'i'},
      {"part", required_argument, nullptr, 'p'},    {"only", required_argument, nullptr, 'o'},
      {"threads", required_argument, nullptr, 't'}, {"long", no_argument, nullptr, 'l'},
      {"help", no_argument, nullptr, 'h'},          {nullptr, 0, nullptr, 0}};
  uint64_t images = 0;
  for (int c = 0; (c = getopt_long(count, arguments, "", kOptions, nullptr)) != -1;) {
    uint64_t value = 0;
    const bool counts = c == 's' || c == 'i' || c == 't';
    if (counts && !number(optarg, &value)) return false;
    switch (c) {
      case 's':
        settings->seed = value;
        break;
      case 'i':
        images = value;
        break;
      case 't':
        settings->threads = static_cast<unsigned>(value);
        break;
      case 'p':
        *part = optarg;
        break;
      case 'o':
        settings->only = optarg;
        break;
      case 'l':
        settings->long_form = true;
        break;
      case 'h':
        usage(stdout);
        exit(0);
      default:
        return false;
    }
  }
  settings->images = images > 0 ? images : settings->long_form ? 10 : 1;
  return optind == count;
}

int run(const Settings& settings, const std::string& only_part) {
  printf("seed %llu\n", static_cast<unsigned long long>(settings.seed));
  uint64_t cases = 0;
  for (const Part& part : kParts) {
    if (!only_part.empty() && only_part != part.name) continue;
    Figures figures;
    const std::string wrong = part.sweep(settings, &figures);
    cases += figures.cases;
    printf("%s: %llu operations, %llu calls of theirs, %llu cases, %llu images\n", part.what,
           static_cast<unsigned long long>(figures.operations),
           static_cast<unsigned long long>(figures.calls), static_cast<unsigned long long>(figures.cases),
           static_cast<unsigned long long>(figures.images));
    fflush(stdout);
    if (wrong.empty()) continue;
    const std::string operation = wrong.substr(0, wrong.find_first_of(",:"));
    printf("%s\nagain: npm run test:faults -- --seed %llu --part %s --only %s%s\n", wrong.c_str(),
           static_cast<unsigned long long>(settings.seed), part.name, operation.c_str(),
           settings.long_form ? " --long" : "");
    printf("campaign faults: FAILED: %s\n", wrong.c_str());
    return 1;
  }
  if (cases == 0) {
    fprintf(stderr, "no operation has that name\n");
    return 2;
  }
  printf("campaign faults: passed: %llu cases, 0 violations\n", static_cast<unsigned long long>(cases));
  return 0;
}

}  // namespace
}  // namespace waldo::faults

int main(int count, char** arguments) {
  waldo::faults::Settings settings;
  settings.seed = std::random_device{}();
  settings.threads = std::max(1u, std::thread::hardware_concurrency());
  std::string part;
  if (!waldo::faults::parse(count, arguments, &settings, &part)) {
    waldo::faults::usage(stderr);
    return 2;
  }
  return waldo::faults::run(settings, part);
}
