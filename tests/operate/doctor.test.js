// SPDX-License-Identifier: MIT
// Everything that the doctor can find, each in a set-up that has this one fault: its own code, on a front end whose machine,
// services and database are made up. What it says of a real platform is in operate.test.js.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { selfSigned } from '../support/certificates.mjs';
import { root } from '../support/platform.mjs';

// A front end of two services that are well, and so is the machine that they stand on. Each test says what is otherwise,
// in functions that come after these.
const WELL = `
set -euo pipefail
PATH=$FOLDER/programs:/usr/bin:/bin
BIN=$FOLDER/programs
SERVICES=(auth trading)
SERVICES_WITH_DATABASE=(auth trading)
say() { printf '%s\\n' "$*"; }
for part in doctor doctor_services doctor_machine; do
    . "$ROOT/deploy/operate/$part.sh"
done

platform_settings() {
    export BOURSE_MESH_KEY_FILE=$FOLDER/mesh.key BOURSE_LISTEN=127.0.0.1:1100 BOURSE_DATABASE_CONNECTIONS=12
    case $1 in
    auth) export BOURSE_ADMIN_LISTEN=127.0.0.1:1 ;;
    trading) export BOURSE_ADMIN_LISTEN=0.0.0.0:2 BOURSE_LISTEN=127.0.0.1:1200 ;;
    esac
}
platform_where() { printf 'the settings of %s' "$1"; }
platform_log() { printf 'look at the log of %s' "$1"; }
platform_client() { database "$@"; }
platform_has_owner() { true; }
platform_runs() { true; }
platform_findings() { true; }
platform_restart_command() { printf 'start %s again' "$*"; }
platform_migrate_command() { printf 'give migrate'; }
platform_secrets() { printf '%s\\n' "$FOLDER/secret"; }
platform_folders() { printf '%s\\n' "$FOLDER"; }
platform_certificates() { [ -z "\${CERTIFICATE:-}" ] || printf '%s\\n' "$CERTIFICATE"; }

# The machine.
df() { printf 'head\\n/dev/x 9 9 %s 50%% /x\\n' "\${FREE_KIB:-9000000}"; }
timedatectl() { echo "\${SYNCHRONIZED-yes}"; }
ss() { [ -z "\${TAKEN:-}" ] || [[ "$*" != *"$TAKEN" ]] || printf 'x users:(("other",pid=77,fd=3))\\n'; }
# The services: what is said at /readyz and /metrics.
curl() {
    case "$*" in
    */metrics) metrics "$@" ;;
    *) ready "$@" ;;
    esac
}
ready() { printf 'ready\\n\\n200'; }
metrics() { printf 'bourse_build_info{service="x",version="1.0",commit="abc"} 1\\nprocess_start_time_seconds 9999999999.5\\n'; }
# PostgreSQL.
database() {
    case "$*" in
    *clock_timestamp*) date +%s ;;
    *) echo "\${POSTGRES:-15 on on on 100}" ;;
    esac
}
`;

// What only one of the front ends finds: on a laptop, and on a server.
const LAPTOP = `
eval "$(. "$ROOT/deploy/local/platform.sh" && declare -f platform_findings)"
packages_list() { echo all; }
packages_missing() { [ -z "\${MISSING:-}" ] || echo "$MISSING"; }
up_is_running() { [ -z "\${IS_AWAY:-}" ]; }
platform_runs() { up_is_running; }
DATA=$FOLDER/data RUN=$FOLDER/data
rm -rf "$DATA"
mkdir -p "$DATA/postgres"
touch "$RUN/ready"
`;
const SERVER = `
eval "$(. "$ROOT/deploy/installed/platform.sh" && declare -f platform_findings platform_runs)"
SETTINGS=$FOLDER/etc SECRETS=$FOLDER/etc/secrets
rm -rf "$SETTINGS"
mkdir -p "$SECRETS"
touch "$SECRETS/mesh.key"
printf '%s\\n' BOURSE_LISTEN=x >"$SETTINGS/auth.conf"
printf '%s\\n' BOURSE_LISTEN=x >"$SETTINGS/bourse.conf"
`;

