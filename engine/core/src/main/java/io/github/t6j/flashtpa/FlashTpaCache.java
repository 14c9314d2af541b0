package io.github.t6j.flashtpa;

import static io.github.t6j.flashtpa.FlashTpaArguments.checkCounts;
import static io.github.t6j.flashtpa.FlashTpaArguments.checkIndex;
import static io.github.t6j.flashtpa.FlashTpaArguments.checkSize;

import io.github.t6j.CallOptions;
import io.github.t6j.ModelFormatException;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.paged.PageAttention;
import io.github.t6j.attention.paged.PagedAlgorithm;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.flashtpa.FlashTpa.Factors;
import io.github.t6j.flashtpa.FlashTpaSteps.Shifts;
import io.github.t6j.kernels.Exp2;
import io.github.t6j.session.Expiry;
import io.github.t6j.session.LeakTracker;
import io.github.t6j.session.SessionUse;
import io.github.t6j.session.SessionUse.Call;
import io.github.t6j.weights.NativeMemory;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CancellationException;

/**
 * Cache of the factored keys and values of a batch of sequences for {@link FlashTpa}: append the keys and values of
 * tokens, then attend as often as needed. It stores (R_K + R_V)·H + R_K·D + R_V·E elements per token, in pages of 64
 * tokens. It can be truncated, forked, saved and restored like a {@link Session}.
 *
 * <p>One thread at a time may append, attend, truncate, save or restore. Any thread may call {@link #cancel},
 * {@link #length}, {@link #longest} and {@link #cacheBytes} meanwhile, and {@link #fork} between these calls. Methods
 * throw an IllegalStateException if the cache or its FlashTpa is closed, or another call is using the cache.
 *
 * <p>Factors are not checked. For all queries that see the token, a NaN in A makes the outputs of its head NaN; a NaN
 * in B makes the outputs of all heads NaN, or for a value, the elements at its index. A score of +∞ makes outputs NaN,
 * a score of −∞ excludes the token, and an infinite value makes outputs infinite. A mask stops neither NaN nor infinite
 * values, since their product with 0 is NaN; for the same reason such a value may reach earlier queries of
 * {@link #attendCausal(int, Factors)}. In {@link CacheType#Q8} a NaN or an infinity makes the token's whole factor NaN.
 *
 * <p>{@link CacheType#F16} holds numbers up to 65504; larger ones become infinite from 65520 on, and numbers below 2⁻²⁵
 * (3·10⁻⁸) become zero. {@link CacheType#BF16} and {@link CacheType#Q8} have the range of f32; in Q8, elements below
 * 1/254 of the largest in their vector become zero.
 *
 * <p>{@link #close} and {@link FlashTpa#close} free the memory except pages shared with forks, which must be closed
 * separately. The memory of an unreachable cache that was never closed is freed after a garbage collection, and a
 * warning is logged once.
 */
public final class FlashTpaCache implements AutoCloseable {
    /** Maximum number of queries computed together: their buffers are small, and a cancelled call ends soon. */
    private static final int PASS_ROWS = 128;

    private static final Expiry NEVER = Expiry.of(CallOptions.defaults());

    private final FlashTpa flash;
    private final FlashTpa.Shape shape;
    private final CacheType type;
    private final PageAttention attention;
    private final FactorReader reader;
    private final PagedAlgorithm paged;
    private final PagedCache[] sequences;
    private final int[] lengths; // tokens of each sequence
    private final AttentionPass pass; // a pass of one row
    private final SessionUse use;
    private final LeakTracker.Watch watch; // closes the cache if it becomes unreachable
    private float[] bias = new float[0];
    private CallOptions callOptions = CallOptions.defaults();
    private Expiry expiry = NEVER; // of the call in progress

    /** Creates a cache that owns {@code sequences}. */
    FlashTpaCache(FlashTpa flash, CacheType type, PagedCache[] sequences, int[] lengths) {
        this.flash = flash;
        this.type = type;
        this.sequences = sequences;
        this.lengths = lengths;
        shape = flash.shape;
        attention = flash.attention;
        reader = flash.reader;
        NativeMemory memory = NativeMemory.shared(); // of the buffers
        Runnable free = freeing(sequences, memory);
        try {
            paged = flash.newAttention(memory);
            pass = newPass(1);
        } catch (RuntimeException | Error failure) {
            free.run();
            throw failure;
        }
        use = new SessionUse(flash.use, free);
        watch = flash.use.watch(this, use);
    }

