package io.github.t6j.cache;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.weights.DType;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.MemoryBudget;
import io.github.t6j.weights.NativeMemory;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;

/**
 * States of a state-space mixer, with the same size for any number of tokens: for each head a matrix, and a short tail
 * with the tokens that the matrix does not contain yet. All of it stays f32 with every cache type, since it sums over
 * all tokens.
 *
 * <p>A pass of one token advances the matrices in place: it adds only what earlier tokens determine, and then says so in
 * the old tail. A pass of several tokens writes to a second copy, which is allocated for it. The tails are always
 * stored twice. So a pass that is cancelled between two layers leaves no trace, and decoding reads and writes each
 * matrix once.
 *
 * <pre>
 *   matrices   layer 0 | layer 1 | …     each [heads][matrix] in f32
 *   tails      layer 0 | layer 1 | …     each [heads][2][tail] in f32
 * </pre>
 */
public final class HeadStates extends States {
    private static final String MATRICES = "state.matrices";
    private static final String TAILS = "state.tails";

    private final Sizes sizes;
    private final NativeMemory tailMemory;
    private final MemorySegment tails;
    private MemoryBudget budget; //       or null
    private Matrices matrices;
    private Matrices copy; //             or null
    private int current; //  index of the tails before the running pass, 0 or 1
    private boolean inPlace;

    /**
     * Sizes of the states.
     *
     * @param matrix floats of a head's matrix
     * @param tail floats of a head's tail
     */
    public record Sizes(int layers, int heads, int matrix, int tail) {
        long matrixBytes() {
            return (long) layers * heads * matrix * Float.BYTES;
        }

        long tailBytes() {
            return (long) layers * heads * tail * Float.BYTES;
        }
    }

    /** Matrices of all heads in memory of their own, which can be freed alone. */
    private static final class Matrices {
        private final NativeMemory memory;
        private final MemorySegment data;

        Matrices(Sizes sizes, MemoryBudget budget) {
            memory = NativeMemory.shared(budget);
            try {
                data = memory.allocate(sizes.matrixBytes(), PANEL);
            } catch (RuntimeException | Error failure) {
                memory.close();
                throw failure;
            }
        }

        void charge(MemoryBudget budget) {
            memory.charge(budget);
        }

        void close() {
            memory.close();
        }
    }

    /** Creates states of zeros. */
    public HeadStates(Sizes sizes) {
        this(sizes, null);
    }

    private HeadStates(Sizes sizes, MemoryBudget budget) {
        super(sizes.layers);
        this.sizes = sizes;
        this.budget = budget;
        matrices = new Matrices(sizes, budget);
        tailMemory = NativeMemory.shared(budget);
        try {
            tails = tailMemory.allocate(2 * sizes.tailBytes(), PANEL);
        } catch (RuntimeException | Error failure) {
            tailMemory.close();
            matrices.close();
            throw failure;
        }
    }

    /** Returns the matrices as they were before the running pass. */
    public MemorySegment matrices() {
        return matrices.data;
    }

    /** Returns the matrices that the running pass writes: the same ones if {@link #inPlace}. */
    public MemorySegment advanced() {
        return inPlace ? matrices.data : copy.data;
    }

    /** Returns true if the running pass has one token, and advances the matrices in place. */
    public boolean inPlace() {
        return inPlace;
    }

    /** Returns the tails of both times, [layers][heads][2][tail]. */
    public MemorySegment tails() {
        return tails;
    }

    /** Returns the byte at which the matrix of a head begins. */
    public long matrixAt(int layer, int head) {
        return ((long) layer * sizes.heads + head) * sizes.matrix * Float.BYTES;
    }

    /** Returns the byte at which the two tails of a head begin. */
    public long tailsAt(int layer, int head) {
        return 2 * ((long) layer * sizes.heads + head) * sizes.tail * Float.BYTES;
    }

    /** Returns the index, 0 or 1, of a head's tail before the running pass; the pass writes the other. */
    public int current() {
        return current;
    }

    @Override
    public void reserve(int position, int end) {
        newLength = end;
        inPlace = end - position == 1;
        if (!inPlace && copy == null) {
            copy = new Matrices(sizes, budget);
        }
    }

