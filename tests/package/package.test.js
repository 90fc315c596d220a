// SPDX-License-Identifier: MIT
// The Debian package on a machine of its own, under its systemd: installed, set up, looked after, upgraded, removed. And
// the units, as systemd-analyze judges them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { root, services, until } from '../support/platform.mjs';
import { pack, PrivateRoot, repack, whyNot } from './private_root.mjs';

const withoutAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0 ? false : 'there is no systemd-analyze';

describe('the units', { skip: withoutAnalyze }, () => {
    let folder;
    const units = [...services.map(name => `bourse@${name}.service`), 'bourse-migrate.service'];

    // As they are installed, with programs that are there.
    before(() => {
        folder = mkdtempSync(join(tmpdir(), 'bourse-units-'));
        const from = join(root, 'deploy/systemd');
        for (const name of units) {
            const text = readFileSync(join(from, name.replace(/@.*\./, '@.')), 'utf8');
            writeFileSync(join(folder, name), text.replaceAll('/usr/bin/bourse-', '/bin/true #'));
            mkdirSync(join(folder, `${name}.d`));
            copyFileSync(join(from, 'hardening.conf'), join(folder, `${name}.d/hardening.conf`));
        }
        copyFileSync(join(from, 'gateway-order.conf'), join(folder, 'bourse@gateway.service.d/order.conf'));
        copyFileSync(join(from, 'bourse.target'), join(folder, 'bourse.target'));
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    const analyze = (...operands) => spawnSync('systemd-analyze', operands,
        { encoding: 'utf8', env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:` } });

    it('are without fault', () => {
        const { status, stdout, stderr } = analyze('verify', '--man=no', ...units.map(name => join(folder, name)), join(folder, 'bourse.target'));
        assert.equal(stdout + stderr, '');
        assert.equal(status, 0);
    });

    it('expose no more than 2.5', t => {
        for (const name of units) {
            const { stdout, stderr } = analyze('security', '--offline=true', '--no-pager', join(folder, name));
            const [, exposure] = stdout.match(/Overall exposure level for .*: ([0-9.]+)/) ?? assert.fail(stdout + stderr);
            t.diagnostic(`${name}: ${exposure}`);
            assert.ok(Number(exposure) <= 2.5, `${name}: ${exposure}`);
        }
    });
});

describe('the Debian package', { skip: whyNot() }, () => {
    let folder, machine, password, token;

    before(async () => {
        folder = mkdtempSync(join(tmpdir(), 'bourse-package-'));
        machine = await PrivateRoot.boot();
        const old = pack(folder);
        copyFileSync(old, machine.path('/root/old.deb'));
        copyFileSync(repack(old, '99.0.0'), machine.path('/root/new.deb'));
        // A PostgreSQL as its package makes it, whatever this machine has.
        machine.must(`pg_lsclusters -h | while read version name rest; do pg_dropcluster --stop $version $name; done
            pg_createcluster --start -p 5432 $(ls /usr/lib/postgresql | sort -n | tail -n 1) main -- --no-sync`);
    });
    after(async () => {
        await machine?.stop();
        rmSync(folder, { recursive: true, force: true });
    });

    const pids = () => services.map(name => machine.must(`systemctl show -P MainPID bourse@${name}`).trim());
    const get = (path, bearer) => JSON.parse(machine.must(
        `curl -sS ${bearer ? `-H 'Authorization: Bearer ${bearer}'` : ''} http://127.0.0.1:8080${path}`));
    const healthy = () => until('the platform to be well', () => machine.run('curl -sf http://127.0.0.1:8080/healthz').status === 0, 60);
    const change = (file, from, to) => machine.must(`sed -i 's|${from}|${to}|' /etc/bourse/${file}`);

    it('installs, and starts nothing that has not been set up', () => {
        assert.match(machine.must('dpkg -i /root/old.deb'), /`bourse setup` makes its database and starts it/);
        assert.match(machine.run('systemctl start bourse@auth').stderr, /Assertion failed/);
        const doctor = machine.run('bourse doctor');
        assert.equal(doctor.status, 1);
        assert.match(doctor.stdout, /problem +setup +it has not been set up: .*\n.*-> bourse setup/);
        assert.match(machine.must('stat -c "%U:%G %a" /etc/bourse/secrets'), /root:bourse 750/);
    });

    it('is set up by one command, from the PostgreSQL of the machine to services that are ready', async () => {
        // For the programs of the tests: their leak checker wants to trace them, which the units forbid.
        machine.must('echo ASAN_OPTIONS=detect_leaks=0 >>/etc/bourse/bourse.conf; echo BOURSE_DRAIN_SECONDS=0 >>/etc/bourse/gateway.conf');
        const said = machine.must('bourse setup');
        [, password] = said.match(/administrator admin password (\S+)/);
        assert.match(said, /Bourse is ready: http:\/\/127.0.0.1:8080/);
        assert.match(machine.must('bourse status'), /gateway +ready/);
        for (const pid of pids())
            assert.equal(machine.must(`stat -c %U /proc/${pid}`).trim(), 'bourse');
        await healthy();
        token = JSON.parse(machine.must(`curl -sS http://127.0.0.1:8080/api/v1/auth/login -H 'Content-Type: application/json' --data @-`,
            { input: JSON.stringify({ username: 'admin', password }) })).access_token;
        assert.equal(get('/api/v1/users/me', token).username, 'admin');
        // What it logs is what a service does when it is allowed too little: nothing is refused.
        assert.doesNotMatch(machine.must("journalctl -u 'bourse*' --no-pager"), /"level":"error"|Permission denied|not permitted/);
    });

    it('keeps keys and passwords when it is set up again', () => {
        const secrets = () => machine.must('sha256sum /etc/bourse/secrets/*');
        const before = secrets();
        assert.doesNotMatch(machine.must('bourse setup'), /password/);
        assert.equal(secrets(), before);
        assert.equal(get('/api/v1/users/me', token).username, 'admin');
    });

    it('has a doctor that finds nothing, or a misspelt setting, or who has the port of a service', () => {
        assert.match(machine.must('bourse doctor'), /\n0 problems/);
        change('trading.conf', '^BOURSE_ADMIN_LISTEN=', 'BOURSE_TASK_HISTORY_HOUR=1\\n&');
        machine.must('systemctl stop bourse@market');
        machine.must('systemd-run --unit=squatter python3 -m http.server 7111');
        const { status, stdout } = machine.run(`for try in $(seq 100); do ss -Hltn 'sport = :7111' | grep -q . && break; sleep 0.1; done; bourse doctor`);
        assert.equal(status, 1);
        assert.match(stdout, /problem +settings +.*trading.conf: bourse-trading has no setting BOURSE_TASK_HISTORY_HOUR/);
        assert.match(stdout, /problem +market +nobody answers on its admin port 127.0.0.1:7119/);
        assert.match(stdout, /problem +market +port 7111, .* is taken by python3, pid \d+/);
        machine.must('systemctl stop squatter; systemctl start bourse@market');
        change('trading.conf', '^BOURSE_TASK_HISTORY_HOUR=1', '');
    });

    it('replaces the mesh key, and leaves its file to the services alone', () => {
        const key = () => machine.must('cat /etc/bourse/secrets/mesh.key');
        const before = key();
        assert.match(machine.must('bourse rotate-mesh-key'), /The mesh key has been replaced/);
        assert.notEqual(key(), before);
        assert.match(machine.must('stat -c "%U:%G %a" /etc/bourse/secrets/mesh.key'), /root:bourse 640/);
        assert.equal(get('/api/v1/users/me', token).username, 'admin');
    });

    it('gives back from a backup what was lost with the database', async () => {
        machine.must('bourse backup /root/backup');
        assert.match(machine.run('bourse restore /root/backup').stderr, /not empty: it has the schemas audit, auth, market, portfolio, trading/);
        machine.must("systemctl stop bourse.target 'bourse@*'");
        machine.must('runuser -u postgres -- dropdb bourse && runuser -u postgres -- createdb -O bourse_owner bourse');
        machine.must('bourse restore /root/backup && systemctl start bourse.target');
        await healthy();
        assert.equal(get('/api/v1/users/me', token).username, 'admin');
    });

    it('is upgraded to a version that runs at once, with settings as they were', async () => {
        const before = pids();
        machine.must('dpkg -i /root/new.deb');
        assert.match(machine.must('dpkg-query -W bourse'), /99\.0\.0/);
        await until('other processes', () => pids().every((pid, i) => pid !== '0' && pid !== before[i]), 60);
        await healthy();
        assert.match(machine.must('cat /etc/bourse/gateway.conf'), /BOURSE_DRAIN_SECONDS=0/);
        assert.equal(get('/api/v1/users/me', token).username, 'admin');
    });

    it('stops when it is removed, and keeps settings and secrets until it is purged', () => {
        const left = () => machine.must(`find /etc /usr /var/lib/systemd -path '*bourse*' -not -path '*/doc-base/*'; getent passwd bourse || true`)
            .split('\n').filter(line => line !== '');
        machine.must('dpkg -r bourse');
        assert.equal(machine.must("systemctl list-units --no-legend 'bourse*'"), '');
        assert.ok(left().includes('/etc/bourse/secrets/mesh.key') && left().includes('/etc/bourse/gateway.conf'));
        machine.must('dpkg -P bourse');
        assert.deepEqual(left(), []);
    });
});
