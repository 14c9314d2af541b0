package io.github.t6j.training.lora;

import io.github.t6j.MemoryLimitException;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.model.TensorSpec;
import io.github.t6j.training.products.FrozenMatrix;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.NativeMemory;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/** Weights that training does not change, off the heap and in the types of their files. */
public final class FrozenWeights implements AutoCloseable {
    private static final long ALIGNMENT = 64;
    private static final long PIECE = 1 << 22;

    private final NativeMemory memory = NativeMemory.shared();
    private final Map<TensorSpec, Tensor> tensors = new LinkedHashMap<>();
    private final long checksum;
    private final long bytes;

    /**
     * Copies the weights of a model.
     *
     * @param specs all its tensors
     * @throws io.github.t6j.ModelFormatException if a tensor is missing or has another shape
     * @throws MemoryLimitException if the machine does not have that much memory
     */
    public FrozenWeights(NamedTensors source, List<TensorSpec> specs) {
        try {
            bytes = specs.stream().mapToLong(spec -> size(source, spec)).sum();
            long available = NativeMemory.availableFor(bytes);
            if (bytes > available) {
                throw new MemoryLimitException("the frozen weights of " + source.where(), bytes, available,
                        "use a smaller model, or weights of 16, 8 or 4 bits");
            }
            MemorySegment all = memory.allocate(bytes, ALIGNMENT);
            long at = 0;
            for (TensorSpec spec : specs) {
                Tensor tensor = source.get(spec);
                DType dtype = source.reader().dtype(tensor);
                MemorySegment to = all.asSlice(at, dtype.bytes(tensor.shape()));
                copy(source, tensor, to);
                tensors.put(spec, new Tensor(tensor.name(), dtype, tensor.shape(), to.asReadOnly()));
                at += size(source, spec);
            }
            checksum = checksum(all);
        } catch (RuntimeException | Error failure) {
            memory.close();
            throw failure;
        }
    }

    private static long size(NamedTensors source, TensorSpec spec) {
        Tensor tensor = source.get(spec);
        long size = source.reader().dtype(tensor).bytes(tensor.shape());
        return Math.ceilDiv(size, ALIGNMENT) * ALIGNMENT;
    }

    /** Copies a tensor by rows, since a reader may return the memory of the file. */
    private static void copy(NamedTensors source, Tensor tensor, MemorySegment to) {
        long row = to.byteSize() / tensor.rowCount();
        long max = Math.max(1, PIECE / row);
        for (long first = 0; first < tensor.rowCount(); first += max) {
            long count = Math.min(max, tensor.rowCount() - first);
            try (Arena piece = Arena.ofConfined()) {
                MemorySegment rows = source.reader().rows(tensor, first, count, piece).data();
                MemorySegment.copy(rows, 0, to, first * row, count * row);
            }
        }
    }

    private static long checksum(MemorySegment all) {
        CRC32C sum = new CRC32C();
        for (long at = 0; at < all.byteSize(); at += PIECE) {
            sum.update(all.asSlice(at, Math.min(PIECE, all.byteSize() - at)).asByteBuffer());
        }
        return sum.getValue();
    }

    /** Returns a matrix. */
    public FrozenMatrix matrix(TensorSpec spec) {
        return new FrozenMatrix(tensors.get(spec));
    }

    /** Reads a vector as f32. */
    public void read(TensorSpec spec, float[] into) {
        tensors.get(spec).read(0, into, 0, into.length);
    }

    /** Returns the checksum of all weights, by which a run that continues recognises its model. */
    public long checksum() {
        return checksum;
    }

    /** Returns the size in memory, in bytes. */
    public long bytes() {
        return bytes;
    }

    /** Frees the memory. */
    @Override
    public void close() {
        memory.close();
    }
}
