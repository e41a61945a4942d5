// Loaded into n8n before itself: n8n and what it has started end when the tests do, however those end.
if (require("node:worker_threads").isMainThread) {
  // A worker thread would see an end of its own.
  process.stdin.resume().on("end", () => process.kill(-process.pid, "SIGKILL"));
}
