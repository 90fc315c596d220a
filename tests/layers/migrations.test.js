// SPDX-License-Identifier: MIT
// Two versions run side by side while one replaces the other, on the schema of the newer one. So a migration may add, and
// must not take away, rename or forbid what the version before it uses: expand first; contract in a later version.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { root } from '../support/platform.mjs';

// What may break statements of the version before, by what it begins with after comments are gone.
const rules = [
    [/\bDROP (TABLE|VIEW|SCHEMA|COLUMN|FUNCTION|TYPE)\b/i, 'takes something away'],
    [/\bRENAME\b/i, 'renames'],
    [/\bADD COLUMN \w+ (?![^,;]*\bDEFAULT\b)[^,;]*\bNOT NULL\b/i, 'adds a column that old INSERTs leave empty'],
    [/\bALTER COLUMN \w+ (SET NOT NULL|DROP DEFAULT|TYPE|SET DATA TYPE)\b/i, 'makes a column stricter'],
    [/\bALTER TABLE\b[^;]*\bADD (CONSTRAINT \w+ )?(CHECK|UNIQUE|PRIMARY KEY|FOREIGN KEY|EXCLUDE)\b/i, 'forbids rows that were allowed'],
    [/\bCREATE UNIQUE INDEX\b/i, 'forbids rows that were allowed'],
    [/\bREVOKE\b/i, 'takes a right away'],
];

// A statement that is known to break nobody says so in the line above it: "-- contract: no released version ...".
const marker = /-- contract: \S+/;

// Files from before this rule: applied files never change, so they cannot say why. Nothing is added to this list.
const exceptions = ['auth/002_accounts.sql', 'auth/003_lookalikes.sql', 'auth/004_signing_keys.sql', 'auth/006_audit_retention.sql',
    'market/007_background_imports.sql', 'portfolio/001_portfolio.sql', 'portfolio/005_lots.sql', 'portfolio/006_reset_and_clone.sql',
    'portfolio/007_corporate_actions.sql', 'trading/001_trading.sql', 'trading/005_order_types.sql', 'trading/006_replacing.sql',
    'trading/009_decided_fills.sql', 'trading/010_order_plans.sql', 'trading/013_shards.sql', 'trading/014_fill_models.sql',
    'trading/015_order_groups.sql', 'trading/017_strategies.sql', 'trading/018_order_checks.sql'];

// The statements of a file, with the comments in and directly above them; function bodies are one piece.
function statementsOf(text) {
    const found = [];
    let from = 0;
    let quoted = false;
    for (const { 0: token, index } of text.matchAll(/\$\$|--[^\n]*|'(?:[^']|'')*'|;/g)) {
        if (token === '$$')
            quoted = !quoted;
        if (token !== ';' || quoted)
            continue;
        found.push(text.slice(from, index + 1));
        from = index + 1;
    }
    return found;
}

// What is wrong with a file of that content, as sentences. Tables made in it have no old statements.
function faults(text) {
    const made = new Set([...text.matchAll(/CREATE (?:UNLOGGED |TEMPORARY )?TABLE (?:IF NOT EXISTS )?([\w.]+)/gi)].map(([, name]) => name));
    return statementsOf(text).flatMap(statement => {
        const bare = statement.replace(/--[^\n]*/g, '').replace(/\s+/g, ' ').trim();
        const [, table] = bare.match(/^(?:ALTER TABLE(?: ONLY)?|CREATE UNIQUE INDEX \w+ ON) ([\w.]+)/i) ?? [];
        if (marker.test(statement) || (table !== undefined && made.has(table)))
            return [];
        return rules.filter(([pattern]) => pattern.test(bare)).map(([, what]) => `${what}: ${bare.slice(0, 100)}`);
    });
}

const files = readdirSync(join(root, 'services')).filter(service => existsSync(join(root, 'services', service, 'schema')))
    .flatMap(service => readdirSync(join(root, 'services', service, 'schema')).filter(name => name.endsWith('.sql'))
        .map(name => ({ name: `${service}/${name}`, text: readFileSync(join(root, 'services', service, 'schema', name), 'utf8') })));

describe('migrations', () => {
    it('break nothing that the version before them does', () => {
        const wrong = files.filter(({ name }) => !exceptions.includes(name))
            .flatMap(({ name, text }) => faults(text).map(fault => `${name} ${fault}`));
        assert.ok(files.length >= 47);
        assert.deepEqual(wrong, [], 'expand now and contract in a later version (docs/operate.md), or say "-- contract: why" above it');
    });

    it('have no exceptions but those that need to be', () => {
        assert.deepEqual(files.filter(({ text }) => faults(text).length > 0).map(({ name }) => name)
            .filter(name => exceptions.includes(name)).sort(), exceptions);
    });

    it('are searched by rules that find each kind of break, and no addition', () => {
        const broken = ['DROP TABLE a.b;', 'ALTER TABLE a.b DROP COLUMN c;', 'ALTER TABLE a.b RENAME COLUMN c TO d;',
            'ALTER TABLE a.b ADD COLUMN c text NOT NULL;', 'ALTER TABLE a.b ADD COLUMN c int DEFAULT 1, ADD COLUMN d int NOT NULL;',
            'ALTER TABLE a.b ALTER COLUMN c SET NOT NULL;', 'ALTER TABLE a.b\n    ADD CONSTRAINT c CHECK (d > 0);',
            'CREATE UNIQUE INDEX c ON a.b (d);', 'REVOKE INSERT ON a.b FROM c;'];
        for (const sql of broken) {
            assert.equal(faults(sql).length, 1, sql);
            assert.equal(faults(`-- contract: nobody has used it since version 1\n${sql}`).length, 0, sql);
        }
        const fine = ['CREATE TABLE a.c (d int NOT NULL, UNIQUE (d)); CREATE UNIQUE INDEX e ON a.c (d);', 'CREATE INDEX c ON a.b (d);',
            'ALTER TABLE a.b ADD COLUMN c text;', 'ALTER TABLE a.b ADD COLUMN c int NOT NULL DEFAULT 0;',
            'ALTER TABLE a.b DROP CONSTRAINT c;', '-- DROP TABLE a.b;\nSELECT 1;', 'GRANT INSERT ON a.b TO c;'];
        for (const sql of fine)
            assert.deepEqual(faults(sql), [], sql);
    });
});
