// Markdown's parts, found without the work that hostile texts can make of it: marked looks from every `*` and `_` to the
// end of its paragraph, through whatever is nested once for each level, and gives every row of a table all its columns.

import { Lexer } from "./vendor/marked.esm.js";

const MAX_READ = 3_000_000; // characters of one text, each as often as it may be looked at: a tenth of a second
const PIECE = 100; // characters that could be read instead of making one cell, item or paragraph
const MARKS = /[*_]/g;

class BoundedLexer extends Lexer {
  #left = MAX_READ;

  // Throws RangeError for what is nested too deeply.
  blockTokens(text, ...others) {
    this.#spend(text.length);
    return super.blockTokens(text, ...others);
  }

  // Throws RangeError for too many.
  inline(...piece) {
    this.#spend(PIECE);
    return super.inline(...piece);
  }

  // A paragraph that would cost more than is left is a text without formats.
  inlineTokens(text, tokens = []) {
    const read = text.length * (1 + (text.match(MARKS)?.length ?? 0));
    if (read <= this.#left) {
      this.#spend(read);
      return super.inlineTokens(text, tokens);
    }
    tokens.push({ type: "text", raw: text, text });
    return tokens;
  }

  #spend(characters) {
    if (characters > this.#left) throw new RangeError("This text is too much to be formatted");
    this.#left -= characters;
  }
}

// Tokens of the blocks of a text, with the definitions of links in `links`. Throws RangeError.
export function blockTokens(text, options) {
  return new BoundedLexer(options).lex(text);
}