    private static Runnable freeing(PagedCache[] sequences, NativeMemory memory) {
        return () -> {
            FlashTpaFile.close(sequences);
            memory.close();
        };
    }

    private AttentionPass newPass(int rows) {
        AttentionPass made = AttentionPass.of(attention, rows, 0);
        made.setLayer(attention, 0);
        made.rows = rows;
        return made;
    }

    /** Returns the number of sequences. */
    public int batch() {
        use.checkOpen();
        return sequences.length;
    }

    /** Returns the type of the stored elements. */
    public CacheType cacheType() {
        use.checkOpen();
        return type;
    }

    /**
     * Returns the number of tokens of one sequence.
     *
     * @throws IllegalArgumentException if {@code sequence} is not in 0 … batch − 1
     */
    public int length(int sequence) {
        use.checkOpen();
        checkIndex("sequence", sequence, sequences.length - 1);
        return lengths[sequence];
    }

    /** Returns the number of tokens of the longest sequence. */
    public int longest() {
        use.checkOpen();
        return Arrays.stream(lengths).max().getAsInt();
    }

    /**
     * Returns the bytes allocated for tokens, with room for more; each fork counts the pages that it shares.
     */
    public long cacheBytes() {
        use.checkOpen();
        return Arrays.stream(sequences).mapToLong(PagedCache::heldBytes).sum();
    }

    /**
     * Sets the deadline, timeout and cancellation of all later calls of append and attend; forks begin without them.
     * The calling thread checks them before each token and each query, in {@link #attendCausal(int, Factors)} before
     * every 128 queries.
     */
    public void setCallOptions(CallOptions options) {
        Objects.requireNonNull(options, "options");
        try (Call _ = use.begin()) {
            callOptions = options;
        }
    }

    /** Appends {@code tokens} tokens to each sequence, see {@link #append(int, int[], Factors, Factors)}. */
    public void append(int tokens, Factors keys, Factors values) {
        append(tokens, keys, values, null);
    }

    /** Appends {@code tokens} tokens with a token shift to each sequence, see {@link FlashTpaSteps}. */
    public void append(int tokens, Factors keys, Factors values, Shifts shifts) {
        int[] all = new int[batch()];
        Arrays.fill(all, tokens);
        append(tokens, all, keys, values, shifts);
    }

    /** Appends tokens without a token shift, see {@link #append(int, int[], Factors, Factors, Shifts)}. */
    public void append(int tokens, int[] counts, Factors keys, Factors values) {
        append(tokens, counts, keys, values, null);
    }

    /**
     * Appends to each sequence b the first {@code counts[b]} of its {@code tokens} tokens; the others are padding.
     *
     * @param counts [batch], each of 0 … tokens
     * @param keys A_K [batch][tokens][H][R_K], with {@link FlashTpaSteps} [K][R_K], B_K [batch][tokens][R_K][D]
     * @param values A_V [batch][tokens][H][R_V], B_V [batch][tokens][R_V][E]
     * @param shifts gates of a token shift, or null without one
     * @throws IllegalArgumentException if a size is wrong; nothing is appended then
     * @throws CancellationException after {@link #cancel}, an interrupt, or if the {@link #setCallOptions call options}
     *     end the call; nothing is appended then
     */
    public void append(int tokens, int[] counts, Factors keys, Factors values, Shifts shifts) {
        use.checkOpen();
        FlashTpa.atLeast(1, tokens, "tokens");
        checkCounts("tokens", tokens, counts, batch());
        Objects.requireNonNull(keys, "keys");
        Objects.requireNonNull(values, "values");
        checkSize("keys.a", keys.a(), batch(), tokens, reader.keyHeads, shape.keyRank());
        checkSize("keys.b", keys.b(), batch(), tokens, shape.keyRank(), shape.headDim());
        checkSize("values.a", values.a(), batch(), tokens, reader.keyHeads, shape.valueRank());
        checkSize("values.b", values.b(), batch(), tokens, shape.valueRank(), shape.valueDim());
        FlashTpaSteps.check(flash.options.steps(), shifts, batch(), tokens);
        try (Call _ = beginComputing()) {
            int[] before = lengths.clone();
            try {
                for (int b = 0; b < sequences.length; b++) {
                    sequences[b].reserve(lengths[b], lengths[b] + counts[b]); // for all sequences, before any grows
                }
                for (int b = 0; b < sequences.length; b++) {
                    for (int t = 0; t < counts[b]; t++) {
                        checkCancelled("append");
                        append(b, (long) b * tokens + t, keys, values, shifts);
                    }
                }
            } catch (RuntimeException | Error early) {
                for (int b = 0; b < sequences.length; b++) {
                    cut(b, before[b]);
                }
                throw early;
            }
        } finally {
            Reference.reachabilityFence(this); // the cache must not be closed as unreachable before
        }
    }

