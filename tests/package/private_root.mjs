// SPDX-License-Identifier: MIT
// private_root: a machine of its own for a test that installs a package: a systemd in new name spaces, on an overlay
// of this machine's files. It has what is installed here, so nothing is downloaded, and leaves nothing behind.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, until } from '../support/platform.mjs';

const script = join(root, 'tests/package/private_root.sh');
const spaces = ['--mount', '--pid', '--uts', '--ipc', '--net', '--cgroup'];

// Why there can be none here, as a sentence; false when there can.
export function whyNot() {
    if (process.getuid() !== 0)
        return 'only root can make a private root';
    for (const needed of ['/lib/systemd/systemd', '/usr/bin/unshare', '/usr/bin/nsenter', '/usr/bin/dpkg', '/usr/bin/pg_createcluster', '/dev/shm'])
        if (!existsSync(needed))
            return `there is no ${needed}`;
    const folder = mkdtempSync('/dev/shm/bourse-try-');
    for (const name of ['root', 'upper', 'work'])
        mkdirSync(join(folder, name));
    const tried = spawnSync('unshare', [...spaces, 'mount', '-t', 'overlay', 'overlay', '-o',
        `lowerdir=/,upperdir=${folder}/upper,workdir=${folder}/work`, `${folder}/root`], { encoding: 'utf8' });
    rmSync(folder, { recursive: true, force: true });
    return tried.status === 0 ? false : `name spaces and an overlay cannot be had here: ${tried.stderr.trim()}`;
}

export class PrivateRoot {
    static async boot() {
        const machine = new PrivateRoot();
        machine.folder = mkdtempSync('/dev/shm/bourse-root-');
        for (const name of ['root', 'upper', 'work'])
            mkdirSync(join(machine.folder, name));
        machine.said = '';
        // It ends with this process, whatever ends that.
        machine.child = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', ...spaces, '--fork', '--kill-child', 'bash', script, machine.folder]);
        machine.ended = new Promise(done => machine.child.on('close', done));
        for (const stream of [machine.child.stdout, machine.child.stderr])
            stream.on('data', chunk => { machine.said += chunk; });
        try {
            await until('systemd to be there', () => {
                if (machine.child.exitCode !== null)
                    throw new Error(`it ended with ${machine.child.exitCode}`);
                return machine.run('systemctl is-active basic.target').status === 0;
            }, 60);
        } catch (error) {
            await machine.stop();
            throw new Error(`${error.message}\n${machine.said}`);
        }
        return machine;
    }

    // The first process there, as it is numbered here.
    first() {
        const { pid } = this.child;
        return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    }

    // Runs a line of shell there; gives { status, stdout, stderr }.
    run(line, { input, env = {} } = {}) {
        return spawnSync('nsenter', ['-t', this.first(), '-m', '-p', '-u', '-i', '-n', '-C', '-r', '-w', 'sh', '-c', line],
            { input, encoding: 'utf8', maxBuffer: 64 << 20,
                env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive', ...env } });
    }

    // One that must succeed; gives what it printed.
    must(line, options) {
        const { status, stdout, stderr } = this.run(line, options);
        if (status !== 0)
            throw new Error(`${line}: status ${status}\n${stdout}${stderr}`);
        return stdout;
    }

    // Where a file of that machine can be written from here.
    path(name) {
        return join('/proc', this.first(), 'root', name);
    }

    async stop() {
        this.child.kill('SIGKILL');
        await this.ended;
        rmSync(this.folder, { recursive: true, force: true });
    }
}

// Builds the package by these commands, which speak of the preset, and moves it to a folder; gives its path. Whoever builds
// holds the launcher's lock, as other tests start platforms from the same build.
export function pack(commands, preset, folder) {
    const build = join(root, 'build', preset);
    execFileSync('flock', [join(build, 'bourse-build.lock'), 'bash', '-euc', commands], { cwd: root, stdio: 'pipe' });
    const [name] = readdirSync(build).filter(each => each.endsWith('.deb'));
    renameSync(join(build, name), join(folder, name));
    return join(folder, name);
}

// The same package as another version.
export function repack(file, version) {
    const folder = `${file}.content`;
    const control = join(folder, 'DEBIAN/control');
    execFileSync('dpkg-deb', ['-R', file, folder]);
    writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*$/m, `Version: ${version}`));
    execFileSync('dpkg-deb', ['-Znone', '-b', folder, `${file}.${version}`], { stdio: 'pipe' });
    return `${file}.${version}`;
}
