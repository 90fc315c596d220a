// SPDX-License-Identifier: MIT
// havoc: what happens to a platform under torture. Its own processes are killed in turn and started again by the
// launcher; the replicas die at named points, one after the other, and are started again here; PostgreSQL is
// stopped once and killed once, and its connections are cut.
import { services, until } from '../support/platform.mjs';

// Points between a commit and what follows it, by service, and what is armed there: `crash` ends the process, `fail`
// makes the step fail. The numbers are the passages of which one is drawn.
const points = {
    trading: [['trading.after_intent=crash', 12], ['trading.after_reserve=crash', 12], ['trading.after_fill=crash', 12],
        ['trading.after_apply=crash', 12], ['trading.after_replace=crash', 2],
        ['trading.before_legs=crash', 1], ['trading.after_legs=crash', 1], ['trading.after_part=crash', 2],
        ['database.before_commit=crash', 20], ['database.after_commit=crash', 20], ['database.before_commit=fail', 20], ['database.after_commit=fail', 20]],
    portfolio: [['portfolio.before_commit=crash', 12], ['portfolio.after_commit=crash', 12],
        ['database.before_commit=crash', 20], ['database.after_commit=crash', 20], ['portfolio.before_commit=fail', 12],
        ['portfolio.after_commit=fail', 12], ['database.before_commit=fail', 20], ['database.after_commit=fail', 20]],
    gateway: [],
};
// Between two points: as a database of many machines would, it refuses some transactions.
const CLASHES = 'database.before_commit=fail%5';
const LIFE_MS = [3000, 8000]; // of a replica that is to die at no point, since it was ready
const LONG_LIFE_MS = [15000, 25000]; // of one that has not come to its point: on a slow machine that takes long
const READY_MS = 2000; // to say so
const AWAY_MAX = 1; // services that are not there when the next one is killed

// A replica that is started again whenever it dies.
class Phoenix {
    constructor(replica, random) {
        Object.assign(this, { replica, random, armed: null, hits: [], kills: 0, isOver: false });
        this.left = random.shuffle(points[replica.service]);
    }

    // Tells the next one where to die: every point comes once before one comes again.
    next() {
        if (points[this.replica.service].length === 0)
            return null;
        if (this.left.length === 0)
            this.left = this.random.shuffle(points[this.replica.service]);
        const [point, passages] = this.left.pop();
        return { point, passages, setting: `${point}@${this.random.between(1, passages)}` };
    }

    // Kills it some seconds after it has become ready, unless it has died before.
    async killLater(life) {
        while (!life.isOver && !await this.replica.isReady().catch(() => false))
            await new Promise(done => setTimeout(done, 100)); // between two looks
        const end = Date.now() + this.random.between(...this.armed?.point.endsWith('=crash') ? LONG_LIFE_MS : LIFE_MS);
        while (!life.isOver && Date.now() < end)
            await new Promise(done => setTimeout(done, 50));
        if (life.isOver)
            return;
        life.isKilled = true;
        this.kills++;
        this.replica.process.kill('SIGKILL');
    }

    async live() {
        for (;;) {
            const life = { isOver: false, isKilled: false };
            const killing = this.killLater(life);
            const end = await Promise.race([this.replica.ended, this.over]);
            life.isOver = true;
            await killing;
            if (this.isOver)
                return;
            if (end === 'SIGKILL' && !life.isKilled && this.armed !== null)
                this.hits.push(this.armed.point);
            else if (this.armed?.point.endsWith('=crash'))
                this.left.unshift([this.armed.point, this.armed.passages]); // it was not reached: once more, later
            this.armed = this.next();
            this.replica.launch({ BOURSE_FAULT: this.armed === null ? CLASHES : this.armed.setting });
        }
    }

    begin() {
        this.over = new Promise(done => {
            this.end = done;
        });
        this.living = this.live();
    }

    // The last death: from now on it lives, with no point armed.
    async rest() {
        this.isOver = true;
        this.end();
        await this.living;
        this.replica.process.kill('SIGKILL');
        await this.replica.ended;
        this.replica.launch();
    }
}

