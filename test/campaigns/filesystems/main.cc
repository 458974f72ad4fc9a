// waldo_filesystems CELL --fs TYPE [--seed N] [--count N]: one cell of the campaign, in mounts of its own.
#include <signal.h>
#include <sys/prctl.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <map>

#include "cells.h"
#include "failure.h"
#include "volume.h"

namespace {

using waldo::test::CellOptions;
using waldo::test::CellResult;

constexpr int kNotRun = 77;
constexpr int kUsage = 2;

const std::map<std::string, CellResult (*)(const CellOptions&)> kCells = {
    {"replay", waldo::test::replay},       {"errors", waldo::test::device_errors},
    {"full", waldo::test::full_disk},      {"read-only", waldo::test::read_only},
    {"no-direct", waldo::test::no_direct},
};

int usage() {
  std::fprintf(stderr, "usage: waldo_filesystems CELL --fs TYPE [--seed N] [--count N]; CELL is one of");
  for (const auto& cell : kCells) std::fprintf(stderr, " %s", cell.first.c_str());
  std::fprintf(stderr, "\n");
  return kUsage;
}

bool parse(int argc, char** argv, CellOptions* options) {
  for (int i = 2; i < argc; i += 2) {
    if (i + 1 == argc) return false;
    const std::string name = argv[i];
    char* end = argv[i + 1];
    if (name == "--fs")
      options->filesystem = argv[i + 1];
    else if (name == "--seed")
      options->seed = std::strtoull(argv[i + 1], &end, 10);
    else if (name == "--count")
      options->count = std::strtoull(argv[i + 1], &end, 10);
    else
      return false;
    if (name != "--fs" && (*end != '\0' || end == argv[i + 1])) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  CellOptions options;
  options.count = 1;
  options.program = argv[0];
  const auto cell = kCells.find(argc > 1 ? argv[1] : "");
  if (cell == kCells.end() || !parse(argc, argv, &options)) return usage();
  // Nobody is left to see the end of it.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  try {
    options.home = waldo::test::enter_own_namespace();
    const CellResult result = cell->second(options);
    if (result.violation.empty()) {
      std::printf("passed: %s\n", result.figures.c_str());
      return 0;
    }
    std::printf("FAILED: %s\n", result.violation.c_str());
    return 1;
  } catch (const waldo::test::NotRun& missing) {
    std::printf("not run: %s\n", missing.what());
    return kNotRun;
  } catch (const std::exception& error) {
    std::printf("FAILED: %s\n", error.what());
    return 1;
  }
}
