package io.github.t6j.training.tokenizer;

import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.bpe.ByteAlphabet;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition.Merge;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition.RankedMerges;
import io.github.t6j.tokenizer.json.TokenizerJsonWriter;
import io.github.t6j.tokenizer.split.AddedToken;
import io.github.t6j.tokenizer.split.Splitters;
import io.github.t6j.tokenizer.split.Utf8;
import io.github.t6j.training.tokenizer.MergeLearner.Pair;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.DoubleConsumer;

/**
 * Trainer of byte-level BPE tokenizers like GPT-2's. Ids 0 to 255 are the bytes, in the order of the characters
 * that represent them in the file; then come the merges; the last id is {@code <|endoftext|>}. GPT-2's regular
 * expression splits texts into pieces, and the most frequent pair of neighbours within pieces merges, repeatedly. Among
 * equally frequent pairs the one with the smaller left id merges first, then the one with the smaller right id. A pair
 * that occurs only once does not merge.
 *
 * <p>Stores each distinct piece once. Not thread-safe.
 */
public final class TokenizerTrainer {
    /** Number of ids of the smallest tokenizer: the bytes and {@code <|endoftext|>}. */
    public static final int SMALLEST = 257;

    /** Maximum number of ids. */
    public static final int LARGEST = 1 << 20;

    private static final int BYTES = 256;
    private static final long MIN_COUNT = 2;

    private final Map<ByteBuffer, long[]> pieces = new HashMap<>();

    /**
     * Trained tokenizer.
     *
     * @param size number of ids; less than requested if no pair occurs twice any more
     * @param json content of a tokenizer.json
     */
    public record Trained(int size, String json) {}

    /** Creates a trainer without texts. */
    public TokenizerTrainer() {}

    /** Counts the pieces of a text. */
    public void add(String text) {
        Objects.requireNonNull(text, "text");
        byte[] utf8 = Utf8.encode(text);
        for (int at = 0, end; at < utf8.length; at = end) {
            end = Splitters.GPT2.end(utf8, at, utf8.length);
            if (end - at > 1) { // a single byte has no neighbour
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
     * Returns the tokenizer of the texts added so far.
     *
     * @param vocabulary number of its ids, from {@link #SMALLEST} to {@link #LARGEST}
     * @param progress receives, on the calling thread, the share of the merges that are done, from 0 to 1
     * @throws IllegalArgumentException if {@code vocabulary} is out of range
     * @throws CancellationException if the thread is interrupted
     */
    public Trained train(int vocabulary, DoubleConsumer progress) {
        Objects.requireNonNull(progress, "progress");
        if (vocabulary < SMALLEST || vocabulary > LARGEST) {
            throw new IllegalArgumentException(
                    "vocabulary: expected " + SMALLEST + " to " + LARGEST + ", found " + vocabulary);
        }
        List<String> tokens = alphabet();
        List<Merge> merges = new ArrayList<>();
        MergeLearner learner = learner(tokens);
        for (Pair pair; tokens.size() < vocabulary - 1 && (pair = learner.next(MIN_COUNT)) != null;) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("the training of a tokenizer was interrupted");
            }
            learner.merge(pair, tokens.size());
            merges.add(new Merge(tokens.get(pair.left()), tokens.get(pair.right())));
            // no two merges produce the same token: the same merges apply inside it wherever it occurs
            tokens.add(merges.getLast().result());
            progress.accept((double) merges.size() / (vocabulary - SMALLEST));
        }
        tokens.add(TokenizerDefinition.END_OF_TEXT);
        TokenizerDefinition definition = TokenizerDefinition.byteLevel(
                "vocabulary", TokenizerDefinition.vocabulary("vocabulary", tokens), new RankedMerges("merges", merges),
                List.of(new AddedToken(TokenizerDefinition.END_OF_TEXT, tokens.size() - 1, true)), List.of(),
                List.of(Splitters.GPT2), false);
        return new Trained(tokens.size(), Json.write(TokenizerJsonWriter.json(definition, List.of())));
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
}
