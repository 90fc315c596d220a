// SPDX-License-Identifier: MIT
// A next version, made up: schema files with every addition that a migration may make (docs/operate.md), to every table there is.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../support/platform.mjs';

const run = promisify(execFile);
const SCHEMAS = ['auth', 'market', 'portfolio', 'trading'];

// What is added to a table, with its CHECKs widened: all of it is refused to nobody who does not know of it.
const additions = (table, checks) => `
ALTER TABLE ${table} ADD COLUMN next_note text, ADD COLUMN next_number integer NOT NULL DEFAULT 7;
CREATE INDEX ON ${table} (next_number);
ALTER TABLE ${table} ADD CONSTRAINT next_check CHECK (next_number >= 0) NOT VALID;
ALTER TABLE ${table} VALIDATE CONSTRAINT next_check;
${checks.map(({ name, condition }) => `ALTER TABLE ${table} DROP CONSTRAINT ${name};
ALTER TABLE ${table} ADD CONSTRAINT ${name} CHECK ((${condition}) OR next_number = 8);
`).join('')}`;

// A new table that refers to an old one, with rights for the service.
const newTable = (schema, table, key) => `
CREATE TABLE ${schema}.next_things (next_id uuid PRIMARY KEY, ${key.map(([name, type]) => `${name} ${type}`).join(', ')},
    FOREIGN KEY (${key.map(([name]) => name).join(', ')}) REFERENCES ${table});
GRANT SELECT, INSERT, UPDATE, DELETE ON ${schema}.next_things TO bourse_${schema};
`;

// The tables of a schema with their CHECKs and primary keys.
async function tablesOf(platform, schema) {
    const [[json]] = await platform.query(`SELECT coalesce(jsonb_agg(t), '[]') FROM (
        SELECT c.oid::regclass::text AS name,
            (SELECT coalesce(json_agg(json_build_object('name', quote_ident(conname), 'condition', pg_get_expr(conbin, conrelid))), '[]')
             FROM pg_constraint WHERE conrelid = c.oid AND contype = 'c') AS checks,
            (SELECT json_agg(json_build_array(quote_ident(attname), format_type(atttypid, atttypmod)) ORDER BY array_position(conkey, attnum))
             FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey) WHERE conrelid = c.oid AND contype = 'p') AS key
        FROM pg_class c WHERE relnamespace = '${schema}'::regnamespace AND relkind = 'r' AND relpersistence = 'p'
            AND relname NOT IN ('migrations', 'migration_lock') ORDER BY 1) t`);
    return JSON.parse(json).map(table => ({ ...table, name: table.name.includes('.') ? table.name : `${schema}.${table.name}` }));
}

// Migrates all schemas as the next version would, one after the other; gives how many files were applied.
export async function migrateToNextVersion(platform, folder) {
    const program = join(root, 'build', platform.env.BOURSE_PRESET, 'tests/operate/next_version');
    // As the owner of the schemas, whose password is not for arguments.
    const [[socket, port, owner]] = await platform.query("SELECT current_setting('unix_socket_directories'), current_setting('port'), current_user");
    const env = { ...process.env, PGPASSWORD: readFileSync(join(platform.data, 'secrets', `${owner}.password`), 'utf8').trim() };
    let files = 0;
    for (const schema of SCHEMAS) {
        const present = join(root, 'services', schema, 'schema');
        const old = readdirSync(present).filter(name => name.endsWith('.sql')).sort();
        const tables = await tablesOf(platform, schema);
        const parent = tables.find(({ key }) => key !== null);
        const next = [...tables.map(({ name, checks }) => additions(name, checks)), newTable(schema, parent.name, parent.key)];
        const made = join(folder, `next-${schema}`);
        mkdirSync(made);
        const names = next.map((sql, i) => {
            const name = join(made, `${String(old.length + 1 + i).padStart(3, '0')}_next.sql`);
            writeFileSync(name, sql);
            return name;
        });
        await run(program, [`host=${socket} port=${port} dbname=bourse user=${owner}`, schema, ...old.map(name => join(present, name)), ...names], { env });
        files += names.length;
    }
    return files;
}
