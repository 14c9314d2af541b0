package io.github.t6j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.TestData;
import io.github.t6j.weights.safetensors.Safetensors;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Compares with blocks that ggml encoded, and with the elements that ggml decoded from them. */
class GgmlBlocksTest {
    private static Map<String, Tensor> golden(DType dtype) {
        String name = dtype.name().startsWith("Q") ? "q" + dtype.name().substring(1) : dtype.name();
        return Safetensors.read(TestData.path("golden_llama/ggml_blocks/" + name + ".safetensors"), Arena.ofAuto())
                .tensors();
    }

    private static Tensor blocks(DType dtype) {
        Tensor x = golden(dtype).get("x");
        return new Tensor("w", dtype, x.shape(), golden(dtype).get("blocks").data());
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"})
    void decodesLikeGgml(DType dtype) {
        float[] expected = golden(dtype).get("y").toFloats();
        float[] found = blocks(dtype).toFloats();
        assertThat(found).hasSameSizeAs(expected);
        for (int i = 0; i < found.length; i++) {
            assertThat(found[i]).as("element %d", i).isEqualTo(expected[i] + 0f, within0());
        }
    }

    /** Treats zeros of either sign as equal. */
    private static org.assertj.core.data.Offset<Float> within0() {
        return org.assertj.core.data.Offset.offset(0f);
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_0"})
    void encodesLikeGgml(DType dtype) {
        Tensor x = golden(dtype).get("x");
        Tensor written = Tensor.of("w", dtype, x.toFloats(), x.shape().get(0), x.shape().get(1));
        assertThat(written.data().mismatch(golden(dtype).get("blocks").data())).isEqualTo(-1);
    }

    @ParameterizedTest
    @EnumSource(names = {"Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"})
    void readsPartsOfRows(DType dtype) {
        Tensor tensor = blocks(dtype);
        float[] all = tensor.toFloats();
        for (int seed = 0; seed < 50; seed++) {
            Random random = new Random(seed);
            int from = random.nextInt(all.length);
            int count = random.nextInt(all.length - from + 1);
            float[] part = new float[count + 3];
            tensor.read(from, part, 2, count);
            for (int i = 0; i < count; i++) {
                assertThat(part[2 + i]).as("seed %d, element %d", seed, i).isEqualTo(all[from + i]);
            }
        }
    }

    /** Encodes by the rule of LLAMA_FAMILY's q8_0, in exact arithmetic except where the rule itself rounds. */
    private static byte[] q8(float[] x) {
        byte[] blocks = new byte[x.length / 32 * 34];
        for (int b = 0; b < x.length / 32; b++) {
            float largest = 0;
            for (int i = 0; i < 32; i++) {
                largest = Math.max(largest, Math.abs(x[32 * b + i]));
            }
            float scale = largest / 127f;
            short half = Float.floatToFloat16(scale);
            blocks[34 * b] = (byte) half;
            blocks[34 * b + 1] = (byte) (half >> 8);
            float inverse = scale == 0f ? 0f : 1f / scale;
            for (int i = 0; i < 32; i++) {
                blocks[34 * b + 2 + i] = new BigDecimal((double) (x[32 * b + i] * inverse))
                        .setScale(0, RoundingMode.HALF_UP).byteValueExact();
            }
        }
        return blocks;
    }

    @ParameterizedTest
    @EnumSource(names = {"Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"})
    void convertsToQ8(DType dtype) {
        float[] elements = golden(dtype).get("y").toFloats();
        try (Arena arena = Arena.ofConfined()) {
            Tensor converted = GgmlBlocks.toQ8(blocks(dtype), arena);
            assertThat(converted.dtype()).isEqualTo(DType.Q8_0).isEqualTo(dtype.loaded());
            assertThat(converted.shape()).isEqualTo(blocks(dtype).shape());
            assertThat(converted.data().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(q8(elements));
        }
    }

    /** More elements than are converted at a time, and not a multiple of that number. */
    @Test
    void convertsLongRows() {
        byte[] bytes = new byte[3 * 19 * 210];
        new Random(7).nextBytes(bytes);
        for (int block = 0; block < 3 * 19; block++) {
            bytes[block * 210 + 209] = 0x20; // the upper byte of a small scale
        }
        Tensor tensor = new Tensor("w", DType.Q6_K, List.of(3L, 19 * 256L), MemorySegment.ofArray(bytes));
        try (Arena arena = Arena.ofConfined()) {
            byte[] converted = GgmlBlocks.toQ8(tensor, arena).data().toArray(ValueLayout.JAVA_BYTE);
            assertThat(converted).isEqualTo(q8(tensor.toFloats()));
        }
    }

    @Test
    void theTypesOfGgufFilesAreNotWritten() {
        for (DType dtype : DType.values()) {
            if (dtype.loaded() != dtype) {
                assertThatThrownBy(() -> Tensor.of("w", dtype, new float[256], 1, 256)).as(dtype.name())
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("cannot write floats as " + dtype + ": expected F64, F32, F16, BF16, Q8_0 or Q4_0");
            }
        }
        assertThat(DType.valueOf("q4_k".toUpperCase(Locale.ROOT)).bytes(List.of(2L, 512L))).isEqualTo(4 * 144);
    }
}