    /** Appends the token at {@code index} among all tokens in the factors. */
    private void append(int sequence, long index, Factors keys, Factors values, Shifts shifts) {
        reader.token(keys, values, index, pass.projections);
        int token = lengths[sequence]++;
        FlashTpaSteps.read(flash.options, shifts, index, token, shape, pass.projections);
        pass.position = token;
        attention.append(pass, 0, 1, sequences[sequence]);
        attention.complete(pass, 0, 1, sequences[sequence]);
    }

    /**
     * Removes all tokens from {@code position} on from every sequence; shorter sequences stay unchanged. The memory of
     * a sequence without tokens is freed; otherwise it is kept for the tokens that follow.
     *
     * @throws IllegalArgumentException if {@code position} is not in 0 … {@link #longest()}; nothing is removed then
     */
    public void truncate(int position) {
        try (Call _ = use.begin()) {
            checkIndex("position", position, longest());
            for (int b = 0; b < sequences.length; b++) {
                cut(b, Math.min(position, lengths[b]));
            }
        }
    }

    /**
     * Removes all tokens from {@code position} on from one sequence, see {@link #truncate(int)}.
     *
     * @throws IllegalArgumentException if {@code sequence} is not in 0 … batch − 1, or {@code position} not in 0 … its
     *     length
     */
    public void truncate(int sequence, int position) {
        try (Call _ = use.begin()) {
            checkIndex("position", position, length(sequence));
            cut(sequence, position);
        }
    }

    private void cut(int sequence, int position) {
        sequences[sequence].truncate(lengths[sequence], position);
        lengths[sequence] = position;
    }

    /**
     * Returns a new cache of the same {@link FlashTpa} with the same tokens. Appending to one, truncating or closing it
     * does not change the other; they share the memory of common tokens. The caller closes the fork, and may use it on
     * another thread.
     */
    public FlashTpaCache fork() {
        try (Call _ = use.beginReading()) {
            PagedCache[] forks = new PagedCache[sequences.length];
            Arrays.setAll(forks, b -> sequences[b].fork(lengths[b]));
            return new FlashTpaCache(flash, type, forks, lengths.clone());
        }
    }

    /**
     * Writes all tokens atomically to {@code file}, a safetensors file. An existing file is replaced and keeps its
     * permissions; only the owner can read a new file. Links are followed.
     *
     * @throws CancellationException if the thread is interrupted, which keeps its interrupt status
     * @throws java.io.UncheckedIOException if the file cannot be written
     */
    public void save(Path file) {
        Objects.requireNonNull(file, "file");
        try (Call _ = use.begin()) {
            new FlashTpaFile(lengths, sequences).write(file, FlashTpaFile.kind(shape, flash.options, type));
        }
    }

    /**
     * Replaces the contents of this cache with a file that {@link #save} wrote. All later results have the same bits as
     * in the saved cache. The scales of the options may differ.
     *
     * @throws ModelFormatException if the file is damaged, or has another shape (except R_Q), sigmoid, type or number
     *     of sequences; the cache is unchanged then
     * @throws CancellationException if the thread is interrupted, which keeps its interrupt status; the cache is
     *     unchanged then
     * @throws java.io.UncheckedIOException if the file cannot be read
     */
    public void restore(Path file) {
        Objects.requireNonNull(file, "file");
        try (Call _ = use.begin()) {
            FlashTpaFile found = FlashTpaFile.read(
                    file, FlashTpaFile.kind(shape, flash.options, type), sequences.length,
                    () -> flash.newSequence(type));
            FlashTpaFile.close(sequences);
            System.arraycopy(found.sequences(), 0, sequences, 0, sequences.length);
            System.arraycopy(found.lengths(), 0, lengths, 0, lengths.length);
        } catch (ModelFormatException wrong) {
            throw wrong.of(file);
        }
    }

