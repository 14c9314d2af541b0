package io.github.t6j.tokenizer;

import io.github.t6j.ModelFormatException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Text to ids and back, by byte-pair encoding: GPT-2's, and that of the models of Llama, Mistral, Qwen and SmolLM.
 * Immutable, and so for any number of threads.
 *
 * <p>Text that is not well-formed UTF-16 is read with U+FFFD in place of each lone surrogate.
 *
 * <p>Some models were trained on texts that begin with a beginning-of-text id. {@link #encodePrompt} puts it before a
 * plain text; nothing else does. A rendered chat template has written it already, as a special token:
 * {@link #encodeWithSpecialTokens} reads that, and adds no second one.
 */
public final class Tokenizer {
    private final Vocabulary vocabulary;
    private final TokenizerDefinition.Preparation preparation;
    private final BytePairEncoding encoding;
    private final Decoding decoding;
    private final Added plainTokens;
    private final Added allTokens;
    private final int beginningOfText;
    private final int endOfText;
    private final int documentStart;

    /** Those that are looked for in the text, and those in normalised text. */
    private record Added(AddedTokens raw, AddedTokens normalized) {}

    Tokenizer(TokenizerDefinition definition) {
        vocabulary = new Vocabulary(definition);
        preparation = definition.preparation();
        encoding = new BytePairEncoding(definition);
        decoding = definition.decoding();
        allTokens = added(definition.addedTokens());
        plainTokens = added(
                definition.addedTokens().stream().filter(token -> !token.special()).toList());
        TokenizerDefinition.TextMarks marks = definition.marks();
        int named = definition.addedTokens().stream()
                .filter(token -> token.content().equals(TokenizerDefinition.END_OF_TEXT))
                .mapToInt(AddedToken::id)
                .findFirst()
                .orElse(TokenizerDefinition.NONE);
        if (marks.prompt() >= 0 && !vocabulary.contains(marks.prompt())) {
            throw new ModelFormatException(definition.vocabularySource()
                    + ": expected the id that a prompt begins with among its own, found " + marks.prompt()
                    + "; do its post_processor and its vocabulary belong together?");
        }
        beginningOfText = marks.prompt();
        endOfText = firstId(marks.end(), named);
        documentStart = firstId(named, marks.beginning(), endOfText);
    }

    private static int firstId(int... ids) {
        return Arrays.stream(ids).filter(id -> id >= 0).findFirst().orElse(TokenizerDefinition.NONE);
    }

    private Added added(List<AddedToken> tokens) {
        return new Added(
                new AddedTokens(tokens.stream().filter(token -> !token.normalized()).toList(), content -> content),
                new AddedTokens(tokens.stream().filter(AddedToken::normalized).toList(), this::normalize));
    }

    /** Whether {@code folder} holds the files of a tokenizer, as {@link #load} names them. */
    public static boolean existsIn(Path folder) {
        return TokenizerFiles.existIn(folder);
    }

    /**
     * The tokenizer of a model's folder: its tokenizer.json, or else vocab.json and merges.txt, or else encoder.json
     * and vocab.bpe (GPT-2's own names), or else the tokenizer in the only GGUF file there. {@code folder} may also be a
     * tokenizer.json itself, or a file of weights: if it is no GGUF file with a tokenizer, that of its folder is loaded. A
     * tokenizer_config.json beside it says which tokens begin and end a text. Truncation and padding have no effect.
     *
     * @throws ModelFormatException if there are no such files, or they are not BPE of a kind that is known here
     */
    public static Tokenizer load(Path folder) {
        return new Tokenizer(TokenizerFiles.read(folder));
    }

    /**
     * The tokenizer in a GGUF file, or null: it has none.
     *
     * @param keys the file's
     * @param where what to call it in errors
     * @throws ModelFormatException if it is of a kind that is not known here
     */
    public static Tokenizer ofGguf(Map<String, Object> keys, String where) {
        return GgufTokenizer.isIn(keys) ? new Tokenizer(GgufTokenizer.read(keys, where)) : null;
    }

    /**
     * The tokenizer in a GGUF file as the files of a model's folder: tokenizer.json and tokenizer_config.json, which has the
     * chat template, too, by name. {@link #load} and Hugging Face's library get the same ids from them. Empty if there is
     * none.
     *
     * @param keys the file's
     * @param where what to call it in errors
     * @throws ModelFormatException if it is of a kind that is not known here
     */
    public static Map<String, byte[]> filesOfGguf(Map<String, Object> keys, String where) {
        return GgufTokenizer.isIn(keys) ? GgufTokenizer.files(keys, where) : Map.of();
    }

    /** GPT-2's, which comes with t6j. */
    public static Tokenizer gpt2() {
        return new Tokenizer(TokenizerFiles.gpt2());
    }

    /** Number of ids: all ids are below it. */
    public int size() {
        return vocabulary.size();
    }

    /**
     * The id that a plain prompt is to begin with, or -1: the model knows none, or its files say that a text begins
     * without.
     */
    public int beginningOfText() {
        return beginningOfText;
    }

    /** The id that a text ends with: that of eos_token in tokenizer_config.json, else of {@code <|endoftext|>}, or -1. */
    public int endOfText() {
        return endOfText;
    }

    /**
     * The id that stands before a document, and for an empty prompt: {@code <|endoftext|>}, which separates documents,
     * or else the beginning-of-text id, or else {@link #endOfText}; -1 if the model knows none of them.
     */
    public int documentStart() {
        return documentStart;
    }

    /** Whether {@code id} stands for text: a model may have more ids than its tokenizer, and a tokenizer gaps. */
    public boolean hasText(int id) {
        return vocabulary.contains(id);
    }

    /** Whether {@code id} is a special token, such as {@code <|endoftext|>}: a mark, no part of what is said. */
    public boolean isSpecial(int id) {
        return vocabulary.isSpecial(id);
    }

    /**
     * The bytes that {@code id} adds to a text in UTF-8: a character may be spread over several ids. Those of ids one
     * after the other, joined, are the text that they continue another with; a text's beginning may lack a first space
     * that they have ({@link #decode}). A special token has the bytes of its name.
     *
     * @return a copy
     * @throws IllegalArgumentException if the id has no text
     */
    public byte[] bytes(int id) {
        byte[] bytes = vocabulary.bytes(id);
        if (decoding.byteLevel() || vocabulary.isByte(id)) {
            return bytes.clone();
        }
        return newContinuation().append(id).getBytes(StandardCharsets.UTF_8);
    }

    /**
     * A hash, the same on every machine, that differs between tokenizers which give other ids for a text: ids that one of them
     * gave need not be made again with another of the same. It takes some 100 ms.
     */
    public String fingerprint() {
        Fingerprint fingerprint = new Fingerprint();
        fingerprint.add(vocabulary);
        fingerprint.add(encoding.mergesFingerprint());
        fingerprint.add(documentStart);
        fingerprint.add(endOfText);
        fingerprint.add(encode(Fingerprint.probe(List.of())));
        fingerprint.add(encodeWithSpecialTokens(Fingerprint.probe(allTokens.raw.contents())));
        fingerprint.add(encodeWithSpecialTokens(Fingerprint.probe(allTokens.normalized.contents())));
        return fingerprint.toString();
    }

    /** The ids of plain text: special tokens are not read from it, and none are added. */
    public int[] encode(String text) {
        IntList ids = new IntList();
        encode(text, plainTokens, ids);
        return ids.toArray();
    }

    /** {@link #encode} with {@link #beginningOfText} before it, if there is one. */
    public int[] encodePrompt(String text) {
        IntList ids = new IntList();
        if (beginningOfText >= 0) {
            ids.add(beginningOfText);
        }
        encode(text, plainTokens, ids);
        return ids.toArray();
    }

    /**
     * The ids that a generation from nothing begins with: {@link #encodePrompt}'s, or for no text {@link #documentStart}.
     *
     * @throws IllegalArgumentException if there is no text, and no id that a document starts with
     */
    public int[] encodeBeginning(String prompt) {
        if (!prompt.isEmpty()) {
            return encodePrompt(prompt);
        }
        if (documentStart < 0) {
            throw new IllegalArgumentException("prompt: expected text, found none, and the model's tokenizer has no id"
                    + " that a document starts with");
        }
        return new int[] {documentStart};
    }

    /**
     * The ids of text in which special tokens, such as {@code <|endoftext|>}, stand for their ids. None are added:
     * this is how a rendered chat is read.
     */
    public int[] encodeWithSpecialTokens(String text) {
        IntList ids = new IntList();
        encode(text, allTokens, ids);
        return ids.toArray();
    }

    private void encode(String text, Added tokens, IntList ids) {
        tokens.raw.cut(Utf8.wellFormed(text), ids,
                (piece, from) -> tokens.normalized.cut(normalize(piece), ids, (part, at) -> {
                    String prepared = preparation.metaspace().apply(part, from == 0 && at == 0);
                    encoding.encode(prepared.getBytes(StandardCharsets.UTF_8), ids);
                }));
    }

    private String normalize(String text) {
        String normalized = text;
        for (Normalizer normalizer : preparation.normalizers()) {
            normalized = normalizer.apply(normalized);
        }
        return normalized;
    }

    /**
     * The text of ids, special tokens included. Bytes that are not UTF-8 become U+FFFD: one for each maximal subpart,
     * as the WHATWG Encoding Standard has it, where tokens are bytes; where they are characters, and bytes for the
     * others, one for each byte of a run of these. The space that some models put before a text is left out again.
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

    /** A decoder for ids that come one by one and begin a text. */
    public TokenStream newDecoder() {
        return newDecoder(false);
    }

    /** A decoder for ids that come one by one and continue a text: the space before their first word stays. */
    public TokenStream newContinuation() {
        return newDecoder(true);
    }

    private TokenStream newDecoder(boolean continues) {
        return new TokenStream(decoding.byteLevel()
                ? new ByteDecoder(vocabulary)
                : new CharacterDecoder(vocabulary, decoding, continues));
    }
}
