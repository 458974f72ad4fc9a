// Makes golden images of the formats with this release: node scripts/make-golden.mjs [--add]. See docs/compatibility.md.
await import('../dist/test/golden/make.js');