    /** Returns true if there is a second copy of the matrices, which a pass with drafts writes. */
    @Override
    public boolean keepsDrafts() {
        return copy != null;
    }

    @Override
    public void draft(int rows) {
        inputs.begin(rows);
        inPlace &= rows == 0;
    }

    /** Begins to add a row of the last pass with drafts, as a pass of one token; {@link #commit} ends it. */
    public void beginRow() {
        inPlace = true;
    }

    @Override
    public long growthBytes(int position, int tokens) {
        return copy == null ? sizes.matrixBytes() : 0;
    }

    @Override
    public void commit() {
        current = 1 - current;
        length = newLength;
        if (!inPlace) {
            Matrices old = matrices;
            matrices = copy;
            copy = old;
        }
    }

    @Override
    void clear() {
        matrices.data.fill((byte) 0);
        tails.fill((byte) 0);
    }

    /** Frees the second copy of the matrices, which the next pass of several tokens allocates again. */
    @Override
    public void trim(int tokens) {
        inputs.clear();
        if (copy != null) {
            copy.close();
            copy = null;
        }
    }

    @Override
    public void charge(MemoryBudget newBudget) {
        tailMemory.charge(newBudget);
        matrices.charge(newBudget);
        if (copy != null) {
            copy.charge(newBudget);
        }
        budget = newBudget;
    }

    @Override
    public HeadStates fork(int tokens) {
        HeadStates fork = new HeadStates(sizes, budget);
        fork.matrices.data.copyFrom(matrices.data);
        fork.tails.copyFrom(tails);
        fork.current = current;
        fork.length = length;
        return fork;
    }

    /** Returns {@code state.matrices} and {@code state.tails}: F32 [layers][heads][matrix] and [layers][heads][tail]. */
    @Override
    public List<LazyTensor> tensors(int tokens) {
        return List.of(
                new LazyTensor(MATRICES, DType.F32, shape(sizes.matrix), arena -> matrices.data),
                new LazyTensor(TAILS, DType.F32, shape(sizes.tail), this::currentTails));
    }

    private MemorySegment currentTails(Arena arena) {
        MemorySegment found = arena.allocate(sizes.tailBytes(), Float.BYTES);
        eachTail((at, saved) -> MemorySegment.copy(tails, at, found, saved, sizes.tail * (long) Float.BYTES));
        return found;
    }

    /** Calls {@code tail} with the bytes at which each head's current tail begins here and in a saved tensor. */
    private void eachTail(BiConsumer<Long, Long> tail) {
        long bytes = (long) sizes.tail * Float.BYTES;
        for (long head = 0; head < (long) sizes.layers * sizes.heads; head++) {
            tail.accept((2 * head + current) * bytes, head * bytes);
        }
    }

    private List<Long> shape(int floats) {
        return List.of((long) sizes.layers, (long) sizes.heads, (long) floats);
    }

    @Override
    public void restore(Map<String, Tensor> tensors, int tokens, String where) {
        SequenceCache.checkNames(tensors, List.of(MATRICES, TAILS), where);
        SequenceCache.check(tensors.get(MATRICES), MATRICES, DType.F32, shape(sizes.matrix), where);
        SequenceCache.check(tensors.get(TAILS), TAILS, DType.F32, shape(sizes.tail), where);
        MemorySegment.copy(tensors.get(MATRICES).data(), 0, matrices.data, 0, sizes.matrixBytes());
        MemorySegment saved = tensors.get(TAILS).data();
        eachTail((at, from) -> MemorySegment.copy(saved, from, tails, at, sizes.tail * (long) Float.BYTES));
        length = tokens;
    }

    @Override
    public void fill(int tokens, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (MemorySegment segment : List.of(matrices.data, tails)) {
            for (long at = 0; at < segment.byteSize(); at += Float.BYTES) {
                segment.set(ValueLayout.JAVA_FLOAT, at, (float) random.nextDouble(-1, 1));
            }
        }
        length = tokens;
    }

    @Override
    public long bytes(int tokens) {
        return sizes.matrixBytes() + sizes.tailBytes();
    }

    @Override
    public long heldBytes() {
        return 2 * sizes.tailBytes() + (copy == null ? 1 : 2) * sizes.matrixBytes();
    }

    @Override
    public void close() {
        tailMemory.close();
        matrices.close();
        trim(0);
    }
}
