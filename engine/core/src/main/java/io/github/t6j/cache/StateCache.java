package io.github.t6j.cache;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.weights.DType;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.MemoryBudget;
import io.github.t6j.weights.NativeMemory;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * States of layers such as linear attention, with the same size for any number of tokens. They are stored twice, before
 * the running pass and as the pass updates them, so that a pass cancelled between two layers leaves no trace. They
 * depend on all tokens, so they stay f32 with every cache type, and removing tokens needs all others again.
 *
 * <pre>
 *   layer 0 | layer 1 | …     each in f32, for linear attention S [g][d][d]; then 256 bytes of padding
 * </pre>
 */
public final class StateCache extends States {
    private static final String NAME = "state";

    private final int layers;
    private final List<Long> shape; // of a layer
    private final long layerBytes;
    private final NativeMemory memory;
    private MemoryBudget budget; // or null
    private MemorySegment before;
    private MemorySegment after;

    /**
     * Creates states of zeros.
     *
     * @param shape shape of a layer's state
     */
    public StateCache(int layers, long... shape) {
        this(layers, Arrays.stream(shape).boxed().toList(), null);
    }

    private StateCache(int layers, List<Long> shape, MemoryBudget budget) {
        super(layers);
        this.layers = layers;
        this.shape = shape;
        layerBytes = DType.F32.bytes(shape);
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
        return memory.allocate(bytes(0) + PANEL * Float.BYTES, 64);
    }

    /** Returns the states as they were before the running pass. */
    public MemorySegment before() {
        return before;
    }

    /** Returns the states that the running pass writes. */
    public MemorySegment after() {
        return after;
    }

    /** Returns the byte at which an element of a layer's state begins. */
    public long at(int layer, int element) {
        return layer * layerBytes + (long) element * Float.BYTES;
    }

    /** Allocates nothing: a state has room for any number of tokens. */
    @Override
    public void reserve(int position, int end) {
        newLength = end;
    }

    @Override
    public void draft(int rows) {
        inputs.begin(rows);
    }

    /** Returns the number of layers. */
    public int layers() {
        return layers;
    }

    /** Records that {@link #before} was advanced by the next token. */
    public void keep() {
        length = newLength;
    }

    @Override
    public void commit() {
        MemorySegment old = before;
        before = after;
        after = old;
        length = newLength;
    }

    @Override
    void clear() {
        before.fill((byte) 0);
    }

    @Override
    public void charge(MemoryBudget newBudget) {
        memory.charge(newBudget);
        budget = newBudget;
    }

    @Override
    public StateCache fork(int tokens) {
        StateCache fork = new StateCache(layers, shape, budget);
        fork.before.copyFrom(before);
        fork.length = length;
        return fork;
    }

    /** Returns {@code state}: F32 [layers][…], for linear attention [layers][g][d][d]. */
    @Override
    public List<LazyTensor> tensors(int tokens) {
        return List.of(new LazyTensor(NAME, DType.F32, allLayers(), arena -> before.asSlice(0, bytes(tokens))));
    }

    private List<Long> allLayers() {
        return Stream.concat(Stream.of((long) layers), shape.stream()).toList();
    }

    @Override
    public void restore(Map<String, Tensor> tensors, int tokens, String where) {
        SequenceCache.checkNames(tensors, List.of(NAME), where);
        SequenceCache.check(tensors.get(NAME), NAME, DType.F32, allLayers(), where);
        MemorySegment.copy(tensors.get(NAME).data(), 0, before, 0, bytes(tokens));
        length = tokens;
    }

    @Override
    public void fill(int tokens, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (long at = 0; at < bytes(tokens); at += Float.BYTES) {
            before.set(ValueLayout.JAVA_FLOAT, at, (float) random.nextDouble(-1, 1));
        }
        length = tokens;
    }

    @Override
    public void trim(int tokens) {
        inputs.clear();
    }

    @Override
    public long bytes(int tokens) {
        return layers * layerBytes;
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
