#!/usr/bin/env node
// Runs the agtop of this platform's package, which npm chose among the optional dependencies. Nothing is downloaded.
"use strict";

const { spawnSync } = require("node:child_process");

const name = `@agtop/${process.platform}-${process.arch}`;
const program = process.platform === "win32" ? "agtop.exe" : "agtop";

let path;
try {
  path = require.resolve(`${name}/bin/${program}`);
} catch {
  console.error(
    `agtop: the package ${name} is not installed. Either agtop has no program for this platform, or npm was called` +
      " with --omit=optional; https://github.com/agtop/agtop/releases has programs",
  );
  process.exit(1);
}

const ended = spawnSync(path, process.argv.slice(2), { stdio: "inherit" });
if (ended.error) {
  console.error(`agtop: ${path}: ${ended.error.message}`);
  process.exit(1);
}
if (ended.signal) {
  // Ends as the program did, so that a shell sees the signal.
  process.kill(process.pid, ended.signal);
} else {
  process.exit(ended.status);
}
