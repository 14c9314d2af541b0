package io.github.t6j.tokenizer.split;

import java.util.List;
import java.util.Map;

/** Registry of splitters by their names and regular expressions in files. */
public final class Splitters {
    /** Splits each {@code \p{N}} off. */
    public static final Splitter DIGITS = (text, from, to) -> CharacterClass.is(CharacterClass.NUMBER, text, from, to)
            ? from + Utf8.width(text[from])
            : CharacterClass.run(~CharacterClass.NUMBER, text, from, to);

    /** Splits {@code \p{N}+} off. */
    public static final Splitter NUMBERS = (text, from, to) -> CharacterClass.is(CharacterClass.NUMBER, text, from, to)
            ? CharacterClass.run(CharacterClass.NUMBER, text, from, to)
            : CharacterClass.run(~CharacterClass.NUMBER, text, from, to);

    /** Splits after each space; Gemma's files ask for it after all spaces became ▁. */
    public static final Splitter AFTER_SPACE = Splitters::endAfterSpace;

    public static final Splitter GPT2 = Gpt2Split::end;
    static final Splitter LLAMA3 = (text, from, to) -> LlamaSplit.end(text, from, to, 3);
    static final Splitter QWEN2 = (text, from, to) -> LlamaSplit.end(text, from, to, 1);
    static final Splitter TEKKEN = TekkenSplit::end;
    static final Splitter O200K = TekkenSplit::endOfO200k;

    private static final String LINES_AND_SPACE = "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private static final String LLAMA_WORDS =
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|";
    private static final String LEAD = "[^\\r\\n\\p{L}\\p{N}]?";
    private static final String TEKKEN_HEAD = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
    private static final String TEKKEN_TAIL = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
    private static final String CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
    private static final String REST = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" + LINES_AND_SPACE;

    /** Splitters by the exact text of their expressions, because similar expressions can differ in rare cases. */
    private static final Map<String, Splitter> BY_REGEX = Map.of(
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+", GPT2,
            LLAMA_WORDS + "\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" + LINES_AND_SPACE, LLAMA3,
            LLAMA_WORDS + "\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" + LINES_AND_SPACE, QWEN2,
            LEAD + TEKKEN_HEAD + "*" + TEKKEN_TAIL + "+|" + LEAD + TEKKEN_HEAD + "+" + TEKKEN_TAIL + "*|\\p{N}" + REST,
            TEKKEN,
            LEAD + TEKKEN_HEAD + "*" + TEKKEN_TAIL + "+" + CONTRACTION + "|" + LEAD + TEKKEN_HEAD + "+" + TEKKEN_TAIL
                    + "*"
                    + CONTRACTION + "|\\p{N}{1,3}" + REST,
            O200K);

    private static final Map<String, List<Splitter>> BY_NAME = Map.of(
            "gpt-2", List.of(GPT2),
            "llama3", List.of(LLAMA3),
            "qwen2", List.of(QWEN2),
            "smollm", List.of(DIGITS, GPT2),
            "tekken", List.of(TEKKEN),
            "cl100k", List.of(LLAMA3),
            "o200k", List.of(O200K));

    private Splitters() {}

    private static int endAfterSpace(byte[] text, int from, int to) {
        int end = from;
        while (end < to && text[end] != ' ') {
            end++;
        }
        return Math.min(end + 1, to);
    }

    /** Returns the splitter of a regular expression, or null. */
    public static Splitter ofRegex(String regex) {
        return BY_REGEX.get(regex);
    }

    /** Returns the regular expression of {@code splitter}, which must have one. */
    public static String regexOf(Splitter splitter) {
        return BY_REGEX.entrySet().stream()
                .filter(entry -> entry.getValue() == splitter)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow();
    }

    /** Returns the splitters of a family of tokenizers, each applied to the pieces of the previous one, or null. */
    public static List<Splitter> named(String name) {
        return BY_NAME.get(name);
    }
}
