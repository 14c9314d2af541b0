package io.github.t6j.weights;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Type of the elements of a stored tensor, little-endian. The names come from the safetensors format, except Q8_0 and
 * the types after it, which GGML defines: blocks of 32 or 256 elements of a matrix row, the last one padded with zeros.
 * Indices into the data of a quantised tensor count the padding. Q8_0 and Q4_0 are {@link QuantizedBlock}s, the others
 * {@link KQuantBlock}s, and IQ4_NL becomes Q8_0 when it is read from a file. Floats are never written as Q4_1, Q5_0, Q5_1
 * or IQ4_NL, which t6j only reads.
 *
 * <p>The conversions here are the simple ones for loading, saving and tests; the kernels convert what each token needs.
 */
public enum DType {
    F64(8), F32(4), F16(2), BF16(2), I64(8), I32(4), I16(2), I8(1), U8(1), BOOL(1), Q8_0(34, 32), Q4_0(18, 32),
    Q4_1(20, 32), Q5_0(22, 32), Q5_1(24, 32), Q4_K(144, 256), Q5_K(176, 256), Q6_K(210, 256), IQ4_NL(18, 32);

    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

    /** Number of elements read at a time. */
    private static final int PIECE = 1 << 16;

    private final int bytes;
    private final int blockSize;

    DType(int bytes) {
        this(bytes, 1);
    }

    DType(int bytes, int blockSize) {
        this.bytes = bytes;
        this.blockSize = blockSize;
    }

    /** Returns the number of bytes of an element, or of a block for a quantised type. */
    public int bytes() {
        return bytes;
    }

    /** Returns the number of elements of a block; 1 for a type that is not quantised. */
    public int blockSize() {
        return blockSize;
    }

    /**
     * Returns the number of bytes of a tensor of {@code shape}.
     *
     * @throws ArithmeticException if the number does not fit in a long, or a dimension is negative
     * @throws IllegalArgumentException if the type is quantised and the shape is not one or several matrices
     */
    public long bytes(List<Long> shape) {
        if (!isQuantized()) {
            return Math.multiplyExact(Tensor.elements(shape), bytes);
        }
        if (shape.size() != 2 && shape.size() != 3) {
            throw new IllegalArgumentException("expected a matrix for " + this + ", found shape " + shape);
        }
        Tensor.elements(shape);
        long blocks = Math.ceilDiv(shape.getLast(), blockSize);
        long rows = Tensor.elements(shape.subList(0, shape.size() - 1));
        return Math.multiplyExact(Math.multiplyExact(rows, blocks), bytes);
    }

    /** Returns true if elements are stored in blocks with a scale. */
    public boolean isQuantized() {
        return blockSize > 1;
    }

    /** Returns the bytes of a block at which its f16 scale and min begin; empty unless the type is quantised. */
    public List<Integer> scalePlaces() {
        return switch (this) {
            case Q8_0, Q4_0, Q5_0, IQ4_NL -> List.of(0);
            case Q4_1, Q5_1, Q4_K, Q5_K -> List.of(0, 2);
            case Q6_K -> List.of(208);
            default -> List.of();
        };
    }

    /** Returns the length of a row of {@code elements} with its padding. */
    public int padded(int elements) {
        return Math.ceilDiv(elements, blockSize) * blockSize;
    }

    private long places(MemorySegment data) {
        return data.byteSize() / bytes * blockSize;
    }

    /** Returns true if the type is a floating-point or quantised one, as a model's weights must be. */
    public boolean isFloating() {
        return this == F64 || this == F32 || this == F16 || this == BF16 || isQuantized();
    }

    /**
     * Reads elements {@code from … from + count} of {@code data} as f32 into {@code into}, starting at {@code at}.
     * Exact for F32, F16, BF16, Q8_0, Q4_0, I16, I8, U8 and BOOL (0 or 1); other types are rounded to nearest even.
     *
     * @throws IndexOutOfBoundsException if a range is out of bounds
     */
    public void read(MemorySegment data, long from, float[] into, int at, int count) {
        Objects.checkFromIndexSize(at, count, into.length);
        Objects.checkFromIndexSize(from, count, places(data));
        if (KQuantBlock.describes(this)) {
            KQuants.read(this, data, from, into, at, count);
            return;
        }
        if (isQuantized()) {
            QuantizedBlock.read(this, data, from, into, at, count);
            return;
        }
        MemorySegment source = data.asSlice(from * bytes, (long) count * bytes);
        switch (this) {
            case F32 -> MemorySegment.copy(source, FLOAT, 0, into, at, count);
            case F16, BF16 -> readShorts(source, into, at, count);
            default -> {
                for (int i = 0; i < count; i++) {
                    into[at + i] = readOther(source, i);
                }
            }
        }
    }

