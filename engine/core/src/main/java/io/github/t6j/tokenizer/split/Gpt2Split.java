package io.github.t6j.tokenizer.split;

/**
 * GPT-2's regular expression
 *
 * <pre>{@code 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+}</pre>
 */
final class Gpt2Split {
    private Gpt2Split() {}

    /** Returns the end of a piece, as {@link Splitter#end}. */
    static int end(byte[] text, int from, int to) {
        int contraction = Splitter.contraction(text, from, to, 0);
        if (contraction > 0) {
            return from + contraction;
        }
        int body = text[from] == ' ' && from + 1 < to ? from + 1 : from;
        int kind = CharacterClass.at(text, body);
        if (kind == CharacterClass.SPACE) {
            return Splitter.endOfSpace(text, from, to);
        }
        int run = (kind & CharacterClass.LETTER) != 0
                ? CharacterClass.LETTER
                : kind == CharacterClass.NUMBER ? CharacterClass.NUMBER : CharacterClass.OTHER;
        return CharacterClass.run(run, text, body + Utf8.width(text[body]), to);
    }
}
