package io.github.t6j.cache;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.weights.DType;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.MemoryBudget;
import io.github.t6j.weights.NativeMemory;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * State of linear attention, with the same size for any number of tokens. It is stored twice, before the running pass
 * and as the pass updates it, so that a pass cancelled between two layers leaves no trace. It is a sum over all
 * tokens, so it stays f32 with every cache type.
 *
 * <pre>
 *   layer 0 | layer 1 | …     each S [g][d][d] in f32, rows d elements apart; then 256 bytes of padding
 * </pre>
 */
public final class StateCache implements SequenceCache {
    private static final String NAME = "state";

    private final int layers;
    private final int heads;
    private final int headDim;
    private final NativeMemory memory;
    private MemoryBudget budget; // or null
    private MemorySegment before;
    private MemorySegment after;

    /**
     * Creates a state of zeros.
     *
     * @param heads g, number of key and value heads
     */
    public StateCache(int layers, int heads, int headDim) {
        this(layers, heads, headDim, null);
    }

    private StateCache(int layers, int heads, int headDim, MemoryBudget budget) {
        this.layers = layers;
        this.heads = heads;
        this.headDim = headDim;
        this.budget = budget;
        memory = NativeMemory.shared(budget);
        try {
            before = allocate();
            after = allocate();
        } catch (RuntimeException | Error failure) {
            memory.close();
            throw failure;
        }
    }

    private MemorySegment allocate() {
        return memory.allocate(layers * layerBytes() + PANEL * Float.BYTES, 64);
    }

    private long layerBytes() {
        return (long) heads * headDim * headDim * Float.BYTES;
    }

    /** Returns the states as they were before the running pass. */
    public MemorySegment before() {
        return before;
    }

    /** Returns the states that the running pass writes. */
    public MemorySegment after() {
        return after;
    }

    /** Returns the byte at which the state of a head begins. */
    public long at(int layer, int head) {
        return layer * layerBytes() + (long) head * headDim * headDim * Float.BYTES;
    }

    /** Does nothing: a state has room for any number of tokens. */
    @Override
    public void reserve(int position, int length) {}

    @Override
    public void commit() {
        MemorySegment old = before;
        before = after;
        after = old;
    }

    @Override
    public int truncate(int from, int length) {
        if (length == 0) {
            before.fill((byte) 0);
        } else if (length != from) {
            throw new IllegalStateException("linear attention stores one sum over all ids, from which single ids cannot"
                    + " be removed: expected position 0 or " + from + ", found " + length
                    + "; truncate to 0 and feed the first " + length + " ids again");
        }
        return length;
    }

    @Override
    public void charge(MemoryBudget newBudget) {
        memory.charge(newBudget);
        budget = newBudget;
    }

    @Override
    public StateCache fork(int length) {
        StateCache fork = new StateCache(layers, heads, headDim, budget);
        fork.before.copyFrom(before);
        return fork;
    }

    /** Returns {@code state}: F32 [layers][g][d][d]. */
    @Override
    public List<LazyTensor> tensors(int length) {
        return List.of(new LazyTensor(NAME, DType.F32, shape(), arena -> before.asSlice(0, layers * layerBytes())));
    }

    private List<Long> shape() {
        return List.of((long) layers, (long) heads, (long) headDim, (long) headDim);
    }

    @Override
    public void restore(Map<String, Tensor> tensors, int length, String where) {
        SequenceCache.checkNames(tensors, List.of(NAME), where);
        SequenceCache.check(tensors.get(NAME), NAME, DType.F32, shape(), where);
        MemorySegment.copy(tensors.get(NAME).data(), 0, before, 0, layers * layerBytes());
    }

    @Override
    public void fill(int length, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (long at = 0; at < layers * layerBytes(); at += Float.BYTES) {
            before.set(ValueLayout.JAVA_FLOAT, at, (float) random.nextDouble(-1, 1));
        }
    }

    @Override
    public long bytes(int length) {
        return layers * layerBytes();
    }

    @Override
    public long heldBytes() {
        return before.byteSize() + after.byteSize();
    }

    @Override
    public void close() {
        memory.close();
    }
}