    /** Reads in pieces, each by one bulk copy: single loads are slow until the JIT compiles them. */
    private void readShorts(MemorySegment source, float[] into, int at, int count) {
        short[] piece = new short[Math.min(count, PIECE)];
        for (int from = 0; from < count; from += PIECE) {
            int length = Math.min(PIECE, count - from);
            MemorySegment.copy(source, SHORT, 2L * from, piece, 0, length);
            for (int i = 0; i < length; i++) {
                into[at + from + i] = this == F16 ? Float.float16ToFloat(piece[i]) : bf16ToFloat(piece[i]);
            }
        }
    }

    private float readOther(MemorySegment source, int i) {
        return switch (this) {
            case F64 -> (float) source.get(DOUBLE, 8L * i);
            case I64 -> source.get(LONG, 8L * i);
            case I32 -> source.get(INT, 4L * i);
            case I16 -> source.get(SHORT, 2L * i);
            case I8 -> source.get(BYTE, i);
            case U8 -> source.get(BYTE, i) & 0xff;
            case BOOL -> source.get(BYTE, i) != 0 ? 1 : 0;
            default -> throw new AssertionError(this);
        };
    }

    /**
     * Writes {@code count} elements of {@code from}, starting at {@code at}, as elements {@code to …} of {@code data}.
     * Types of lower precision are rounded to nearest even, and values too large for F16 become infinite. For a
     * quantised type the range starts and ends at block boundaries, including the padding.
     *
     * @throws IndexOutOfBoundsException if a range is out of bounds
     * @throws IllegalArgumentException if the type is not floating, or is one that only GGUF files have
     */
    public void write(float[] from, int at, MemorySegment data, long to, int count) {
        Objects.checkFromIndexSize(at, count, from.length);
        Objects.checkFromIndexSize(to, padded(count), places(data));
        if (KQuantBlock.describes(this)) {
            if (blockSize == QuantizedBlock.SIZE) {
                throw notWritten();
            }
            KQuants.write(this, from, at, data, to, count);
            return;
        }
        if (this == IQ4_NL) {
            throw notWritten();
        }
        if (isQuantized()) {
            QuantizedBlock.write(this, from, at, data, to, count);
            return;
        }
        MemorySegment target = data.asSlice(to * bytes, (long) count * bytes);
        switch (this) {
            case F32 -> MemorySegment.copy(from, at, target, FLOAT, 0, count);
            case F64 -> {
                for (int i = 0; i < count; i++) {
                    target.set(DOUBLE, 8L * i, from[at + i]);
                }
            }
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    target.set(SHORT, 2L * i, Float.floatToFloat16(from[at + i]));
                }
            }
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    target.set(SHORT, 2L * i, floatToBf16(from[at + i]));
                }
            }
            default -> throw notWritten();
        }
    }

    private IllegalArgumentException notWritten() {
        return new IllegalArgumentException("cannot write floats as " + this
                + ": expected F64, F32, F16, BF16, Q8_0, Q4_0, Q4_K, Q5_K or Q6_K");
    }

    /** Returns the bfloat16 nearest to {@code value}, ties to even; NaN stays NaN. */
    public static short floatToBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) ((bits >>> 16) | 0x40); // quiet, so that dropping low payload bits cannot make an infinity
        }
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }

    /** Returns the float with the value of {@code bf16}; exact. */
    public static float bf16ToFloat(short bf16) {
        return Float.intBitsToFloat(bf16 << 16);
    }

    /** Returns the type that most elements of some tensors, one or more, have. */
    public static DType ofMost(Collection<Tensor> tensors) {
        Map<DType, Long> counts = new EnumMap<>(DType.class);
        tensors.forEach(tensor -> counts.merge(tensor.dtype(), tensor.elementCount(), Long::sum));
        return Collections.max(counts.entrySet(), Map.Entry.comparingByValue()).getKey();
    }
}
