// Everything at once, for as long as one likes: node scripts/test-soak.mjs [OPTION…]; --help lists the options.
// In this process, so that an interruption reaches it whoever sends it.
process.setSourceMapsEnabled(true);
await import('../dist/test/campaigns/soak/main.js');
