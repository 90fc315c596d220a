// SPDX-License-Identifier: MIT
// random: what follows from a seed, so that a run that failed can be asked for again.

// Numbers that look random, the same for the same seed (mulberry32).
export class Random {
    constructor(seed) {
        this.state = seed >>> 0;
    }

    // From 0 to 1, without 1.
    next() {
        this.state = (this.state + 0x6d2b79f5) >>> 0;
        let mixed = this.state;
        mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    }

    // A whole number of `from` to `to`, both included.
    between(from, to) {
        return from + Math.floor(this.next() * (to - from + 1));
    }

    chance(probability) {
        return this.next() < probability;
    }

    pick(list) {
        return list[this.between(0, list.length - 1)];
    }

    // One of the names of `weights`, as often as its weight says.
    weighted(weights) {
        let left = this.next() * Object.values(weights).reduce((sum, one) => sum + one, 0);
        for (const [name, weight] of Object.entries(weights)) {
            left -= weight;
            if (left < 0)
                return name;
        }
        return Object.keys(weights).at(-1);
    }

    shuffle(list) {
        const left = [...list];
        return list.map(() => left.splice(this.between(0, left.length - 1), 1)[0]);
    }

    // Another source, whose numbers do not depend on how many are taken from this one.
    fork() {
        return new Random(Math.floor(this.next() * 4294967296));
    }
}
