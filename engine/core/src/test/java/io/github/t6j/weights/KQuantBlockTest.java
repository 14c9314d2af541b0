package io.github.t6j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestData;
import io.github.t6j.weights.safetensors.Safetensors;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Compares with blocks that ggml encoded, and with the elements that ggml decoded from them. */
class KQuantBlockTest {
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

    /** The integers need not be ggml's, but their error may exceed that of ggml's by 2 % at most. */
    @ParameterizedTest
    @EnumSource(names = {"Q4_K", "Q5_K", "Q6_K"})
    void encodesAsExactlyAsGgml(DType dtype) {
        float[] x = golden(dtype).get("x").toFloats();
        List<Long> shape = golden(dtype).get("x").shape();
        float[] ggml = golden(dtype).get("y").toFloats();
        float[] found = Tensor.of("w", dtype, x, shape.get(0), shape.get(1)).toFloats();
        assertThat(error(found, x)).isPositive().isLessThanOrEqualTo(1.02 * error(ggml, x));
    }

    private static double error(float[] found, float[] x) {
        double squares = 0;
        for (int i = 0; i < x.length; i++) {
            squares += Math.pow((double) found[i] - x[i], 2);
        }
        return Math.sqrt(squares / x.length);
    }

    @ParameterizedTest
    @EnumSource(names = {"Q4_K", "Q5_K", "Q6_K"})
    void writesTheBytesThatItReads(DType dtype) {
        for (int seed = 0; seed < 20; seed++) {
            byte[] bytes = new byte[3 * dtype.bytes()];
            new Random(seed).nextBytes(bytes);
            byte[] written = bytes.clone();
            KQuantBlock block = new KQuantBlock(dtype);
            block.read(bytes, dtype.bytes());
            Arrays.fill(written, dtype.bytes(), 2 * dtype.bytes(), (byte) 0x5a);
            block.write(written, dtype.bytes());
            assertThat(written).as("seed %d", seed).isEqualTo(bytes);
        }
    }

    /** Rows end with an incomplete block; constant, tiny, huge and negative rows have extreme scales and mins. */
    @ParameterizedTest
    @EnumSource(names = {"Q4_K", "Q5_K", "Q6_K"})
    void encodesExtremes(DType dtype) {
        int columns = 300;
        float[] x = new float[6 * columns];
        Random random = new Random(5);
        for (int i = 0; i < columns; i++) {
            x[columns + i] = 3;
            x[2 * columns + i] = -1e-3f * i;
            x[3 * columns + i] = 1e4f * (float) random.nextGaussian();
            x[4 * columns + i] = i == 7 ? 1 : 0;
            x[5 * columns + i] = 1e-30f * i;
        }
        float[] found = Tensor.of("w", dtype, x, 6, columns).toFloats();
        for (int row = 0; row < 6; row++) {
            double largest = 0;
            for (int i = row * columns; i < (row + 1) * columns; i++) {
                largest = Math.max(largest, Math.abs(x[i]));
            }
            double step = row == 5 ? 1 : dtype == DType.Q4_K ? 0.1 : dtype == DType.Q5_K ? 0.05 : 0.03;
            for (int i = row * columns; i < (row + 1) * columns; i++) {
                assertThat((double) found[i]).as("row %d, element %d", row, i % columns)
                        .isEqualTo(x[i], within(step * largest));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"Q4_K", "Q5_K", "Q6_K"})
    void anElementThatIsNotFiniteMakesItsBlockNaN(DType dtype) {
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            float[] x = new float[512];
            x[300] = bad;
            float[] found = Tensor.of("w", dtype, x, 1, 512).toFloats();
            assertThat(found[0]).isZero();
            assertThat(found[300]).isNaN();
        }
    }

    @Test
    void floatsAreNotWrittenInTheOlderTypes() {
        for (DType dtype : List.of(DType.Q4_1, DType.Q5_0, DType.Q5_1)) {
            assertThatThrownBy(() -> Tensor.of("w", dtype, new float[256], 1, 256)).as(dtype.name())
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("cannot write floats as " + dtype
                            + ": expected F64, F32, F16, BF16, Q8_0, Q4_0, Q4_K, Q5_K or Q6_K");
        }
        assertThat(DType.valueOf("q4_k".toUpperCase(Locale.ROOT)).bytes(List.of(2L, 512L))).isEqualTo(4 * 144);
    }
}
