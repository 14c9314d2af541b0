package io.github.t6j.weights.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.HandMadeFiles;
import io.github.t6j.weights.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class QuantizedTensorsTest {
    @TempDir
    Path folder;

    private static byte[] bytes(Tensor tensor) {
        return tensor.data().toArray(ValueLayout.JAVA_BYTE);
    }

    @Test
    void readsHandMadeBlocksOfBytes() {
        byte[] data = new byte[2 * 2 * 34]; // two rows of 33: each a block and one number
        data[1] = 0x3c; // 1
        data[2] = -128;
        data[2 + 31] = 127;
        data[34 + 1] = 0x38; // 0.5
        data[34 + 2] = 3;
        data[34 + 3] = 77; // padding, of any value
        data[68 + 1] = (byte) 0xc0; // -2
        data[68 + 2] = 5;

        Tensor tensor = new Tensor("t", DType.Q8_0, List.of(2L, 33L), MemorySegment.ofArray(data));

        float[] expected = new float[66];
        expected[0] = -128;
        expected[31] = 127;
        expected[32] = 1.5f;
        expected[33] = -10;
        assertThat(tensor.elementCount()).isEqualTo(66);
        float[] found = tensor.toFloats();
        for (int i = 0; i < 66; i++) {
            assertThat(found[i] + 0f).as("number " + i).isEqualTo(expected[i]);
        }
        float[] elements = new float[3];
        tensor.read(31, elements, 0, 3);
        assertThat(elements).containsExactly(127f, 1.5f, -10f);
    }

    /** Element i is in the low half of byte i, element 16 + i in its high half. */
    @Test
    void readsHandMadeBlocksOfNibbles() {
        byte[] data = new byte[18];
        data[1] = (byte) 0xbc; // -1
        for (int i = 0; i < 16; i++) {
            data[2 + i] = (byte) (i | (15 - i) << 4);
        }

        float[] found = new Tensor("t", DType.Q4_0, List.of(1L, 32L), MemorySegment.ofArray(data)).toFloats();

        for (int i = 0; i < 16; i++) {
            assertThat(found[i]).isEqualTo(8f - i);
            assertThat(found[16 + i]).isEqualTo(i - 7f);
        }
    }

    @Test
    void bytesAreRoundedWithHalvesAwayFromZero() {
        float[] values = {127, -126.6f, 0.5f, -0.5f, 2.5f, -2.5f, 0.49999997f, 1};

        byte[] data = bytes(Tensor.of("t", DType.Q8_0, values, 1, 8));

        byte[] expected = new byte[34];
        System.arraycopy(new byte[] {0, 0x3c, 127, -127, 1, -1, 3, -3, 0, 1}, 0, expected, 0, 10);
        assertThat(data).isEqualTo(expected);
    }

    /**
     * The element of the largest magnitude maps to −8; a value that would map to 8 becomes 7; padding is stored as 8, a
     * zero.
     */
    @Test
    void nibblesAreScaledByTheSignedLargestElement() {
        float[] values = new float[34];
        values[0] = 16;
        values[1] = -16;
        values[2] = 1;
        values[16] = -3;
        values[32] = -4;
        values[33] = 4;

        byte[] data = bytes(Tensor.of("t", DType.Q4_0, values, 1, 34));

        byte[] expected = new byte[36];
        Arrays.fill(expected, (byte) 0x88);
        expected[0] = 0;
        expected[1] = (byte) 0xc0; // 16 / -8
        expected[2] = (byte) 0xA0; // 16: 0; −3: 8 + 1.5, half up
        expected[3] = (byte) 0x8F;
        expected[4] = (byte) 0x88; // 1: 8 − 0.5, half up
        expected[18] = 0;
        expected[19] = 0x38; // -4 / -8
        expected[20] = (byte) 0x80;
        expected[21] = (byte) 0x8F;
        assertThat(data).isEqualTo(expected);
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_0"})
    void zerosStayZeroAndNaNOrInfinityIsVisible(DType dtype) {
        for (float zero : Tensor.of("t", dtype, new float[40], 1, 40).toFloats()) {
            assertThat(zero + 0f).isEqualTo(0f); // GGML's scale of a Q4_0 block of zeros is −0
        }
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            float[] values = new float[32];
            values[3] = bad;
            values[4] = 1;
            assertThat(Tensor.of("t", dtype, values, 1, 32).toFloats()[3]).as(dtype + " " + bad).isNotEqualTo(0f)
                    .matches(found -> !Float.isFinite(found));
        }
    }

    /** Rounding may change an element by half a step; for Q4_0 by a whole step, because 8 becomes 7. */
    @ParameterizedTest
    @CsvSource({"Q8_0, 127, 0.51", "Q4_0, 8, 1.01"})
    void roundingTwiceIsRoundingOnce(DType dtype, int steps, double most) {
        long seed = 7;
        Random random = new Random(seed);
        float[] values = new float[5 * 70];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(-5, 3)));
        }

        Tensor once = Tensor.of("t", dtype, values, 5, 70);
        float[] rounded = once.toFloats();

        for (int i = 0; i < values.length; i++) {
            int row = i / 70 * 70;
            int block = row + i % 70 / 32 * 32;
            float largest = 0;
            for (int k = block; k < Math.min(block + 32, row + 70); k++) {
                largest = Math.max(largest, Math.abs(values[k]));
            }
            assertThat(Math.abs(rounded[i] - values[i])).as("seed " + seed + ", number " + i)
                    .isLessThanOrEqualTo((float) (most * largest / steps + 0.001 * largest + 1e-7));
        }
        assertThat(bytes(Tensor.of("t", dtype, rounded, 5, 70))).isEqualTo(bytes(once));
    }

    @Test
    void metadataHasTypesAndShapes() throws IOException {
        Path file = folder.resolve("m.safetensors");
        Tensor eight = Tensor.of("a", DType.Q8_0, new float[3 * 33], 3, 33);
        Tensor four = Tensor.of("b", DType.Q4_0, new float[2 * 64], 2, 64);
        Tensor norm = Tensor.of("n", new float[] {1, 2}, 2);

        Safetensors.write(file, Map.of("format", "pt"), List.of(eight, four, norm));

        String header = Files.readString(file, StandardCharsets.ISO_8859_1);
        assertThat(header).contains("\"t6j.quantized\":");
        assertThat(header.replaceAll("\\s", ""))
                .contains("\"a\":{\"dtype\":\"U8\",\"shape\":[3,68],\"data_offsets\":[0,204]}")
                .contains("\"b\":{\"dtype\":\"U8\",\"shape\":[2,36],\"data_offsets\":[204,276]}");
        Safetensors found = Safetensors.read(file, Arena.ofAuto());
        assertThat(found.metadata()).containsExactly(Map.entry("format", "pt"));
        assertThat(found.tensors().get("a").dtype()).isEqualTo(DType.Q8_0);
        assertThat(found.tensors().get("a").shape()).containsExactly(3L, 33L);
        assertThat(found.tensors().get("b").dtype()).isEqualTo(DType.Q4_0);
        assertThat(found.tensors().get("n").toFloats()).containsExactly(1f, 2f);
    }

    @Test
    void readsAHandMadeFile() {
        int[] data = new int[34];
        data[1] = 0x40; // 2
        data[2] = 3;
        Tensor tensor = parse("{'t':{'type':'q8_0','shape':[1,2]}}", "[1,34]", data).tensors().get("t");

        assertThat(tensor.toFloats()).containsExactly(6f, 0f);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "{'t':{'type':'q2_k','shape':[1,2]}}             | [1,34] | expected one of the types q8_0, q4_0, q4_1, q5_0, q5_1, q4_k, q5_k, q6_k in t6j.quantized",
        "{'t':{'shape':[1,2]}}                           | [1,34] | expected one of the types q8_0, q4_0",
        "{'t':{'type':'q4_k','shape':[1,257]}}           | [1,34] | expects U8 [1, 288], found U8 [1, 34]",
        "{'t':{'type':'q8_0'}}                           | [1,34] | shape",
        "{'t':{'type':'q8_0','shape':[34]}}              | [1,34] | expected a matrix's shape [out, in]",
        "{'t':{'type':'q8_0','shape':[1,-2]}}            | [1,34] | expected a matrix's shape [out, in]",
        "{'t':{'type':'q8_0','shape':[1,1e300]}}         | [1,34] | expected a matrix's shape [out, in]",
        "{'t':{'type':'q8_0','shape':[1,33]}}            | [1,34] | expects U8 [1, 68], found U8 [1, 34]",
        "{'t':{'type':'q4_0','shape':[1,2]}}             | [1,34] | expects U8 [1, 18], found U8 [1, 34]",
        "{'t':{'type':'q8_0','shape':[2,2]}}             | [1,34] | expects U8 [2, 34], found U8 [1, 34]",
        "{'t':{'type':'q8_0','shape':[1,2]}}             | [34]   | expects U8 [1, 34], found U8 [34]",
        "{'t':{'type':'q8_0','shape':[9223372036854775807,2147483647]}} | [1,34] | found U8 [1, 34]",
        "{'t':7}                                         | [1,34] | t",
        "[]                                              | [1,34] | t6j.quantized",
        "{                                               | [1,34] | t6j.quantized",
        "{'u':{'type':'q8_0','shape':[1,2]}}             | [1,34] | found u, but the file has no tensor of that name",
        "{}                                              | [1,34] | expected an entry for the bytes of tensor t",
    })
    void metadataMustMatchTheBytes(String quantized, String stored, String message) {
        assertThatThrownBy(() -> parse(quantized, stored, new int[34]))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith("m.safetensors: ")
                .hasMessageContaining(message);
    }

    private static Safetensors parse(String quantized, String stored, int[] data) {
        String header = "{\"__metadata__\":{\"t6j.quantized\":\"" + quantized.replace("'", "\\\"")
                + "\"},\"t\":{\"dtype\":\"U8\",\"shape\":" + stored + ",\"data_offsets\":[0,34]}}";
        return Safetensors.parse(HandMadeFiles.segment(HandMadeFiles.safetensors(header, data)), "m.safetensors");
    }

    @Test
    void onlyMetadataDeclaresQuantizedTypes() {
        byte[] file = HandMadeFiles.safetensors(
                "{\"t\":{\"dtype\":\"Q8_0\",\"shape\":[1,32],\"data_offsets\":[0,34]}}", new int[34]);

        assertThatThrownBy(() -> Safetensors.parse(HandMadeFiles.segment(file), "m"))
                .isInstanceOf(ModelFormatException.class).hasMessageContaining("expected a dtype of");
        assertThatThrownBy(() -> Tensor.of("t", DType.Q8_0, new float[32], 32))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("expected a matrix for Q8_0");
    }
}
