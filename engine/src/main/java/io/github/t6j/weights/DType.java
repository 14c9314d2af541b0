package io.github.t6j.weights;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * What one element of a stored tensor is, little-endian. The names are those of the safetensors format.
 *
 * <p>These conversions are the plain ones that loading, saving and tests use; what runs per token is in the kernels.
 */
public enum DType {
    F64(8), F32(4), F16(2), BF16(2), I64(8), I32(4), I16(2), I8(1), U8(1), BOOL(1);

    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

    private final int bytes;

    DType(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of one element. */
    public int bytes() {
        return bytes;
    }

    /** Whether elements are floating-point numbers, as a model's weights must be. */
    public boolean isFloating() {
        return this == F64 || this == F32 || this == F16 || this == BF16;
    }

    /**
     * Elements {@code from … from + count} of {@code data} as f32, into {@code into} from {@code at}. Exact for F32,
     * F16, BF16, I16, I8, U8 and BOOL (0 or 1); F64, I64 and I32 are rounded to nearest even.
     *
     * @throws IndexOutOfBoundsException when either range is not inside
     */
    public void read(MemorySegment data, long from, float[] into, int at, int count) {
        Objects.checkFromIndexSize(at, count, into.length);
        Objects.checkFromIndexSize(from, count, data.byteSize() / bytes);
        MemorySegment source = data.asSlice(from * bytes, (long) count * bytes);
        switch (this) {
            case F32 -> MemorySegment.copy(source, FLOAT, 0, into, at, count);
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    into[at + i] = Float.float16ToFloat(source.get(SHORT, 2L * i));
                }
            }
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    into[at + i] = bf16ToFloat(source.get(SHORT, 2L * i));
                }
            }
            default -> {
                for (int i = 0; i < count; i++) {
                    into[at + i] = readOther(source, i);
                }
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
     * {@code count} numbers of {@code from}, starting at {@code at}, as elements {@code to …} of {@code data}; narrower
     * types are rounded to nearest even, and what is too large for F16 becomes infinite.
     *
     * @throws IndexOutOfBoundsException when either range is not inside
     * @throws IllegalArgumentException for a type that is not floating
     */
    public void write(float[] from, int at, MemorySegment data, long to, int count) {
        Objects.checkFromIndexSize(at, count, from.length);
        Objects.checkFromIndexSize(to, count, data.byteSize() / bytes);
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
            default -> throw new IllegalArgumentException("cannot write floats as " + this
                    + ": expected F64, F32, F16 or BF16");
        }
    }

    /** The bfloat16 nearest to {@code value}, ties to even; NaN stays NaN. */
    public static short floatToBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) ((bits >>> 16) | 0x40); // quiet, so that dropping low payload bits cannot make an infinity
        }
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }

    /** The float that is {@code bf16}: exact. */
    public static float bf16ToFloat(short bf16) {
        return Float.intBitsToFloat(bf16 << 16);
    }
}
