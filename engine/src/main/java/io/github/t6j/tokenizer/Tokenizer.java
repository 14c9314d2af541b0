package io.github.t6j.tokenizer;

import io.github.t6j.ModelFormatException;
import java.nio.file.Path;

/**
 * GPT-2's byte-level BPE: text to ids and back. Immutable, and so for any number of threads.
 *
 * <p>Text that is not well-formed UTF-16 is read with U+FFFD in place of each lone surrogate.
 */
public final class Tokenizer {
    private final Vocabulary vocabulary;
    private final BytePairEncoding encoding;
    private final AddedTokens plainTokens;
    private final AddedTokens allTokens;
    private final int endOfText;

    private Tokenizer(TokenizerDefinition definition) {
        vocabulary = new Vocabulary(definition);
        encoding = new BytePairEncoding(definition);
        allTokens = new AddedTokens(definition.addedTokens());
        plainTokens = new AddedTokens(
                definition.addedTokens().stream().filter(token -> !token.special()).toList());
        endOfText = definition.addedTokens().stream()
                .filter(token -> token.content().equals(TokenizerDefinition.END_OF_TEXT))
                .mapToInt(AddedToken::id)
                .findFirst()
                .orElse(-1);
    }

    /** Whether {@code folder} holds the files of a tokenizer, as {@link #load} names them. */
    public static boolean existsIn(Path folder) {
        return TokenizerFiles.existIn(folder);
    }

    /**
     * The tokenizer of a model's folder: its tokenizer.json, or else vocab.json and merges.txt, or else encoder.json and
     * vocab.bpe (GPT-2's own names). {@code folder} may also be a tokenizer.json itself. What a tokenizer.json says of
     * post-processing, truncation and padding has no effect: ids are the text's and no others.
     *
     * @throws ModelFormatException if there are no such files, or they are not GPT-2's byte-level BPE
     */
    public static Tokenizer load(Path folder) {
        return new Tokenizer(TokenizerFiles.read(folder));
    }

    /** Number of ids: all ids are below it. */
    public int size() {
        return vocabulary.size();
    }

    /** The id of {@code <|endoftext|>}, or -1. */
    public int endOfText() {
        return endOfText;
    }

    /** Whether {@code id} stands for text: a model may have more ids than its tokenizer, and a tokenizer gaps. */
    public boolean hasText(int id) {
        return vocabulary.contains(id);
    }

    /** The ids of plain text: special tokens are not read from it. */
    public int[] encode(String text) {
        return encode(text, plainTokens);
    }

    /** The ids of text in which special tokens, such as {@code <|endoftext|>}, stand for their ids. */
    public int[] encodeWithSpecialTokens(String text) {
        return encode(text, allTokens);
    }

    private int[] encode(String text, AddedTokens tokens) {
        IntList ids = new IntList();
        int from = 0;
        while (from < text.length()) {
            int at = tokens.next(text, from);
            encoding.encode(Utf8.encode(text.substring(from, at)), ids);
            from = at;
            if (at < text.length()) {
                AddedToken token = tokens.match(text, at);
                ids.add(token.id());
                from += token.content().length();
            }
        }
        return ids.toArray();
    }

    /**
     * The text of ids: their bytes, joined, as UTF-8. Bytes that are not UTF-8 become U+FFFD, one for each maximal
     * subpart, as the WHATWG Encoding Standard has it.
     *
     * @throws IllegalArgumentException if an id has no text
     */
    public String decode(int... ids) {
        TokenStream stream = newDecoder();
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            stream.append(id, text);
        }
        stream.finish(text);
        return text.toString();
    }

    /** A decoder for ids that come one by one. */
    public TokenStream newDecoder() {
        return new TokenStream(vocabulary);
    }
}
