package io.github.t6j;

import io.github.t6j.FlashTpa.Factors;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.PagedAttention;
import io.github.t6j.attention.TensorProductAttention;
import io.github.t6j.cache.FactorCache;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.ScalarKernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The factors of a batch of sequences, laid out for {@link FlashTpa}: append tokens' keys and values, then attend as
 * often as needed. (R_K + R_V)·H + R_K·D + R_V·E elements a token, in pages of 64 tokens.
 */
public final class FlashTpaCache implements AutoCloseable {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private final FlashTpa.Shape shape;
    private final boolean sigmoid;
    private final TensorProductAttention attention;
    private final PagedAttention paged;
    private final double queryFactor; // what the scores' scales ask for beyond the attention's own
    private final double valueFactor;
    private final PagedCache[] sequences;
    private final int[] lengths;
    private final AttentionPass pass; // of one row
    private final float[] row; // its projections
    private float[] bias = new float[0];
    private final AtomicBoolean used = new AtomicBoolean(); // by a call, or for good when it is freed
    private volatile boolean closed;

    FlashTpaCache(
            FlashTpa.Shape shape, FlashTpa.Options options, TensorProductAttention attention, PagedAttention paged,
            int batch) {
        this.shape = shape;
        this.sigmoid = options.sigmoid();
        this.attention = attention;
        this.paged = paged;
        FlashTpa.Options own = FlashTpa.Options.defaults(shape);
        queryFactor = options.scale() / own.scale() * (options.queryScale() / own.queryScale())
                * (options.keyScale() / own.keyScale());
        valueFactor = options.valueScale() / own.valueScale();
        sequences = new PagedCache[batch];
        Arrays.setAll(sequences, b -> new PagedCache(attention.layout(), Format.F32, 1));
        lengths = new int[batch];
        pass = AttentionPass.of(attention, 1, 0);
        pass.begin(attention, 0);
        pass.rows = 1;
        row = pass.projections;
    }

    /** Sequences. */
    public int batch() {
        checkOpen();
        return sequences.length;
    }

    /** Tokens of one sequence. */
    public int length(int sequence) {
        checkOpen();
        return lengths[sequence];
    }

    /** Tokens of the longest sequence. */
    public int longest() {
        checkOpen();
        return Arrays.stream(lengths).max().getAsInt();
    }

    /**
     * Appends {@code tokens} tokens to each sequence.
     *
     * @param keys A_K [batch][tokens][H][R_K], B_K [batch][tokens][R_K][D]
     * @param values A_V [batch][tokens][H][R_V], B_V [batch][tokens][R_V][E]
     * @throws IllegalArgumentException if a size is another; nothing is appended then
     */
    public void append(int tokens, Factors keys, Factors values) {
        int[] all = new int[batch()];
        Arrays.fill(all, tokens);
        append(tokens, all, keys, values);
    }

    /**
     * Appends to sequence b the first {@code counts[b]} of its {@code tokens} tokens: the others are padding.
     *
     * @param counts [batch], each of 0 … tokens
     * @param keys A_K [batch][tokens][H][R_K], B_K [batch][tokens][R_K][D]
     * @param values A_V [batch][tokens][H][R_V], B_V [batch][tokens][R_V][E]
     * @throws IllegalArgumentException if a size is another; nothing is appended then
     */
    public void append(int tokens, int[] counts, Factors keys, Factors values) {
        checkOpen();
        FlashTpa.atLeast(1, tokens, "tokens");
        checkCounts(tokens, counts);
        checkSize("keys.a", keys.a(), batch(), tokens, shape.heads(), shape.keyRank());
        checkSize("keys.b", keys.b(), batch(), tokens, shape.keyRank(), shape.headDim());
        checkSize("values.a", values.a(), batch(), tokens, shape.heads(), shape.valueRank());
        checkSize("values.b", values.b(), batch(), tokens, shape.valueRank(), shape.valueDim());
        begin();
        try {
            for (int b = 0; b < sequences.length; b++) {
                sequences[b].reserve(lengths[b], lengths[b] + counts[b]);
                for (int t = 0; t < counts[b]; t++) {
                    append(b, (long) b * tokens + t, keys, values);
                }
            }
        } finally {
            end();
        }
    }

    /** Appends the token that is number {@code index} of all tokens in the factors. */
    private void append(int sequence, long index, Factors keys, Factors values) {
        FactorCache factors = attention.factors();
        int columns = attention.columnsAt();
        read(keys.b(), index, columns, shape.keyRank() * shape.headDim());
        readHeadFactors(keys.a(), index, columns + factors.keyHeadFactors(), shape.keyRank());
        readHeadFactors(values.a(), index, columns + factors.valueHeadFactors(), shape.valueRank());
        read(values.b(), index, attention.rowsAt(), shape.valueRank() * shape.valueDim());
        int token = lengths[sequence]++;
        attention.append(row, 0, sequences[sequence].pageOf(0, token), PagedCache.slot(token));
    }