export class Havoc {
    constructor({ platform, replicas, random, seconds }) {
        Object.assign(this, { platform, random, seconds, killed: new Map(), cuts: 0, restarts: 0, isOver: false });
        this.phoenixes = replicas.map(replica => new Phoenix(replica, random.fork()));
    }

    // Waits so many milliseconds, or until it is over.
    pause(ms) {
        return new Promise(done => {
            const end = Date.now() + ms;
            const look = () => this.isOver || Date.now() >= end ? done() : setTimeout(look, 50);
            look();
        });
    }

    async isReady(service) {
        const reply = await fetch(`http://127.0.0.1:${this.platform.ports(service)[1]}/readyz`,
            { signal: AbortSignal.timeout(READY_MS) }).catch(() => null);
        return reply?.status === 200;
    }

    async ready() {
        const are = await Promise.all(services.map(service => this.isReady(service)));
        return services.filter((_, number) => are[number]);
    }

    // One that is not ready yet is passed over: the launcher waits before it starts it again. On a slow machine nothing
    // would be there any more, and nobody could do anything. Of those that are ready the one that was killed least is next:
    // one that is seldom ready has its turn whenever it is.
    async killInTurn() {
        while (!this.isOver) {
            await this.pause(this.random.between(1500, 3500));
            const ready = await this.ready();
            if (this.isOver)
                return;
            if (services.length - ready.length > AWAY_MAX)
                continue;
            const kills = service => this.killed.get(service) ?? 0;
            const victim = ready.reduce((least, service) => kills(service) < kills(least) ? service : least);
            await this.platform.kill(victim);
            this.killed.set(victim, kills(victim) + 1);
        }
    }

    async cutConnections() {
        const random = this.random.fork();
        while (!this.isOver) {
            await this.pause(random.between(3000, 6000));
            if (this.isOver)
                return;
            try {
                const rows = await this.platform.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE usename IN ('bourse_auth', 'bourse_market', 'bourse_portfolio', 'bourse_trading')`);
                this.cuts += rows.length;
            } catch {
                continue; // PostgreSQL is away at this moment
            }
        }
    }

    // Stops PostgreSQL for some seconds after a third of the time, and kills it after two.
    async endDatabase() {
        await this.pause(this.seconds * 333);
        await this.platform.bourse('database', 'stop');
        await this.pause(2000);
        await this.platform.bourse('database', 'start');
        this.restarts++;
        await this.pause(this.seconds * 300);
        process.kill(this.platform.pid('postgres'), 'SIGKILL');
        this.restarts++;
    }

    begin() {
        this.phoenixes.forEach(phoenix => phoenix.begin());
        this.running = Promise.all([this.killInTurn(), this.cutConnections(), this.endDatabase()]);
    }

    // Ends it, and returns when everything lives and is ready.
    async end() {
        this.isOver = true;
        await this.running;
        await Promise.all(this.phoenixes.map(phoenix => phoenix.rest()));
        await until('PostgreSQL to be back', async () => (await this.platform.query('SELECT 1')).length === 1, 60);
        await until('the platform to be ready', async () => (await this.platform.bourse('status')) !== null, 90);
        for (const { replica } of this.phoenixes)
            await until(`the replica of ${replica.service}`, () => replica.isReady(), 60);
    }

    // The points at which a process died, each with how often.
    hits() {
        const hits = new Map();
        for (const { replica, hits: points } of this.phoenixes)
            for (const point of points)
                hits.set(`${replica.service} ${point}`, (hits.get(`${replica.service} ${point}`) ?? 0) + 1);
        return hits;
    }

    // The points at which a process should have died, and has not yet.
    missing() {
        const hits = this.hits();
        return this.phoenixes.flatMap(({ replica }) => points[replica.service].map(([point]) => `${replica.service} ${point}`))
            .filter(point => point.endsWith('=crash') && !hits.has(point));
    }
}
