package io.github.t6j.tokenizer.split;

/**
 * Llama 3's regular expression, one alternative a line,
 *
 * <pre>{@code
 * (?i:'s|'t|'re|'ve|'m|'ll|'d)
 * [^\r\n\p{L}\p{N}]?\p{L}+
 * \p{N}{1,3}
 *  ?[^\s\p{L}\p{N}]+[\r\n]*
 * \s*[\r\n]+
 * \s+(?!\S)
 * \s+
 * }</pre>
 *
 * and Qwen 2's expression, in which a piece has one number.
 */
final class LlamaSplit {
    private LlamaSplit() {}

    /**
     * Returns the end of a piece, as {@link Splitter#end}; a piece has at most {@code numbers} characters of {@code
     * \p{N}}.
     */
    static int end(byte[] text, int from, int to, int numbers) {
        int contraction = contraction(text, from, to);
        if (contraction > 0) {
            return from + contraction;
        }
        int kind = CharacterClass.at(text, from);
        int next = from + Utf8.width(text[from]);
        if ((kind & CharacterClass.LETTER) != 0) {
            return CharacterClass.run(CharacterClass.LETTER, text, from, to);
        }
        if (kind == CharacterClass.NUMBER) {
            return endOfNumbers(text, from, to, numbers);
        }
        if (!Splitter.isLineEnd(text[from]) && CharacterClass.is(CharacterClass.LETTER, text, next, to)) {
            return CharacterClass.run(CharacterClass.LETTER, text, next, to);
        }
        return Splitter.endOfOther(text, from, to, false);
    }

    /** Returns the end of at most {@code max} characters of {@code \p{N}}. */
    static int endOfNumbers(byte[] text, int from, int to, int max) {
        int end = from;
        for (int i = 0; i < max && CharacterClass.is(CharacterClass.NUMBER, text, end, to); i++) {
            end += Utf8.width(text[end]);
        }
        return end;
    }

    /**
     * Returns the length in bytes of {@code (?i:'s|'t|'re|'ve|'m|'ll|'d)}, or 0. Under Unicode's case folding the long
     * ſ, U+017F, matches s; no other letter outside ASCII matches one of these.
     */
    static int contraction(byte[] text, int from, int to) {
        boolean isLongS = text[from] == '\'' && from + 1 < to && Utf8.codePoint(text, from + 1) == 'ſ';
        return isLongS ? 3 : Splitter.contraction(text, from, to, 0x20);
    }
}