    /**
     * Computes attention of {@code queries} queries per sequence, each over all tokens of the sequence.
     *
     * @param q A_Q [batch][queries][H][R_Q], B_Q [batch][queries][R_Q][D]
     * @return [batch][queries][H][E]
     * @throws IllegalArgumentException if a size is wrong
     * @throws CancellationException after {@link #cancel}, an interrupt, or if the {@link #setCallOptions call options}
     *     end the call, before the next query
     */
    public float[] attend(int queries, Factors q) {
        return attend(queries, q, null);
    }

    /**
     * Computes {@link #attend(int, Factors)} with a mask.
     *
     * @param mask [batch][queries][M] with M ≥ {@link #longest()}, added to the scores of all heads, or null; −∞ masks
     *     a token. Elements beyond a sequence's length are ignored. The output of a query that sees no token is zero
     * @throws IllegalArgumentException if a size is wrong, or the mask contains NaN or +∞
     */
    public float[] attend(int queries, Factors q, float[] mask) {
        float[] out = newOutput(queries);
        attend(queries, q, mask, out);
        return out;
    }

    private float[] newOutput(int queries) {
        FlashTpa.atLeast(1, queries, "queries");
        long size = (long) batch() * queries * pass.output.length;
        if (size > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("queries: expected at most " + (Integer.MAX_VALUE - 8)
                    + " elements of output, found " + size + " for " + queries + " queries");
        }
        return new float[(int) size];
    }

