// Prints vitest's JSON report as one line `ok` or `FAIL` for each test, and FAIL where none was run.
//
// usage: list-tests.mjs RESULTS.json

import { readFileSync } from "node:fs";
import { argv } from "node:process";

function readResults(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).testResults;
  } catch (error) {
    return [{ name: path, status: "failed", message: error.message, assertionResults: [] }];
  }
}

const WORDS = {
  passed: "ok   ",
  failed: "FAIL ",
  pending: "skip ",
  skipped: "skip ",
  todo: "skip ",
};

for (const { name, status, message, assertionResults } of readResults(argv[2])) {
  for (const test of assertionResults) {
    console.log(`${WORDS[test.status] ?? "FAIL "} ${test.fullName}`);
    if (test.status === "failed") console.log(`      ${test.failureMessages.join("\n      ")}`);
  }
  const noTest = assertionResults.length === 0;
  if (noTest || (status === "failed" && !assertionResults.some((test) => test.status === "failed")))
    console.log(`FAIL  ${name}: ${message || "no test was run"}`);
}
