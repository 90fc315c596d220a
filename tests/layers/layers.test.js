// SPDX-License-Identifier: MIT
// layers: the rules of docs/architecture.md that a compiler does not check. Who may include whom,
// what may not be called, and how long things may get. It reads the sources and needs no build.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const LINE_LENGTH_MAX = 100;
const SCRIPT_LINE_LENGTH_MAX = 200;
const FILE_LINES_MAX = 800;
const FUNCTION_LINES_MAX = 120;

// Not written by us, or not meant to be read: what a build, a run or npm has left, and what the
// generator is expected to write.
const SKIPPED = new Set(["build", "var", "node_modules", "expected"]);

function* filesBelow(folder) {
  for (const entry of readdirSync(path.join(ROOT, folder), { withFileTypes: true })) {
    if (entry.name.startsWith(".") || SKIPPED.has(entry.name)) continue;
    const name = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(name);
    else if (entry.isFile()) yield name;
  }
}

const read = (name) => readFileSync(path.join(ROOT, name), "utf8");
const all = ["lib", "services", "tools", "tests", "proto"].flatMap((folder) => [...filesBelow(folder)]);
const cFiles = all.filter((name) => /\.[ch]$/.test(name));
const scripts = all.filter((name) => /\.m?js$/.test(name));
const isTest = (name) => /_test\.c$/.test(name) || name.startsWith("tests/");

// The library of lib/<name>/..., or undefined.
const libraryOf = (name) => /^lib\/([^/]+)\//.exec(name)?.[1];
const serviceOf = (name) => /^services\/([^/]+)\//.exec(name)?.[1];

// C without its comments and the insides of its strings, line by line as it was.
function codeOf(text) {
  const pattern = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g;
  return text.replace(pattern, (match) => {
    if (match.startsWith("/")) return match.replace(/[^\n]/g, " ");
    return match[0] + " ".repeat(match.length - 2) + match[0];
  });
}

function includesOf(name) {
  const found = [];
  read(name)
    .split("\n")
    .forEach((line, index) => {
      const match = /^\s*#\s*include\s*(["<])([^">]+)[">]/.exec(line);
      if (match) found.push({ file: match[2], own: match[1] === '"', place: `${name}:${index + 1}` });
    });
  return found;
}

// Every broken rule at once, each with its place, is worth more than the first.
function assertNone(faults) {
  assert.equal(faults.length, 0, `\n${faults.join("\n")}\n`);
}

// What a target of a CMakeLists.txt says it USES: {"lib/rpc": Set("base", "message")}.
function usesOf(folder) {
  const text = read(`${folder}/CMakeLists.txt`).replace(/#[^\n]*/g, "");
  const call = /bourse_(?:library|service)\s*\(([^)]*)\)/.exec(text);
  const words = call ? call[1].split(/\s+/) : [];
  const uses = words.slice(words.indexOf("USES") + 1);
  return new Set(words.includes("USES") ? uses : []);
}

