package io.github.t6j.weights;

import io.github.t6j.ModelFormatException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.Predicate;

/**
 * Reader that rounds matrices to the nearest values of another type, row by row. Other tensors keep their type. It
 * rejects blocks whose scale is NaN or infinite, and elements that the new type cannot hold.
 *
 * @param source reads the tensors as they are stored
 * @param type type of the matrices, or null to keep theirs
 * @param kept names of matrices that keep their type too
 */
public record ConvertedMatrices(TensorReader source, DType type, Predicate<String> kept) implements TensorReader {
    /** Largest finite f16; scales of blocks are f16. */
    private static final int HALF = 65504;

    /** Change of a row, before it is rounded. */
    @FunctionalInterface
    public interface RowChange {
        /** @param row index among the rows that are read */
        void apply(int row, float[] elements);
    }

    @Override
    public DType dtype(Tensor tensor) {
        DType stored = source.dtype(tensor);
        boolean keeps = type == null || tensor.shape().size() != 2 || !stored.isFloating() || kept.test(tensor.name());
        return keeps ? stored : type;
    }

    @Override
    public Tensor rows(Tensor tensor, long first, long count, Arena memory) {
        Tensor stored = source.rows(tensor, first, count, memory);
        checkScales(stored, first);
        DType to = dtype(tensor);
        return to == stored.dtype() ? stored : convert(stored, first, to, memory, (row, elements) -> {});
    }

    /**
     * Returns rows of a matrix, each changed as f32 and then rounded.
     *
     * @param first index of the first row in the matrix, for errors
     * @param to type of the result
     */
    public static Tensor changed(Tensor rows, long first, DType to, Arena memory, RowChange change) {
        checkScales(rows, first);
        return convert(rows, first, to, memory, change);
    }

    private static Tensor convert(Tensor rows, long first, DType to, Arena memory, RowChange change) {
        Tensor converted = new Tensor(rows.name(), to, rows.shape(), memory.allocate(to.bytes(rows.shape()), 64));
        int columns = Math.toIntExact(rows.shape().getLast());
        if (columns == 0) {
            return converted;
        }
        float[] row = new float[columns];
        for (long r = 0; r < rows.rowCount(); r++) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException(rows.name() + ": the thread was interrupted");
            }
            rows.read(r * columns, row, 0, columns);
            change.apply((int) r, row);
            checkFits(rows.name(), first + r, row, to);
            to.write(row, 0, converted.data(), r * to.padded(columns), columns);
        }
        return converted;
    }

    private static void checkScales(Tensor rows, long first) {
        DType dtype = rows.dtype();
        if (!dtype.isQuantized()) {
            return;
        }
        long blocks = Math.ceilDiv(rows.shape().getLast(), dtype.blockSize());
        for (long block = 0, at = 0; at < rows.data().byteSize(); block++, at += dtype.bytes()) {
            for (int place : dtype.scalePlaces()) {
                float scale = Float.float16ToFloat(QuantizedBlock.scale(rows.data(), at + place));
                if (!Float.isFinite(scale)) {
                    throw new ModelFormatException(rows.name() + ": expected finite scales, found " + scale
                            + " for the block from " + place(first + block / blocks, block % blocks * dtype.blockSize())
                            + " on: the weights are damaged");
                }
            }
        }
    }

    private static String place(long row, long column) {
        return "[" + row + ", " + column + "]";
    }

    private static void checkFits(String name, long row, float[] values, DType dtype) {
        int max = switch (dtype) { // the divisor that turns an element into an f16 scale
            case F16 -> 1;
            case Q8_0 -> 127;
            case Q4_0 -> 8;
            case Q4_K, Q5_K -> 63; // of the min
            case Q6_K -> 32 * 128;
            default -> 0;
        };
        if (max == 0) {
            return;
        }
        String type = dtype.name().toLowerCase(Locale.ROOT);
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                if (dtype.isQuantized()) {
                    throw new ModelFormatException(name + ": expected finite numbers, found " + values[i] + " at "
                            + place(row, i) + ", which " + type + " cannot hold: are the weights damaged?");
                }
            } else if (!Float.isFinite(Float.float16ToFloat(Float.floatToFloat16(values[i] / max)))) {
                throw new ModelFormatException(name + ": expected numbers up to " + max * HALF + ", the largest of "
                        + type + ", found " + values[i] + " at " + place(row, i) + ": use bf16 or f32");
            }
        }
    }

    /**
     * Returns notes for the user if matrices among {@code tensors} are rounded a second time, or unpacked.
     *
     * @param type type of the matrices, or null to keep theirs
     */
    public static List<String> notes(Iterable<Tensor> tensors, DType type) {
        Set<DType> stored = EnumSet.noneOf(DType.class);
        tensors.forEach(tensor -> stored.add(tensor.dtype()));
        List<String> notes = new ArrayList<>();
        if (stored.contains(DType.IQ4_NL) && (type == null || type == DType.Q8_0)) {
            notes.add("iq4_nl weights are q8_0 in memory, with the same numbers and 1.9 times the bytes");
            stored.remove(DType.IQ4_NL);
        }
        List<String> names = stored.stream().filter(dtype -> dtype.isQuantized() && dtype != type)
                .map(dtype -> dtype.name().toLowerCase(Locale.ROOT)).sorted().toList();
        if (type != null && type.isQuantized() && !names.isEmpty()) {
            String to = type.name().toLowerCase(Locale.ROOT);
            notes.add(String.join(", ", names) + " weights are rounded a second time, to " + to
                    + ": converting the original weights to " + to + " loses less");
        }
        return notes;
    }
}
