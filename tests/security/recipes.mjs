// SPDX-License-Identifier: MIT
// recipes: those of docs/encryption.md.
import { Recipes } from '../support/recipes.mjs';

const page = new Recipes('docs/encryption.md');

export const recipe = (title, replacements) => page.recipe(title, replacements);
export const unused = () => page.unused();
