package io.github.t6j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.weights.safetensors.Safetensors;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;

class DTypeTest {
    private final Safetensors units = HandMadeFiles.golden("units/units.safetensors");

    @Test
    void bf16RoundsAsTorchDoes() {
        assertRounds("bf16/f32", "bf16/bf16", DType.BF16);
    }

    @Test
    void f16RoundsAsTorchDoes() {
        assertRounds("f16/f32", "f16/f16", DType.F16);
    }

    private void assertRounds(String f32, String narrow, DType dtype) {
        float[] values = units.tensors().get(f32).toFloats();
        Tensor expected = units.tensors().get(narrow);
        Tensor actual = Tensor.of(narrow, dtype, values, values.length);
        HandMadeFiles.assertSameTensor(actual, expected);
    }

    @Test
    void f16WidensExactly() {
        float[] widened = units.tensors().get("f16_to_f32/f16").toFloats();
        assertBits(widened, units.tensors().get("f16_to_f32/f32").toFloats());
    }

    @Test
    void bf16WidensToTheSameUpperBits() {
        Tensor bf16 = units.tensors().get("bf16/bf16");
        ByteBuffer bits = bf16.data().asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        float[] widened = bf16.toFloats();
        for (int i = 0; i < widened.length; i++) {
            assertThat(Float.floatToRawIntBits(widened[i])).as("element %d", i).isEqualTo(bits.getShort(2 * i) << 16);
        }
    }

    @Test
    void bf16KeepsNaNWithAnyPayload() {
        for (int nan : new int[] {0x7f800001, 0x7fffffff, 0xff800001, 0xffffffff, 0x7fc00000}) {
            short bf16 = DType.floatToBf16(Float.intBitsToFloat(nan));
            assertThat(DType.bf16ToFloat(bf16)).as("%x", nan).isNaN();
            assertThat(bf16 < 0).as("sign of %x", nan).isEqualTo(nan < 0);
        }
    }

    @Test
    void readsEveryTypeAsF32() {
        assertReads(DType.F64, new float[] {1.5f, -2, 0.1f}, doubles(1.5, -2, 0.1));
        assertReads(DType.F32, new float[] {1.5f, -0f, Float.MIN_VALUE}, ints(0x3fc00000, 0x80000000, 1));
        assertReads(DType.F16, new float[] {1, -2, 65504}, shorts(0x3c00, 0xc000, 0x7bff));
        assertReads(DType.BF16, new float[] {1, -2, 3.140625f}, shorts(0x3f80, 0xc000, 0x4049));
        assertReads(DType.I64, new float[] {-1, 1L << 40, 16777216}, longs(-1, 1L << 40, 16777217));
        assertReads(DType.I32, new float[] {-1, 16777216, 16777220}, ints(-1, 16777217, 16777219));
        assertReads(DType.I16, new float[] {-32768, 32767, 0}, shorts(0x8000, 0x7fff, 0));
        assertReads(DType.I8, new float[] {-128, 127, -1}, bytes(0x80, 0x7f, 0xff));
        assertReads(DType.U8, new float[] {128, 127, 255}, bytes(0x80, 0x7f, 0xff));
        assertReads(DType.BOOL, new float[] {0, 1, 1}, bytes(0, 1, 2));
    }

    /** Reads with one element before and after, at an unaligned address. */
    private static void assertReads(DType dtype, float[] expected, ByteBuffer littleEndian) {
        int n = expected.length;
        assertThat(littleEndian.capacity()).as("%s", dtype).isEqualTo(n * dtype.bytes());
        MemorySegment memory = Arena.ofAuto().allocate(1 + (n + 2L) * dtype.bytes(), 64).asSlice(1);
        MemorySegment.copy(MemorySegment.ofBuffer(littleEndian), 0, memory, dtype.bytes(), (long) n * dtype.bytes());
        float[] read = new float[n + 2];
        read[0] = 7;
        read[n + 1] = 8;
        dtype.read(memory, 1, read, 1, n);
        float[] framed = new float[n + 2];
        System.arraycopy(expected, 0, framed, 1, n);
        framed[0] = 7;
        framed[n + 1] = 8;
        assertBits(read, framed);
    }

    private static void assertBits(float[] actual, float[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat(Float.floatToRawIntBits(actual[i])).as("element %d, %s and %s", i, actual[i], expected[i])
                    .isEqualTo(Float.floatToRawIntBits(expected[i]));
        }
    }

    @Test
    void writesF64() {
        Tensor tensor = Tensor.of("x", DType.F64, new float[] {0.1f, -3}, 2);
        ByteBuffer bytes = tensor.data().asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        assertThat(bytes.getDouble(0)).isEqualTo((double) 0.1f);
        assertThat(bytes.getDouble(8)).isEqualTo(-3.0);
    }

    @Test
    void refusesToWriteFloatsAsIntegers() {
        assertThatThrownBy(() -> Tensor.of("x", DType.I32, new float[1], 1))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("I32");
    }

    @Test
    void refusesRangesOutOfBounds() {
        MemorySegment three = MemorySegment.ofArray(new byte[6]);
        for (long[] range : new long[][] {{0, 4}, {3, 1}, {-1, 1}, {Long.MAX_VALUE / 2 + 1, 1}}) {
            assertThatThrownBy(() -> DType.F16.read(three, range[0], new float[9], 0, (int) range[1]))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> DType.F16.write(new float[9], 0, three, range[0], (int) range[1]))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void tensorNamesTheRangeOutOfBounds() {
        Tensor tensor = Tensor.of("wte", new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
        assertThat(tensor.elementCount()).isEqualTo(6);
        float[] into = new float[3];
        tensor.read(3, into, 0, 3);
        assertThat(into).containsExactly(4, 5, 6);
        assertThatThrownBy(() -> tensor.read(4, into, 0, 3)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("wte").hasMessageContaining("6").hasMessageContaining("3 from 4");
        assertThatThrownBy(() -> tensor.read(0, into, 1, 3)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("wte").hasMessageContaining("space for");
        assertThatThrownBy(() -> tensor.read(-1, into, 0, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> tensor.read(0, into, 0, -1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void tensorRefusesDataOfAnotherSize() {
        MemorySegment data = MemorySegment.ofArray(new byte[12]);
        assertThatThrownBy(() -> new Tensor("w", DType.F32, List.of(2L, 2L), data))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("w").hasMessageContaining("16").hasMessageContaining("12");
        assertThatThrownBy(() -> new Tensor("w", DType.F32, List.of(-1L, -3L), data))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Tensor("w", DType.F32, List.of(1L << 62, 4L), data))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("too large");
        assertThat(new Tensor("s", DType.F32, List.of(), data.asSlice(0, 4)).elementCount()).isEqualTo(1);
    }

    private static ByteBuffer buffer(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ByteBuffer doubles(double a, double b, double c) {
        return buffer(24).putDouble(a).putDouble(b).putDouble(c).flip();
    }

    private static ByteBuffer longs(long a, long b, long c) {
        return buffer(24).putLong(a).putLong(b).putLong(c).flip();
    }

    private static ByteBuffer ints(int a, int b, int c) {
        return buffer(12).putInt(a).putInt(b).putInt(c).flip();
    }

    private static ByteBuffer shorts(int a, int b, int c) {
        return buffer(6).putShort((short) a).putShort((short) b).putShort((short) c).flip();
    }

    private static ByteBuffer bytes(int a, int b, int c) {
        return buffer(3).put((byte) a).put((byte) b).put((byte) c).flip();
    }
}
