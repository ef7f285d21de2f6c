#!/usr/bin/env node
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const main = new URL("../dist/main.js", import.meta.url);
if (!existsSync(fileURLToPath(main))) {
  console.error(
    "iommukit: not built yet. In the checkout's root run: npm run setup && npm run build",
  );
  process.exit(1);
}
await import(main.href);
