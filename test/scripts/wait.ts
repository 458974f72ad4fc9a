// wait: does nothing until it is killed.
console.log('waiting');
process.stdin.resume();
