package io.github.t6j.tokenizer;

import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.MergeLearner.Pair;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.DoubleConsumer;

/**
 * Makes a byte-level BPE tokenizer of texts, as GPT-2's: ids 0 to 255 are the bytes, in the order of the characters that
 * stand for them in its file; then come the merges; the last id is {@code <|endoftext|>}. Texts are cut into pieces by
 * GPT-2's regular expression, and the most frequent pair of neighbours within pieces merges, again and again. Of equally
 * frequent pairs the one with the smaller left id merges first and, if these are equal, with the smaller right id. A pair
 * that is there only once does not merge.
 *
 * <p>Holds each piece that differs from all others once. For one thread.
 */
public final class TokenizerTrainer {
    /** Ids of the smallest tokenizer: the bytes and {@code <|endoftext|>}. */
    public static final int SMALLEST = 257;

    /** Ids of the largest tokenizer. */
    public static final int LARGEST = 1 << 20;

    private static final int BYTES = 256;
    private static final long LEAST = 2;

    private final Map<ByteBuffer, long[]> pieces = new HashMap<>();

    /**
     * What was made.
     *
     * @param size number of ids; fewer than were asked for if no more pairs were there twice
     * @param json the content of a tokenizer.json
     */
    public record Trained(int size, String json) {}

    /** One that has read nothing. */
    public TokenizerTrainer() {}

    /** Counts the pieces of a text. */
    public void add(String text) {
        byte[] utf8 = Utf8.encode(text);
        for (int at = 0, end; at < utf8.length; at = end) {
            end = Splitters.GPT2.end(utf8, at, utf8.length);
            if (end - at > 1) { // a byte alone has no neighbour
                count(utf8, at, end);
            }
        }
    }

    private void count(byte[] text, int from, int to) {
        long[] count = pieces.get(ByteBuffer.wrap(text, from, to - from));
        if (count == null) {
            count = new long[1];
            pieces.put(ByteBuffer.wrap(Arrays.copyOfRange(text, from, to)), count);
        }
        count[0]++;
    }

    /**
     * The tokenizer of the texts so far.
     *
     * @param vocabulary number of its ids, from {@link #SMALLEST} to {@link #LARGEST}
     * @param progress is told, on the calling thread, which share of the merges is done, from 0 to 1
     * @throws IllegalArgumentException if {@code vocabulary} is another number
     * @throws CancellationException if the thread is interrupted
     */
    public Trained train(int vocabulary, DoubleConsumer progress) {
        if (vocabulary < SMALLEST || vocabulary > LARGEST) {
            throw new IllegalArgumentException(
                    "vocabulary: expected " + SMALLEST + " to " + LARGEST + ", found " + vocabulary);
        }
        List<String> tokens = alphabet();
        List<String> merges = new ArrayList<>();
        MergeLearner learner = learner(tokens);
        for (Pair pair; tokens.size() < vocabulary - 1 && (pair = learner.next(LEAST)) != null;) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("the training of a tokenizer was interrupted");
            }
            learner.merge(pair, tokens.size());
            merges.add(tokens.get(pair.left()) + " " + tokens.get(pair.right()));
            // no two merges make one token: within it the same merges happen wherever it stands
            tokens.add(tokens.get(pair.left()) + tokens.get(pair.right()));
            progress.accept((double) merges.size() / (vocabulary - SMALLEST));
        }
        tokens.add(TokenizerDefinition.END_OF_TEXT);
        return new Trained(tokens.size(), Json.write(json(tokens, merges)));
    }

    private static List<String> alphabet() {
        List<String> tokens = new ArrayList<>();
        for (int b = 0; b < BYTES; b++) {
            tokens.add(ByteAlphabet.text(b));
        }
        tokens.sort(null);
        return tokens;
    }

    private MergeLearner learner(List<String> alphabet) {
        int[] ids = new int[BYTES];
        for (int b = 0; b < BYTES; b++) {
            ids[b] = alphabet.indexOf(ByteAlphabet.text(b));
        }
        MergeLearner learner = new MergeLearner();
        pieces.forEach((piece, count) -> {
            int[] symbols = new int[piece.remaining()];
            Arrays.setAll(symbols, i -> ids[piece.get(i) & 0xFF]);
            learner.add(symbols, count[0]);
        });
        return learner;
    }

    /** The parts of a tokenizer.json, in the order in which Hugging Face's library writes them. */
    private static Map<String, Object> json(List<String> tokens, List<String> merges) {
        Map<String, Object> vocabulary = new LinkedHashMap<>();
        tokens.forEach(token -> vocabulary.put(token, (long) vocabulary.size()));
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("version", "1.0");
        json.put("truncation", null);
        json.put("padding", null);
        json.put("added_tokens", List.of(endOfText(tokens.size() - 1L)));
        json.put("normalizer", null);
        json.put("pre_tokenizer", byteLevel(false));
        json.put("post_processor", null);
        json.put("decoder", byteLevel(true));
        json.put("model", model(vocabulary, merges));
        return json;
    }

    private static Map<String, Object> endOfText(long id) {
        Map<String, Object> token = new LinkedHashMap<>();
        token.put("id", id);
        token.put("content", TokenizerDefinition.END_OF_TEXT);
        for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
            token.put(flag, false);
        }
        token.put("special", true);
        return token;
    }

    private static Map<String, Object> byteLevel(boolean addPrefixSpace) {
        Map<String, Object> part = new LinkedHashMap<>();
        part.put("type", "ByteLevel");
        part.put("add_prefix_space", addPrefixSpace);
        part.put("trim_offsets", true);
        part.put("use_regex", true);
        return part;
    }

    private static Map<String, Object> model(Map<String, Object> vocabulary, List<String> merges) {
        Map<String, Object> model = new LinkedHashMap<>();
        model.put("type", "BPE");
        model.put("dropout", null);
        model.put("unk_token", null);
        model.put("continuing_subword_prefix", "");
        model.put("end_of_word_suffix", "");
        for (String flag : List.of("fuse_unk", "byte_fallback", "ignore_merges")) {
            model.put(flag, false);
        }
        model.put("vocab", vocabulary);
        model.put("merges", merges);
        return model;
    }
}
