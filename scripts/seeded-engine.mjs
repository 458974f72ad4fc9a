// A copy of the engine's source with bugs seeded into it. All are in one build; WALDO_SEEDED_BUG chooses by name.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Returns the folder of the copy, for WALDO_ENGINE. Throws if an edit does not fit the source any more. */
export function seedEngine(bugs) {
  const source = join(root, 'build', 'seeded');
  rmSync(source, { recursive: true, force: true });
  mkdirSync(source, { recursive: true });
  const edits = bugs.flatMap((bug) =>
    [bug, ...(bug.also ?? [])].map((edit) => ({ ...edit, name: bug.name })),
  );
  const unused = new Set(edits);
  for (const file of readdirSync(join(root, 'native'))) {
    if (!/\.(cc|h)$/.test(file)) continue;
    let text = readFileSync(join(root, 'native', file), 'utf8');
    for (const edit of edits) {
      if (edit.file !== file) continue;
      text = seed(text, edit);
      unused.delete(edit);
    }
    if (text.includes('::waldo::seeded(')) text = include(text, 'seeded.h');
    writeFileSync(join(source, file), text);
  }
  for (const { name, file } of unused) throw new Error(`bug "${name}": there is no native/${file}`);
  writeFileSync(
    join(source, 'seeded.h'),
    `#pragma once
#include <cstdlib>
#include <cstring>
namespace waldo {
inline bool seeded(const char* name) {
  static const char* const chosen = std::getenv("WALDO_SEEDED_BUG");
  return chosen != nullptr && std::strcmp(chosen, name) == 0;
}
}  // namespace waldo
`,
  );
  return source;
}

function seed(text, { name, file, find, replace }) {
  if (text.split(find).length !== 2)
    throw new Error(`bug "${name}": ${JSON.stringify(find)} must occur once in native/${file}`);
  return text.replace(find, () => replace.replaceAll('SEEDED', `::waldo::seeded(${JSON.stringify(name)})`));
}

// In a header, behind its `#pragma once`.
function include(text, header) {
  const once = '#pragma once';
  const at = text.includes(once) ? text.indexOf(once) + once.length : 0;
  return `${text.slice(0, at)}\n#include "${header}"\n${text.slice(at)}`;
}
