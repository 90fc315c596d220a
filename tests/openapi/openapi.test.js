// SPDX-License-Identifier: MIT
// openapi: the generated API document is valid for a linter that is not ours, and keeps the
// conventions that clients depend on.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const TESTS = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const ROOT = path.dirname(TESTS);
const BUILD = path.join(ROOT, "build", process.env.BOURSE_PRESET ?? "dev");
const DOCUMENT = path.join(BUILD, "proto", "openapi.json");

const openapi = JSON.parse(readFileSync(DOCUMENT, "utf8"));
const VERBS = ["get", "put", "post", "patch", "delete"];
const operations = Object.entries(openapi.paths).flatMap(([address, item]) =>
  VERBS.filter((verb) => item[verb]).map((verb) => ({ address, verb, ...item[verb] })),
);

// Every schema there is, with the way to it.
function* schemasIn(value, way = "#") {
  if (typeof value !== "object" || value === null) return;
  if (typeof value.type === "string" || value.properties) yield [way, value];
  for (const [key, inner] of Object.entries(value)) yield* schemasIn(inner, `${way}/${key}`);
}

test("the linter finds no error in the document", () => {
  const linter = path.join(TESTS, "node_modules", ".bin", "redocly");
  const run = spawnSync(linter, ["lint", "--format=stylish", DOCUMENT], {
    cwd: TESTS,
    encoding: "utf8",
    env: { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" },
    timeout: 60_000,
  });
  assert.equal(run.status, 0, `${run.stdout}${run.stderr}${run.error ?? ""}`);
});

test("every operation has a name of its own", () => {
  const names = operations.map((operation) => operation.operationId);
  assert.ok(names.length > 30);
  assert.equal(new Set(names).size, names.length);
});

test("every operation that changes something takes an Idempotency-Key but those that give tokens, and no other", () => {
  for (const { address, verb, parameters = [], responses } of operations) {
    const takes = parameters.some((one) => one.$ref === "#/components/parameters/IdempotencyKey");
    const replays = Object.values(responses).some((one) => one.headers?.["Idempotent-Replayed"]);
    const givesTokens = ["/api/v1/auth/login", "/api/v1/auth/refresh"].includes(address);
    assert.equal(takes, verb !== "get" && !givesTokens, `${verb} ${address}`);
    assert.equal(replays, takes, `${verb} ${address}`);
  }
});

test("every variable of a path is a required parameter", () => {
  for (const { address, verb, parameters = [] } of operations) {
    const variables = [...address.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
    const declared = parameters.filter((one) => one.in === "path" && one.required);
    assert.deepEqual(declared.map((one) => one.name).sort(), variables, `${verb} ${address}`);
  }
});

test("objects are closed, texts and lists have a limit, and nothing is a floating point number", () => {
  for (const [way, schema] of schemasIn(openapi.components.schemas)) {
    if (way.startsWith("#/Problem") || way.includes("/examples/")) continue;
    // What a strategy's parameters may be is said by the schema of its kind.
    if (schema.type === "object")
      assert.equal(schema.additionalProperties, /\/(parameters|parameters_schema)$/.test(way), way);
    if (schema.type === "array") assert.ok(schema.maxItems > 0, way);
    if (schema.type === "string")
      assert.ok(schema.maxLength || schema.enum || schema.pattern || schema.format, way);
    assert.notEqual(schema.type, "number", way);
  }
});

test("a price in an order is a decimal string", () => {
  const quantity = openapi.components.schemas.PlaceOrderRequest.properties.quantity;
  const pattern = new RegExp(quantity.pattern);
  assert.equal(quantity.type, "string");
  for (const good of ["10", "0.5", "0.000000001"]) assert.match(good, pattern);
  for (const bad of ["", "-1", "1e3", ".5", "1.", "0.1234567891"])
    assert.doesNotMatch(bad, pattern);
});

test("what needs a token says so, and what does not is open", () => {
  const byName = Object.fromEntries(operations.map((one) => [one.operationId, one]));
  // A login, as a token or in a cookie; reading and trading are open to API keys too.
  const apiKeys = [{ apiKeyId: [], apiKeySecret: [] }, { basic: [] }];
  assert.deepEqual(openapi.security, [{ bearer: [] }, { cookie: [] }]);
  assert.equal(byName.ChangePassword.security, undefined);
  assert.deepEqual(byName.PlaceOrder.security, [{ bearer: [] }, { cookie: [] }, ...apiKeys]);
  assert.ok(byName.PlaceOrder.responses["401"]);
  assert.deepEqual(byName.GetQuote.security, []);
  assert.equal(byName.GetQuote.responses["401"], undefined);
});

test("the document explains every reason there is", () => {
  const table = readFileSync(path.join(ROOT, "lib", "base", "reasons.h"), "utf8");
  const reasons = [...table.matchAll(/^\s+X\((\w+), CODE_/gm)].map((match) => match[1]);
  const described = openapi.components.schemas.Problem.properties.reason.description;
  assert.ok(reasons.length > 40);
  for (const reason of reasons) assert.ok(described.includes(`\`${reason}\``), reason);
});
