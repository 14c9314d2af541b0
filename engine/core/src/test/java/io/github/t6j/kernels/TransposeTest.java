package io.github.t6j.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.TestNumbers;
import io.github.t6j.kernels.scalar.ScalarKernels;
import io.github.t6j.kernels.simd.SimdKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests {@link Kernels#transpose} of the scalar twin and the SIMD kernels, element by element. */
@Tag("width")
class TransposeTest {
    private final Arena arena = Arena.ofShared();

    @AfterEach
    void free() {
        arena.close();
    }

    @ParameterizedTest
    @CsvSource({"1, 64", "3, 64", "4, 64", "14, 64", "33, 64", "256, 64", "64, 5", "64, 33", "64, 48", "64, 96"})
    void eachElementMovesToItsPlaceAndNothingElseIsTouched(int rows, int columns) {
        for (Format format : new Format[] {Format.F32, Format.BF16}) {
            transpose(format, rows, columns, new ScalarKernels(true));
            transpose(format, rows, columns, new SimdKernels());
        }
    }

    private void transpose(Format format, int rows, int columns, Kernels kernels) {
        int fromStride = format.padded(columns) + 32;
        int stride = rows + 3;
        long at = 4; // not aligned to a vector
        MemorySegment from = numbers(new Random(rows), format, at, rows, fromStride);
        MemorySegment to = arena.allocate(4L * (columns + 1) * stride, 64);
        kernels.transpose(format, from, at, fromStride, rows, columns, to, stride);
        String what = kernels.description() + " " + format + " " + rows + " × " + columns + ", seed " + rows;
        for (int c = 0; c <= columns; c++) {
            for (int r = 0; r < stride; r++) {
                boolean within = c < columns && r < rows;
                float expected = within ? format.get(from, at + format.bytes((long) r * fromStride), c) : 0;
                assertThat(to.getAtIndex(ValueLayout.JAVA_FLOAT, (long) c * stride + r)).as(what)
                        .isEqualTo(expected);
            }
        }
    }

    private MemorySegment numbers(Random random, Format format, long at, int rows, int stride) {
        MemorySegment segment = arena.allocate(at + format.bytes((long) rows * stride), 64);
        float[] numbers = TestNumbers.normal(random, rows * stride, 1);
        for (int i = 0; i < numbers.length; i++) {
            format.set(segment, at + format.bytes((long) i / stride * stride), i % stride, numbers[i]);
        }
        return segment;
    }
}
