// SPDX-License-Identifier: MIT
// recipes: the commands and files of a page of docs/, so that what is tested is what is written there.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './platform.mjs';

export class Recipes {
    // Each block of code begins with a comment that says what it is.
    constructor(page) {
        const text = readFileSync(join(root, page), 'utf8');
        this.page = page;
        this.blocks = [...text.matchAll(/```\w+\n(?:#|--) (.*)\n([^]*?)```/g)].map(([, title, content]) => ({ title, content, used: false }));
        if (this.blocks.length !== text.match(/^```\w+$/gm).length)
            throw new Error(`a block of ${page} does not begin with a comment that says what it is`);
    }

    // The block whose first line begins with this, without that line, with replacements made: each
    // [what the page says, what it is here], which must be there.
    recipe(title, replacements = []) {
        const block = this.blocks.find(each => each.title.startsWith(title));

        if (!block)
            throw new Error(`${this.page} has no block "${title}"`);
        block.used = true;
        return replacements.reduce((content, [from, to]) => {
            if (!content.includes(from))
                throw new Error(`the block "${title}" of ${this.page} does not have "${from}"`);
            return content.replaceAll(from, to);
        }, block.content);
    }

    // The titles of the blocks that no test has asked for, of those that begin with this.
    unused(beginning = '') {
        return this.blocks.filter(({ title, used }) => !used && title.startsWith(beginning)).map(({ title }) => title);
    }
}
