// waldo_crash images|flips [options]: crash images, and flipped bits, of the engine as it is shipped.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>

#include "flips.h"
#include "history.h"
#include "workers.h"

namespace {

using namespace waldo::crash;

constexpr char kUsage[] =
    "waldo_crash images [--images N] [--seconds N] [--seed S] [--images-a-crash N] [--jobs N]\n"
    "waldo_crash images --history SEED [--images-a-crash N]\n"
    "waldo_crash flips [--jobs N]\n"
    "\n"
    "images  recovers N images (default 5000000) that simulated crashes leave; again and again from seed S\n"
    "        (default: drawn), for N seconds at the most; --history runs that one alone, as a failure tells\n"
    "flips   flips each bit of a ring of four laps\n";

struct Arguments {
  std::string command;
  uint64_t images = 5'000'000;
  uint64_t seconds = INT64_MAX;
  uint64_t seed = 0;
  uint64_t history = 0;
  bool one_history = false;
  uint32_t images_a_crash = 48;
  unsigned jobs = static_cast<unsigned>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
};

[[noreturn]] void refuse(const std::string& what) {
  std::fprintf(stderr, "%s\n\n%s", what.c_str(), kUsage);
  std::exit(2);
}

uint64_t number_of(const char* option, const char* text) {
  char* end = nullptr;
  const unsigned long long number = text ? std::strtoull(text, &end, 10) : 0;
  if (text == nullptr || end == text || *end != '\0' || text[0] == '-')
    refuse(std::string(option) + " takes a whole number; received " + (text ? text : "nothing"));
  return number;
}

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  arguments.seed = std::random_device()();
  if (argc > 1) arguments.command = argv[1];
  if (arguments.command == "--help") {
    std::fputs(kUsage, stdout);
    std::exit(0);
  }
  if (arguments.command != "images" && arguments.command != "flips")
    refuse("the command is images or flips; received " + arguments.command);
  for (int i = 2; i < argc; i += 2) {
    const std::string option = argv[i];
    const uint64_t value = number_of(argv[i], i + 1 < argc ? argv[i + 1] : nullptr);
    if (option == "--images") {
      arguments.images = value;
    } else if (option == "--seconds") {
      arguments.seconds = value;
    } else if (option == "--seed") {
      arguments.seed = value;
    } else if (option == "--history") {
      arguments.history = value;
      arguments.one_history = true;
    } else if (option == "--images-a-crash") {
      arguments.images_a_crash = static_cast<uint32_t>(value);
    } else if (option == "--jobs" && value > 0) {
      arguments.jobs = static_cast<unsigned>(value);
    } else {
      refuse("there is no option " + option + " with the value " + argv[i + 1]);
    }
  }
  return arguments;
}

enum Counter {
  kNext,
  kImages,
  kInterrupted,
  kKilled,
  kDamaged,
  kRefused,
  kResidue,
  kVoidSalvaged,
  kHistories
};

void add(Shared* shared, const ImageCounts& counts) {
  shared->counters[kImages] += counts.images;
  shared->counters[kInterrupted] += counts.interrupted;
  shared->counters[kKilled] += counts.killed;
  shared->counters[kDamaged] += counts.damaged;
  shared->counters[kRefused] += counts.refused;
  shared->counters[kResidue] += counts.residue;
  shared->counters[kVoidSalvaged] += counts.void_salvaged;
  shared->counters[kHistories] += counts.histories;
}

void run_histories(const Arguments& arguments, Shared* shared) {
  waldo::SimRng seeds(arguments.seed);
  const uint64_t base = seeds();
  const auto start = std::chrono::steady_clock::now();
  const auto in_time = [&] {
    const auto time = std::chrono::steady_clock::now() - start;
    return std::chrono::duration_cast<std::chrono::seconds>(time).count() <
           static_cast<int64_t>(arguments.seconds);
  };
  while (!shared->failed && shared->counters[kImages] < arguments.images && in_time()) {
    const uint64_t history = arguments.one_history ? arguments.history : base + shared->counters[kNext]++;
    const std::string again = "\nAgain: npm run test:crash -- --history " + std::to_string(history) +
                              (arguments.images_a_crash == Arguments().images_a_crash
                                   ? ""
                                   : " --images-a-crash " + std::to_string(arguments.images_a_crash));
    const TimeLimit limit(shared, "the history does not end" + again);
    ImageCounts counts;
    const std::string wrong = run_history(history, arguments.images_a_crash, &counts);
    add(shared, counts);
    if (!wrong.empty()) shared->fail(wrong + again);
    if (arguments.one_history) return;
  }
}

int finish(const char* campaign, const Shared& shared, const std::string& figures) {
  if (shared.failed) {
    std::printf("%s\ncampaign %s: FAILED: %s\n", shared.message, campaign, figures.c_str());
    return 1;
  }
  std::printf("campaign %s: passed: %s\n", campaign, figures.c_str());
  return 0;
}

std::string seconds_since(std::chrono::steady_clock::time_point start) {
  const auto time = std::chrono::steady_clock::now() - start;
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s";
}

std::string count(const Shared& shared, Counter counter) { return std::to_string(shared.counters[counter]); }

int images(const Arguments& arguments) {
  const auto start = std::chrono::steady_clock::now();
  const unsigned jobs = arguments.one_history ? 1 : arguments.jobs;
  const Shared& shared = *run_workers(jobs, [&](Shared* mine, unsigned) { run_histories(arguments, mine); });
  return finish("crash", shared,
                count(shared, kImages) + " images of " + count(shared, kHistories) + " histories from seed " +
                    std::to_string(arguments.seed) + ": " + count(shared, kInterrupted) +
                    " of crashes in recovery, " + count(shared, kKilled) + " of killed processes, " +
                    count(shared, kDamaged) + " damaged (" + count(shared, kRefused) + " refused, " +
                    count(shared, kResidue) + " of the newest group, which nothing witnesses; " +
                    count(shared, kVoidSalvaged) + " void logs salvaged), in " + seconds_since(start));
}

int flips(const Arguments& arguments) {
  const auto start = std::chrono::steady_clock::now();
  const Shared& shared = *run_workers(arguments.jobs, [&](Shared* mine, unsigned index) {
    FlipCounts counts;
    const std::string wrong = flip_bits(index, arguments.jobs, &counts);
    mine->counters[0] += counts.flips;
    mine->counters[1] += counts.refused;
    if (!wrong.empty()) mine->fail(wrong);
  });
  return finish("flips", shared,
                std::to_string(shared.counters[0]) + " bits flipped, " + std::to_string(shared.counters[1]) +
                    " refused, the others without effect, in " + seconds_since(start));
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = parse(argc, argv);
  return arguments.command == "flips" ? flips(arguments) : images(arguments);
}