    /**
     * Computes {@link #attend(int, Factors, float[])} into an existing array, without allocating.
     *
     * @param mask mask as in {@link #attend(int, Factors, float[])}, or null
     * @param out [batch][queries][H][E], written
     * @throws IllegalArgumentException if a size is wrong, or the mask contains NaN or +∞
     */
    public void attend(int queries, Factors q, float[] mask, float[] out) {
        checkQueries(queries, q, out);
        int maskTokens = mask == null ? 0 : maskTokens(queries, mask.length);
        try (Call _ = beginComputing()) {
            int masked = mask == null ? 0 : sequences.length * queries;
            for (int i = 0; i < masked; i++) {
                checkMask(mask, i * maskTokens, lengths[i / queries]);
            }
            for (int i = 0; i < sequences.length * queries; i++) {
                checkCancelled("attend");
                int sequence = i / queries;
                reader.query(q, i, pass, 0);
                float[] added = mask == null ? null : bias(mask, i * maskTokens, lengths[sequence]);
                pass.position = lengths[sequence] - 1;
                paged.bind(sequences[sequence]);
                paged.attend(pass, added);
                write(pass, out, i);
            }
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    private void checkQueries(int queries, Factors q, float[] out) {
        use.checkOpen();
        FlashTpa.atLeast(1, queries, "queries");
        Objects.requireNonNull(q, "q");
        Objects.requireNonNull(out, "out");
        checkSize("q.a", q.a(), batch(), queries, shape.heads(), shape.queryRank());
        checkSize("q.b", q.b(), batch(), queries, reader.queryVectors, shape.headDim());
        checkSize("out", MemorySegment.ofArray(out), batch(), queries, shape.heads(), shape.valueDim());
    }

    /** Writes the output of the rows of a pass, the first of which is query {@code index}. */
    private void write(AttentionPass computed, float[] out, int index) {
        int width = shape.heads() * shape.valueDim();
        int to = index * width;
        for (int j = 0; j < computed.rows * width; j++) {
            out[to + j] = (float) (computed.output[j] * reader.valueFactor);
        }
    }

    /**
     * Computes causal attention of the last {@code queries} tokens of each sequence, see
     * {@link #attendCausal(int, int[], Factors, float[])}.
     *
     * @return [batch][queries][H][E]
     */
    public float[] attendCausal(int queries, Factors q) {
        float[] out = newOutput(queries);
        int[] all = new int[batch()];
        Arrays.fill(all, queries);
        attendCausal(queries, all, q, out);
        return out;
    }

    /**
     * Computes causal attention of the last tokens of each sequence, for prompts: append the keys and values of a
     * prompt, then attend with its queries. Query i of sequence b belongs to the token at length(b) − counts[b] + i,
     * and sees this token and those before it. This needs no mask, and is faster than attending query by query; the
     * last bits may differ from {@link #attend(int, Factors)}.
     *
     * @param counts [batch], number of queries of each sequence, 0 … queries and at most its length; the others are
     *     padding
     * @param q A_Q [batch][queries][H][R_Q], B_Q [batch][queries][R_Q][D]
     * @param out [batch][queries][H][E], written; padding becomes zero
     * @throws IllegalArgumentException if a size is wrong
     * @throws CancellationException after {@link #cancel}, an interrupt, or if the {@link #setCallOptions call options}
     *     end the call, before the next 128 queries
     */
    public void attendCausal(int queries, int[] counts, Factors q, float[] out) {
        checkQueries(queries, q, out);
        checkCounts("queries", queries, counts, batch());
        try (Call _ = beginComputing()) {
            for (int b = 0; b < counts.length; b++) {
                checkIndex("counts[" + b + "]", counts[b], lengths[b]);
            }
            AttentionPass rows = newPass(Math.min(PASS_ROWS, queries));
            Arrays.fill(out, 0f);
            for (int b = 0; b < sequences.length; b++) {
                paged.bind(sequences[b]);
                for (int first = 0; first < counts[b]; first += PASS_ROWS) {
                    checkCancelled("attendCausal");
                    rows.rows = Math.min(PASS_ROWS, counts[b] - first);
                    rows.position = lengths[b] - counts[b] + first;
                    int index = b * queries + first;
                    for (int row = 0; row < rows.rows; row++) {
                        reader.query(q, index + row, rows, row);
                    }
                    paged.attend(rows);
                    write(rows, out, index);
                }
            }
            paged.release();
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    private static void checkMask(float[] mask, int at, int length) {
        for (int t = at; t < at + length; t++) {
            if (!(mask[t] < Float.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException(
                        "mask: expected finite numbers or −∞, found " + mask[t] + " at index " + t);
            }
        }
    }

    /**
     * Returns a query's mask in powers of two. Finite elements stay finite, since an overflow to −∞ would mask a token.
     */
    private float[] bias(float[] mask, int at, int length) {
        if (bias.length < length) {
            bias = new float[Arrays.stream(lengths).max().getAsInt()];
        }
        for (int t = 0; t < length; t++) {
            float added = mask[at + t];
            boolean masked = added == Float.NEGATIVE_INFINITY;
            bias[t] = masked ? added : Math.clamp(added * Exp2.LOG2_E, -1e30f, 1e30f);
        }
        return bias;
    }

    private int maskTokens(int queries, int found) {
        int each = batch() * queries;
        if (found % each != 0 || found / each < longest()) {
            throw new IllegalArgumentException(
                    "mask: expected [batch][queries][M] = [" + batch() + "][" + queries + "][M] with M of " + longest()
                            + " (the longest sequence) or more, found " + found + " elements, M = "
                            + found / (float) each);
        }
        return found / each;
    }

    private void checkCancelled(String call) {
        if (use.isCancelled()) {
            throw new CancellationException(call + " was cancelled");
        }
        expiry.check(call);
    }

    /** Begins a call that {@link #cancel} and the call options end. */
    private Call beginComputing() {
        Call call = use.beginComputing();
        expiry = callOptions == CallOptions.defaults() ? NEVER : Expiry.of(callOptions);
        return call;
    }

    /**
     * Cancels the call of append or attend in progress, from any thread; it ends soon after with a
     * CancellationException. If none is in progress, the next one is cancelled as soon as it begins.
     */
    public void cancel() {
        use.cancel();
    }

    /** Frees the cache; a call in progress on another thread ends as cancelled. Closing twice has no effect. */
    @Override
    public void close() {
        use.close();
        watch.end();
        Reference.reachabilityFence(this);
    }
}
