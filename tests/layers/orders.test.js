// SPDX-License-Identifier: MIT
// The life of an order is one table in the code; the diagram in docs/orders.md shows it and nothing else.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const read = (name) => readFileSync(path.join(ROOT, name), "utf8");

// The rows of an X macro: the first column's names, and the arguments of each row.
function rowsOf(header, macro) {
  const body = header.slice(header.indexOf(`#define ${macro}(X)`)).split("\n\n")[0];
  return [...body.matchAll(/\bX\((\w+), ([^)]*)\)/g)].map(([, first, rest]) => [
    first,
    ...rest.split(",").map((one) => one.trim().replaceAll('"', "")),
  ]);
}

test("the diagram in docs/orders.md has the transitions of order.h, and no other", () => {
  const header = read("services/trading/orders/order.h");
  const statuses = new Map(rowsOf(header, "ORDER_STATUSES").map(([name, text, isOpen]) => [name, { text, isOpen }]));
  const events = new Map(rowsOf(header, "ORDER_EVENTS").map(([name, text]) => [name, text]));
  const expected = rowsOf(header, "ORDER_TRANSITIONS").map(
    ([from, event, to]) => `${statuses.get(from).text} --> ${statuses.get(to).text}: ${events.get(event)}`,
  );
  // Legs begin by being held, all other orders by being pending.
  expected.push("[*] --> pending_new", "[*] --> held");
  for (const { text, isOpen } of statuses.values()) if (isOpen === "false") expected.push(`${text} --> [*]`);

  const page = read("docs/orders.md");
  const diagram = page.slice(page.indexOf("stateDiagram-v2"), page.indexOf("```", page.indexOf("stateDiagram-v2")));
  const shown = diagram.split("\n").map((line) => line.trim()).filter((line) => line.includes("-->"));

  assert.ok(expected.length > 8);
  assert.deepEqual(shown.sort(), expected.sort());
});