const libraries = readdirSync(path.join(ROOT, "lib"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

test("each outside library is included only by the part that wraps it", () => {
  const wrapped = [
    [/^(libpq|postgres|pg_config|libpq-fe)/, ["lib/database/"]],
    [/^nng\//, ["lib/rpc/", "tests/bench/"]],
    [/^civetweb/, ["services/gateway/", "tests/bench/gateway/"]],
    [/^curl\//, ["lib/http/"]],
    [/^utf8proc/, ["services/market/"]],
    [/^jwt/, ["lib/token/"]],
    [/^openssl\/ssl/, ["services/gateway/"]],
    [/^sodium/, ["lib/base/", "services/auth/", "tests/bench/"]],
    [/^google\/protobuf\//, ["tools/protogen/"]],
  ];
  const faults = [];
  for (const name of cFiles)
    for (const include of includesOf(name)) {
      if (include.own && existsBeside(name, include.file)) continue;
      for (const [pattern, owners] of wrapped)
        if (pattern.test(include.file) && !owners.some((owner) => name.startsWith(owner)))
          faults.push(`${include.place}: ${include.file} belongs to ${owners[0]}`);
    }
  assertNone(faults);
});

// A quoted include found in the includer's own folder is its own, whatever it is called.
function existsBeside(name, file) {
  return all.includes(path.posix.join(path.posix.dirname(name), file));
}

test("a library includes only the libraries that its CMakeLists.txt says it uses", () => {
  const faults = [];
  for (const library of libraries) {
    const uses = usesOf(`lib/${library}`);
    for (const name of cFiles.filter((file) => libraryOf(file) === library && !isTest(file)))
      for (const include of includesOf(name)) {
        const other = include.own ? include.file.split("/")[0] : "";
        if (include.own && libraries.includes(other) && other !== library)
          if (!uses.has(`bourse_${other}`))
            faults.push(`${include.place}: ${include.file}, but lib/${library} does not use ${other}`);
      }
  }
  assertNone(faults);
});

test("lib/base uses nothing of ours, and no library uses itself in a circle", () => {
  const ours = (library) =>
    [...usesOf(`lib/${library}`)]
      .map((target) => target.replace(/^bourse_/, ""))
      .filter((target) => libraries.includes(target));
  assert.deepEqual(ours("base"), []);
  const visit = (library, way) => {
    assert.ok(!way.includes(library), `${[...way, library].join(" uses ")}`);
    ours(library).forEach((other) => visit(other, [...way, library]));
  };
  libraries.forEach((library) => visit(library, []));
});

test("libraries know nothing of services, and services nothing of each other", () => {
  const faults = [];
  const headers = new Map();
  for (const name of cFiles)
    if (serviceOf(name) && name.endsWith(".h")) {
      const inside = name.split("/").slice(2).join("/");
      headers.set(inside, [...(headers.get(inside) ?? []), serviceOf(name)]);
    }
  for (const name of cFiles) {
    // The route table is made in proto/ for the gateway, and tested where it is made.
    if (name.startsWith("tests/") || name.startsWith("proto/")) continue;
    const service = serviceOf(name);
    for (const include of includesOf(name)) {
      const server = /^bourse\/([^/]+)\/v1\/[^/]+_server\.h$/.exec(include.file);
      if (server && server[1] !== service)
        faults.push(`${include.place}: only services/${server[1]} implements ${include.file}`);
      if (/services\//.test(include.file) || /\.\.\//.test(include.file))
        faults.push(`${include.place}: include by the folder's own name, not ${include.file}`);
      if (!include.own || existsBeside(name, include.file)) continue;
      const owners = headers.get(include.file) ?? [];
      if (owners.length > 0 && !owners.includes(service) && !belongsToLibrary(include.file))
        faults.push(`${include.place}: ${include.file} is of services/${owners[0]}`);
    }
  }
  assertNone(faults);
});

const belongsToLibrary = (file) => libraries.includes(file.split("/")[0]);

// A rule may be broken where there is a reason; here are all the places, with theirs.
const EXCUSED = new Map([
  ["lib/token/token_signer.c free", "the memory is libjwt's"],
  ["tests/bench/rpc/bench_nng.c calloc", "bare nng, to compare with, uses nothing of ours"],
]);

const callsOf = (names) => new RegExp(`(?<![\\w.>])(${names.join("|")})\\s*\\(`, "g");

test("functions that cannot be used safely are not called", () => {
  const unsafe = "strcpy strcat sprintf vsprintf strtok atoi atol strtol gets localtime gmtime";
  const banned = callsOf([...unsafe.split(" "), "setenv", "system", "alloca"]);
  const memory = callsOf("malloc calloc realloc free strdup strndup asprintf".split(" "));
  const faults = [];
  for (const name of cFiles) {
    codeOf(read(name))
      .split("\n")
      .forEach((line, index) => {
        for (const match of line.matchAll(banned))
          faults.push(`${name}:${index + 1}: ${match[1]} is banned`);
        if (libraryOf(name) !== "base")
          for (const match of line.matchAll(memory))
            if (!EXCUSED.has(`${name} ${match[1]}`))
              faults.push(`${name}:${index + 1}: use allocate and release, not ${match[1]}`);
      });
  }
  assertNone(faults);
});

test("every source says its licence in its first line", () => {
  const faults = [...cFiles, ...scripts].filter((name) => {
    const lines = read(name).split("\n", 2);
    const first = lines[0].startsWith("#!") ? lines[1] : lines[0];
    return first !== "// SPDX-License-Identifier: MIT";
  });
  assertNone(faults.map((name) => `${name}:1: begin with // SPDX-License-Identifier: MIT`));
});

test("every header guards itself with #pragma once", () => {
  const faults = cFiles.filter((name) => name.endsWith(".h") && !/^#pragma once$/m.test(read(name)));
  assertNone(faults.map((name) => `${name}:1: write #pragma once`));
});

// The members of a problem document that the format itself uses, which no number can be shown as.
test("no number that explains an error is called like a member of every problem", () => {
  const list = /reserved\[\] = \{([^}]*)\}/.exec(read("services/gateway/rest/problem.c"))[1];
  const reserved = new Set([...list.matchAll(/"(\w+)"/g)].map(([, name]) => name));
  assert.ok(["type", "title", "status", "detail", "instance", "reason", "errors"].every((name) => reserved.has(name)));
  const faults = [];
  let seen = 0;
  for (const name of cFiles.filter((file) => !isTest(file)))
    for (const match of read(name).matchAll(/\berror_add_number\(\s*[^,;]+,\s*"(\w+)"/g)) {
      seen += 1;
      const line = read(name).slice(0, match.index).split("\n").length;
      if (reserved.has(match[1])) faults.push(`${name}:${line}: ${match[1]} is a member of every problem`);
    }
  assert.ok(seen > 50, `${seen} calls were found`);
  assertNone(faults);
});

// Written as .action = "order.place", or given to a function that notes it.
test("every action of the audit log has words on the administrators' pages", () => {
  const words = new Set([...read("services/gateway/pages/audit_view.c").matchAll(/\{"(\w+\.\w+)", "/g)].map(([, action]) => action));
  const noted = cFiles.filter((name) => serviceOf(name) && serviceOf(name) !== "gateway" && !isTest(name)).flatMap((name) =>
    [...read(name).matchAll(/(?:\.action = |\bnote\([^;]*?)"([a-z_]+\.[a-z_]+)"/g)].map((match) => ({ name, action: match[1] })));
  assert.ok(new Set(noted.map(({ action }) => action)).size > 45, `${noted.length} places were found`);
  assertNone(noted.filter(({ action }) => !words.has(action)).map(({ name, action }) => `${name}: ${action} has no words`));
});

test("what the documents say is somewhere is there", () => {
  const documents = [...filesBelow(".")].filter((name) => name.endsWith(".md")).map((name) => path.normalize(name));
  const stems = new Set(all.concat([...filesBelow("deploy"), ...filesBelow("docs")]).flatMap((name) => {
    const folders = name.split("/").map((_, i, parts) => parts.slice(0, i + 1).join("/"));
    return [...folders, name.replace(/\.[a-z]+$/, "")]; // a module is named without its .c and .h
  }));
  const isThere = (name) => name.endsWith("*") ? [...stems].some((stem) => stem.startsWith(name.slice(0, -1))) : stems.has(name.replace(/\/$/, ""));
  const paths = documents.flatMap((document) => [...read(document).matchAll(/`((?:services|lib|deploy|tests|tools|docs|proto)\/[a-z\d_./-]*\*?)`/g)]
    .map(([, name]) => ({ document, name })));
  assert.ok(paths.length >= 100, `${paths.length}`);
  assert.deepEqual(paths.filter(({ name }) => !isThere(name)).map(({ document, name }) => `${document}: ${name}`), []);
});

test("lines, files and functions stay of a size that can be read", () => {
  const faults = [];
  for (const name of [...cFiles, ...scripts]) {
    const lines = read(name).split("\n");
    if (lines.length - 1 > FILE_LINES_MAX)
      faults.push(`${name}: ${lines.length - 1} lines are more than ${FILE_LINES_MAX}`);
    let begun = -1;
    lines.forEach((line, index) => {
      const longest = /[ch]$/.test(name) ? LINE_LENGTH_MAX : SCRIPT_LINE_LENGTH_MAX;
      if ([...line].length > longest)
        faults.push(`${name}:${index + 1}: longer than ${longest} characters`);
      // clang-format puts the braces of a function, and of nothing else, into the first column.
      if (line === "{") begun = index;
      if (line === "}" && begun >= 0) {
        if (index - begun - 1 > FUNCTION_LINES_MAX)
          faults.push(`${name}:${begun + 1}: a function of ${index - begun - 1} lines`);
        begun = -1;
      }
    });
  }
  assertNone(faults);
});