const PROGRAM = name => `#!/bin/sh
case $1 in
--help) echo '  --listen BOURSE_LISTEN' ;;
--version) echo "bourse-${name} \${VERSION_OF_${name}:-1.0} (abc)" ;;
check) eval "said=\\"\\$CHECK_OF_${name}\\""; echo "\${said:-${name}: all is fine}"; [ -z "$said" ] ;;
esac
`;

describe('the doctor', () => {
    let folder;

    before(() => {
        folder = mkdtempSync(join(tmpdir(), 'bourse-doctor-'));
        mkdirSync(join(folder, 'programs'));
        for (const name of ['auth', 'trading']) {
            writeFileSync(join(folder, 'programs', `bourse-${name}`), PROGRAM(name));
            chmodSync(join(folder, 'programs', `bourse-${name}`), 0o755);
        }
        writeFileSync(join(folder, 'mesh.key'), 'k', { mode: 0o600 });
        writeFileSync(join(folder, 'secret'), 's', { mode: 0o600 });
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    // What it says where this is otherwise: its status, and [state, what, sentence, cure] of each finding that is not fine.
    function examine({ env = {}, otherwise = '' } = {}) {
        const { status, stdout, stderr } = spawnSync('/bin/bash', ['-c', `${WELL}\n${otherwise}\ndoctor_run "\${SERVICES[@]}"`],
            { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env: { FOLDER: folder, ROOT: root, ...env } });
        const findings = [];
        for (const line of stdout.split('\n')) {
            const [, cure] = line.match(/^ +-> (.*)$/) ?? [];
            const [, state, what, sentence] = line.match(/^ {2}(\S+) +(\S+) +(.*)$/) ?? [];
            if (cure !== undefined)
                findings.at(-1).push(cure);
            else if (sentence !== undefined)
                findings.push([state, what, sentence]);
        }
        return { status, said: stdout + stderr, findings: findings.filter(([state]) => state !== 'ok'), fine: findings.filter(([state]) => state === 'ok') };
    }

    // Each: the name, what is otherwise, and the findings, as [state, what, sentence, cure], of which sentences may be patterns.
    const cases = {};
    const finds = (name, set, ...expected) => { cases[name] = [set, expected]; };
    const problem = (...finding) => ['problem', ...finding];
    const warning = (...finding) => ['warning', ...finding];

    it('finds nothing in a set-up that is well, and says of everything that it is', () => {
        const { status, findings, fine, said } = examine();
        assert.deepEqual([status, findings], [0, []], said);
        assert.deepEqual(fine.map(([, what, sentence]) => `${what}: ${sentence}`), ['programs: version 1.0 (abc)', 'secrets: they are closed to others',
            'disk: 8 GiB are free on /x', "clock: it is kept by the network's time", 'database: PostgreSQL 15 answers', 'auth: all is fine',
            'auth: it is ready', 'trading: all is fine', 'trading: it is ready', 'mesh-key: all services on this machine use the same one']);
    });

    finds('a program that is not there', { otherwise: 'BIN=/nowhere; doctor_services() { true; }' },
        problem('programs', '/nowhere/bourse-auth cannot be run', 'install or build Bourse again'));
    finds('programs of two versions', { env: { VERSION_OF_trading: '2.0' }, otherwise: 'doctor_services() { true; }' },
        problem('programs', 'bourse-trading is 2.0 (abc), and bourse-auth is 1.0 (abc)', 'install all of one version'));
    finds('a secret that everybody can read', { otherwise: 'chmod 604 "$FOLDER/secret"' },
        problem('secrets', /^everybody on this machine can read .*\/secret \(mode 604\)$/, /^chmod o= .*\/secret, and replace what was in it/));
    finds('a key of a setting that everybody can read', { otherwise: 'chmod 604 "$FOLDER/mesh.key"' },
        problem('secrets', /can read .*\/mesh.key \(mode 604\)$/, /^chmod o= /));
    finds('a disk that is nearly full', { env: { FREE_KIB: '5000000' } },
        warning('disk', /^4882 MiB are free on \/x, where .* is \(50 % are used\)$/, 'make room'));
    finds('a full disk', { env: { FREE_KIB: '1000' } },
        problem('disk', /^0 MiB are free on \/x/, 'make room: a full disk stops PostgreSQL'));
    finds('a clock that nobody keeps', { env: { SYNCHRONIZED: 'no' } },
        warning('clock', "nobody keeps this machine's clock", /^apt-get install chrony: /));
    finds("a database's clock that is another one", { otherwise: `database() {
        case "$*" in *clock_timestamp*) echo $(($(date +%s) + 60)) ;; *) echo 15 on on on 100 ;; esac; }` },
        problem('clock', /^the database's clock is (59|60) s away from this machine's$/, "let both be kept by the network's time"));
    finds('certificates that cannot be looked at', { env: { CERTIFICATE: '/x' }, otherwise: `command() {
        [ "$*" != '-v openssl' ] && builtin command "$@"; }` },
        warning('certificate', 'it cannot be looked at without openssl', 'apt-get install openssl'));
    finds('a certificate that is none', { env: { CERTIFICATE: '/nowhere/tls.crt' } },
        problem('certificate', '/nowhere/tls.crt is not there or is no certificate', 'put it there'));
    finds('a database that does not answer', { otherwise: "database() { echo 'connection  refused'; return 2; }" },
        problem('database', 'connection refused', 'start PostgreSQL, or correct where it is'));
    finds('a PostgreSQL that is too old', { env: { POSTGRES: '14 on on on 100' } },
        problem('database', 'PostgreSQL 14 is older than 15', 'use 15 or a newer one'));
    finds('a database that a power cut empties', { env: { POSTGRES: '15 on off on 100' } },
        problem('database', 'fsync is on and full_page_writes is off: a power cut loses everything', 'set both to on'));
    finds('a database that confirms too soon', { env: { POSTGRES: '15 on on off 100' } },
        warning('database', "synchronous_commit is off; the services' own connections turn it on, others' do not", 'set it to on'));
    finds('more connections than there may be', { env: { POSTGRES: '15 on on on 28' } },
        problem('database', 'the services may open 29 connections, and max_connections is 28', 'raise it, or lower BOURSE_DATABASE_CONNECTIONS'));
    finds('a setting that a service refuses', { env: { CHECK_OF_trading: 'bourse-trading: --x must be a whole number' } },
        problem('trading', 'bourse-trading: --x must be a whole number', 'correct it in the settings of trading'));
    finds('a schema that is old', { env: { CHECK_OF_auth: 'bourse-auth: Schema file 9.sql has not been applied.' } },
        problem('auth', 'bourse-auth: Schema file 9.sql has not been applied.', 'bring the schemas up to date: give migrate'));
    finds('a schema that is not there', { env: { CHECK_OF_auth: 'bourse-auth: The database has no schema for this service yet.' } },
        problem('auth', /has no schema for this service yet/, 'bring the schemas up to date: give migrate'));
    finds('a mesh key that a service refuses', { env: { CHECK_OF_auth: 'bourse-auth: the mesh key cannot be opened' } },
        problem('auth', 'bourse-auth: the mesh key cannot be opened', 'let the file be as this says, and start the service again'));
    finds('a service without an admin port', { otherwise: `eval "$(declare -f platform_settings | sed '1s/.*/settings_of()/')"
        platform_settings() { settings_of "$1"; [ "$1" = auth ] || export BOURSE_ADMIN_LISTEN=''; }` },
        warning('trading', 'it has no admin port, so nobody can see how it is', 'set BOURSE_ADMIN_LISTEN in the settings of trading'));
    finds('a service that is not ready', { otherwise: `ready() {
        case "$*" in *:2/*) printf 'not ready: auth has not answered yet; \\n\\n503' ;; *) printf 'ready\\n\\n200' ;; esac; }` },
        problem('trading', /^it is not ready: not ready: auth has not answered yet;/, 'if it stays so: look at the log of trading'));
    finds('a service that another one does not hear', { otherwise: `ready() {
        case "$*" in *:2/*) printf 'ready\\ndegraded: market has not answered for 9 s; \\n\\n200' ;; *) printf 'ready\\n\\n200' ;; esac; }` },
        warning('trading', /^it is ready degraded: market has not answered for 9 s;/, 'look at the log of trading'));
    finds('a service that does not answer', { otherwise: `ready() {
        case "$*" in *:2/*) printf '\\n000'; return 7 ;; *) printf 'ready\\n\\n200' ;; esac; }` },
        problem('trading', 'nobody answers on its admin port 127.0.0.1:2', 'look at the log of trading, and start trading again'));
    finds('who has the ports of a service that does not answer', { env: { TAKEN: ':1203' }, otherwise: `ready() {
        case "$*" in *:2/*) printf '\\n000'; return 7 ;; *) printf 'ready\\n\\n200' ;; esac; }` },
        problem('trading', 'nobody answers on its admin port 127.0.0.1:2', /./),
        problem('trading', 'port 1203, which it is to listen on, is taken by other, pid 77', 'end that program, or change BOURSE_LISTEN in the settings of trading'));
    finds('that ports cannot be looked at', { otherwise: `ready() {
        case "$*" in *:2/*) printf '\\n000'; return 7 ;; *) printf 'ready\\n\\n200' ;; esac; }
        command() { [ "$*" != '-v ss' ] && builtin command "$@"; }` },
        problem('trading', 'nobody answers on its admin port 127.0.0.1:2', /./),
        warning('trading', 'whether others have its ports cannot be seen without ss', 'apt-get install iproute2'));
    finds('a service of another version than is installed', { otherwise: `metrics() { case "$*" in
        *:1/*) printf 'bourse_build_info{version="0.9",commit="old"} 1\\n' ;; *) printf 'bourse_build_info{version="1.0",commit="abc"} 1\\n' ;; esac; }` },
        warning('auth', 'version 0.9 (old) runs, and 1.0 (abc) is installed', 'start auth again'));
    finds('two mesh keys', { otherwise: `eval "$(declare -f platform_settings | sed '1s/.*/settings_of()/')"
        (umask 077; echo other >"$FOLDER/other.key")
        platform_settings() { settings_of "$1"; [ "$1" = auth ] || export BOURSE_MESH_KEY_FILE=$FOLDER/other.key; }` },
        problem('mesh-key', /other\.key of trading is another key than that of auth$/, 'give all services the same file, and start them again'));
    finds('services that still use the mesh key of before', { otherwise: `metrics() {
        printf 'bourse_build_info{version="1.0",commit="abc"} 1\\nprocess_start_time_seconds 1000\\n'; }` },
        warning('mesh-key', /has been written since these were started, and they use what was in it before: auth trading$/, 'start them again: start auth trading again'));
    finds('that it has not looked at everything', { otherwise: 'doctor_disk() { exit 3; }' },
        problem('doctor', 'it ended before it had looked at everything', 'tell its developers'));

    finds('packages that are missing on a laptop', { env: { MISSING: 'libpq5' }, otherwise: LAPTOP },
        problem('packages', 'these are missing: libpq5', './bourse up installs them'));
    finds('data of a PostgreSQL that is not there', { otherwise: `${LAPTOP} echo 9 >"$DATA/postgres/PG_VERSION"` },
        problem('database', 'the data was made by PostgreSQL 9, which is not installed', 'apt-get install postgresql-9'));
    finds('that nothing runs', { env: { IS_AWAY: '1' }, otherwise: LAPTOP },
        warning('platform', /^nothing runs on .*, so neither settings nor database can be looked at$/, './bourse up'));
    finds('that it is still starting', { otherwise: `${LAPTOP} rm "$RUN/ready"` },
        warning('platform', 'it is still starting', 'wait a moment'));
    finds('a setting that a service does not have', { otherwise: `${SERVER} echo BOURSE_LISTNE=x >>"$SETTINGS/auth.conf"` },
        problem('settings', /auth\.conf: bourse-auth has no setting BOURSE_LISTNE$/, 'bourse-auth --help lists them'));
    finds('a setting that no service has', { otherwise: `${SERVER} echo BOURSE_LISTNE=x >>"$SETTINGS/bourse.conf"` },
        problem('settings', /\/bourse\.conf: no service has a setting BOURSE_LISTNE$/, 'correct its name'));
    finds('a server that has not been set up', { otherwise: `${SERVER} rm "$SECRETS/mesh.key"` },
        problem('setup', /^it has not been set up: there is no .*\/mesh\.key$/, 'bourse setup'));

    describe('finds', () => {
        for (const [name, [set, expected]] of Object.entries(cases))
            it(name, () => {
                const { status, findings, said } = examine(set);
                chmodSync(join(folder, 'secret'), 0o600);
                chmodSync(join(folder, 'mesh.key'), 0o600);
                assert.equal(findings.length, expected.length, said);
                findings.forEach((finding, i) => finding.forEach((part, k) => expected[i][k] instanceof RegExp
                    ? assert.match(part, expected[i][k]) : assert.equal(part, expected[i][k])));
                assert.equal(status, expected.some(([state]) => state === 'problem') ? 1 : 0);
            });

        it('certificates that have ended, will soon end, or are of another key', () => {
            const [soon, good] = [5, 300].map(days => selfSigned(folder, `of-${days}`, days));
            const found = (certificate, key = '', otherwise = '') => examine({ env: { CERTIFICATE: `${certificate} ${key}` }, otherwise }).findings;
            // Not all versions of openssl make one that is over.
            const isOver = `openssl() { [[ "$*" != *'-checkend 0' ]] && command openssl "$@"; }`;
            assert.deepEqual(found(good.certificate, good.key), []);
            for (const [otherwise, state, pattern] of [[isOver, 'problem', /of-5.* ended on /], ['', 'warning', /of-5.* ends on /]]) {
                const [[said, what, sentence, cure]] = found(soon.certificate, '', otherwise);
                assert.deepEqual([said, what, cure], [state, 'certificate', 'replace the file; the gateway reads it again by itself']);
                assert.match(sentence, pattern);
            }
            const [[state, what, sentence, cure]] = found(good.certificate, soon.key);
            assert.deepEqual([state, what, cure], ['problem', 'certificate', 'put the key there that it was made with']);
            assert.match(sentence, /is not the key of/);
        });
    });

    it('has no finding that is not brought about here', () => {
        const sources = ['operate/doctor', 'operate/doctor_services', 'operate/doctor_machine', 'local/platform', 'installed/platform']
            .map(name => readFileSync(join(root, `deploy/${name}.sh`), 'utf8')).join('\n');
        const said = [...sources.matchAll(/\b(?:problem|warning) +(?:"\$name"|[\w-]+) +"([^"]+)"/g)].map(([, sentence]) => sentence);
        const all = [...Object.values(cases).flatMap(([, expected]) => expected.map(([, , sentence]) => sentence.source ?? sentence)),
            'ended on', 'ends on', 'is not the key of'].join('\n').replaceAll('\\', '');
        assert.ok(said.length >= 35, `${said.length}`);
        for (const sentence of said) {
            // The longest piece that is the same whatever is found; of what a program or PostgreSQL says there is none.
            const piece = sentence.split(/\$\(\([^)]*\)\)|\$\([^)]*(?:\)|$)|\$\{[^}]*\}|\$\w+/).map(each => each.trim()).sort((a, b) => b.length - a.length)[0];
            assert.ok(piece === '' || all.includes(piece), `nothing here finds "${sentence}"`);
        }
    });
});
