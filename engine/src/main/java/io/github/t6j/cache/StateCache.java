package io.github.t6j.cache;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.weights.DType;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.NativeMemory;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * What linear attention keeps: a state of one size, whatever the number of tokens. It is there twice, as it was before
 * the running pass and after, so that a pass that is cancelled between two layers leaves nothing behind. It is a sum over
 * all tokens, so it stays f32 whatever the type of the cache.
 *
 * <pre>
 *   layer 0 | layer 1 | …     each S [g][d][d], f32, the rows of a matrix d elements apart; 256 bytes of slack at the end
 * </pre>
 */
public final class StateCache implements SequenceCache {
    private static final String NAME = "state";

    private final int layers;
    private final int heads;
    private final int headDim;
    private final NativeMemory memory = NativeMemory.shared();
    private MemorySegment before;
    private MemorySegment after;

    /**
     * A state of zeros.
     *
     * @param heads g, heads of keys and values
     */
    public StateCache(int layers, int heads, int headDim) {
        this.layers = layers;
        this.heads = heads;
        this.headDim = headDim;
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

    /** The states as they were before the running pass. */
    public MemorySegment before() {
        return before;
    }

    /** The states as the running pass makes them. */
    public MemorySegment after() {
        return after;
    }

    /** Byte at which the state of a head begins. */
    public long at(int layer, int head) {
        return layer * layerBytes() + (long) head * headDim * headDim * Float.BYTES;
    }

    @Override
    public void reserve(int position, int length) {
        // A state has room for any number of tokens.
    }

    @Override
    public void commit() {
        MemorySegment old = before;
        before = after;
        after = old;
    }

    @Override
    public void truncate(int from, int length) {
        if (length == 0) {
            before.fill((byte) 0);
        } else if (length != from) {
            throw new IllegalStateException("linear attention keeps one sum over all ids, from which single ones cannot"
                    + " be taken away: expected position 0 or " + from + ", found " + length
                    + "; truncate to 0 and feed the first " + length + " ids again");
        }
    }

    @Override
    public StateCache fork(int length) {
        StateCache fork = new StateCache(layers, heads, headDim);
        fork.before.copyFrom(before);
        return fork;
    }

    /** {@code state}: F32 [layers][g][d][d]. */
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
