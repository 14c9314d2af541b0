package io.github.t6j.tokenizer;

import io.github.t6j.ModelFormatException;
import io.github.t6j.tokenizer.bpe.ByteDecoder;
import io.github.t6j.tokenizer.bpe.BytePairEncoding;
import io.github.t6j.tokenizer.bpe.CharacterDecoder;
import io.github.t6j.tokenizer.bpe.Decoding;
import io.github.t6j.tokenizer.bpe.Fingerprint;
import io.github.t6j.tokenizer.bpe.IdDecoder;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition;
import io.github.t6j.tokenizer.bpe.Vocabulary;
import io.github.t6j.tokenizer.json.TokenizerFiles;
import io.github.t6j.tokenizer.split.AddedToken;
import io.github.t6j.tokenizer.split.AddedTokens;
import io.github.t6j.tokenizer.split.IntList;
import io.github.t6j.tokenizer.split.Normalizer;
import io.github.t6j.tokenizer.split.Utf8;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Converts text to ids and back by byte-pair encoding, as in GPT-2 and the models of Llama, Mistral, Qwen and SmolLM.
 * Immutable, so any number of threads may use it.
 *
 * <p>In text that is not well-formed UTF-16, each lone surrogate is read as U+FFFD.
 *
 * <p>Some models were trained on texts that begin with a beginning-of-text id. Only {@link #encodePrompt} adds it,
 * before a plain text. A rendered chat template already contains it as a special token; {@link
 * #encodeWithSpecialTokens} reads that token and does not add a second one.
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
    private final int[] appended;

    /** Added tokens, separated by whether they are searched in the original or in the normalised text. */
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
                    + ": expected the first id of a prompt among the tokenizer's ids, found " + marks.prompt()
                    + "; do its post_processor and its vocabulary belong together?");
        }
        for (int id : marks.appended()) {
            if (!vocabulary.contains(id)) {
                throw new ModelFormatException(definition.vocabularySource()
                        + ": expected the last ids of a text among the tokenizer's ids, found " + id
                        + "; do its post_processor and its vocabulary belong together?");
            }
        }
        beginningOfText = marks.prompt();
        appended = marks.appended().stream().mapToInt(id -> id).toArray();
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

    /** Returns true if {@code folder} contains files of a tokenizer that {@link #load} reads. */
    public static boolean existsIn(Path folder) {
        return TokenizerFiles.existIn(Objects.requireNonNull(folder, "folder"));
    }

    /**
     * Loads the tokenizer of a model's folder: its tokenizer.json, or else vocab.json and merges.txt, or else
     * encoder.json and vocab.bpe (GPT-2's own names), or else the tokenizer in the only GGUF file there. {@code folder}
     * may also be a tokenizer.json itself, or a weight file: a GGUF file's own tokenizer is loaded, or else the one in
     * its folder. A tokenizer_config.json next to it says which tokens begin and end a text. Truncation and padding
     * settings are ignored.
     *
     * @throws ModelFormatException if the files are missing, or are not a supported kind of BPE
     */
    public static Tokenizer load(Path folder) {
        try {
            return new Tokenizer(TokenizerFiles.read(Objects.requireNonNull(folder, "folder")));
        } catch (ModelFormatException wrong) {
            throw wrong.of(folder);
        }
    }

    /**
     * Returns the tokenizer in the metadata of a GGUF file, if it has one.
     *
     * @param keys metadata of the file: strings, numbers, booleans, and lists of them
     * @param where name of the file in errors
     * @throws ModelFormatException if the kind of tokenizer is not supported
     */
    public static Optional<Tokenizer> ofGguf(Map<String, Object> keys, String where) {
        Objects.requireNonNull(keys, "keys");
        Objects.requireNonNull(where, "where");
        return Optional.ofNullable(TokenizerFiles.definitionInGguf(keys, where)).map(Tokenizer::new);
    }

    /**
     * Returns GPT-2's tokenizer.
     *
     * @throws IllegalStateException if the artifact {@code t6j-gpt2}, which contains the vocabulary, is missing
     */
    public static Tokenizer gpt2() {
        return new Tokenizer(TokenizerFiles.gpt2());
    }

    /** Returns the number of ids; all ids are below it. */
    public int size() {
        return vocabulary.size();
    }

    /**
     * Returns the first id of a plain prompt, or -1 if the model has none or its files declare that texts begin without
     * it.
     */
    public int beginningOfText() {
        return beginningOfText;
    }

    /**
     * Returns the id that ends a text: eos_token in tokenizer_config.json, otherwise {@code <|endoftext|>}, or -1
     * without either.
     */
    public int endOfText() {
        return endOfText;
    }

    /**
     * Returns the ids that {@link #encodeWhole} appends to a text for embedding models, in order; usually none.
     */
    public int[] appended() {
        return appended.clone();
    }

    /**
     * Returns the id before a document, also used for an empty prompt: {@code <|endoftext|>}, which separates
     * documents, otherwise the beginning-of-text id, otherwise {@link #endOfText}; -1 if the model has none of them.
     */
    public int documentStart() {
        return documentStart;
    }

    /**
     * Returns true if {@code id} represents text. A model may have more ids than its tokenizer, and a tokenizer may
     * have gaps.
     */
    public boolean hasText(int id) {
        return vocabulary.contains(id);
    }

    /** Returns true if {@code id} is a special token, such as {@code <|endoftext|>}, which is not part of the text. */
    public boolean isSpecial(int id) {
        return vocabulary.isSpecial(id);
    }

    /**
     * Returns the bytes that {@code id} adds to a text in UTF-8. A character may be spread over several ids. The
     * concatenated bytes of consecutive ids are their text as a continuation; at the beginning of a text, {@link
     * #decode} may omit a leading space. A special token has the bytes of its name.
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
     * Returns a hash, the same on every machine, that differs between tokenizers with different ids for a text. Ids of
     * one tokenizer are valid for another with the same fingerprint. Computing it takes a noticeable fraction of a
     * second.
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

    /** Returns the ids of plain text; special tokens are neither read from it nor added. */
    public int[] encode(String text) {
        return encode(text, plainTokens, TokenizerDefinition.NONE);
    }

    /** Returns the ids of {@link #encode}, after {@link #beginningOfText} if the model has one. */
    public int[] encodePrompt(String text) {
        return encode(text, plainTokens, beginningOfText);
    }

    /**
     * Returns the ids of a complete text: {@link #encodePrompt}, then {@link #appended}. Hugging Face's tokenizers call
     * this encoding with special tokens.
     */
    public int[] encodeWhole(String text) {
        int[] ids = encodePrompt(text);
        int[] whole = Arrays.copyOf(ids, ids.length + appended.length);
        System.arraycopy(appended, 0, whole, ids.length, appended.length);
        return whole;
    }

    /**
     * Returns the first ids of a generation: {@link #encodePrompt}, or {@link #documentStart} for an empty prompt.
     *
     * @throws IllegalArgumentException if the prompt is empty and {@link #documentStart} is -1
     */
    public int[] encodeBeginning(String prompt) {
        Objects.requireNonNull(prompt, "prompt");
        if (!prompt.isEmpty()) {
            return encodePrompt(prompt);
        }
        if (documentStart < 0) {
            throw new IllegalArgumentException("prompt: expected text, found none, and the model's tokenizer has no id"
                    + " that starts a document");
        }
        return new int[] {documentStart};
    }

    /**
     * Returns the ids of text, such as a rendered chat, in which special tokens such as {@code <|endoftext|>} represent
     * their ids. No ids are added.
     */
    public int[] encodeWithSpecialTokens(String text) {
        return encode(text, allTokens, TokenizerDefinition.NONE);
    }

    /** @param first id to put before the text, or -1 for none */
    private int[] encode(String text, Added tokens, int first) {
        Objects.requireNonNull(text, "text");
        IntList ids = new IntList();
        if (first >= 0) {
            ids.add(first);
        }
        tokens.raw.cut(Utf8.wellFormed(text), ids,
                (piece, from) -> tokens.normalized.cut(normalize(piece), ids, (part, at) -> {
                    String prepared = preparation.metaspace().apply(part, from == 0 && at == 0);
                    encoding.encode(prepared.getBytes(StandardCharsets.UTF_8), ids);
                }));
        return ids.toArray();
    }

    private String normalize(String text) {
        String normalized = text;
        for (Normalizer normalizer : preparation.normalizers()) {
            normalized = normalizer.apply(normalized);
        }
        return normalized;
    }

    /**
     * Returns the text of ids, including special tokens. Bytes that are not UTF-8 become U+FFFD: in a byte-level
     * vocabulary, one for each maximal subpart, as in the WHATWG Encoding Standard; in a vocabulary of characters with
     * byte tokens, one for each byte of a run of byte tokens. The space that some models add before a text is removed.
     *
     * @throws IllegalArgumentException if an id has no text
     */
    public String decode(int... ids) {
        Objects.requireNonNull(ids, "ids");
        IdDecoder decoder = decoder(false);
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            decoder.append(id, text);
        }
        decoder.finish(text);
        return text.toString();
    }

    /** Returns a decoder for ids that arrive one at a time and begin a text. */
    public TokenStream newDecoder() {
        return new TokenStream(decoder(false));
    }

    /**
     * Returns a decoder for ids that arrive one at a time and continue a text; it keeps the space before their first
     * word.
     */
    public TokenStream newContinuation() {
        return new TokenStream(decoder(true));
    }

    private IdDecoder decoder(boolean continues) {
        return decoding.byteLevel()
                ? new ByteDecoder(vocabulary)
                : new CharacterDecoder(vocabulary, decoding, continues);
    }
}