    /**
     * Attention of {@code queries} queries a sequence, each to all of the sequence's tokens.
     *
     * @param q A_Q [batch][queries][H][R_Q], B_Q [batch][queries][R_Q][D]
     * @return [batch][queries][H][E]
     * @throws IllegalArgumentException if a size is another
     */
    public float[] attend(int queries, Factors q) {
        return attend(queries, q, null);
    }

    /**
     * {@link #attend(int, Factors)} with a mask.
     *
     * @param mask [batch][queries][M], M being {@link #longest()} or more, added to the scores of all heads: −∞ hides a
     *     token; or null. Elements beyond a sequence's length are not looked at. A query that sees no token gets zeros
     * @throws IllegalArgumentException if a size is another, or the mask has NaN or +∞
     */
    public float[] attend(int queries, Factors q, float[] mask) {
        FlashTpa.atLeast(1, queries, "queries");
        long size = (long) batch() * queries * pass.output.length;
        if (size > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("queries: expected few enough that an array holds their outputs, found "
                    + queries + ", which make " + size + " elements");
        }
        float[] out = new float[(int) size];
        attend(queries, q, mask, out);
        return out;
    }

    /**
     * {@link #attend(int, Factors, float[])} into an array that is there already, which allocates nothing.
     *
     * @param mask as above, or null
     * @param out [batch][queries][H][E], written
     * @throws IllegalArgumentException if a size is another, or the mask has NaN or +∞
     */
    public void attend(int queries, Factors q, float[] mask, float[] out) {
        checkOpen();
        FlashTpa.atLeast(1, queries, "queries");
        int vectors = shape.queryRank() == 0 ? shape.heads() : shape.queryRank();
        checkSize("q.a", q.a(), batch(), queries, shape.heads(), shape.queryRank());
        checkSize("q.b", q.b(), batch(), queries, vectors, shape.headDim());
        checkSize("out", MemorySegment.ofArray(out), batch(), queries, shape.heads(), shape.valueDim());
        int maskTokens = mask == null ? 0 : maskTokens(queries, mask.length);
        begin();
        try {
            attendAll(queries, q, mask, maskTokens, out);
        } finally {
            end();
        }
    }

    private void attendAll(int queries, Factors q, float[] mask, int maskTokens, float[] out) {
        int vectors = shape.queryRank() == 0 ? shape.heads() : shape.queryRank();
        for (int i = 0; i < sequences.length * queries; i++) {
            int sequence = i / queries;
            read(q.b(), i, 0, vectors * shape.headDim());
            readHeadFactors(q.a(), i, attention.queryHeadFactorsAt(), shape.queryRank());
            scaleQuery();
            float[] added = mask == null ? null : bias(mask, i * maskTokens, lengths[sequence]);
            pass.position = lengths[sequence] - 1;
            paged.attend(pass, sequences[sequence], added);
            int to = i * pass.output.length;
            for (int j = 0; j < pass.output.length; j++) {
                out[to + j] = (float) (pass.output[j] * valueFactor);
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

    private void scaleQuery() {
        int from = shape.queryRank() == 0 ? 0 : attention.queryHeadFactorsAt();
        int count = shape.heads() * (shape.queryRank() == 0 ? shape.headDim() : shape.queryRank());
        for (int i = from; i < from + count; i++) {
            row[i] = (float) (row[i] * queryFactor);
        }
    }

    /** A query's mask in powers of two, finite where it was: an overflow would hide a token. */
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

    private void checkCounts(int tokens, int[] counts) {
        if (counts.length != batch()) {
            throw new IllegalArgumentException(
                    "counts: expected one a sequence, " + batch() + ", found " + counts.length);
        }
        for (int b = 0; b < counts.length; b++) {
            if (counts[b] < 0 || counts[b] > tokens) {
                throw new IllegalArgumentException(
                        "counts[" + b + "]: expected 0 to tokens, " + tokens + ", found " + counts[b]);
            }
        }
    }

    private static void checkSize(String what, MemorySegment found, long batch, int tokens, int third, int fourth) {
        long expected = batch * tokens * third * fourth;
        if (found.byteSize() != expected * Float.BYTES) {
            throw new IllegalArgumentException(what + ": expected [" + batch + "][" + tokens + "][" + third + "]["
                    + fourth + "] = " + expected + " elements (" + expected * Float.BYTES + " bytes), found "
                    + found.byteSize() + " bytes");
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the cache is closed; make a new one");
        }
    }

    /** Frees the cache, or lets a call that is under way on another thread do so; closing twice does nothing. */
    @Override
    public void close() {
        closed = true;
        freeIfUnused();
    }

    private void freeIfUnused() {
        if (used.compareAndSet(false, true)) {
            for (PagedCache sequence : sequences) {
                sequence.close();
            }
        }
    }

    /** Begins a call. */
    private void begin() {
        checkOpen();
        if (!used.compareAndSet(false, true)) {
            checkOpen();
            throw new IllegalStateException("the cache is used by another thread; give each thread a cache of its own");
        }
    }

    private void end() {
        used.set(false);
        if (closed) {
            freeIfUnused();
        }
    }
}
