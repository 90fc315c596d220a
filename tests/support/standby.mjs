// SPDX-License-Identifier: MIT
// standby: a standby of a platform's PostgreSQL, which follows it by streaming replication.
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, closeSync, mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './platform.mjs';

const OWNER = 'bourse_owner';

// PostgreSQL refuses to be root.
function serverUser() {
    if (process.getuid() !== 0)
        return {};
    const [, , uid, gid] = readFileSync('/etc/passwd', 'utf8').split('\n').find(line => line.startsWith('postgres:')).split(':');
    return { uid: Number(uid), gid: Number(gid) };
}

// The pids of those who work in a folder.
function workersIn(folder) {
    return readdirSync('/proc').filter(name => /^\d+$/.test(name)).map(Number).filter(pid => {
        try {
            return readlinkSync(`/proc/${pid}/cwd`) === folder;
        } catch {
            return false; // it has ended meanwhile, or is somebody else's
        }
    });
}

export class Standby {
    static async start(platform) {
        const made = new Standby();
        const version = readFileSync(join(platform.data, 'postgres/PG_VERSION'), 'utf8').trim();
        made.programs = `/usr/lib/postgresql/${version}/bin`;
        made.user = serverUser();
        made.folder = mkdtempSync(join(tmpdir(), 'bourse-standby-'));
        if (made.user.uid !== undefined)
            chownSync(made.folder, made.user.uid, made.user.gid);
        made.password = role => readFileSync(join(platform.data, 'secrets', `${role}.password`), 'utf8').trim();
        const primary = (await platform.query('SHOW unix_socket_directories'))[0][0];
        execFileSync(join(made.programs, 'pg_basebackup'), ['-D', join(made.folder, 'data'), '-R', '-c', 'fast', '--no-sync',
            '-d', `host=${primary} port=5432 user=${OWNER} password=${made.password(OWNER)}`], { ...made.user, cwd: '/', stdio: 'pipe' });
        await made.launch();
        return made;
    }

    url(role) {
        return `host=${this.folder} port=5432 dbname=bourse user=${role} password=${this.password(role)}`;
    }

    // Runs the server, once it is known to have ended, and waits until it can be read from.
    async launch() {
        const log = openSync(join(this.folder, 'log'), 'a');
        this.process = spawn(join(this.programs, 'postgres'), ['-D', join(this.folder, 'data'), '-k', this.folder],
            { ...this.user, cwd: '/', stdio: ['ignore', log, log] });
        closeSync(log);
        this.ended = new Promise(done => this.process.on('exit', done));
        await until('the standby', () => this.query('SELECT pg_is_in_recovery()') === 't');
    }

    // The first value of a query.
    query(sql) {
        return execFileSync('psql', ['-XAtq', '-c', sql, this.url(OWNER)], { encoding: 'utf8', stdio: 'pipe' }).trim();
    }

    // As a power cut would: the server and all its children.
    async kill() {
        for (const pid of workersIn(join(this.folder, 'data')))
            process.kill(pid, 'SIGKILL');
        await this.ended;
        await until('its children to be gone', () => workersIn(join(this.folder, 'data')).length === 0);
    }

    async stop() {
        this.process.kill('SIGINT');
        await this.ended;
        rmSync(this.folder, { recursive: true, force: true });
    }
}
