package io.github.t6j.flashtpa;

import static io.github.t6j.flashtpa.FlashTpaArguments.checkCounts;
import static io.github.t6j.flashtpa.FlashTpaArguments.checkIndex;
import static io.github.t6j.flashtpa.FlashTpaArguments.checkSize;

import io.github.t6j.ModelFormatException;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.paged.PagedAttention;
import io.github.t6j.attention.tpa.Factor;
import io.github.t6j.attention.tpa.TensorProductAttention;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.flashtpa.FlashTpa.Factors;
import io.github.t6j.kernels.scalar.ScalarKernels;
import io.github.t6j.session.SessionUse.Call;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Cache of the factored keys and values of a batch of sequences for {@link FlashTpa}: append the keys and values of
 * tokens, then attend as often as needed. It stores (R_K + R_V)·H + R_K·D + R_V·E elements per token, in pages of 64
 * tokens. It can be truncated, forked, saved and restored like a {@link Session}.
 *
 * <p>For use by one thread at a time, except {@link #cancel}; concurrent use throws an IllegalStateException.
 * {@link #close} frees the memory except pages shared with forks; each fork must be closed separately.
 */
public final class FlashTpaCache implements AutoCloseable {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private final FlashTpa flash;
    private final FlashTpa.Shape shape;
    private final CacheType type;
    private final int queryVectors; // B_Q, or whole heads
    private final boolean sigmoid;
    private final TensorProductAttention attention;
    private final PagedAttention paged;
    private final double queryFactor; // ratio of the scales of scores to those of the attention
    private final double valueFactor;
    private final PagedCache[] sequences;
    private final int[] lengths; // tokens of each sequence
    private final AttentionPass pass; // a pass of one row
    private final float[] row; // projections of the pass
    private float[] bias = new float[0];
    private final AtomicBoolean used = new AtomicBoolean(); // by a call; stays true once the cache is freed
    private final Call call = this::end;
    private final Call computing = this::endComputing;
    private volatile boolean closed;
    private volatile boolean cancelled; // until the end of the next call that computes

    /** Creates a cache that takes ownership of {@code sequences}. */
    FlashTpaCache(FlashTpa flash, CacheType type, PagedCache[] sequences, int[] lengths) {
        this.flash = flash;
        this.type = type;
        this.sequences = sequences;
        this.lengths = lengths;
        FlashTpa.Options options = flash.options;
        shape = flash.shape;
        queryVectors = shape.queryRank() == 0 ? shape.heads() : shape.queryRank();
        sigmoid = options.sigmoid();
        attention = flash.attention;
        paged = flash.newAttention();
        FlashTpa.Options own = FlashTpa.Options.defaults(shape);
        queryFactor = options.scale() / own.scale() * (options.queryScale() / own.queryScale())
                * (options.keyScale() / own.keyScale());
        valueFactor = options.valueScale() / own.valueScale();
        pass = AttentionPass.of(attention, 1, 0);
        pass.begin(attention, 0);
        pass.rows = 1;
        row = pass.projections;
    }

    /** Returns the number of sequences. */
    public int batch() {
        checkOpen();
        return sequences.length;
    }

    /** Returns the type of the stored elements. */
    public CacheType cacheType() {
        checkOpen();
        return type;
    }

    /**
     * Returns the number of tokens of one sequence.
     *
     * @throws IllegalArgumentException if {@code sequence} is not in 0 … batch − 1
     */
    public int length(int sequence) {
        checkOpen();
        checkIndex("sequence", sequence, sequences.length - 1);
        return lengths[sequence];
    }

    /** Returns the number of tokens of the longest sequence. */
    public int longest() {
        checkOpen();
        return Arrays.stream(lengths).max().getAsInt();
    }

    /** Appends {@code tokens} tokens to each sequence, see {@link #append(int, int[], Factors, Factors)}. */
    public void append(int tokens, Factors keys, Factors values) {
        int[] all = new int[batch()];
        Arrays.fill(all, tokens);
        append(tokens, all, keys, values);
    }

    /**
     * Appends to each sequence b the first {@code counts[b]} of its {@code tokens} tokens; the others are padding.
     *
     * @param counts [batch], each of 0 … tokens
     * @param keys A_K [batch][tokens][H][R_K], B_K [batch][tokens][R_K][D]
     * @param values A_V [batch][tokens][H][R_V], B_V [batch][tokens][R_V][E]
     * @throws IllegalArgumentException if a size is wrong; nothing is appended then
     * @throws CancellationException after {@link #cancel} or an interrupt; nothing is appended then
     */
    public void append(int tokens, int[] counts, Factors keys, Factors values) {
        checkOpen();
        FlashTpa.atLeast(1, tokens, "tokens");
        checkCounts(tokens, counts, batch());
        checkSize("keys.a", keys.a(), batch(), tokens, shape.heads(), shape.keyRank());
        checkSize("keys.b", keys.b(), batch(), tokens, shape.keyRank(), shape.headDim());
        checkSize("values.a", values.a(), batch(), tokens, shape.heads(), shape.valueRank());
        checkSize("values.b", values.b(), batch(), tokens, shape.valueRank(), shape.valueDim());
        try (Call _ = beginComputing()) {
            int[] before = lengths.clone();
            try {
                for (int b = 0; b < sequences.length; b++) {
                    sequences[b].reserve(lengths[b], lengths[b] + counts[b]); // for all sequences, before any grows
                }
                for (int b = 0; b < sequences.length; b++) {
                    for (int t = 0; t < counts[b]; t++) {
                        checkCancelled("append");
                        append(b, (long) b * tokens + t, keys, values);
                    }
                }
            } catch (CancellationException early) {
                for (int b = 0; b < sequences.length; b++) {
                    cut(b, before[b]);
                }
                throw early;
            }
        }
    }

    /** Appends the token at {@code index} among all tokens in the factors. */
    private void append(int sequence, long index, Factors keys, Factors values) {
        read(keys.b(), index, attention.at(Factor.B_K), shape.keyRank() * shape.headDim());
        readHeadFactors(keys.a(), index, attention.at(Factor.A_K), shape.keyRank());
        readHeadFactors(values.a(), index, attention.at(Factor.A_V), shape.valueRank());
        read(values.b(), index, attention.at(Factor.B_V), shape.valueRank() * shape.valueDim());
        int token = lengths[sequence]++;
        attention.append(row, 0, sequences[sequence].pageOf(0, token), PagedCache.slot(token));
    }

    /**
     * Removes all tokens from {@code position} on from every sequence; shorter sequences stay unchanged. The memory of
     * a sequence without tokens is freed; otherwise it is kept for the tokens that follow.
     *
     * @throws IllegalArgumentException if {@code position} is not in 0 … {@link #longest()}; nothing is removed then
     */
    public void truncate(int position) {
        try (Call _ = begin()) {
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
        try (Call _ = begin()) {
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
        try (Call _ = begin()) {
            PagedCache[] forks = new PagedCache[sequences.length];
            Arrays.setAll(forks, b -> sequences[b].fork(lengths[b]));
            return new FlashTpaCache(flash, type, forks, lengths.clone());
        }
    }

    /**
     * Writes all tokens atomically to {@code file}, a safetensors file. An existing file is replaced and keeps its
     * permissions; only the owner can read a new file. Links are followed.
     *
     * @throws CancellationException if the thread is interrupted; its interrupt status stays set
     * @throws java.io.UncheckedIOException if the file cannot be written
     */
    public void save(Path file) {
        Objects.requireNonNull(file, "file");
        try (Call _ = begin()) {
            new FlashTpaFile(lengths, sequences).write(file, FlashTpaFile.kind(shape, sigmoid, type));
        }
    }

    /**
     * Replaces the contents of this cache by those that {@link #save} wrote. All later results have the same bits as in
     * the saved cache. The scales of the options may differ.
     *
     * @throws ModelFormatException if the file is damaged, or has another shape (except R_Q), sigmoid, type or number
     *     of sequences; the cache is unchanged then
     * @throws CancellationException if the thread is interrupted; its interrupt status stays set, and the cache is
     *     unchanged
     * @throws java.io.UncheckedIOException if the file cannot be read
     */
    public void restore(Path file) {
        Objects.requireNonNull(file, "file");
        try (Call _ = begin()) {
            FlashTpaFile found = FlashTpaFile.read(
                    file, FlashTpaFile.kind(shape, sigmoid, type), sequences.length, () -> flash.newSequence(type));
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
     * @throws CancellationException after {@link #cancel} or an interrupt, before the next query
     */
    public float[] attend(int queries, Factors q) {
        return attend(queries, q, null);
    }

    /**
     * Computes {@link #attend(int, Factors)} with a mask.
     *
     * @param mask [batch][queries][M] with M ≥ {@link #longest()}, added to the scores of all heads, or null. −∞ hides
     *     a token; elements beyond a sequence's length are ignored. The output of a query that sees no token is zero
     * @throws IllegalArgumentException if a size is wrong, or the mask contains NaN or +∞
     */
    public float[] attend(int queries, Factors q, float[] mask) {
        FlashTpa.atLeast(1, queries, "queries");
        long size = (long) batch() * queries * pass.output.length;
        if (size > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("queries: expected at most " + (Integer.MAX_VALUE - 8)
                    + " elements of output, found " + size + " for " + queries + " queries");
        }
        float[] out = new float[(int) size];
        attend(queries, q, mask, out);
        return out;
    }

    /**
     * Computes {@link #attend(int, Factors, float[])} into an existing array, without allocating.
     *
     * @param mask mask as in {@link #attend(int, Factors, float[])}, or null
     * @param out [batch][queries][H][E], written
     * @throws IllegalArgumentException if a size is wrong, or the mask contains NaN or +∞
     */
    public void attend(int queries, Factors q, float[] mask, float[] out) {
        checkOpen();
        FlashTpa.atLeast(1, queries, "queries");
        checkSize("q.a", q.a(), batch(), queries, shape.heads(), shape.queryRank());
        checkSize("q.b", q.b(), batch(), queries, queryVectors, shape.headDim());
        checkSize("out", MemorySegment.ofArray(out), batch(), queries, shape.heads(), shape.valueDim());
        int maskTokens = mask == null ? 0 : maskTokens(queries, mask.length);
        try (Call _ = beginComputing()) {
            for (int i = 0; i < sequences.length * queries; i++) {
                checkCancelled("attend");
                int sequence = i / queries;
                readQuery(q, i);
                float[] added = mask == null ? null : bias(mask, i * maskTokens, lengths[sequence]);
                pass.position = lengths[sequence] - 1;
                paged.attend(pass, sequences[sequence], added);
                int to = i * pass.output.length;
                for (int j = 0; j < pass.output.length; j++) {
                    out[to + j] = (float) (pass.output[j] * valueFactor);
                }
            }
        }
    }

    /** Copies the {@code count} elements of token or query {@code index} into the row. */
    private void read(MemorySegment from, long index, int at, int count) {
        MemorySegment.copy(from, FLOAT, index * count * Float.BYTES, row, at, count);
    }

    private void readHeadFactors(MemorySegment from, long index, int at, int rank) {
        int count = shape.heads() * rank;
        read(from, index, at, count);
        for (int i = at; sigmoid && i < at + count; i++) {
            row[i] = (float) (1 / (1 + StrictMath.exp(-row[i])));
        }
    }

    /** Copies query {@code index} into the row, its head factors or whole heads scaled. */
    private void readQuery(Factors q, long index) {
        read(q.b(), index, 0, queryVectors * shape.headDim());
        readHeadFactors(q.a(), index, attention.at(Factor.A_Q), shape.queryRank());
        boolean whole = shape.queryRank() == 0;
        int from = whole ? 0 : attention.at(Factor.A_Q);
        int count = shape.heads() * (whole ? shape.headDim() : shape.queryRank());
        for (int i = from; i < from + count; i++) {
            row[i] = (float) (row[i] * queryFactor);
        }
    }

    /**
     * Returns a query's mask in powers of two. Finite elements stay finite, since an overflow to −∞ would hide a token.
     */
    private float[] bias(float[] mask, int at, int length) {
        if (bias.length < length) {
            bias = new float[Arrays.stream(lengths).max().getAsInt()];
        }
        for (int t = 0; t < length; t++) {
            float added = mask[at + t];
            if (!(added < Float.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException(
                        "mask: expected finite numbers or −∞, found " + added + " at index " + (at + t));
            }
            boolean hidden = added == Float.NEGATIVE_INFINITY;
            bias[t] = hidden ? added : Math.clamp(added * ScalarKernels.LOG2_E, -1e30f, 1e30f);
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
        if (cancelled || Thread.currentThread().isInterrupted()) {
            throw new CancellationException(call + " was cancelled");
        }
    }

    /**
     * Cancels the call of {@link #append} or {@link #attend} in progress, from any thread; it ends soon after with a
     * CancellationException. If none is in progress, the next one is cancelled as soon as it begins.
     */
    public void cancel() {
        cancelled = true;
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the cache is closed; create a new one");
        }
    }

    /** Frees the cache, after any call in progress on another thread has ended. Closing twice has no effect. */
    @Override
    public void close() {
        closed = true;
        freeIfUnused();
    }

    private void freeIfUnused() {
        if (used.compareAndSet(false, true)) {
            FlashTpaFile.close(sequences);
        }
    }

    /** Begins a call. */
    private Call begin() {
        checkOpen();
        if (!used.compareAndSet(false, true)) {
            checkOpen();
            throw new IllegalStateException("the cache is used by another thread; give each thread a cache of its own");
        }
        return call;
    }

    /** Begins a call that {@link #cancel} ends. */
    private Call beginComputing() {
        begin();
        return computing;
    }

    private void endComputing() {
        cancelled = false;
        end();
    }

    private void end() {
        used.set(false);
        if (closed) {
            freeIfUnused();
        }
    }
}
