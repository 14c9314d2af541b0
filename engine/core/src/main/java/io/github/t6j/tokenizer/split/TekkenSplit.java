package io.github.t6j.tokenizer.split;

/**
 * The regular expression of Mistral's Tekken, one alternative a line,
 *
 * <pre>{@code
 * [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+
 * [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*
 * \p{N}
 *  ?[^\s\p{L}\p{N}]+[\r\n/]*
 * \s*[\r\n]+
 * \s+(?!\S)
 * \s+
 * }</pre>
 *
 * and GPT-4o's expression (o200k), in which the first two alternatives end with {@code (?i:'s|'t|'re|'ve|'m|'ll|'d)?}
 * and a piece has up to three numbers.
 */
final class TekkenSplit {
    private static final int HEAD = CharacterClass.UPPER | CharacterClass.CASELESS | CharacterClass.MARK;
    private static final int TAIL = CharacterClass.LOWER | CharacterClass.CASELESS | CharacterClass.MARK;
    private static final int NONE = -1;

    private TekkenSplit() {}

    /** Returns the end of a piece of Tekken's expression, as {@link Splitter#end}. */
    static int end(byte[] text, int from, int to) {
        return end(text, from, to, false, 1);
    }

    /** Returns the end of a piece of GPT-4o's expression, as {@link Splitter#end}. */
    static int endOfO200k(byte[] text, int from, int to) {
        return end(text, from, to, true, 3);
    }

    /**
     * @param contracts true if a contraction belongs to the word before it
     * @param numbers most characters of {@code \p{N}} in a piece
     */
    private static int end(byte[] text, int from, int to, boolean contracts, int numbers) {
        int kind = CharacterClass.at(text, from);
        int next = from + Utf8.width(text[from]);
        boolean mayLead =
                (kind & (CharacterClass.LETTER | CharacterClass.NUMBER)) == 0 && !Splitter.isLineEnd(text[from]);
        int word = mayLead ? endOfTailed(text, next, to) : NONE;
        word = word == NONE ? endOfTailed(text, from, to) : word;
        word = word == NONE && mayLead ? endOfHead(text, next, to) : word;
        word = word == NONE ? endOfHead(text, from, to) : word;
        if (word != NONE) {
            return contracts && word < to ? word + LlamaSplit.contraction(text, word, to) : word;
        }
        return kind == CharacterClass.NUMBER
                ? LlamaSplit.endOfNumbers(text, from, to, numbers)
                : Splitter.endOfOther(text, from, to, true);
    }

    /**
     * Matches the first alternative after its optional first character; the head gives back the characters that the
     * tail needs.
     */
    private static int endOfTailed(byte[] text, int from, int to) {
        int end = from;
        int lastOfTail = NONE;
        while (CharacterClass.is(HEAD, text, end, to)) {
            boolean tail = (CharacterClass.at(text, end) & TAIL) != 0;
            end += Utf8.width(text[end]);
            lastOfTail = tail ? end : lastOfTail;
        }
        return CharacterClass.is(TAIL, text, end, to) ? CharacterClass.run(TAIL, text, end, to) : lastOfTail;
    }

    /** Matches the second alternative after the first one failed, so no tail follows. */
    private static int endOfHead(byte[] text, int from, int to) {
        int end = CharacterClass.run(HEAD, text, from, to);
        return end > from ? end : NONE;
    }
}
